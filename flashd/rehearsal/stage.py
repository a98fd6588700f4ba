"""One group of arrays with their services, put together and run to the end."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from flashd.adapters.arrays.breaker import BreakerArray
from flashd.adapters.arrays.calling import SPEAK_UTC, Dscli
from flashd.adapters.arrays.logins import Logins
from flashd.adapters.arrays.oneshot import OneshotArray
from flashd.adapters.arrays.reports import parse_listing
from flashd.adapters.arrays.stock import parse_inventory
from flashd.adapters.stores.store import throwaway_store
from flashd.config.zone import find_zone
from flashd.engine.cycle import Cycle
from flashd.engine.enroll import survey
from flashd.engine.request import Request
from flashd.engine.world import World
from flashd.model.enrolment import Enrolment
from flashd.model.lease import Holder
from flashd.rehearsal.ages import last_sync
from flashd.rehearsal.client import simulated
from flashd.rehearsal.clocks import VirtualClock, run_virtually
from flashd.rehearsal.host import Dependent, Harm, live, production
from flashd.rehearsal.life import RehearsedGuard, life_of, rehearsed, subject_of
from flashd.rehearsal.mischief import Mischief
from flashd.rehearsal.notes import Notes
from flashd.rehearsal.reading import Reading
from flashd.rehearsal.ticks import tick_until_end
from flashd.rehearsal.twin import USER, make_array, open_twin
from flashd.rehearsal.watch import Watch
from flashd.rehearsal.watched import WatchedStore
from flashd.wiring import pace_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from flashd.config.configuration import Configuration
    from flashd.model.run import Carrier
    from flashd.model.service import GuardSpec, Service
    from flashd.ports.guard import Guard
    from flashd.rehearsal.host import Act
    from flashd.rehearsal.life import Life
    from flashd.rehearsal.terms import Terms
    from flashd.rehearsal.twin import Twin

_LANDING = timedelta(hours=1)
"""What is under way at the end gets so long to end."""

_REMEDY = "None is needed: this is a rehearsal."


class RehearsalHost:
    """One process on a host of its own; what carried a command ends with it."""

    def holder(self, token: str) -> Holder:
        """Name this process as a holder of leases."""
        return Holder("rehearsal", "rehearsal", 1, 1, token)

    def gone(self, holder: Holder) -> bool | None:
        """Whether that process has ended: it is this one."""
        return holder.pid != 1

    def ours(self, carrier: Carrier) -> bool:
        """Whether that group lives and is ours."""
        return carrier.group != 1

    async def end(self, carrier: Carrier) -> bool | None:
        """End a client; it ended with its session."""
        return carrier.host == "rehearsal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What became of one group: all that the report is made of."""

    services: tuple[Service, ...]
    lives: Mapping[str, Life]
    twins: Mapping[str, Twin]
    notes: Notes
    watch: Watch
    harm: tuple[Harm, ...]
    faults: Mapping[str, int]
    ended: datetime


def groups(services: Sequence[Service]) -> list[tuple[Service, ...]]:
    """Part services that share no array, nor are joined by others: they know nothing of another.

    The daemon has a batch for each set of arrays, and asks one store. Part by part, its listings
    and standings are shorter, and nothing else differs.
    """
    parts: list[tuple[set[str], list[Service]]] = []
    for service in services:
        arrays, members = set(service.arrays), [service]
        for part in [one for one in parts if one[0] & arrays]:
            parts.remove(part)
            arrays |= part[0]
            members = part[1] + members
        parts.append((arrays, members))
    return [tuple(sorted(members, key=lambda one: one.name)) for _, members in parts]


def play(
    configuration: Configuration,
    services: tuple[Service, ...],
    given: Mapping[str, Path],
    terms: Terms,
    directory: Path,
    progress: Callable[[float], None],
) -> Played:
    """Play one group from the first tick to the last."""
    stage = Stage(configuration, services, given, terms, directory)
    run_virtually(stage.clock, stage.run(progress))
    return stage.played()


class Stage:
    """The arrays, lives and world of one group, from which a cycle is played."""

    def __init__(
        self,
        configuration: Configuration,
        services: tuple[Service, ...],
        given: Mapping[str, Path],
        terms: Terms,
        directory: Path,
    ) -> None:
        self.clock = VirtualClock(terms.start)
        self._terms = terms
        self._settings = configuration.settings
        self._services = tuple(rehearsed(one, literal=terms.literal) for one in services)
        self._lives = {one.name: life_of(one, terms, self._chance(one.name)) for one in services}
        self._struck: dict[str, int] = {}
        self._twins = self._made(services, given, directory)
        self._zones = {name: _zone(twin) for name, twin in self._twins.items()}
        self._watch = Watch({one.name: one for one in services}, self._zones, self.clock)
        self._notes = Notes(self.clock, self._watch.unsure)
        self._harm: list[Harm] = []
        self._protected = configuration.protected
        number = min(one.name for one in services)
        self._file = directory / f"{number}.db"
        self._entropy = self._chance("ids")

    def _chance(self, what: str) -> Random:
        return Random(f"{self._terms.seed} {what}")  # nosec B311 # noqa: S311 - no secret, and the same again

    def _made(
        self, services: Sequence[Service], given: Mapping[str, Path], directory: Path
    ) -> dict[str, Twin]:
        ages = {one.name: self._last_sync(one) for one in services}
        twins = {}
        for name in sorted({array for one in self._services for array in one.arrays}):
            path = given.get(name) or make_array(name, self._services, ages, directory)
            mischief = Mischief(self._terms.faults, self._chance(f"faults {name}"), self._struck)
            twins[name] = open_twin(name, path, self.clock, self._terms, mischief)
        return twins

    def _last_sync(self, service: Service) -> datetime:
        return last_sync(service, self._terms, self._chance(f"age {service.name}"))

    async def run(self, progress: Callable[[float], None]) -> None:
        """Let everybody live until the end."""
        store = throwaway_store(self._file, RehearsalHost(), WatchedStore)
        store.watch = self._watch
        others = asyncio.create_task(live(self._acts(), self.clock))
        try:
            if self._settings.require_enrolment:
                await self._enroll(store)
            cycle = Cycle(self._world(store), Request(patience=self._patience))
            await tick_until_end(cycle, self._watch, self._terms, progress)
            await cycle.drained(_LANDING.total_seconds())
            await others
        finally:
            others.cancel()
            await store.close()
            for twin in self._twins.values():
                twin.file.close()

    async def _enroll(self, store: WatchedStore) -> None:
        """Pin what the services are, as a person would have done, before any fault may strike."""
        for twin in self._twins.values():
            twin.mischief.sleeps = True
        world = self._world(store)
        for one in await survey(world, self._services):
            at = self.clock.now()
            pinned = Enrolment(service=one.service, at=at, by="rehearsal", facts=one.facts)
            await store.enroll([pinned], at)
        for twin in self._twins.values():
            twin.mischief.sleeps = False

    def _acts(self) -> list[Act]:
        acts = [*production(self._services, self._twins, self._terms, self._chance("production"))]
        for service in self._services:
            dependent = Dependent(service, self._twins, self._harm)
            acts += dependent.acts(self._lives[service.name].up.spans, self._terms.end)
        return acts

    def _world(self, store: WatchedStore) -> World:
        return World(
            services={one.name: one for one in self._services},
            arrays=self._backends(store).__getitem__,
            guards=self._guard,
            zones=self._zones,
            store=store,
            clock=self.clock,
            host=RehearsalHost(),
            events=self._notes,
            entropy=lambda: self._entropy.randbytes(10),
            protected=self._protected,
            require_enrolment=self._settings.require_enrolment,
            pace=pace_of(self._settings),
        )

    def _guard(self, spec: GuardSpec) -> Guard:
        return RehearsedGuard(spec, self._lives[subject_of(spec).service], self.clock)

    def _backends(self, store: WatchedStore) -> dict[str, BreakerArray]:
        return {name: self._backend(twin, store) for name, twin in self._twins.items()}

    def _backend(self, twin: Twin, store: WatchedStore) -> BreakerArray:
        logins = Logins(
            array=twin.name,
            username=USER,
            pwfile=lambda: USER,
            remedy=_REMEDY,
            store=store,
            clock=self.clock,
            host=RehearsalHost(),
        )
        return BreakerArray(self._inner(twin, logins), logins)

    def _inner(self, twin: Twin, logins: Logins) -> OneshotArray:
        dscli = Dscli(
            array=twin.name,
            argv=("dscli", "-hmc1", *twin.consoles, "-user", USER),
            environment=SPEAK_UTC,
            timeout=self._patience,
            remedy=_REMEDY,
        )
        reading = Reading()
        read = parse_listing if self._terms.literal else reading.read
        take = parse_inventory if self._terms.literal else reading.take
        start = partial(simulated, twin)
        return OneshotArray(
            dscli,
            self.clock,
            RehearsalHost(),
            start,
            read,
            take,
            gate=logins,
            most_here=math.inf,  # virtual time does not wait for threads
        )

    @property
    def _patience(self) -> float:
        return self._settings.dscli.timeout.total_seconds()

    def played(self) -> Played:
        """Tell what became of it."""
        return Played(
            services=self._services,
            lives=self._lives,
            twins=self._twins,
            notes=self._notes,
            watch=self._watch,
            harm=tuple(self._harm),
            faults=self._struck,
            ended=self.clock.now(),
        )


def _zone(twin: Twin) -> ZoneInfo | None:
    """Tell the zone in which a twin writes its dates, as auth.conf would."""
    return find_zone(twin.array.switches["date_zone"])
