"""Signs of life, given only while the daemon really gets on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from flashd.adapters.threads import beside
from flashd.engine.events import Event
from flashd.errors import StoreError, StoreGone

if TYPE_CHECKING:
    from flashd.engine.cycle import Cycle
    from flashd.ports.supervisor import Supervisor

_SIGNS = 4
"""So many signs are given within the time in which one is due: one or two may fail."""


async def keep_alive(supervisor: Supervisor, cycle: Cycle) -> None:
    """Give a sign of life whenever ticks happen and every worker has answered, without end.

    An event loop that turns is not enough: a store's thread that hangs, or a tick that never
    ends, keeps every service from being looked at, and only a restart helps. Why no sign was
    given is told before that comes.
    """
    if supervisor.patience is None:
        return
    period, stalled = supervisor.patience / _SIGNS, ""
    while True:
        before, stalled = stalled, await _stalled(cycle, period)
        if not stalled:
            supervisor.alive()
        elif not before:
            cycle.world.events.tell(
                Event.DAEMON_STALLED, f"no sign of life for systemd: {stalled}", {}
            )
        await cycle.world.clock.sleep(period)


async def _stalled(cycle: Cycle, period: float) -> str:
    """Say what does not get on; an error of the store is an answer, unless only a restart helps."""
    if (since := cycle.world.clock.monotonic() - cycle.ticked_at) > 2 * period:
        return f"no tick has ended for {since:.0f} s"
    try:
        async with asyncio.timeout(2 * period):  # a database that is cut off takes its time too
            await beside(_nothing)
            await cycle.world.store.answers()
    except TimeoutError:
        return f"the workers of the store have not answered within {2 * period:g} s"
    except StoreGone as error:
        return error.message
    except StoreError:
        return ""
    return ""


def _nothing() -> None:
    """Do what every thread can do."""
