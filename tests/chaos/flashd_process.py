"""The flashd that is killed, and the one that is started after it."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from flashd.engine.cycle import Cycle
from flashd.engine.request import Request
from flashd.sim.instants import INSTANTS
from tests.chaos.doors import doored
from tests.chaos.nursery import nurse
from tests.chaos.scenes import LATE, ONESHOT, stage
from tests.chaos.watch import STOP

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from enum import Enum
    from pathlib import Path

    from flashd.engine.world import World
    from tests.chaos.scenes import Scene, Stage

LISTENER = "instants"
LOG = "told"
DOUBT = timedelta(seconds=LATE + 5)


@dataclass(frozen=True)
class Log:
    """Events as lines of a file, so that what was told outlives who told it."""

    file: Path

    def tell(self, event: Enum, message: str, _facts: Mapping[str, object]) -> None:
        with self.file.open("a", encoding="utf-8") as lines:
            lines.write(f"{event.name} {message}\n")


class Bell:
    """Stops this process at each door until it is told to go on; see `flashd.sim.instants`.

    Where nobody listens any more it had been frozen there, and no door stops it again: `catch_up`
    has its clocks show the time that has passed meanwhile. `stopped` once it was told to stop.
    """

    def __init__(self, root: Path, catch_up: Callable[[], None]) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.connect(str(root / LISTENER))
        self._catch_up = catch_up
        self._heard = True
        self.stopped = asyncio.Event()

    def __call__(self, name: str) -> None:
        if not self._heard:
            return
        self._listener.sendall(f"{os.getpid()} {name}\n".encode())
        with suppress(ConnectionError):
            word = self._listener.recv(1)
            if word == STOP:
                self.stopped.set()
            if word:
                return
        self._heard = False
        self._catch_up()


def be_flashd(root: Path, scene: Scene, *, again: bool = False) -> int:
    """Tick once as the daemon does, with a door at every call of a port.

    `again`: after another flashd was killed; then once more, when nothing is in doubt any longer.
    Where a session is kept there is a second tick as well, which has the session of the first one.
    """
    nurse()
    lab = stage(root, scene)
    lab.environment[INSTANTS] = str(root / LISTENER)
    asyncio.run(_tick(lab, Bell(root, lab.catch_up), again=again or scene.mode != ONESHOT))
    return 0


async def _tick(lab: Stage, bell: Bell, *, again: bool) -> None:
    async with opened(lab) as plain:
        world = doored(plain, lab.backend, bell)
        if await _ticked(world, bell.stopped) and again:
            lab.let_pass(DOUBT)
            await _ticked(world, bell.stopped)


async def _ticked(world: World, stopped: asyncio.Event) -> bool:
    """Let the daemon tick; told to stop it ends what is under way, out of patience. Whether not."""
    cycle = Cycle(world, Request(patience=world.pace.command_timeout.total_seconds()))
    ticking = asyncio.create_task(_tick_of(cycle))
    told = asyncio.create_task(stopped.wait())
    await asyncio.wait({ticking, told}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if stopped.is_set():
        world.drain.wanted = True
        ticking.cancel()
        await cycle.drained(0.0)
        return False
    await ticking
    return True


async def _tick_of(cycle: Cycle) -> None:
    await cycle.start()
    await cycle.tick()
    await cycle.idle()


@asynccontextmanager
async def opened(lab: Stage) -> AsyncIterator[World]:
    """Open a world that writes down what it tells."""
    async with lab.open() as world:
        try:
            yield replace(world, events=Log(lab.root / LOG))
        finally:
            await lab.close()
