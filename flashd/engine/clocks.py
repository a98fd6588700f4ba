"""The two clocks of this host beside each other: whether somebody set the wall clock."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from flashd.engine.events import Event

if TYPE_CHECKING:
    from datetime import datetime

    from flashd.engine.world import World
    from flashd.model.volumes import Listing

CLOCK_TOLERANCE = timedelta(seconds=5)
"""By so much two clocks may part before one counts as set."""


@dataclass(slots=True)
class Clocks:
    """What both showed when they were last compared, and how often the wall clock was set so far.

    One for all worlds of a daemon: each setting is reckoned with once.
    """

    settings: int = 0
    _shown: tuple[datetime, float] | None = None
    _comparing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def compare(self, world: World) -> None:
        """See whether the wall clock was set, and if so bound all anew that was seen by it.

        Everything is looked at again then. Raises `StoreError`: the next comparison sees the same,
        as it does where this one is cancelled.
        """
        async with self._comparing:
            shown = world.clock.now(), world.clock.monotonic()
            by = _parted(self._shown, shown) if self._shown else timedelta(0)
            if abs(by) > CLOCK_TOLERANCE:
                await self._reckon(world, shown[0], by)
            self._shown = shown

    async def _reckon(self, world: World, now: datetime, by: timedelta) -> None:
        await world.store.look_again(now)
        await world.store.clock_set(now, by, world.zones)
        self.settings += 1
        seconds = by.total_seconds()
        world.events.tell(
            Event.CLOCK_JUMPED,
            f"the clock was set by {seconds:+.0f} s; every service is looked at again",
            {"flashd.clock.jump_seconds": round(seconds, 3)},
        )


def _parted(before: tuple[datetime, float], after: tuple[datetime, float]) -> timedelta:
    return (after[0] - before[0]) - timedelta(seconds=after[1] - before[1])


def as_of_now(world: World, listing: Listing) -> Listing:
    """Date a listing by the wall clock of now, which may have been set since it was begun."""
    if listing.steady is None:
        return listing
    now = world.clock.now()
    began = now - timedelta(seconds=world.clock.monotonic() - listing.steady)
    if abs(began - listing.began_at) <= CLOCK_TOLERANCE:
        return listing
    return replace(listing, began_at=began, ended_at=now)
