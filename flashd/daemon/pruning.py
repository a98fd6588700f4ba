"""The history kept within its bounds, a few runs at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flashd.core.durations import spell
from flashd.engine.events import Event
from flashd.errors import StoreError

if TYPE_CHECKING:
    from flashd.engine.cycle import Cycle
    from flashd.engine.world import World

SLICE = 200
"""Runs that are pruned at once: some milliseconds of the store."""

_LOOK = 3600.0
_REST = 1.0
_SHARE = 50
"""Pruning rests for so many times as long as it took, so whoever writes hardly waits for it."""

_LULL = 60.0
"""So many seconds a batch that is under way is waited for; on a large fleet one always is."""


async def prune(cycle: Cycle) -> None:
    """Take out of the history what is too old or too much, without end."""
    clock = cycle.world.clock
    while True:
        await _lull(cycle)
        began = clock.monotonic()
        more = await prune_some(cycle.world)
        rest = max(_REST, _SHARE * (clock.monotonic() - began))
        await clock.sleep(rest if more else _LOOK)


async def prune_some(world: World) -> bool:
    """Prune one slice, and tell of it; whether there may be more."""
    try:
        pruned = await world.store.prune(world.retention, world.clock.now(), SLICE)
    except StoreError:
        return False  # whoever needs the store tells of it
    if pruned.until is not None:
        keep, at_most = world.retention.keep, world.retention.at_most
        world.events.tell(
            Event.HISTORY_PRUNED,
            f"{pruned.runs} runs are pruned from the history, the last of which ended at"
            f" {pruned.until:%Y-%m-%dT%H:%M:%SZ}: kept are {spell(keep)}, and {at_most} runs",
            {
                "flashd.history.pruned": pruned.runs,
                "flashd.history.until": pruned.until.isoformat(),
            },
        )
    return pruned.runs == SLICE


async def _lull(cycle: Cycle) -> None:
    """Wait until no batch is under way, but not for ever."""
    clock = cycle.world.clock
    end = clock.monotonic() + _LULL
    while cycle.under_way and clock.monotonic() < end:
        await clock.sleep(_REST)
