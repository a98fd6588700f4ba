"""The daemon in a house: its ports, its ticks, its lives."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from flashd.adapters.arrays.breaker import BreakerArray
from flashd.adapters.arrays.calling import SPEAK_UTC, Dscli
from flashd.adapters.arrays.logins import Logins
from flashd.adapters.arrays.oneshot import OneshotArray
from flashd.adapters.stores.store import SqlStore, throwaway_store
from flashd.core.health import last_resync_of
from flashd.core.retry import MOST
from flashd.engine.cycle import Cycle
from flashd.engine.events import Event
from flashd.engine.request import Request
from flashd.engine.world import Pace, World
from flashd.errors import ArrayUnreachable
from flashd.model.protection import Protection
from flashd.model.run import Outcome
from flashd.model.verdict import Finding, Verdict
from flashd.rehearsal.client import SimulatedClient
from flashd.rehearsal.reading import Reading
from flashd.rehearsal.store import KeepingStore
from flashd.rehearsal.twin import USER
from tests.simulation.year.house import UTC, PresentHost, service_of
from tests.simulation.year.lives import Life, Mortal, MortalClock, YearHost, forget_process

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime
    from enum import Enum

    from flashd.adapters.arrays.client import Readiness, Said
    from flashd.model.service import GuardSpec
    from flashd.ports.clock import Clock
    from flashd.ports.store import Store
    from flashd.rehearsal.twin import Twin
    from tests.simulation.year.definitions import Definition, Watcher
    from tests.simulation.year.house import House

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=5)
PATIENCE = 1200.0


class Notes:
    """What flashd tells: counted; what it calls an error of its own is kept."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.errors: list[str] = []

    def tell(self, event: Enum, message: str, facts: Mapping[str, object]) -> None:  # noqa: ARG002 - the port's
        self.counts[event.name] += 1
        if event in {Event.TASK_FAILED, Event.STORE_FAILED}:
            self.errors.append(message)


@dataclass
class YearClient:
    """A dscli in virtual time: what it carries can outlive the daemon that began it."""

    house: House
    twin: Twin
    life: Life
    inner: SimulatedClient
    group: int
    started: int = 1
    carrying: asyncio.Task[Said] | None = None
    _token: int | None = None

    async def ready(self, limit: float) -> Readiness:
        await self.life.step()
        found = await self.inner.ready(limit)
        await self.life.step()
        return found

    async def say(self, commands: str) -> bool:
        await self.life.step()
        if not commands.startswith(("setenv ", "ls")):
            if self._breaks():
                return False
            self._token = self.house.oracle.written(commands.strip())
        await self.inner.say(commands)
        await self.life.step()
        return True

    def _breaks(self) -> bool:
        """Let dscli be gone before it reads its command."""
        mischief = self.house.mischiefs[self.twin.name]
        if mischief.calm or mischief.chance.random() >= mischief.rates.connect:
            return False
        self.inner._ended, self.inner._exit = True, 3
        mischief.struck["gone before it reads"] += 1
        mischief.note("gone", 36 * MINUTE)
        return True

    async def finish(self, limit: float) -> Said:
        await self.life.step()
        if self.house.is_late(self.twin.name):
            self.twin.replays.changed()
        if self._token is None:
            struck = sum(self.house.struck.values())
            said = await self.inner.finish(limit)
            if struck != sum(self.house.struck.values()) or self.house.is_late(self.twin.name):
                self.house.look(self.twin.name)
            await self.life.step()
            return said
        said = await asyncio.shield(self._carries(limit))
        await self.life.step()
        return said

    def _carries(self, limit: float) -> asyncio.Task[Said]:
        task = self.carrying = asyncio.create_task(self._carry(limit))
        self.house.clients.carries(self.group, task)
        task.add_done_callback(lambda _: self._landed())
        return task

    async def _carry(self, limit: float) -> Said:
        chance = self.house.mischiefs[self.twin.name].chance
        await self.house.true.sleep(chance.uniform(0.05, 1.5))
        return await self.inner.finish(limit)

    def _landed(self) -> None:
        if self._token is not None:
            self.house.oracle.landed(self._token)
            self.house.look(self.twin.name)

    def left(self, *, dead: bool) -> None:
        """Be left by its daemon: ended with it, or, if that was killed, maybe not."""
        lives_on = dead and self.house.mischiefs[self.twin.name].chance.random() < 0.5
        if self._token is not None and self.carrying is None:
            if lives_on:
                self._carries(PATIENCE)
            else:
                self._landed()
        elif self.carrying is not None and not lives_on:
            self.carrying.cancel()

    def question(self) -> str:
        return ""


@asynccontextmanager
async def year_client(
    house: House, twin: Twin, life: Life, _dscli: Dscli
) -> AsyncIterator[YearClient]:
    """Start one; a daemon that goes on ends it, one that is killed may leave it behind."""
    began, group = house.true.now(), house.clients.group()
    client = YearClient(house, twin, life, SimulatedClient(twin), group)
    try:
        yield client
    finally:
        client.left(dead=life.dead)
        task = client.carrying
        if task is None or task.done():
            twin.ended(began)
        else:
            task.add_done_callback(lambda _: twin.ended(began))
        twin.told.clear()
        twin.sessions.clear()


@dataclass
class YearGuard:
    """Knows the truth, and does not always tell; what happens after its look it does not see."""

    house: House
    life: Life
    service: str
    watcher: Watcher
    daemon: YearDaemon

    async def look(self) -> Finding:
        await self.life.step()
        house, watcher, chance = self.house, self.watcher, self.daemon.chance
        look = house.oracle.looks(self.service, watcher.name)
        if not self.daemon.calm and chance.random() < watcher.fails:
            return await self._fail()
        first = chance.uniform(0.2, 0.8) * watcher.seconds
        await house.true.sleep(first)
        look.up, look.starts = house.up(self.service), house.starts(self.service)
        if not self.daemon.calm and chance.random() < 0.004:
            house.burst(self.service, chance.uniform(0.01, 25), chance.uniform(1, 300))
        if not self.daemon.calm and chance.random() < 0.002:
            self.daemon.wants_hold.append(self.service)
            self.daemon.stirred.set()
        await house.true.sleep(watcher.seconds - first)
        await self.life.step()
        quiet = Verdict.DOWN if watcher.proves else Verdict.CLEAR
        verdict = Verdict.UP if look.up else quiet
        look.said = str(verdict)
        return Finding(
            verdict, "as it is", incarnation=str(look.starts) if watcher.tells_starts else None
        )

    async def _fail(self) -> Finding:
        house, chance = self.house, self.daemon.chance
        house.ledger.trouble(self.service, house.true.now() - MINUTE, 5 * MINUTE)
        house.struck["guard fails"] += 1
        way = chance.randrange(5)
        if way == 0:
            raise ArrayUnreachable("no answer from that host")
        if way == 1:
            raise RuntimeError("somebody's guard")
        if way == 2:
            await house.true.sleep(90)
        if way == 3:
            return cast("Finding", None)
        return Finding(Verdict.UNKNOWN, "no answer")


@dataclass
class YearDaemon:
    """One daemon after the other on the same store."""

    house: House
    notes: Notes = field(default_factory=Notes)
    stirred: asyncio.Event = field(default_factory=asyncio.Event)
    wants_hold: list[str] = field(default_factory=list)
    calm: bool = False
    lives: int = 0
    _runs: dict[str, list[tuple[str, tuple[str, ...]]]] = field(default_factory=dict)
    _services: dict[str, str] = field(default_factory=dict)
    _of: tuple[World, dict[str, tuple[str, ...]]] | None = None
    _readings: dict[str, Reading] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chance = self.house.chance("daemon")
        kind = SqlStore if self.house.plot.whole_store else KeepingStore
        path = self.house.directory / "flashd.db"
        self.store = throwaway_store(path, PresentHost(self.house), kind)
        self.released = self.store.released if isinstance(self.store, KeepingStore) else None
        self.cycle: Cycle | None = None
        self.house.under_way = lambda: self.cycle.under_way if self.cycle else frozenset()

    def world(self, life: Life) -> World:
        """Make a world of the present definitions, for one life."""
        house, regime = self.house, self.house.regime
        clock = cast("Clock", MortalClock(house.clock, life, self.released))
        store = cast("Store", Mortal(self.store, life, partial(self._heard, life)))
        backends = {
            name: self._backend(twin, life, store, clock) for name, twin in house.twins.items()
        }
        return World(
            services={name: service_of(one) for name, one in regime.services.items()},
            arrays=backends.__getitem__,
            guards=partial(self._guard, life),
            zones=dict.fromkeys(house.twins, UTC),
            store=store,
            clock=clock,
            host=house.host,
            events=self.notes,
            entropy=lambda: self.chance.randbytes(10),
            protected=Protection(volumes=regime.protected),
            pace=Pace(check_interval=house.plot.check, observe_interval=house.plot.observe),
        )

    def _backend(self, twin: Twin, life: Life, store: Store, clock: Clock) -> BreakerArray:
        dscli = Dscli(
            array=twin.name,
            argv=("dscli", "-hmc1", *twin.consoles, "-user", USER),
            environment=SPEAK_UTC,
            timeout=PATIENCE,
            remedy="none is needed",
        )
        start = partial(year_client, self.house, twin, life)
        reading = self._readings.setdefault(twin.name, Reading())
        logins = Logins(
            array=twin.name,
            username=USER,
            pwfile=lambda: f"pwfile {self.house.pwfiles[twin.name]}",
            remedy="none is needed",
            store=store,
            clock=clock,
            host=self.house.host,
        )
        inner = OneshotArray(
            dscli,
            clock,
            self.house.host,
            start,
            reading.read,
            reading.take,
            gate=logins,
            most_here=math.inf,  # virtual time does not wait for threads
        )
        return BreakerArray(inner, logins)

    def _guard(self, life: Life, spec: GuardSpec) -> YearGuard:
        service, watcher = cast("tuple[str, Watcher]", spec.options)
        return YearGuard(self.house, life, service, watcher, self)

    async def _heard(self, life: Life, name: str, args: Any, result: Any) -> None:  # noqa: ANN401
        """Hear what was written to the store."""
        if name == "intend" and result is None:
            (intent, *_) = args
            self.house.oracle.intended(intent.run, intent.command)
            pairs = tuple(map(str, intent.step.pairs))
            self._runs.setdefault(intent.run, []).append((intent.step.array, pairs))
            life.intends()
        elif name == "unsent":
            self.house.oracle.unsent(args[0])
            self._runs.get(args[0], [()]).pop()
        elif name == "open_run" or (name == "begin" and result is None):
            self._services[args[0].id] = args[0].service
        elif name == "close_run":
            await self._closed(args[0], args[2])

    async def _closed(self, run: str, outcome: Outcome) -> None:
        steps, name = self._runs.pop(run, []), self._services.pop(run, "")
        if outcome is not Outcome.DONE:
            return
        oracle = self.house.oracle
        for array in {array for array, _ in steps}:
            self.house.look(array)  # what an array does late nobody has told of
        oracle.claims_done(run, [(array, pair) for array, pairs in steps for pair in pairs])
        await self._judge_age(name)

    async def judge_ages(self) -> None:
        """Have the oracle judge every age that is told."""
        for array in self.house.twins:
            self.house.look(array)
        for name, definition in sorted(self.house.regime.services.items()):
            if None not in self._taken(definition):  # else it is said to hold none once it is seen
                await self._judge_age(name)

    async def _judge_age(self, name: str) -> None:
        """Have the oracle judge how old a service's clones are said to be."""
        definition = self.house.regime.services.get(name)
        if definition is None:
            return
        service = service_of(definition)
        known = {(s.array, s.pair): s for s in await self.store.sightings(service.arrays)}
        last = last_resync_of(service, known, dict.fromkeys(service.arrays, UTC))
        if last and last.earliest and any(self._taken(definition)):
            clock = self.house.clock
            slack = timedelta(seconds=1 + 2 * max(self.house.skews.values()))
            mine = [one for clone, one in known.items() if clone in service.clones]
            if any(one.since_at - clock.ahead >= clock.set_at for one in mine):
                slack += abs(clock.ahead)  # first seen by this clock, with which dates may agree
            self.house.oracle.claims_fresh(name, last.earliest - clock.ahead, slack)

    def _taken(self, definition: Definition) -> list[datetime | None]:
        """Tell when the copies of a service were taken, in truth."""
        shown = self.house.oracle.shown
        return [shown[array].acted.get(pair) for array, pair in definition.pairs]

    async def live(self, until: datetime) -> None:
        """Live until then, again and again."""
        while self.house.true.now() < until:
            await self._one_life(until)

    async def _one_life(self, until: datetime) -> None:
        house = self.house
        self.lives += 1
        forget_process()
        life = house.life = Life(self.lives)
        house.host = YearHost(self.lives, house.boot, house.clients)
        house.oracle.life = self.lives
        cycle = self.cycle = Cycle(self.world(life), Request(patience=PATIENCE))
        ticking = asyncio.create_task(self._ticks(cycle, until))
        dying = asyncio.create_task(life.ended.wait())
        await asyncio.wait({ticking, dying}, return_when=asyncio.FIRST_COMPLETED)
        if ticking.done() and not ticking.cancelled() and (error := ticking.exception()):
            raise error
        if not life.dead:
            await cycle.drained(3600)
        life.end()
        left = [ticking, dying, *cycle._in_flight.values()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _ticks(self, cycle: Cycle, until: datetime) -> None:
        true, began = self.house.true, self.house.true.now()
        while true.now() < until and not cycle.world.drain.wanted:
            cycle.landed.clear()
            self.stirred.clear()
            await cycle.tick()
            pause = min(await self._pause(cycle), until - true.now())
            at = began - (began - true.now() - pause) // SECOND * SECOND
            await self._wait(cycle, max((at - true.now()).total_seconds(), 0.05))
        cycle.world.drain.wanted = True

    async def _wait(self, cycle: Cycle, seconds: float) -> None:
        waits = [asyncio.ensure_future(one.wait()) for one in (cycle.landed, self.stirred)]
        with suppress(TimeoutError):
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for one in waits:
            one.cancel()
        await self.house.true.sleep(0.05)

    async def _pause(self, cycle: Cycle) -> timedelta:
        """Tell how long no tick can find anything; at most some minutes, to be sure."""
        now, store, steady = self.house.clock.now(), self.store, self.house.true.monotonic()
        records = await store.arrays()
        retries = {
            name: one.retry_at
            for name, one in records.items()
            if one.retry_at and now < one.retry_at <= now + MOST
        }
        soonest, under_way = now + LONGEST_PAUSE, cycle.under_way
        standings = (await store.standings()).values()
        looks = ((one.look_at, one.service) for one in standings if one.look_at is not None)
        arrays_of = self._arrays_of(cycle.world)
        for look_at, name in [one for one in looks if one[0] < soonest]:
            arrays = arrays_of.get(name)
            if arrays is None or arrays in under_way:
                continue
            free = now + timedelta(seconds=max(0.0, cycle.free_at(arrays) - steady))
            soonest = min(
                soonest, max([look_at, free, *(retries[a] for a in arrays if a in retries)])
            )
        for name, record in records.items():
            if (name,) not in cycle.under_way and record.observed_at:
                at = max(
                    record.observed_at + cycle.world.pace.observe_interval, retries.get(name, now)
                )
                soonest = min(soonest, at)
        if await store.open_runs():
            soonest = min(soonest, now + cycle.world.pace.check_interval / 2)
        return max(soonest - now, SECOND)

    def _arrays_of(self, world: World) -> dict[str, tuple[str, ...]]:
        """Tell the arrays of each service, worked out once for a world."""
        if self._of is None or self._of[0] is not world:
            self._of = world, {name: one.arrays for name, one in world.services.items()}
        return self._of[1]

    def reload(self) -> None:
        """Put the house's definitions in force, as a reload does."""
        if self.cycle is not None and not self.house.life.dead:
            old = self.cycle.world
            self.cycle.adopt(self.world(self.house.life).after(old))
        self.stirred.set()
