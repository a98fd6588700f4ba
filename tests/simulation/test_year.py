"""A week over a clock change, as `make year` plays a year: see `tests.simulation.year`.

One seed, unless FLASHD_TEST_SEED names another: what a seed finds is found by `make year`, which
draws one. The oracle itself is tested by faults of flashd's own
that it has to see, put in where its modules meet.
"""

from __future__ import annotations

import ast
import asyncio
import os
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from flashd.adapters.arrays import oneshot
from flashd.adapters.arrays.oneshot import OneshotSession
from flashd.adapters.stores import runs
from flashd.core.command import render
from flashd.core.firewall import Cleared, Forbidden
from flashd.core.guards import Allowed
from flashd.core.verify import Advance, Judgement
from flashd.engine import batch, carry, gate, looks, settle
from flashd.engine.world import World
from flashd.model.hold import Kind, Scope
from flashd.model.protection import NOTHING
from flashd.model.run import Outcome
from flashd.model.verdict import Finding, Reading, Verdict
from flashd.rehearsal.client import SimulatedClient
from flashd.rehearsal.clocks import run_virtually
from flashd.rehearsal.store import KeepingStore
from flashd.rehearsal.twin import USER
from tests.simulation.year.bounds import SLACK, Ledger, longest_waits
from tests.simulation.year.calendars import CALENDARS, Calendar, Hours, joined, openings
from tests.simulation.year.daemon import YearDaemon
from tests.simulation.year.definitions import Clone, Definition
from tests.simulation.year.house import House, Plot
from tests.simulation.year.oracle import Live, Oracle
from tests.simulation.year.people import People
from tests.simulation.year.play import play

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flashd.model.run import Step
    from flashd.model.service import Service

SPRING = datetime(2026, 3, 16, tzinfo=UTC)
BEFORE_SUMMER = datetime(2026, 3, 25, tzinfo=UTC)


def seed() -> int:
    chosen = int(os.environ.get("FLASHD_TEST_SEED") or 1)
    print(f"FLASHD_TEST_SEED={chosen}")  # noqa: T201 - shown where the test fails
    return chosen


def test_a_week_over_a_clock_change() -> None:
    figures = play(Plot(seed=seed(), start=BEFORE_SUMMER, days=7, services=12, arrays=2))
    print(figures.line)  # noqa: T201 - shown where the test fails
    assert not figures.violations
    assert not figures.errors
    assert not figures.misses
    assert figures.counts["done"] > 10
    assert figures.counts["resyncflash"]
    assert figures.lives > 1


def test_the_oracle_knows_nothing_of_flashd() -> None:
    folder = Path(__file__).parent / "year"
    for name in ("oracle", "bounds", "calendars", "definitions"):
        tree = ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            modules = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [one for one in modules if one.partition(".")[0] == "flashd"], name


# what the oracle has to see


def worded(patch: pytest.MonkeyPatch, words: Callable[[str], str]) -> None:
    """Send other words than were planned, with both last gates open."""

    def other(step: Step) -> str:
        return words(render(step))

    patch.setattr(carry, "render", other)
    patch.setattr(gate, "examine", lambda text, *_: Cleared(text))
    patch.setattr(oneshot, "line_of", lambda command, *_: f"{command.text}\n")


def last_target(text: str) -> str:
    return f"{text[:-4]}FDFD"


def backwards(text: str) -> str:
    words = text.split()
    pairs = [word for word in words if ":" in word]
    return " ".join([*(word for word in words if ":" not in word), *reversed(pairs)])


def without_the_last(text: str) -> str:
    return text if text.count(":") == 1 else text.rpartition(" ")[0]


def without_record(text: str) -> str:
    return text.replace(" -record", "")


def to_another_array(text: str) -> str:
    return text.replace("75AAA01", "75BBB01")


def no_look(patch: pytest.MonkeyPatch) -> None:
    async def look(world: World, service: Service) -> tuple[Reading, ...]:
        at, began = world.clock.now(), world.clock.monotonic()
        said = {True: Verdict.DOWN, False: Verdict.CLEAR}
        return tuple(
            Reading(one.name, one.type, one.proves, Finding(said[one.proves], ""), at, began)
            for one in service.guards
        )

    patch.setattr(looks, "look", look)


def whatever_they_say(patch: pytest.MonkeyPatch) -> None:
    for module in (looks, carry):
        patch.setattr(module, "combine", lambda *_: Allowed(("nobody",)))


def holds_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(batch, "binding", lambda *_: None)
    patch.setattr(carry, "binding", lambda *_: None)
    patch.setattr(runs, "bindings", lambda *_: ())


def done_is_believed(patch: pytest.MonkeyPatch) -> None:
    def judge(step: Step, *_: Any, **__: Any) -> Judgement:  # noqa: ANN401 - as the engine has it
        return Judgement(Outcome.DONE, "surely", dict.fromkeys(step.pairs, Advance.DONE))

    patch.setattr(settle, "judge", judge)


def sent_twice(patch: pytest.MonkeyPatch) -> None:
    change = OneshotSession.change

    async def twice(self: OneshotSession, *args: Any) -> Any:  # noqa: ANN401 - as the port has it
        await self.process.say(f"{args[0].text}\n")
        return await change(self, *args)

    patch.setattr(OneshotSession, "change", twice)


def nothing_forbidden(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(World, "forbidden", Forbidden(frozenset(), NOTHING))


def clocks_believed(patch: pytest.MonkeyPatch) -> None:
    async def clock_set(*_: object) -> None: ...

    patch.setattr(KeepingStore, "clock_set", clock_set)


MUTANTS: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], str]] = {
    "a foreign target": (lambda patch: worded(patch, last_target), "2:"),
    "pairs in another order": (lambda patch: worded(patch, backwards), "6:"),
    "a pair is left out": (lambda patch: worded(patch, without_the_last), "6:"),
    "not recording": (lambda patch: worded(patch, without_record), "7:"),
    "another array": (lambda patch: worded(patch, to_another_array), "2:"),
    "no guard is asked": (no_look, "1:"),
    "whatever guards say": (whatever_they_say, "1:"),
    "holds forgotten": (holds_forgotten, "held:"),
    "done is believed": (done_is_believed, "5:"),
    "ages by a clock that was wrong": (clocks_believed, "5:"),
    "sent twice": (sent_twice, "4: sent without"),
    "nothing is forbidden": (nothing_forbidden, "2:"),
}


@pytest.mark.parametrize(("mutate", "number"), MUTANTS.values(), ids=MUTANTS.keys())
def test_the_oracle_sees(
    mutate: Callable[[pytest.MonkeyPatch], None], number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutate(monkeypatch)
    plot = Plot(seed=5, start=SPRING, days=40, services=12, arrays=2, to_first=True)
    violations = play(replace(plot, trouble=3.0)).violations
    assert any(number in one for one in violations), violations


# the oracle's own arithmetic, by the table of docs/schedule.md

PARIS = ZoneInfo("Europe/Paris")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def only(hours: Hours) -> Calendar:
    return Calendar((), (hours,))


CHANGES = {
    "spring, whole": ((1, 0), (4, 0), "2026-03-29T00:00", "2026-03-29T02:00"),
    "spring, swallowed": ((2, 10), (2, 40), "2026-03-29T01:00", "2026-03-29T01:30"),
    "spring, as long as the gap": ((2, 0), (3, 0), "2026-03-29T01:00", "2026-03-29T02:00"),
    "spring, ends in it": ((1, 30), (2, 30), "2026-03-29T00:30", "2026-03-29T01:30"),
    "spring, begins in it": ((2, 30), (5, 0), "2026-03-29T01:00", "2026-03-29T03:00"),
    "autumn, whole": ((1, 0), (4, 0), "2026-10-24T23:00", "2026-10-25T03:00"),
    "autumn, first pass": ((2, 10), (2, 40), "2026-10-25T00:10", "2026-10-25T00:40"),
}


@pytest.mark.parametrize(("begin", "end", "opens", "closes"), CHANGES.values(), ids=CHANGES.keys())
def test_a_window_at_a_clock_change(
    begin: tuple[int, int], end: tuple[int, int], opens: str, closes: str
) -> None:
    calendar = only(Hours(time(*begin), time(*end)))
    found = openings(calendar, PARIS, at(opens), at(opens).replace(second=1))
    assert [(one.begin, one.end.replace(second=0)) for one in found] == [(at(opens), at(closes))]


def count(calendar: Calendar) -> int:
    found: Iterable[Any] = openings(calendar, PARIS, at("2026-01-01T12:00"), at("2027-01-01T12:00"))
    return len(list(found))


def test_a_year_has_so_many_windows() -> None:
    """Counted by hand: Sundays, last days of a month, nights of the working week."""
    assert count(CALENDARS["sundays"]) == 52
    assert count(CALENDARS["last of the month"]) == 12
    assert count(CALENDARS["at the change"]) == 365


# how long a service waited, though allowed


def longest_wait(refreshed: str, again: str) -> timedelta:
    """Tell it for a nightly service that somebody refreshed, and that was refreshed again."""
    nights = CALENDARS["nights of the working week"]
    one = Definition(
        name="db",
        calendar=nights,
        zone=ZoneInfo("UTC"),
        min_delay=timedelta(0),
        max_delay=timedelta(days=45),
        refresh_after=None,
        watchers=(),
        clones=(Clone("sync#1", "IBM.2107-75AAA01", ("0001:0002",), recording=True, bgcopy=True),),
    )
    ledger = Ledger(timedelta(minutes=10))
    ledger.reigns["db"].append((at("2026-01-05T12:00"), one))
    for when in (refreshed, again):
        ledger.refreshed("db", at(when))
    waits = longest_waits(ledger, {}, at("2026-01-06T12:00"))
    return max((one.lasted for one in waits), default=timedelta(0))


def test_a_window_waits_for_its_length_after_somebody_else_s_refresh() -> None:
    """So says docs/schedule.md; on the same evening an earlier one keeps nothing closed."""
    assert longest_wait("2026-01-05T18:49", "2026-01-06T00:51") == timedelta(0)
    assert longest_wait("2026-01-05T18:49", "2026-01-06T02:51:01") == timedelta(hours=2)
    assert longest_wait("2026-01-05T13:00", "2026-01-06T00:51") == timedelta(hours=2, minutes=51)
    assert longest_wait("2026-01-05T22:10", "2026-01-06T11:00") == timedelta(minutes=10)


def test_an_age_counts_from_the_refresh() -> None:
    hour = timedelta(hours=1)
    ledger = Ledger(timedelta(minutes=10))
    ledger.reigns["db"].append((SPRING, by_age(50 * hour)))
    ledger.refreshed("db", SPRING)
    ledger.refreshed("db", SPRING + 55 * hour)
    waits = [one for one in longest_waits(ledger, {}, SPRING + 56 * hour) if one.begin > SPRING]
    assert [one.lasted + SLACK for one in waits] == [5 * hour]


def by_age(age: timedelta) -> Definition:
    return Definition(
        name="db",
        calendar=None,
        zone=ZoneInfo("UTC"),
        min_delay=timedelta(0),
        max_delay=2 * age,
        refresh_after=age,
        watchers=(),
        clones=(Clone("sync#1", "IBM.2107-75AAA01", ("0001:0002",), recording=True, bgcopy=True),),
    )


def test_what_was_refused_is_not_said_again_once_it_would_be_allowed(tmp_path: Path) -> None:
    """A listing under an expired password says nothing, and would have said so for hours."""
    house = House(Plot(seed=1, start=SPRING, days=1, services=3, arrays=1, trouble=0), tmp_path)
    (twin,) = house.twins.values()
    heard = []

    async def ask() -> None:
        client = SimulatedClient(twin)
        await client.ready(300)
        await client.say(f"lsflash -dev {twin.name} -l 0000-FFFF\n")
        heard.append("Valid" in (await client.finish(300)).stdout)

    async def act() -> None:
        for expired in (True, False):
            twin.array.set_user(USER, must_change=expired)
            await ask()

    run_virtually(house.true, act())
    assert heard == [False, True]
    twin.file.close()


def test_what_an_array_does_late_shows_once_it_is_done(tmp_path: Path) -> None:
    """A listing in between showed what was to change, and would have shown it for hours."""
    house = House(Plot(seed=1, start=SPRING, days=1, services=3, arrays=1, trouble=0), tmp_path)
    (twin,) = house.twins.values()
    pair = min(house.oracle.shown[twin.name].relations)
    heard = []

    async def ask(command: str) -> str:
        client = SimulatedClient(twin)
        await client.ready(300)
        await client.say(f"{command}\n")
        said = await client.finish(300)
        twin.ended(twin.clock.now())
        return said.stdout

    async def act() -> None:
        twin.array.add_fault("acts-late", "rmflash", seconds="60", exit="0")
        await ask(f"rmflash -dev {twin.name} -quiet {pair}")
        for _ in range(2):
            heard.append(pair in await ask(f"lsflash -dev {twin.name} -l 0000-FFFF"))
            await house.true.sleep(600)

    run_virtually(house.true, act())
    assert heard == [True, False]
    twin.file.close()


def test_a_hang_excuses_the_arrays_of_its_batch_and_no_others(tmp_path: Path) -> None:
    house = House(Plot(seed=1, start=SPRING, days=1, services=3, arrays=4), tmp_path)
    one, other, third, fourth = house.twins
    house.under_way = lambda: {(one, other), (third,), (third, fourth)}
    house.mischiefs[one].note("hang", timedelta(minutes=58))
    house.mischiefs[one].note("refused", timedelta(minutes=36))
    assert house.ledger.troubles.keys() == {one, other}
    for twin in house.twins.values():
        twin.file.close()


def test_a_source_that_was_taken_back_is_the_source_of_nothing(tmp_path: Path) -> None:
    """Where its relation stayed, the service whose target that is would be refused for weeks."""
    house = House(Plot(seed=1, start=SPRING, days=5, services=3, arrays=1, trouble=0), tmp_path)
    daemon = YearDaemon(house)
    people, robbed = People(house, daemon), house.regime.services["s001"]
    (array,), stolen = house.twins, f"{robbed.clones[0].targets[0]}:"

    def copies() -> list[str]:
        return [pair for pair in house.oracle.shown[array].relations if pair.startswith(stolen)]

    async def act() -> None:
        await people._thief(dict(house.regime.services), robbed)
        await people._move(dict(house.regime.services), house.regime.services["s004"])
        living = asyncio.create_task(people.live())
        await house.true.sleep(timedelta(hours=2).total_seconds())
        assert copies()
        await house.true.sleep(timedelta(hours=60).total_seconds())
        assert not copies()
        living.cancel()
        await daemon.store.close()

    run_virtually(house.true, act())
    house.twins[array].file.close()


def test_a_hold_ends_once_and_by_the_clock_of_the_host(tmp_path: Path) -> None:
    """Set while that was ahead it lasts longer; once over, a clock set back does not revive it."""
    house = House(Plot(seed=1, start=SPRING, days=2, services=3, arrays=1, trouble=0), tmp_path)
    daemon = YearDaemon(house)
    people, hour = People(house, daemon), timedelta(hours=1)

    async def hold(name: str) -> None:
        people.chance = Random(1)  # noqa: S311 - the first draw is a hold that ends by itself
        await people._hold(Scope(Kind.SERVICE, name), hour)

    async def act() -> None:
        await hold("s002")
        people._put_clock(5 * hour)
        await hold("s001")
        people._put_clock(0 * hour)
        assert not house.oracle.holds["service", "s002"]()
        binds = house.oracle.holds["service", "s001"]
        living = asyncio.create_task(people.live())
        await house.true.sleep(5.9 * hour.total_seconds())
        assert binds()
        await house.true.sleep(0.2 * hour.total_seconds())
        people._put_clock(-5 * hour)
        assert not binds()
        living.cancel()
        await daemon.store.close()

    run_virtually(house.true, act())
    ((begin, end),) = joined(house.ledger.troubles["s001"])
    assert begin <= SPRING
    assert 6 * hour <= end - SPRING <= 6.25 * hour
    house.twins[next(iter(house.twins))].file.close()


# what the oracle has not to see


def test_what_somebody_withdrew_after_it_was_listed_is_done_all_the_same() -> None:
    now = [at("2026-01-05T12:00")]
    oracle = Oracle(lambda: now[0], lambda: 0.0, lambda _array: frozenset())
    pair, array = "0001:0002", "IBM.2107-75AAA01"
    live = Live(pair, 1.0, 1.0, recording=True, persistent=True, plain=True)
    for run, acted in (("before", live), ("after", replace(live, acted_at=2.0))):
        oracle.shows(array, {pair: acted})
        now[0] += timedelta(minutes=1)
        oracle.intended(run, "resyncflash")
    oracle.claims_done("before", [(array, pair)])
    assert not oracle.violations
    oracle.shows(array, {})
    now[0] += timedelta(seconds=2)
    oracle.claims_done("before", [(array, pair)])
    assert not oracle.violations
    oracle.claims_done("after", [(array, pair)])
    assert len(oracle.violations) == 1
    now[0] += timedelta(minutes=5)
    oracle.claims_done("before", [(array, pair)])
    assert len(oracle.violations) == 2
