"""What flashd is killed in the midst of: which clones, how they are refreshed, which fault."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from flashd.adapters.arrays.breaker import BreakerArray
from flashd.adapters.arrays.interactive import InteractiveArray
from flashd.adapters.arrays.kept import Kept
from flashd.adapters.arrays.oneshot import OneshotArray
from flashd.adapters.host import LinuxHost
from flashd.adapters.stores.store import open_store
from flashd.errors import ArrayError
from tests.chaos.troubles import TROUBLES, Trouble
from tests.integration.engine.house import DAY, OTHER, SERIAL, down, resource, unknown
from tests.switches.site import Site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from flashd.model.verdict import Finding
    from flashd.ports.array import ArrayBackend
    from flashd.ports.store import Store

RECORDING, TWO_STEPS = "recording", "two-steps"
WAYS = (RECORDING, TWO_STEPS)
MOST_AGE = timedelta(hours=12)
LATE = 20.0
PATIENT, IMPATIENT = 60.0, 1.5
"""Seconds that a dscli has for its answer; the second where one hangs."""

SECOND_CONSOLE = "10.10.10.11"

ONESHOT, KEPT, STAYS = "oneshot", "interactive", "interactive, stays"
MODES = (ONESHOT, KEPT, STAYS)
"""A client a command; one kept on a terminal that ends when it hangs up; one that does not."""

PLENTY = 3600.0
"""Seconds after which a session that is not used is closed: none of a scene."""

LOOK_SECONDS = 0.02


class Placed(NamedTuple):
    """A resource, and where it is: of which service, on which array."""

    service: str
    name: str
    serial: str
    pairs: tuple[str, ...]


LAYOUTS: Mapping[str, tuple[Placed, ...]] = {
    "one resource": (Placed("db", "sync#1", SERIAL, ("0001:0002", "0101:0102", "0003:0004")),),
    "two services": (
        Placed("db", "sync#1", SERIAL, ("0001:0002", "0101:0102")),
        Placed("app", "sync#1", SERIAL, ("0003:0004", "0103:0104")),
    ),
    "two resources": (
        Placed("db", "sync#1", SERIAL, ("0001:0002", "0101:0102")),
        Placed("db", "sync#2", SERIAL, ("0003:0004",)),
    ),
    "two arrays": (
        Placed("db", "sync#1", SERIAL, ("0001:0002", "0101:0102")),
        Placed("db", "sync#2", OTHER, ("0003:0004", "0005:0006")),
    ),
}
FAULTLESS = frozenset({(ONESHOT, "two services"), (KEPT, "two resources"), (KEPT, "two arrays")})
"""Where no fault is tried: it is in other modes, or layouts, that each fault makes a difference."""


@dataclass(frozen=True, order=True)
class Scene:
    """One way for one service to be refreshed, under one fault."""

    mode: str
    layout: str
    way: str
    trouble: str

    def __str__(self) -> str:
        return f"{self.mode}/{self.layout}/{self.way}/{self.trouble}"

    @property
    def fault(self) -> Trouble | None:
        return TROUBLES[self.trouble]

    @property
    def placed(self) -> tuple[Placed, ...]:
        return LAYOUTS[self.layout]

    @property
    def services(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.service for one in self.placed))

    @property
    def arrays(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.serial for one in self.placed))

    @property
    def flash(self) -> str:
        return "resyncflash" if self.way == RECORDING else "mkflash"

    def of(self, service: str) -> tuple[Placed, ...]:
        """Tell the resources of one service."""
        return tuple(one for one in self.placed if one.service == service)

    def can_be(self) -> bool:
        """Whether its mode, layout, way and fault go together."""
        fault = self.fault
        if fault is None:
            return self.mode != STAYS or self.layout in {"one resource", "two services"}
        if (self.mode, self.layout) in FAULTLESS:
            return False
        if self.mode == STAYS and self.layout != "one resource":
            return False
        return (self.way == TWO_STEPS or fault.at != "rmflash") and (
            self.mode != ONESHOT or not fault.terminal
        )


def scene_named(text: str) -> Scene:
    return Scene(*text.split("/"))


def scenes() -> tuple[Scene, ...]:
    """Every mode, layout, way and fault that go together."""
    every = (Scene(*one) for one in product(MODES, LAYOUTS, WAYS, TROUBLES))
    return tuple(one for one in every if one.can_be())


class Elsewhere(LinuxHost):
    """Another host on the same store: of who is here it knows only what that store tells."""

    def __init__(self) -> None:
        super().__init__()
        self.name, self.boot_id = "elsewhere", "another boot"


@dataclass
class Stage(Site):
    """A lab for one scene, in which time passes at once on all its arrays."""

    mode: str = ONESHOT
    sessions: dict[str, InteractiveArray] = field(default_factory=dict)

    def set_clocks(self, ahead: timedelta) -> None:
        self.clock.ahead = ahead
        for array in self.arrays.values():
            array.set_clock(offset=ahead.total_seconds())

    def catch_up(self) -> None:
        """Put the host's clocks forward to where somebody else has left those of the arrays."""
        ahead = max(0.0, self.array().now() - datetime.now(UTC).timestamp())  # noqa: TID251 - of the arrays
        self.clock.older += ahead - self.clock.ahead.total_seconds()
        self.clock.ahead = timedelta(seconds=ahead)

    @asynccontextmanager
    async def remembered(self) -> AsyncIterator[Store]:
        """Open the store as this host, whichever that is."""
        opened = await open_store(self.url, self.host)
        try:
            yield opened
        finally:
            await opened.close()

    def backend(self, serial: str, store: Store) -> ArrayBackend:
        """Make an array as its mode has it; the session with it is kept."""
        made = super().backend(serial, store)
        if self.mode == ONESHOT or not isinstance(made, BreakerArray):
            return made
        if serial not in self.sessions:
            oneshot = made.inner
            assert isinstance(oneshot, OneshotArray)
            kept = Kept(oneshot.dscli, idle=PLENTY, most=1, tell=lambda _: None)
            self.sessions[serial] = InteractiveArray(oneshot, kept)
        return replace(made, inner=self.sessions[serial])

    async def close(self) -> None:
        """Log out wherever a session is kept."""
        for one in self.sessions.values():
            await one.kept.close()

    async def looked_in_time(self) -> Finding:
        """Be a guard's look that takes as long as the array works on the command of who was before.

        So whoever is killed then has a look under way and a command on the array.
        """
        await asyncio.sleep(LOOK_SECONDS)
        return down()

    async def closed_meanwhile(self) -> Finding:
        """Be a guard's look in which each session that nobody uses is closed."""
        for one in self.sessions.values():
            await one.kept.make_room()
        return down()

    async def asked_meanwhile(self) -> Finding:
        """Be a guard's look that asks the arrays by their sessions."""
        try:
            for one in self.sessions.values():
                await one.observe(Deaf())
        except ArrayError:
            return unknown()
        return down()


class Deaf:
    """Is told what is sent and answered, and keeps nothing."""

    def sent(self, command: str, client: str) -> None:
        pass

    def answered(
        self, command: str, exit_status: int | None, output: str, *, failed: bool | None = None
    ) -> None:
        pass


def stage(root: Path, scene: Scene, state: str = "", *, elsewhere: bool = False) -> Stage:
    """Go on where whoever was here before has left the clocks; `elsewhere`, on another host."""
    lab = _bare(root, scene, state)
    if elsewhere:
        lab.host = Elsewhere()
    fault = scene.fault
    lab.timeout = IMPATIENT if fault and fault.hangs else PATIENT
    lab.late = LATE
    looks = {
        "closed": lab.closed_meanwhile,
        "asked": lab.asked_meanwhile,
        "": lab.looked_in_time if len(scene.services) > 1 else down,
    }
    for service in scene.services:
        lab.define(
            service,
            *(
                resource(*one.pairs, name=one.name, serial=one.serial, recording=recording(scene))
                for one in scene.of(service)
            ),
            looks=[looks[fault.meanwhile if fault else ""]],
            max_delay=MOST_AGE,
        )
    for serial in scene.arrays:
        lab.array(serial)
    lab.catch_up()
    return lab


def recording(scene: Scene) -> bool:
    return scene.way == RECORDING


def _bare(root: Path, scene: Scene, state: str = "") -> Stage:
    lab = Stage(root, state, mode=scene.mode)
    if scene.fault and scene.fault.second:
        lab.second_console = SECOND_CONSOLE
    return lab


def prepare(root: Path, scene: Scene) -> None:
    """Make the arrays of a scene, with clones that are a day old."""
    lab = _bare(root, scene)
    for one in scene.placed:
        lab.clones(*one.pairs, serial=one.serial, age=DAY, record=recording(scene))
    fault = scene.fault or Trouble()
    switches = {**fault.switches, "terminal_hangup": "stays" if scene.mode == STAYS else "ends"}
    for array in lab.arrays.values():
        for name, position in switches.items():
            array.switch(name, position)
    if fault.fault:
        pattern = scene.flash if fault.at == "flash" else fault.at
        lab.array().add_fault(
            fault.fault,
            pattern,
            position=fault.position,
            nth=fault.nth,
            **fault.options,  # type: ignore[arg-type]
        )


def furnished(template: Path, root: Path) -> Path:
    """Copy what was prepared."""
    shutil.copytree(template, root, copy_function=shutil.copy)
    return root


def scratch() -> Path:
    """Where nothing waits for a disk."""
    from pathlib import Path as Place  # noqa: PLC0415

    return Place("/dev/shm") if os.access("/dev/shm", os.W_OK) else Place("/tmp")
