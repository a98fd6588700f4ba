"""The flashd that is killed, and the one that is started after it."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from flashd.sim.instants import INSTANTS
from tests.chaos.doors import doored
from tests.chaos.nursery import nurse
from tests.chaos.scenes import LATE, ONESHOT, stage
from tests.integration.engine.house import ticks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
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
    """Stops this process at each door until it is told to go on; see `flashd.sim.instants`."""

    def __init__(self, root: Path) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.connect(str(root / LISTENER))

    def __call__(self, name: str) -> None:
        self._listener.sendall(f"{os.getpid()} {name}\n".encode())
        self._listener.recv(1)


def be_flashd(root: Path, scene: Scene, *, again: bool = False) -> int:
    """Tick once as the daemon does, with a door at every call of a port.

    `again`: after another flashd was killed; then once more, when nothing is in doubt any longer.
    Where a session is kept there is a second tick as well, which has the session of the first one.
    """
    nurse()
    lab = stage(root, scene)
    lab.environment[INSTANTS] = str(root / LISTENER)
    asyncio.run(_tick(lab, Bell(root), again=again or scene.mode != ONESHOT))
    return 0


async def _tick(lab: Stage, bell: Bell, *, again: bool) -> None:
    async with opened(lab) as world:
        await ticks(doored(world, lab.backend, bell))
        if again:
            lab.let_pass(DOUBT)
            await ticks(doored(world, lab.backend, bell))


@asynccontextmanager
async def opened(lab: Stage) -> AsyncIterator[World]:
    """Open a world that writes down what it tells."""
    async with lab.open() as world:
        try:
            yield replace(world, events=Log(lab.root / LOG))
        finally:
            await lab.close()
