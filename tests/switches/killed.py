"""A flashd that is killed once the array has answered, before it has written so.

`python -m tests.switches.killed ROOT (recording|two-steps)`
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.integration.engine.doors import GuardedArray
from tests.integration.engine.house import Lab, asked, resource

if TYPE_CHECKING:
    from flashd.ports.array import ArrayBackend
    from flashd.ports.store import Store

PAIRS = ("0001:0002", "0101:0102", "0003:0004")
RECORDING, TWO_STEPS = "recording", "two-steps"


def fate(door: str) -> None:
    """Kill this process behind the door."""
    if door == "changed":
        os.kill(os.getpid(), signal.SIGKILL)


class MortalLab(Lab):
    """A lab whose arrays are behind a door."""

    def backend(self, serial: str, store: Store) -> ArrayBackend:
        return GuardedArray(super().backend(serial, store), fate)


async def resync(lab: Lab) -> None:
    async with lab.open() as world:
        await asked(world, "db", patience=60)


def main() -> None:
    root, kind = sys.argv[1:]
    lab = MortalLab(Path(root))
    lab.define("db", resource(*PAIRS, recording=kind == RECORDING))
    asyncio.run(resync(lab))


if __name__ == "__main__":
    main()
