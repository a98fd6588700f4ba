"""When looks begin that are taken ahead, in virtual time."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

import pytest

from flashd.engine.late import Late, Rest
from flashd.engine.looks import Looks
from flashd.engine.places import PLACES, PUT_OFF, Places
from flashd.engine.world import Pace
from flashd.model.service import Freshness, GuardSpec, Resource, Service
from flashd.model.verdict import Finding, Verdict
from flashd.model.volumes import Pair
from flashd.rehearsal.clocks import VirtualClock, run_virtually

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from flashd.engine.batch import Batch
    from flashd.engine.looks import Looked
    from flashd.engine.world import World

START = datetime(2026, 11, 26, tzinfo=UTC)
HUNG = 1000.0


def service_of(name: str) -> Service:
    return Service(
        name=name,
        freshness=Freshness(min_delay=timedelta(0), max_delay=timedelta(hours=2)),
        schedule=None,
        timezone=ZoneInfo("UTC"),
        guards=(GuardSpec("table", name, (), proves=True),),
        resources=(Resource(id="a", array="IBM.2107-75ABC01", pairs=(Pair.parse("0001:0002"),)),),
    )


class Stage:
    """Services whose guards take so many seconds, look by look; the last one stays."""

    def __init__(self, **seconds: list[float]) -> None:
        self.clock = VirtualClock(START)
        self.began: dict[str, list[float]] = {name: [] for name in seconds}
        self.ended = 0
        self._seconds = seconds
        self.services = [service_of(name) for name in seconds]
        self.world = cast(
            "World",
            SimpleNamespace(
                clock=self.clock,
                guards=self._guard,
                asks_arrays=lambda spec: spec.name == "array",
                places=Places(),
                pace=Pace(),
                looks_by="a pin",
            ),
        )

    def _guard(self, spec: GuardSpec) -> _Guard:
        return _Guard(self, spec.name)

    async def look(self, name: str) -> Finding:
        began = self.began[name]
        began.append(self.clock.monotonic() - 1000)
        seconds = self._seconds[name]
        try:
            await self.clock.sleep(seconds[min(len(began), len(seconds)) - 1])
        finally:
            self.ended += 1
        return Finding(Verdict.DOWN, "down")

    def breach(self, service: Service) -> datetime:
        return START + timedelta(hours=self.services.index(service))

    def play(self, scene: Callable[[Looks], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with Looks(self.world) as looks:
                looks.keep(self.services, self.breach)
                await scene(looks)
            assert len(asyncio.all_tasks()) == 1, "nothing is left behind"

        run_virtually(self.clock, whole())


class _Guard:
    def __init__(self, stage: Stage, name: str) -> None:
        self._stage, self._name = stage, name

    async def look(self) -> Finding:
        return await self._stage.look(self._name)


async def turn(looks: Looks) -> Looked:
    while (looked := await looks.whose_turn()) is None:
        pass
    return looked


async def last(looks: Looks, looked: Looked) -> float:
    """Take the last look; tell when it began."""
    readings = await looks.last(looked.service, looked.readings)
    looks.beside(None)
    return min(one.began for one in readings) - 1000


def test_a_look_begins_a_second_before_it_has_to() -> None:
    stage = Stage(a=[0.5], b=[0.5], c=[0.5], d=[0.5])

    async def scene(looks: Looks) -> None:
        found = []
        for _ in range(4):
            looked = await turn(looks)
            found.append((looked.service.name, await last(looks, looked)))
            await stage.clock.sleep(10)
        # turns are 10 s apart; the first look was all there was, so a looks in its own turn,
        # and nobody knew yet how long a turn takes when b was begun
        assert found == [("a", 0.5), ("b", 1.0), ("c", 19.5), ("d", 29.5)]

    stage.play(scene)


def test_a_look_that_is_wanted_sooner_begins_at_once() -> None:
    stage = Stage(a=[0.0], b=[0.0], c=[0.0])

    async def scene(looks: Looks) -> None:
        for seconds in (10, 2):
            await last(looks, await turn(looks))
            await stage.clock.sleep(seconds)
        assert await last(looks, await turn(looks)) == 12

    stage.play(scene)


@pytest.mark.parametrize(("login", "most"), [(0.0, 20.0), (3.5, 42.0)])
def test_guards_that_are_slower_than_a_command_do_not_keep_the_array_idle(
    login: float, most: float
) -> None:
    """Of eight services, whose guards take 3 s and whose commands one: with and without a login.

    The turns alone take 8 s, or 36; had each to wait for its guards, it were 24 s more.
    """
    names = "abcdefgh"
    stage = Stage(**{name: [3.0] for name in names})

    async def scene(looks: Looks) -> None:
        began = stage.clock.monotonic()
        for _ in names:
            looked = await turn(looks)
            await stage.clock.sleep(login)
            await last(looks, looked)
            await stage.clock.sleep(1)
        assert stage.clock.monotonic() - began < 3 + most, "after the first looks"

    stage.play(scene)


def test_what_was_seen_ahead_is_not_used_when_the_command_took_long() -> None:
    stage = Stage(a=[0.0], b=[0.0])

    async def scene(looks: Looks) -> None:
        await last(looks, await turn(looks))
        await stage.clock.sleep(16)
        assert await last(looks, await turn(looks)) == 16
        assert stage.began["b"] == [0, 0, 16]

    stage.play(scene)


def test_who_hangs_ahead_is_passed_over_and_comes_last() -> None:
    stage = Stage(a=[0.0], b=[0.0, HUNG], c=[0.0], d=[0.0])

    async def scene(looks: Looks) -> None:
        order = []
        while not looks.over:
            looked = await looks.whose_turn()
            if looked is None:
                continue
            order.append((looked.service.name, stage.clock.monotonic() - 1000))
            await last(looks, looked)
            await stage.clock.sleep(1)
        assert [name for name, _ in order] == ["a", "c", "d", "b"]
        assert order[2][1] < 6, "the others do not wait for the half minute that it takes"
        assert order[3][1] == pytest.approx(30, abs=2)

    stage.play(scene)


def test_who_has_the_nearest_breach_is_looked_at_first() -> None:
    count = 3 * PLACES
    stage = Stage(**{f"s{number}": [1.0] for number in range(count)})

    async def scene() -> None:
        async with Looks(stage.world) as looks:
            looks.keep(stage.services[::-1], stage.breach)
            await stage.clock.sleep(0)
            await stage.clock.sleep(0)
            began = {name for name, looks_of in stage.began.items() if looks_of}
            assert began == {one.name for one in stage.services[:PLACES]}
            waits = next(iter(stage.began.keys() - began))
            assert not looks.over
            order = [(await turn(looks)).service.name for _ in range(count)]
            assert waits in order
            assert looks.over

    run_virtually(stage.clock, scene())


def test_what_has_grown_old_before_it_is_judged_is_looked_at_anew() -> None:
    stage = Stage(a=[1.0])

    async def scene() -> None:
        async with Looks(stage.world) as looks:
            looks.expect(stage.services)
            await stage.clock.sleep(40)
            looks.keep(stage.services, stage.breach)
            assert (await turn(looks)).began - 1000 == 40
            assert looks.over

    run_virtually(stage.clock, scene())


class Lingering(Stage):
    """One whose guards take a second to end where they are ended."""

    async def look(self, name: str) -> Finding:
        try:
            return await super().look(name)
        except asyncio.CancelledError:
            await self.clock.sleep(1.0)
            raise


def test_who_is_just_being_put_off_when_it_is_known_who_is_due_has_his_turn() -> None:
    stage = Lingering(slow=[HUNG, 0.0], other=[0.0])
    cast("SimpleNamespace", stage.world).places = Places(room=1)

    async def scene() -> None:
        async with Looks(stage.world) as looks:
            looks.expect(stage.services)
            await stage.clock.sleep(PUT_OFF + 0.5)
            assert stage.began == {"slow": [0.0], "other": []}
            looks.keep(stage.services, stage.breach)
            found = [await looks.whose_turn() for _ in range(20)]
            assert {one.service.name for one in found if one} == {"slow", "other"}
            assert looks.over

    run_virtually(stage.clock, scene())


def test_who_was_put_off_waits_among_those_that_hang_and_the_others_have_their_turns() -> None:
    stage = Stage(hung=[HUNG], slow=[HUNG, 0.0], other=[0.0])
    cast("SimpleNamespace", stage.world).places = Places(room=1)

    async def scene(looks: Looks) -> None:
        async with asyncio.timeout(100):
            assert (await turn(looks)).service.name == "other"
            assert stage.clock.monotonic() - 1000 < 3 * PUT_OFF
            assert not looks.over
            assert (await turn(looks)).service.name in {"hung", "slow"}
            assert (await turn(looks)).service.name in {"hung", "slow"}
            assert looks.over

    stage.play(scene)


def test_who_has_no_place_yet_has_his_turn_all_the_same() -> None:
    """All places are another batch's, and none of this one has begun."""
    stage = Stage(**{name: [1.0] for name in "abcdefghijklmnopqrst"})
    others, ours = stage.services[:-1], stage.services[-1:]

    async def scene() -> None:
        async with Looks(stage.world) as many, Looks(stage.world) as looks:
            many.keep(others, stage.breach)
            looks.keep(ours, stage.breach)
            assert not looks.over
            assert (await turn(looks)).service is ours[0]
            assert looks.over

    run_virtually(stage.clock, scene())


def test_who_waits_for_a_place_has_no_look_once_the_batch_is_over() -> None:
    stage = Stage(**{f"s{number}": [1.0] for number in range(3 * PLACES)})

    async def scene(looks: Looks) -> None:
        await turn(looks)

    stage.play(scene)
    begun = sum(map(len, stage.began.values()))
    assert begun == stage.ended
    run_virtually(stage.clock, stage.clock.sleep(10))
    assert sum(map(len, stage.began.values())) == begun


def test_twice_as_many_services_cost_twice_as_much() -> None:
    def calls(count: int) -> int:
        stage = Stage(**{f"s{number}": [0.01] for number in range(count)})
        made = 0

        def count_one(*_: object) -> None:
            nonlocal made
            made += 1

        async def scene() -> None:
            async with Looks(stage.world) as looks:
                looks.keep(stage.services, lambda _: START)
                for _ in range(count):
                    await turn(looks)

        sys.setprofile(count_one)
        try:
            run_virtually(stage.clock, scene())
        finally:
            sys.setprofile(None)
        return made

    assert calls(400) / calls(200) < 2.2


def test_what_is_under_way_is_ended_with_the_batch() -> None:
    stage = Stage(a=[0.0], b=[0.0, HUNG], c=[HUNG])

    async def scene(looks: Looks) -> None:
        await last(looks, await turn(looks))
        await stage.clock.sleep(1)
        assert stage.ended == 3, "two first looks, and the last of a"

    stage.play(scene)
    assert stage.ended == 5


def test_a_guard_that_asks_the_array_does_not_look_while_that_works() -> None:
    stage = Stage(array=[1.0], other=[1.0])

    async def scene(looks: Looks) -> None:
        for service in stage.services:
            looks.begin(service)
        await stage.clock.sleep(5.0)
        assert [len(one) for one in stage.began.values()] == [1, 2], "the first look, and one ahead"
        readings = await looks.last(stage.services[0], ())
        assert [one.verdict for one in readings] == [Verdict.DOWN]
        assert len(stage.began["array"]) == 2

    stage.play(scene)


@pytest.mark.parametrize(("by", "handed"), [("a pin", ["slow"]), ("another pin", [])])
def test_a_look_by_other_settings_is_not_handed_on(by: str, handed: list[str]) -> None:
    """A reload may have come between a batch and the next one."""
    stage = Stage(slow=[5.0])

    async def nobody(*_: object) -> None:
        pass

    async def play() -> None:
        late, looks = Late(lambda: None), Looks(stage.world)
        looks.keep(stage.services, lambda _: START)
        batch = cast("Batch", SimpleNamespace(world=stage.world, name="a", refuse_late=nobody))
        late.follow(Rest(batch, looks, START, AsyncExitStack()), stage.services)
        await asyncio.gather(*late.under_way)
        newer = cast("World", SimpleNamespace(looks_by=by))
        assert list(late.handed(stage.services, newer)) == handed
        assert not late.handed(stage.services, stage.world), "once"

    run_virtually(stage.clock, play())
