"""A process that asks for one resync, and can be told to kill itself at a call of a port.

`python -m tests.integration.engine.mortal ROOT STATE (recording|two-steps) NUMBER`
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.integration.engine.doors import GuardedArray, GuardedEvents, guarded_store
from tests.integration.engine.house import Lab, Told, asked, resource

if TYPE_CHECKING:
    from flashd.ports.array import ArrayBackend
    from flashd.ports.store import Store

PAIRS = ("0001:0002", "0101:0102")
TWO_STEPS = "two-steps"


@dataclass
class Fate:
    """Counts the calls, and kills this process before the `at`th; 0: never."""

    at: int = 0
    calls: list[str] = field(default_factory=list)

    def __call__(self, name: str) -> None:
        self.calls.append(name)
        if len(self.calls) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


class MortalLab(Lab):
    """A lab whose every port has a door at which fate waits."""

    fate: Fate

    def backend(self, serial: str, store: Store) -> ArrayBackend:
        return GuardedArray(super().backend(serial, store), self.fate)


def define(lab: Lab, kind: str) -> None:
    lab.define("db", resource(*PAIRS, recording=kind != TWO_STEPS))


async def resync(lab: MortalLab) -> None:
    fate = lab.fate
    events = GuardedEvents(Told(), fate)
    async with lab.open(dress=lambda store: guarded_store(store, fate), events=events) as world:
        (result,) = await asked(world, "db", patience=60)
    print(result.exit_code, *fate.calls, sep="\n")  # noqa: T201 - its answer


def main() -> None:
    root, state, kind, number = sys.argv[1:]
    lab = MortalLab(Path(root), state, timeout=60.0)
    lab.fate = Fate(int(number))
    define(lab, kind)
    asyncio.run(resync(lab))


if __name__ == "__main__":
    main()
