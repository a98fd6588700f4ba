"""Who begins a look and when, in virtual time."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flashd.engine.places import AT_WORK, OF_ONE_HABIT, PLACES, PUT_OFF, Habit, Places
from flashd.model.service import Freshness, GuardSpec, Resource, Service
from flashd.model.volumes import Pair
from flashd.rehearsal.clocks import VirtualClock, run_virtually

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from flashd.engine.places import Line

PAIR = Pair.parse("0001:0002")
QUICK, HUNG = AT_WORK / 2, 1000.0


def services(prefix: str, count: int) -> list[Service]:
    return [
        Service(
            name=f"{prefix}{number}",
            freshness=Freshness(min_delay=timedelta(0), max_delay=timedelta(hours=2)),
            schedule=None,
            timezone=ZoneInfo("UTC"),
            guards=(GuardSpec("table", "guard", (), proves=True),),
            resources=(Resource(id="a", array="IBM.2107-75ABC01", pairs=(PAIR,)),),
        )
        for number in range(count)
    ]


class Stage:
    """Looks that take so long, batch by batch; tells who began, and when."""

    def __init__(self) -> None:
        self.clock = VirtualClock(datetime(2026, 11, 26, tzinfo=UTC))
        self.places = Places()
        self.began: list[tuple[float, str]] = []
        self.at_once = self.most = 0
        self._lines: list[Line] = []

    def line(self, takes: float) -> Line:
        line = self.places.line(lambda one: asyncio.create_task(self._look(one.name, takes)))
        self._lines.append(line)
        return line

    async def _look(self, name: str, takes: float) -> None:
        self.began.append((round(self.clock.monotonic() - 1000, 3), name))
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await self.clock.sleep(takes)
        finally:
            self.at_once -= 1

    def of(self, prefix: str) -> list[float]:
        """Tell when those of one batch began."""
        return [at for at, name in self.began if name.startswith(prefix)]

    def play(self, scene: Callable[[], Awaitable[None]]) -> None:
        async def whole() -> None:
            await scene()
            for line in self._lines:
                line.clear()
            left = asyncio.all_tasks() - {asyncio.current_task()}
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

        run_virtually(self.clock, whole())


def test_so_many_are_at_work_at_once_and_no_more() -> None:
    stage = Stage()

    async def scene() -> None:
        lines = [stage.line(QUICK) for _ in range(3)]
        for number, line in enumerate(lines):
            line.join(services(f"{number}-", 2 * PLACES))
        await stage.clock.sleep(10)
        assert stage.most == PLACES
        waves = [round(QUICK * (n // PLACES), 3) for n in range(6 * PLACES)]
        assert [at for at, _ in stage.began] == waves

    stage.play(scene)


def test_few_are_not_kept_waiting_by_many() -> None:
    stage = Stage()

    async def scene() -> None:
        stage.line(QUICK).join(services("many", 1000))
        stage.line(QUICK).join(services("few", 3))
        await stage.clock.sleep(10)
        assert stage.of("few") == [QUICK] * 3, "with the next places, though 984 were there before"

    stage.play(scene)


def test_two_batches_have_their_places_in_turn() -> None:
    stage = Stage()

    async def scene() -> None:
        stage.line(QUICK).join(services("first", PLACES))
        for prefix in ("a", "b"):
            stage.line(QUICK).join(services(prefix, 100))
        await stage.clock.sleep(QUICK * 1.5)
        assert len(stage.of("a")) == len(stage.of("b")) == PLACES / 2

    stage.play(scene)


def test_who_hangs_keeps_nobody_waiting_however_many_hang() -> None:
    """Those that were begun in vain are put off, and go on among themselves."""
    stage = Stage()

    async def scene() -> None:
        stage.line(HUNG).join(services("hung", 4 * OF_ONE_HABIT))
        await stage.clock.sleep(AT_WORK / 2)
        assert len(stage.of("hung")) == PLACES
        await stage.clock.sleep(0.1)
        stage.line(QUICK).join(services("well", PLACES))
        await stage.clock.sleep(6 * PUT_OFF)
        assert len(stage.of("well")) == PLACES, "none had hung before, and yet"
        assert stage.at_once == 2 * OF_ONE_HABIT
        before = stage.clock.monotonic() - 1000
        for one in services("hung", 4 * OF_ONE_HABIT):
            stage.places.learn(one.name, Habit.SILENT)
        stage.line(HUNG).join(services("hung", 4 * OF_ONE_HABIT))
        stage.line(QUICK).join(services("next", PLACES))
        await stage.clock.sleep(AT_WORK * 2)
        assert max(stage.of("next")) - before < AT_WORK, "who hung before keeps nobody at all"
        await stage.clock.sleep(100)
        assert stage.at_once <= 2 * OF_ONE_HABIT
        await stage.clock.sleep(4 * HUNG)
        assert {name for _, name in stage.began if name.startswith("hung")} == {
            f"hung{number}" for number in range(4 * OF_ONE_HABIT)
        }

    stage.play(scene)


def test_who_is_slow_but_answers_keeps_nobody_waiting_and_waits_for_nobody_who_hangs() -> None:
    stage = Stage()

    async def scene() -> None:
        for prefix, habit in (("slow", Habit.SLOW), ("hung", Habit.SILENT)):
            for one in services(prefix, 2 * OF_ONE_HABIT):
                stage.places.learn(one.name, habit)
        stage.line(HUNG).join(services("hung", 2 * OF_ONE_HABIT))
        await stage.clock.sleep(10)
        stage.line(2 * PUT_OFF).join(services("slow", 2 * OF_ONE_HABIT))
        await stage.clock.sleep(4)
        assert len(stage.of("slow")) == OF_ONE_HABIT, "none of them is put off"
        stage.line(QUICK).join(services("well", PLACES))
        await stage.clock.sleep(1)
        assert len(stage.of("well")) == PLACES
        await stage.clock.sleep(10)
        assert len(stage.of("slow")) == 2 * OF_ONE_HABIT
        assert len(stage.of("hung")) == OF_ONE_HABIT

    stage.play(scene)


def test_who_takes_long_is_not_put_off_where_nobody_waits() -> None:
    stage = Stage()

    async def scene() -> None:
        stage.line(2 * PUT_OFF).join(services("slow", OF_ONE_HABIT))
        await stage.clock.sleep(10 * PUT_OFF)
        assert len(stage.of("slow")) == OF_ONE_HABIT
        assert stage.at_once == 0

    stage.play(scene)


def test_so_many_are_put_off_as_wait_and_no_more() -> None:
    stage = Stage()

    async def scene() -> None:
        stage.line(HUNG).join(services("hung", OF_ONE_HABIT))
        await stage.clock.sleep(10)
        stage.line(QUICK).join(services("well", 3))
        await stage.clock.sleep(1)
        assert len(stage.of("well")) == 3
        again = Counter(name for _, name in stage.began)
        assert {name for name, times in again.items() if times > 1} == {"hung0", "hung1", "hung2"}

    stage.play(scene)


def test_who_was_put_off_and_left_is_not_begun_again() -> None:
    stage = Stage()

    async def scene() -> None:
        line = stage.line(HUNG)
        line.join(services("hung", OF_ONE_HABIT))
        await stage.clock.sleep(10)
        stage.line(QUICK).join(services("well", 3))
        line.clear()
        await stage.clock.sleep(1)
        assert len(stage.of("hung")) == OF_ONE_HABIT
        assert len(stage.of("well")) == 3

    stage.play(scene)


def test_a_place_that_was_lent_on_is_given_back_once() -> None:
    stage = Stage()

    async def scene() -> None:
        stage.line(AT_WORK * 3).join(services("slow", PLACES))
        await stage.clock.sleep(AT_WORK * 10)
        stage.most = 0
        stage.line(QUICK).join(services("quick", 10 * PLACES))
        await stage.clock.sleep(10)
        assert stage.most == PLACES

    stage.play(scene)


def test_whom_nobody_waits_for_any_more_does_not_begin() -> None:
    stage = Stage()

    async def scene() -> None:
        line = stage.line(QUICK)
        line.join(services("left", 3 * PLACES))
        assert line.waiting
        line.clear()
        assert not line.waiting
        await stage.clock.sleep(10)
        assert len(stage.of("left")) == PLACES
        stage.line(QUICK).join(services("other", 1))
        await stage.clock.sleep(0)
        assert len(stage.of("other")) == 1

    stage.play(scene)
