"""The flashd that is started after the kill: it looks until all is quiet, and is judged."""

from __future__ import annotations

import asyncio
import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING

from flashd.model.health import Status
from tests.chaos.flashd_process import opened
from tests.chaos.nursery import Midwife
from tests.chaos.oracle import Oracle
from tests.chaos.scenes import stage
from tests.integration.engine.house import health, ticks

if TYPE_CHECKING:
    from pathlib import Path

    from flashd.engine.world import World
    from tests.chaos.scenes import Scene, Stage

VERDICT = "verdict"
LATEST = timedelta(minutes=2)
LEAPS = tuple(timedelta(seconds=one) for one in (8, 25, 70, 300, 2100, 2100, 2100))
"""What passes between one look and the next, until all is quiet."""


def be_restarted(root: Path, scene: Scene) -> int:
    """Look until nothing is left to do; write down what must not be."""
    subprocess.Popen = Midwife().start  # type: ignore[misc,assignment]
    lab = stage(root, scene)
    oracle = Oracle(lab, scene)
    asyncio.run(_look_until_quiet(lab, oracle))
    (root / VERDICT).write_text("\n".join(oracle.problems), "utf-8")
    return 0


def be_judge(root: Path, scene: Scene) -> int:
    """Judge once more, after orphans that had stood still have gone on."""
    subprocess.Popen = Midwife().start  # type: ignore[misc,assignment]
    lab = stage(root, scene)
    oracle = Oracle(lab, scene)
    asyncio.run(_judge(lab, oracle))
    (root / VERDICT).write_text("\n".join(oracle.problems), "utf-8")
    return 0


async def _judge(lab: Stage, oracle: Oracle) -> None:
    async with opened(lab) as world:
        await oracle.truthful(world, "after the orphans")
        await oracle.final(world)


async def _look_until_quiet(lab: Stage, oracle: Oracle) -> None:
    async with opened(lab) as world:
        await oracle.truthful(world, "at the start")
        for number, leap in enumerate(LEAPS):
            await ticks(world)
            await oracle.truthful(world, f"after look {number + 1}")
            if await _quiet(lab, oracle, world):
                break
            lab.let_pass(leap)
        lab.let_pass(LATEST)  # what the array has put off it has done by then
        await oracle.final(world)


async def _quiet(lab: Stage, oracle: Oracle, world: World) -> bool:
    """Whether nothing is open, each array can be read, and each clone is what its source is."""
    if await world.store.open_runs() or await world.store.withdrawals():
        return False
    if (await health(world, "db")).status is Status.UNKNOWN:
        return False
    return all(lab.fresh(*map(str, one.pairs), serial=one.array) for one in oracle.scene.resources)
