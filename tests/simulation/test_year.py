"""A year of ticks over two clock changes: guards go up, arrays fail, people hold, it crashes.

The oracle knows nothing of how flashd decides: it knows when each service was really up, when
each window was open, what was held, and what the arrays did. A failure names its seed:
FLASHD_TEST_SEED.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from random import Random, SystemRandom
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from flashd.core.schedule import parse
from flashd.engine.cycle import Cycle
from flashd.engine.holds import place, release
from flashd.engine.request import Request
from flashd.engine.world import Pace, World
from flashd.model.hold import Hold, Kind, Scope
from flashd.model.run import Outcome
from flashd.model.service import Freshness, GuardSpec, Resource, Service
from flashd.model.verdict import Finding, Verdict
from flashd.model.volumes import Pair
from tests.simulation.memory import MemoryArray, MemoryHost, MemoryStore, Silence, VirtualClock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PARIS = ZoneInfo("Europe/Paris")
SANTIAGO = ZoneInfo("America/Santiago")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MOST_BACKOFF = timedelta(minutes=31)


def every_day(_day: date) -> bool:
    return True


def last_of_month(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1


def exists(wall: datetime, zone: tzinfo | None) -> bool:
    """Whether the clock on the wall ever shows that time."""
    there = wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return there.replace(tzinfo=None) == wall


@dataclass(frozen=True)
class Hours:
    """A window as people would say it: from, to, and on which days."""

    begin: time
    end: time
    on: Callable[[date], bool] = every_day
    vanishes: bool = False

    def name(self, local: datetime) -> date | None:
        """Name the window that is open at a local time by the day on which it began.

        One that vanishes when clocks go forward is open an hour later that day.
        """
        before = local.replace(tzinfo=None) - HOUR
        if self.vanishes and not exists(before, local.tzinfo):
            local = before
        day, at = local.date(), local.time()
        if not self.on(day):
            return None
        if self.begin <= self.end:
            return day if self.begin <= at <= self.end else None
        if at >= self.begin:
            return day
        return day - timedelta(days=1) if at <= self.end else None


@dataclass(frozen=True)
class Plan:
    """What the operator wrote, and what he meant."""

    text: str | None = None
    hours: Hours | None = None
    zone: ZoneInfo = PARIS
    min_delay: timedelta = timedelta(0)
    max_delay: timedelta = 40 * DAY
    refresh_after: timedelta | None = None
    every: timedelta | None = None
    again: timedelta | None = None


PLANS = {
    "nightly": Plan(
        "22:00-04:00 mon-fri", Hours(time(22), time(4), lambda day: day.isoweekday() < 6)
    ),
    "at the change": Plan("02:00-03:00", Hours(time(2), time(3), vanishes=True)),
    "across the change": Plan("01:30-03:30", Hours(time(1, 30), time(3, 30)), min_delay=6 * HOUR),
    "sundays": Plan("01:00-05:00 sun", Hours(time(1), time(5), lambda day: day.isoweekday() == 7)),
    "elsewhere": Plan("23:00-01:30", Hours(time(23), time(1, 30)), SANTIAGO),
    "last of the month": Plan("20:00-23:00 *:last", Hours(time(20), time(23), last_of_month)),
    "all day": Plan("*", every=DAY),
    "as often as may be": Plan(
        "06:00-22:00@30m", Hours(time(6), time(22)), min_delay=4 * HOUR, again=HOUR / 2
    ),
    "by age": Plan(max_delay=10 * HOUR, min_delay=3 * HOUR),
    "by its own age": Plan(max_delay=30 * HOUR, refresh_after=20 * HOUR),
    "by age in a window": Plan(
        "06:00-20:00",
        Hours(time(6), time(20)),
        max_delay=90 * HOUR,
        refresh_after=30 * HOUR,
        min_delay=24 * HOUR,
    ),
}


@dataclass
class Subject:
    """A service, the truth about it, and what happened to it."""

    service: Service
    plan: Plan
    pairs: tuple[Pair, ...]
    ups: list[tuple[datetime, datetime]]
    acts: list[datetime] = field(default_factory=list)
    wanted_since: datetime | None = None

    def up(self, now: datetime) -> bool:
        while self.ups and self.ups[0][1] <= now:
            self.ups.pop(0)
        return bool(self.ups) and self.ups[0][0] <= now

    def window(self, now: datetime) -> date | None:
        """Name the window that is open at `now`."""
        hours = self.plan.hours
        return hours.name(now.astimezone(self.plan.zone)) if hours else None


@dataclass
class Guard:
    """Knows the truth, and does not always tell it."""

    subject: Subject
    clock: VirtualClock
    chance: Random
    simulation: Simulation

    async def look(self) -> Finding:
        if not self.simulation.calm and self.chance.random() < 0.01:
            self.simulation.excuse(self.subject)
            return Finding(Verdict.UNKNOWN, "no answer")
        if not self.simulation.calm and self.chance.random() < 0.01:
            await self.simulation.hold(self.subject)
        if self.subject.up(self.clock.now()):
            return Finding(Verdict.UP, "it runs")
        return Finding(Verdict.DOWN, "it is stopped")


class Simulation:
    """A world in virtual time, and the oracle."""

    def __init__(self, seed: int, start: datetime, interval: timedelta, *, calm: bool) -> None:
        self.chance = Random(seed)  # noqa: S311 - no secret
        self.calm = calm
        self.clock = VirtualClock(start)
        self.start, self.interval = start, interval
        self.host = MemoryHost()
        self.store = MemoryStore(self.host)
        self.subjects: dict[str, Subject] = {}
        self.by_pair: dict[tuple[str, Pair], Subject] = {}
        self.excused: dict[str, datetime] = {}
        self.violations: list[str] = []
        self.holds: dict[Scope, datetime | None] = {}
        self.held_back = 0
        self.arrays = {
            name: MemoryArray(
                name, self.clock, self.chance, self.sent, self.acted, self.troubled, calm=calm
            )
            for name in ("IBM.2107-75AAA01", "IBM.2107-75BBB01")
        }
        for number, (name, plan) in enumerate(PLANS.items()):
            self._add(number, name, plan)
        self.cycle = self._daemon()
        self.restarts = 0

    def _add(self, number: int, name: str, plan: Plan) -> None:
        array = sorted(self.arrays)[number % 2]
        recording = number % 4 != 3
        pairs = tuple(
            Pair.parse(
                f"{'0' if recording else 'F'}{number:X}{2 * n:02X}:1{number:X}{2 * n + 1:02X}"
            )
            for n in range(2)
        )
        service = Service(
            name=name,
            freshness=Freshness(
                min_delay=plan.min_delay,
                max_delay=plan.max_delay,
                refresh_after=plan.refresh_after,
            ),
            schedule=parse([plan.text]) if plan.text else None,
            timezone=plan.zone,
            guards=(GuardSpec("truth", name, (), proves=True),),
            resources=(Resource(id="sync#1", array=array, pairs=pairs, recording=recording),),
        )
        subject = Subject(service, plan, pairs, [] if self.calm else list(self._ups()))
        self.subjects[name] = subject
        for pair in pairs:
            self.by_pair[array, pair] = subject
            old = self.start - 9 * DAY
            self.arrays[array].copies[pair] = (old, old)

    def _ups(self) -> Sequence[tuple[datetime, datetime]]:
        """Draw when a service is up: some hours, every few days, for a year."""
        at, found = self.start, []
        while at < self.start + 370 * DAY:
            at += timedelta(hours=self.chance.uniform(10, 150))
            end = at + timedelta(hours=self.chance.uniform(0.05, 9))
            found.append((at, end))
            at = end
        return found

    def _daemon(self) -> Cycle:
        self.world = World(
            services={name: subject.service for name, subject in self.subjects.items()},
            arrays=self.arrays.__getitem__,
            guards=lambda spec: Guard(self.subjects[spec.name], self.clock, self.chance, self),
            zones={},
            store=self.store,
            clock=self.clock,
            host=self.host,
            events=Silence(),
            entropy=lambda: self.chance.randbytes(10),
            pace=Pace(check_interval=self.interval, observe_interval=6 * HOUR),
        )
        return Cycle(self.world, Request(patience=1200.0))

    # what happens

    def expect(self, truth: object, otherwise: str) -> None:
        """Note what must not happen; the engine would take an exception for an array's."""
        if not truth:
            self.violations.append(f"{self.clock.now()}: {otherwise}")

    def sent(self, array: str, pairs: Sequence[Pair]) -> None:
        """Check a changing command as it leaves."""
        subject = self.by_pair[array, pairs[0]]
        name = subject.service.name
        self.expect(set(pairs) <= set(subject.pairs), f"{name}: foreign pairs")
        self.expect(not subject.up(self.clock.now()), f"{name}: overwritten while it was up")
        self.expect(not self.held(subject), f"{name}: overwritten while it was held")
        if subject.acts and not self._healing(array, subject):
            since = self.clock.now() - subject.acts[-1]
            self.expect(since >= subject.plan.min_delay, f"{name}: too soon")

    def _healing(self, array: str, subject: Subject) -> bool:
        return any(pair not in self.arrays[array].copies for pair in subject.pairs)

    def acted(self, array: str, pairs: Sequence[Pair]) -> None:
        """Check what an array did, and remember it."""
        subject, now = self.by_pair[array, pairs[0]], self.clock.now()
        name, plan, window = subject.service.name, subject.plan, subject.window(now)
        if subject.acts:
            last = subject.acts[-1]
            if plan.hours and not (plan.refresh_after or plan.again):
                self.expect(subject.window(last) != window, f"{name}: twice in one window")
            if plan.every:  # by the clock on the wall, so an hour less in spring
                self.expect(now - last >= plan.every - HOUR, f"{name}: too often")
        if plan.hours:
            whole = now.replace(microsecond=0)
            began = [whole - timedelta(seconds=ago) for ago in range(90)]
            self.expect(any(map(subject.window, began)), f"{name}: outside its window")
        subject.acts.append(now)
        subject.wanted_since = None

    def troubled(self, array: str) -> None:
        """Excuse the services of an array for as long as a backoff can take."""
        for (of, _), subject in self.by_pair.items():
            if of == array:
                self.excuse(subject)

    def excuse(self, subject: Subject) -> None:
        self.excused[subject.service.name] = self.clock.now() + MOST_BACKOFF + 2 * self.interval
        subject.wanted_since = None

    # people

    def held(self, subject: Subject) -> bool:
        """Whether somebody wants a service left alone now, by what he said."""
        (array,) = subject.service.arrays
        names = {("service", subject.service.name), ("array", array), ("all", "")}
        now = self.clock.now()
        return any(
            until is None or now < until
            for scope, until in self.holds.items()
            if (str(scope.kind), scope.name) in names
        )

    async def hold(self, subject: Subject) -> None:
        """Have somebody hold a service, its array or everything, for some hours or for good."""
        (array,) = subject.service.arrays
        scopes = (Scope(Kind.SERVICE, subject.service.name), Scope(Kind.ARRAY, array))
        scope = self.chance.choice((*scopes, Scope(Kind.ALL)))
        until = self.chance.choice((None, HOUR / 2, 5 * HOUR, 3 * DAY))
        now = self.clock.now()
        ends = None if until is None else now + until
        await place(self.world, [Hold(scope=scope, reason="?", by="ann", since=now, until=ends)])
        self.holds[scope] = ends

    async def _release(self) -> None:
        for scope in tuple(self.holds):
            if self.chance.random() < 0.02:
                await release(self.world, [scope], "ann")
                del self.holds[scope]

    # the oracle between two ticks

    def check(self) -> None:
        """Nobody who was due and allowed all the time was left alone for longer than a tick."""
        now = self.clock.now()
        assert not self.violations
        for name, subject in self.subjects.items():
            excused = self.excused.get(name, now) > now
            held = self.held(subject)
            self.held_back += held and self._wanted(subject, now)
            if excused or subject.up(now) or held or not self._wanted(subject, now):
                subject.wanted_since = None
            elif subject.wanted_since is None:
                subject.wanted_since = now
            waited = now - (subject.wanted_since or now)
            assert waited <= 3 * self.interval, f"{name} is due since {subject.wanted_since}"

    def _wanted(self, subject: Subject, now: datetime) -> bool:
        """Whether a clone ought to be refreshed now, by the operator's own words."""
        plan, last = subject.plan, subject.acts[-1] if subject.acts else None
        if plan.hours:
            window = subject.window(now)
            if window is None or subject.window(now + 5 * self.interval) != window:
                return False
            if plan.again:
                return last is None or now - last > plan.min_delay + self.interval
            if plan.refresh_after is None:
                again = last is None or now - last > plan.min_delay
                return again and (last is None or subject.window(last) != window)
        age = now - (last or self.start - 9 * DAY)
        if plan.every:
            return age > plan.every + HOUR
        return age > (plan.refresh_after or plan.max_delay * 0.8) + self.interval

    # time

    async def run(self, until: datetime) -> None:
        await self.cycle.start()
        while self.clock.now() < until:
            await self.cycle.tick()
            await self._settle()
            self.check()
            await self._release()
            if not self.calm and self.chance.random() < 0.002:
                await self._restart()
            self.clock.move(await self._pause())
        self.calm = True
        for array in self.arrays.values():
            array.calm = True

    async def _settle(self) -> None:
        """Let the batches end; a crash ends them otherwise."""
        idle = asyncio.ensure_future(self.cycle.idle())
        while not idle.done():
            for _ in range(300):
                await asyncio.sleep(0)
                if idle.done() or any(array.crashing for array in self.arrays.values()):
                    break
            else:
                self.clock.skip()
            if any(array.crashing for array in self.arrays.values()):
                await self._restart()
                idle.cancel()
                return
        await idle

    async def _restart(self) -> None:
        """End the daemon as kill -9 would, and start another."""
        await self.cycle.drained(0)
        self.host.life += 1
        self.restarts += 1
        for name, array in self.arrays.items():
            array.crashing = False
            self.troubled(name)
        self.cycle = self._daemon()
        await self.cycle.start()

    def _awaited(self, subject: Subject) -> bool:
        """Whether a service's own users hold it back: when they end, somebody must notice."""
        return subject.up(self.clock.now()) and self._wanted(subject, self.clock.now())

    async def _pause(self) -> timedelta:
        """Tell how long nothing can happen: until somebody is due, or an array is to be read."""
        now = self.clock.now()
        instants = [one.look_at for one in (await self.store.standings()).values() if one.look_at]
        for record in (await self.store.arrays()).values():
            instants += [record.retry_at] if record.retry_at else []
            instants += [record.observed_at + 6 * HOUR] if record.observed_at else []
        nearest = min(instants, default=now) - now
        if await self.store.open_runs() or any(map(self._awaited, self.subjects.values())):
            return self.interval
        return max(self.interval, min(nearest, 6 * HOUR))


def seed() -> int:
    chosen = int(os.environ.get("FLASHD_TEST_SEED") or SystemRandom().randrange(10**6))
    print(f"FLASHD_TEST_SEED={chosen}")  # noqa: T201 - shown where the test fails
    return chosen


SPANS = {
    "a year": (datetime(2026, 1, 1, tzinfo=UTC), 365 * DAY, timedelta(minutes=10)),
    "spring, each minute": (datetime(2026, 3, 22, tzinfo=UTC), 12 * DAY, timedelta(minutes=1)),
    "autumn, each minute": (datetime(2026, 10, 18, tzinfo=UTC), 12 * DAY, timedelta(minutes=1)),
}


@pytest.mark.parametrize(("start", "span", "interval"), SPANS.values(), ids=SPANS.keys())
def test_a_troubled_span(start: datetime, span: timedelta, interval: timedelta) -> None:
    simulation = Simulation(seed(), start, interval, calm=False)
    asyncio.run(simulation.run(start + span))
    outcomes = {run.outcome for runs in simulation.store.ended.values() for run in runs}
    assert Outcome.DONE in outcomes
    assert simulation.restarts
    if span > 100 * DAY:
        assert outcomes == {Outcome.DONE, Outcome.REFUSED, Outcome.FAILED}
        assert all(len(one.acts) > 4 for one in simulation.subjects.values())
        assert simulation.restarts > 5
        assert simulation.held_back > 20


def test_a_calm_year_has_one_run_a_window() -> None:
    """Counted by hand: nights of the working week, days, Sundays, last days of a month."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    simulation = Simulation(0, start, timedelta(minutes=15), calm=True)
    asyncio.run(simulation.run(start + 365 * DAY))
    acts = {name: len(one.acts) for name, one in simulation.subjects.items()}
    assert acts["sundays"] == 52
    assert acts["last of the month"] == 12
    assert acts["elsewhere"] in {365, 366}
    assert acts["across the change"] == 365
    assert acts["at the change"] == 365, "on one day it is open an hour later"
    assert acts["all day"] in {364, 365, 366}
    assert acts["by its own age"] in range(430, 440)
