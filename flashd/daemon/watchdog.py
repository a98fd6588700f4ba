"""Signs of life, given only while the daemon really gets on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from flashd.adapters.threads import beside
from flashd.errors import StoreError

if TYPE_CHECKING:
    from flashd.engine.cycle import Cycle
    from flashd.ports.supervisor import Supervisor

_SIGNS = 4
"""So many signs are given within the time in which one is due: one or two may fail."""


async def keep_alive(supervisor: Supervisor, cycle: Cycle) -> None:
    """Give a sign of life whenever ticks happen and every worker has answered, without end.

    An event loop that turns is not enough: a store's thread that hangs, or a tick that never
    ends, keeps every service from being looked at, and only a restart helps.
    """
    if supervisor.patience is None:
        return
    period = supervisor.patience / _SIGNS
    while True:
        ticked = cycle.world.clock.monotonic() - cycle.ticked_at <= 2 * period
        if ticked and await _workers_answer(cycle, period):
            supervisor.alive()
        await cycle.world.clock.sleep(period)


async def _workers_answer(cycle: Cycle, limit: float) -> bool:
    """Whether the store's threads, and new threads, answer in time; an error is an answer."""
    try:
        async with asyncio.timeout(limit):
            await beside(_nothing)
            await cycle.world.store.answers()
    except TimeoutError:
        return False
    except StoreError:
        return True
    return True


def _nothing() -> None:
    """Do what every thread can do."""
