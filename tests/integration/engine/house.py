"""A world of real parts: SQLite, this Linux, flashd-dscli processes on simulated arrays.

Only the guards are made for the tests: each says, look by look, what its table says.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
import threading
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flashd.adapters.arrays.breaker import BreakerArray
from flashd.adapters.arrays.calling import SPEAK_UTC, Dscli
from flashd.adapters.arrays.logins import Logins
from flashd.adapters.arrays.oneshot import OneshotArray
from flashd.adapters.clock import SystemClock
from flashd.adapters.host import LinuxHost
from flashd.config.settings import Settings
from flashd.engine.batch import run_batch
from flashd.engine.cycle import Cycle
from flashd.engine.request import Request
from flashd.engine.world import Pace, World
from flashd.errors import ConfigError
from flashd.model.protection import NOTHING, Protection
from flashd.model.run import Trigger
from flashd.model.service import Freshness, GuardSpec, Resource, Service
from flashd.model.verdict import Finding, Verdict
from flashd.model.volumes import Pair
from flashd.sim.array import Array
from flashd.wiring import Home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from enum import Enum

    from flashd.engine.events import Event
    from flashd.engine.request import Result
    from flashd.model.health import Health
    from flashd.model.lease import Holder
    from flashd.model.service import Windows
    from flashd.ports.array import ArrayBackend
    from flashd.ports.clock import Clock
    from flashd.ports.events import Events
    from flashd.ports.store import Store
    from flashd.sim.journal import Entry

SERIAL = "IBM.2107-75ABC01"
OTHER = "IBM.2107-75XYZ02"
DSCLI = Path(sys.executable).with_name("flashd-dscli")
CHANGING = ("resyncflash", "rmflash", "mkflash")
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class HandClock:
    """The clocks of this host, which a test can set."""

    def __init__(self) -> None:
        self._real = SystemClock()
        self.ahead = timedelta(0)
        self.older = 0.0

    def now(self) -> datetime:
        return self._real.now() + self.ahead

    def monotonic(self) -> float:
        return self._real.monotonic() + self.older

    async def sleep(self, seconds: float) -> None:
        await self._real.sleep(seconds)


@dataclass
class Told:
    """Keeps what it is told."""

    events: list[tuple[Enum, str, Mapping[str, object]]] = field(default_factory=list)

    def tell(self, event: Enum, message: str, facts: Mapping[str, object]) -> None:
        self.events.append((event, message, facts))

    def kinds(self) -> list[Enum]:
        return [event for event, _, _ in self.events]

    def messages(self, event: Event) -> list[str]:
        return [message for kind, message, _ in self.events if kind is event]

    def facts(self, event: Event) -> list[Mapping[str, object]]:
        return [facts for kind, _, facts in self.events if kind is event]


def down(incarnation: str | None = None) -> Finding:
    return Finding(Verdict.DOWN, "it is stopped", {"state": "inactive"}, incarnation)


def up() -> Finding:
    return Finding(Verdict.UP, "it runs", {"state": "active"})


def unknown() -> Finding:
    return Finding(Verdict.UNKNOWN, "nobody knows")


def clear() -> Finding:
    return Finding(Verdict.CLEAR, "nothing speaks against it")


@dataclass
class Looks:
    """What a guard says at its first look, its second, and so on; the last one stays.

    A callable is called (it may act on the world, wait, or raise) and its answer is the finding.
    """

    table: list[Finding | Exception | Callable[[], object]]
    taken: int = 0

    async def look(self) -> Finding:
        answer = self.table[min(self.taken, len(self.table) - 1)]
        self.taken += 1
        if isinstance(answer, Exception | asyncio.CancelledError):
            raise answer
        if isinstance(answer, Finding):
            return answer
        said: Any = answer()
        found: Finding = await said if inspect.isawaitable(said) else said
        return found


@dataclass
class Lab:
    """Arrays, services and guards of one test, and a world made of them as often as it is asked."""

    root: Path
    state: str = ""  # absent: a file in `root`
    clock: HandClock = field(default_factory=HandClock)
    told: Told = field(default_factory=Told)
    arrays: dict[str, Array] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    guards: dict[str, Looks] = field(default_factory=dict)
    protected: Protection = NOTHING
    timeout: float = 20.0
    late: float = 0.0  # nothing is carried out once its client is gone, unless a test says so
    environment: dict[str, str] = field(default_factory=dict)
    dscli: Path = DSCLI
    second_console: str = ""
    zones: dict[str, ZoneInfo] = field(default_factory=dict)
    unreturned: set[tuple[Holder, tuple[str, ...]]] = field(default_factory=set)
    host: LinuxHost = field(default_factory=LinuxHost)

    def array(self, serial: str = SERIAL) -> Array:
        """Make an array, or give back the one that was made."""
        if serial not in self.arrays:
            file = self.root / f"{serial}.array"
            made = Array.open(file) if file.exists() else self._new(file, serial)
            self.arrays[serial] = made
        return self.arrays[serial]

    def _new(self, file: Path, serial: str) -> Array:
        consoles = tuple(filter(None, (console(serial), self.second_console)))
        array = Array.create(file, serial, consoles=consoles)
        array.write_pwfile(self.root / f"{serial}.pwfile")
        return array

    def clones(
        self, *pairs: str, serial: str = SERIAL, age: timedelta = DAY, record: bool = True
    ) -> None:
        """Make volumes and relations of an age, with something new on each source."""
        array = self.array(serial)
        array.add_volumes(*(volume for pair in pairs for volume in pair.split(":")))
        array.establish(*pairs, synced_at=array.now() - age.total_seconds(), record=record)
        for pair in pairs:
            array.write(pair.split(":")[0])

    def define(
        self,
        name: str,
        *resources: Resource,
        looks: Sequence[Finding | Exception | Callable[[], object]] = (),
        also: Mapping[str, Looks] | None = None,
        min_delay: timedelta = timedelta(0),
        max_delay: timedelta = timedelta(hours=2),
        schedule: Windows | None = None,
    ) -> Service:
        """Define a service with one guard that proves; `also` are guards that can only veto."""
        guards = {f"{name} is down": Looks(list(looks) or [down()])}
        specs = [GuardSpec("table", one, (), proves=True) for one in guards]
        for veto, table in (also or {}).items():
            guards[veto] = table
            specs.append(GuardSpec("table", veto, (), proves=False))
        self.guards |= guards
        self.services[name] = Service(
            name=name,
            freshness=Freshness(min_delay=min_delay, max_delay=max_delay),
            schedule=schedule,
            timezone=ZoneInfo("Europe/Paris"),
            guards=tuple(specs),
            resources=resources,
        )
        return self.services[name]

    @property
    def url(self) -> str:
        return self.state or f"sqlite:///{self.root}/flashd.db"

    @asynccontextmanager
    async def open(
        self,
        *,
        dress: Callable[[Store], Store] = lambda store: store,
        events: Events | None = None,
        clock: Clock | None = None,
    ) -> AsyncIterator[World]:
        """Open the store and put a world together; `dress` may put something around the store."""
        async with self.remembered() as opened:
            store = dress(opened)
            yield World(
                services=self.services,
                arrays=lambda serial: self.backend(serial, opened),
                guards=lambda spec: self.guards[spec.name],
                zones=self.zones,
                store=store,
                clock=clock or self.clock,
                host=self.host,
                events=events or self.told,
                entropy=lambda: os.urandom(10),
                protected=self.protected,
                pace=Pace(
                    command_timeout=timedelta(seconds=self.timeout),
                    late=timedelta(seconds=self.late),
                ),
                unreturned=self.unreturned,
            )

    def remembered(self) -> AbstractAsyncContextManager[Store]:
        """Open the store."""
        return Home(self.root).store_of(Settings().with_state(self.url))

    def backend(self, serial: str, store: Store) -> ArrayBackend:
        pwfile = self.root / f"{serial}.pwfile"
        if not pwfile.exists():
            raise ConfigError(f"{pwfile} does not exist")
        second = ("-hmc2", self.second_console) if self.second_console else ()
        login = ("-hmc1", console(serial), *second, "-user", "opensvc", "-pwfile", str(pwfile))
        dscli = Dscli(
            array=serial,
            argv=(str(self.dscli), *login),
            environment={**SPEAK_UTC, "FLASHD_SIM": str(self.root), **self.environment},
            timeout=self.timeout,
            remedy="make it anew",
        )
        logins = Logins(
            array=serial,
            username="opensvc",
            pwfile=lambda: str(pwfile.stat().st_mtime_ns),
            remedy="make it anew",
            store=store,
            clock=self.clock,
            host=self.host,
        )
        inner = OneshotArray(dscli, self.clock, self.host, gate=logins)
        return BreakerArray(inner, logins)

    def changes(self, serial: str = SERIAL) -> tuple[Entry, ...]:
        """Tell the changing commands that an array read, in order."""
        entries = self.array(serial).journal()
        return tuple(entry for entry in entries if entry.command.split()[0] in CHANGING)

    def acted(self, serial: str = SERIAL) -> list[str]:
        """Tell the verbs of the changing commands that an array carried out."""
        return [one.command.split()[0] for one in self.changes(serial) if one.phase == "acted"]

    def fresh(self, *pairs: str, serial: str = SERIAL) -> bool:
        """Whether each target holds what its source holds."""
        array = self.array(serial)
        return all(
            array.content(target) == array.content(source)
            for source, target in (pair.split(":") for pair in pairs)
        )


def console(serial: str) -> str:
    """Tell the address of an array's management console; its last two digits make it its own."""
    return "10.10.10.10" if serial == SERIAL else f"10.10.10.2{serial[-2:]}"


def resource(*pairs: str, name: str = "sync#1", serial: str = SERIAL, **more: bool) -> Resource:
    return Resource(id=name, array=serial, pairs=tuple(map(Pair.parse, pairs)), **more)  # type: ignore[arg-type]


async def asked(
    world: World, *names: str, force: bool = False, dry_run: bool = False, patience: float = 0.0
) -> list[Result]:
    """Have a person ask for a resync of services on the same arrays."""
    services = [world.services[name] for name in names]
    request = Request(
        trigger=Trigger.PERSON, by="ann", force=force, dry_run=dry_run, patience=patience
    )
    return await run_batch(world, services[0].arrays, services, request)


async def ticks(world: World, count: int = 1) -> None:
    """Let the daemon tick and end what it began, so often."""
    cycle = Cycle(world, Request(patience=world.pace.command_timeout.total_seconds()))
    await cycle.start()
    for number in range(count):
        if number:
            await world.store.look_again(world.clock.now())
        await cycle.tick()
        await cycle.idle()


async def health(world: World, name: str) -> Health:
    """Tell the status that `flashd status` would."""
    from flashd.core.health import assess  # noqa: PLC0415 - the tests' own need
    from flashd.engine.observe import picture  # noqa: PLC0415

    return assess(world.services[name], await picture(world, with_runs=True), world.clock.now())


async def outcomes(world: World, *names: str) -> list[str]:
    """Tell how the runs of services ended, oldest first; `open` where they did not."""
    runs = await world.store.history(names or None, 1000)
    return [str(run.outcome or "open") for run in reversed(runs)]


async def until(happened: Callable[[], object], limit: float = 90.0) -> None:
    """Wait until something has become true that a task or another process does."""
    async with asyncio.timeout(limit):
        while not happened():  # noqa: ASYNC110 - nothing tells of what another process does
            await asyncio.sleep(0.02)


def eventually(happened: Callable[[], object], limit: float = 90.0) -> None:
    """Wait until something has become true that another process does."""
    end = time.monotonic() + limit
    pause = threading.Event()
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        pause.wait(0.01)
