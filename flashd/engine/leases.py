"""Hold leases for as long as a piece of work takes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flashd.engine.events import Event
from flashd.engine.telling import tell_store_failed
from flashd.errors import StoreError
from flashd.model.lease import FOREIGN_LEASE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from flashd.engine.world import World
    from flashd.model.lease import Held, Holder
    from flashd.model.run import RunRecord

_POLL_SECONDS = 0.25
_RENEWALS = 3


@asynccontextmanager
async def leased(
    world: World,
    names: Sequence[str],
    holder: Holder,
    *,
    patience: float = 0.0,
    lost: Callable[[], None] = lambda: None,
) -> AsyncIterator[Held | None]:
    """Take all of `names`, waiting `patience` seconds at most, and renew them until the end.

    Calls `lost` where a renewal finds that somebody else has one of them by now.
    Yields who stands in the way where they could not be had. Giving back never fails what was
    done under the lease: what could not be given back is before the next lease is taken, or
    becomes void with this process.
    """
    try:
        held = await _acquire(world, names, holder, patience)
    except StoreError:  # it may have them all the same: the answer was lost, not the record
        world.unreturned.add((holder, tuple(names)))
        raise
    if held is not None:
        yield held
        return
    async with _kept(world, Grip(names, holder), lost):
        yield None


@dataclass(slots=True)
class Grip:
    """Leases of one holder; `over` once they are given back already."""

    names: Sequence[str]
    holder: Holder
    over: bool = False


@asynccontextmanager
async def begun(world: World, run: RunRecord, grip: Grip) -> AsyncIterator[Held | None]:
    """Take the leases of a run and write its beginning, all at once; else as `leased`.

    Who stands in the way is not waited for.
    """
    try:
        await _give_back(world)
        held = await world.store.begin(run, grip.names, grip.holder)
    except StoreError:  # as in `leased`
        world.unreturned.add((grip.holder, tuple(grip.names)))
        raise
    if held is not None:
        yield held
        return
    async with _kept(world, grip):
        yield None


@asynccontextmanager
async def _kept(
    world: World, grip: Grip, lost: Callable[[], None] = lambda: None
) -> AsyncIterator[None]:
    """Renew what is held, and give it back at the end."""
    keeper = asyncio.create_task(_renew(world, grip.holder, len(set(grip.names)), lost))
    try:
        yield
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        if not grip.over:
            world.unreturned.add((grip.holder, tuple(grip.names)))
        try:
            await _give_back(world)
        except StoreError as error:
            tell_store_failed(world, error)


async def _give_back(world: World) -> None:
    """Give back what is not needed any more, and what could not be given back before."""
    for holder, names in tuple(world.unreturned):
        await world.store.release(names, holder)
        world.unreturned.discard((holder, names))


async def _acquire(
    world: World, names: Sequence[str], holder: Holder, patience: float
) -> Held | None:
    await _give_back(world)
    began = world.clock.monotonic()
    told = False
    while held := await world.store.acquire(names, holder, world.clock.now()):
        if world.clock.monotonic() - began >= patience or world.drain.wanted:
            return held
        if not told:
            told = True
            ours = replace(held.by, token=holder.token) == holder
            by = "another batch of this process" if ours else held.by
            world.events.tell(
                Event.LEASE_WAITED_FOR,
                f"waiting for {held.name}, which {by} has since {held.since:%H:%M:%S} UTC",
                {"flashd.lease.name": held.name, "flashd.lease.holder": str(held.by)},
            )
        await world.clock.sleep(_POLL_SECONDS)
    return None


async def _renew(world: World, holder: Holder, count: int, lost: Callable[[], None]) -> None:
    while True:
        await world.clock.sleep(FOREIGN_LEASE.total_seconds() / _RENEWALS)
        try:
            kept = await world.store.renew(holder, world.clock.now())
        except StoreError as error:
            tell_store_failed(world, error)
            continue
        if kept < count:
            lost()
