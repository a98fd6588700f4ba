"""The ticks of the daemon, but for those that cannot find anything."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from flashd.daemon.service import TICK_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from flashd.engine.cycle import Cycle
    from flashd.rehearsal.terms import Terms
    from flashd.rehearsal.watch import Watch


async def tick_until_end(
    cycle: Cycle, watch: Watch, terms: Terms, progress: Callable[[float], None]
) -> None:
    """Tick where the daemon would, each second from the start on; then send nothing more.

    A tick at which no service is due, no array is to be listed and no run is to be closed does
    nothing, so it is left out; what a batch that ends makes due is looked at in the next second.
    """
    clock, pace = cycle.world.clock, cycle.world.pace
    step = timedelta(seconds=min(TICK_SECONDS, pace.check_interval.total_seconds()))
    watch.backoff_ended = cycle.landed.set
    while (now := clock.now()) < terms.end:
        cycle.landed.clear()
        await cycle.tick()
        progress((now - terms.start) / terms.span)
        ahead = now + step
        if not terms.literal:
            ahead = await _quiet_until(cycle, watch, min(ahead, terms.end), terms.end)
        at = on_grid(max(ahead, now + step), terms.start, step)
        await clock.sleep(max(0.0, (min(at, terms.end) - clock.now()).total_seconds()))
    cycle.world.drain.wanted = True


async def _quiet_until(cycle: Cycle, watch: Watch, soonest: datetime, end: datetime) -> datetime:
    """Wait until a tick can find something, or until a batch or an array's backoff has ended."""
    clock = cycle.world.clock
    due = watch.due_at(cycle, await cycle.world.store.standings())
    until = min(max(due, soonest), end)
    try:
        async with asyncio.timeout((until - clock.now()).total_seconds()):
            await cycle.landed.wait()
    except TimeoutError:
        return until  # not the present instant: a float may wake a microsecond late, after a tick
    return clock.now()


def on_grid(instant: datetime, start: datetime, step: timedelta) -> datetime:
    """Tell the first tick at or after an instant."""
    return start - (start - instant) // step * step
