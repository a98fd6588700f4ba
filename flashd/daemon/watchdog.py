"""Signs of life, given only while the daemon really gets on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from flashd.adapters.threads import beside
from flashd.engine.events import Event
from flashd.errors import StoreError, StoreGone

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from flashd.engine.cycle import Cycle
    from flashd.ports.supervisor import Supervisor

_SIGNS = 4
"""So many signs are given within the time in which one is due: one or two may fail."""

_EARLY = 1.0
"""So many seconds a sign may come early, with the end of a tick; ticks are no further apart."""


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
        await _pause(cycle, period)


async def _pause(cycle: Cycle, period: float) -> None:
    """Wait so long at most, to the last end of a tick before.

    Nothing then wakes up for a sign alone, which costs an idle machine more than the sign does.
    """
    clock = cycle.world.clock
    end = clock.monotonic() + period
    while (left := end - clock.monotonic()) > min(_EARLY, period / 2):
        await cycle.tick_ended(left)


async def _stalled(cycle: Cycle, period: float) -> str:
    """Say what does not get on; an error of the store is an answer, unless only a restart helps."""
    if (since := cycle.world.clock.monotonic() - cycle.ticked_at) > 2 * period:
        return f"no tick has ended for {since:.0f} s"
    try:
        async with asyncio.timeout(2 * period):  # a database that is cut off takes its time too
            await _all_answer(beside(_nothing), cycle.world.store.answers())
    except TimeoutError:
        return f"the workers of the store have not answered within {2 * period:g} s"
    except StoreGone as error:
        return error.message
    except StoreError:
        return ""
    return ""


async def _all_answer(*proofs: Awaitable[None]) -> None:
    """Wait for all of them at once; what one raised is raised once all have answered."""
    for answer in await asyncio.gather(*proofs, return_exceptions=True):
        if isinstance(answer, BaseException):
            raise answer


def _nothing() -> None:
    """Do what every thread can do."""
