"""The one line that `systemctl status` shows."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from flashd.adapters.threads import beside
from flashd.core.tally import tally
from flashd.engine.observe import picture
from flashd.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from flashd.engine.cycle import Cycle
    from flashd.ports.supervisor import Supervisor

_REST = 5.0
_SHARE = 250
"""Counting rests for so many times as long as it took: at most one part in so many of a core."""


async def report(supervisor: Supervisor, cycle: Cycle, doubt: Callable[[], str]) -> None:
    """Tell how the services stand whenever a batch has ended, and each check interval."""
    if not supervisor.listens:
        return
    clock = cycle.world.clock
    await _next(cycle, _REST)  # it was told with READY
    while True:
        cycle.landed.clear()
        began = clock.monotonic()
        with suppress(StoreError):  # the tick tells of it
            words = await line(cycle, doubt())
            if cycle.world.drain.wanted:
                return  # that it is stopping stands there now
            supervisor.status(words)
        await _next(cycle, max(_REST, _SHARE * (clock.monotonic() - began)))


async def _next(cycle: Cycle, rest: float) -> None:
    """Rest, then wait for the end of a batch, or for a check interval."""
    await cycle.world.clock.sleep(rest)
    with suppress(TimeoutError):
        async with asyncio.timeout(cycle.world.pace.check_interval.total_seconds()):
            await cycle.landed.wait()


async def line(cycle: Cycle, doubt: str) -> str:
    """Count the services, and find the next run; raises `StoreError`."""
    world = cycle.world
    known = await picture(world, with_runs=True)
    counted = await beside(partial(tally, world.services.values(), known, world.clock.now()))
    return f"{doubt}; {counted}" if doubt else str(counted)
