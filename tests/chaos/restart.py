"""The flashd that is started after the kill: it looks until all is quiet, and is judged."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from flashd.model.health import Status
from tests.chaos.flashd_process import opened
from tests.chaos.nursery import nurse
from tests.chaos.oracle import Oracle
from tests.chaos.scenes import stage
from tests.integration.engine.house import health, ticks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from flashd.engine.world import World
    from tests.chaos.scenes import Scene, Stage

VERDICT = "verdict"
LATEST = timedelta(minutes=2)
LEAPS = tuple(timedelta(seconds=one) for one in (8, 25, 70, 300, 2100, 2100, 2100))
"""What passes between one look and the next, until all is quiet."""


def be_restarted(root: Path, scene: Scene, *, elsewhere: bool = False) -> int:
    """Look until nothing is left to do; write down what must not be."""
    nurse()
    lab = stage(root, scene, elsewhere=elsewhere)
    oracles = [Oracle(lab, scene, service) for service in scene.services]
    asyncio.run(_look_until_quiet(lab, oracles))
    _write_down(root, oracles)
    return 0


def be_judge(root: Path, scene: Scene) -> int:
    """Judge once more, after orphans that had stood still have gone on."""
    nurse()
    lab = stage(root, scene)
    oracles = [Oracle(lab, scene, service) for service in scene.services]
    asyncio.run(_judge(lab, oracles))
    _write_down(root, oracles)
    return 0


def _write_down(root: Path, oracles: Sequence[Oracle]) -> None:
    problems = [problem for one in oracles for problem in one.problems]
    (root / VERDICT).write_text("\n".join(problems), "utf-8")


async def _judge(lab: Stage, oracles: Sequence[Oracle]) -> None:
    async with opened(lab) as world:
        for one in oracles:
            await one.truthful(world, "after the orphans")
            await one.final(world)


async def _look_until_quiet(lab: Stage, oracles: Sequence[Oracle]) -> None:
    async with opened(lab) as world:
        for one in oracles:
            await one.truthful(world, "at the start")
        for number, leap in enumerate(LEAPS):
            await ticks(world)
            for one in oracles:
                await one.truthful(world, f"after look {number + 1}")
            if await _quiet(lab, oracles, world):
                break
            lab.let_pass(leap)
        lab.let_pass(LATEST)  # what the array has put off it has done by then
        for one in oracles:
            await one.final(world)


async def _quiet(lab: Stage, oracles: Sequence[Oracle], world: World) -> bool:
    """Whether nothing is open, each array can be read, and each clone is what its source is."""
    if await world.store.open_runs() or await world.store.withdrawals():
        return False
    standings = [(await health(world, one.service)).status for one in oracles]
    if Status.UNKNOWN in standings:
        return False
    return all(lab.fresh(*one.pairs, serial=one.serial) for one in oracles[0].scene.placed)
