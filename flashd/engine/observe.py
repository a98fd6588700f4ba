"""Read an array and remember what it showed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from flashd.core.retry import backoff
from flashd.engine.clocks import CLOCK_TOLERANCE, as_of_now
from flashd.engine.events import Event
from flashd.engine.records import Records
from flashd.engine.telling import Conversation, tell_store_failed
from flashd.errors import (
    ArrayError,
    ConfigError,
    LoginRefused,
    LoginStopped,
    StoreError,
    Unsurveyed,
)
from flashd.model.observation import ArrayRecord

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from flashd.engine.world import World
    from flashd.errors import FlashdError
    from flashd.model.inventory import Inventory, Part
    from flashd.model.observation import Picture
    from flashd.model.volumes import Listing


LISTING_AGE = timedelta(seconds=60)
"""A listing or an inventory older than this is read again before anything is done about it."""

LOGIN_ALLOWANCE = timedelta(seconds=15)
"""So much before it is too old it is read again: a login comes before the last gate, which would
refuse it. One that was logged took 3.4 s."""


def outdated(world: World, seen: Listing | Inventory, after: timedelta = timedelta(0)) -> bool:
    """Whether what was seen is too old to stand for the array's state, now or `after` some time."""
    ages = [world.clock.now() - seen.began_at]
    if seen.steady is not None:  # the wall clock may have been set meanwhile
        ages.append(timedelta(seconds=world.clock.monotonic() - seen.steady))
    return not all(timedelta(0) <= age <= LISTING_AGE - after for age in ages)


async def observe(world: World, array: str, run: str | None = None) -> Listing:
    """List an array and remember what it showed, so that something may be done about it.

    Takes no lease: looking is harmless.
    """
    listing = await read(world, array, run)
    await remember(world, listing)
    return listing


async def observe_all(world: World, arrays: Iterable[str]) -> dict[str, Listing]:
    """List several arrays side by side; what one of them raised is raised once all have ended."""
    names = tuple(arrays)
    found = await asyncio.gather(*(observe(world, one) for one in names), return_exceptions=True)
    listings: dict[str, Listing] = {}
    for name, one in zip(names, found, strict=True):
        if isinstance(one, BaseException):
            raise one
        listings[name] = one
    return listings


async def witness(world: World, array: str) -> Listing:
    """List an array after something was sent to it.

    What it shows counts even where nothing can be remembered: the act is done already.
    """
    try:
        listing = await world.arrays(array).observe(Conversation(world, array))
    except (ArrayError, ConfigError) as error:
        try:
            await note_failure(world, array, error)
        except StoreError as failure:
            tell_store_failed(world, failure)
        raise
    try:
        await remember(world, listing)
    except StoreError as error:
        tell_store_failed(world, error)
    return listing


async def remember(world: World, listing: Listing) -> None:
    """Remember what a listing showed, also after the wall clock was set back.

    The store ignores what is older than what it has. What it has from the future would hide a
    new copy until then, and the clone would be refreshed again and again.
    """
    await world.clocks.compare(world)
    listing = as_of_now(world, listing)
    newest = await _newest(world, listing.array)
    if newest and newest > world.clock.now() + CLOCK_TOLERANCE:  # set while nobody looked
        await world.store.clock_set(listing.began_at, listing.began_at - newest, world.zones)
    configured = list(world.pairs_on(listing.array))
    ends = {(pair.target, pair.source) for pair in configured}
    reversed_ = [pair for pair in listing.relations if (pair.source, pair.target) in ends]
    await world.store.record_listing(listing, [*configured, *reversed_])


async def _newest(world: World, array: str) -> datetime | None:
    """Tell when an array was last read, by the clock that the host had then."""
    seen = await world.store.sightings([array])
    return max((one.observed_at for one in seen), default=None)


async def read(world: World, array: str, run: str | None = None) -> Listing:
    """List an array; a failure is remembered, and raised."""
    record = (await world.store.arrays()).get(array, ArrayRecord(array=array))
    try:
        listing = await world.arrays(array).observe(Conversation(world, array, run))
    except (ArrayError, ConfigError) as error:
        await remember_failure(world, record, error)
        raise
    _tell_readable(world, record)
    return listing


def _tell_readable(world: World, before: ArrayRecord) -> None:
    """Tell once that an array answers again, also where two batches that share it find so."""
    array = before.array
    if before.failure is None or world.answered.get(array) == before.failed_at:
        return
    world.answered[array] = before.failed_at
    world.events.tell(
        Event.ARRAY_READABLE, f"array {array} answers again", {"flashd.storage.id": array}
    )


async def take_stock(world: World, array: str, parts: AbstractSet[Part]) -> Inventory:
    """Read what an array has that a copy can harm, with these parts of it.

    Takes no lease: looking is harmless. An array that was listed and does not tell this is
    readable, for example to a user who may not run every report: `Unsurveyed` is the failure of who
    wants to send something. Remembered as the array's own are only failures of the login.
    """
    try:
        return await world.arrays(array).inventory(Conversation(world, array), parts)
    except (LoginRefused, ConfigError) as error:
        await note_failure(world, array, error)
        raise
    except ArrayError as error:
        raise Unsurveyed(
            f"array {array} was listed, but what a copy could harm could not be read: "
            f"{error.message}",
            error.hint,
        ) from error


async def note_failure(world: World, array: str, error: FlashdError) -> None:
    """Remember that an array gave no session."""
    record = (await world.store.arrays()).get(array, ArrayRecord(array=array))
    await remember_failure(world, record, error)


async def remember_failure(world: World, record: ArrayRecord, error: FlashdError) -> None:
    """Remember that an array could not be reached, and when to try again.

    What was not tried is no failure more.
    """
    now = world.clock.now()
    failures = record.failures + (not isinstance(error, LoginStopped))
    await world.store.record_failure(
        replace(
            record,
            failed_at=now,
            failure=error.message,
            failures=failures,
            retry_at=_retry_at(record, error, now, world.pace.check_interval),
        )
    )
    # Refused in answer to a command, it first shows here as a login that is not tried.
    first = not isinstance(error, LoginStopped) or record.failure is None
    stopped = isinstance(error, LoginRefused) and first
    if error.message != record.failure or stopped:
        world.events.tell(
            Event.LOGINS_STOPPED if stopped else Event.ARRAY_UNREADABLE,
            f"array {record.array}: {error.message}",
            {
                "flashd.storage.id": record.array,
                "error.message": error.message,
                "error.code": error.code,
                "flashd.hint": error.hint,
                "flashd.storage.failures": failures,
            },
        )


async def tell_unreadable(world: World) -> None:
    """Tell who starts which arrays could not be read before: until he looks nothing else would."""
    now = world.clock.now()
    configured = {array for service in world.services.values() for array in service.arrays}
    for array, record in sorted((await world.store.arrays()).items()):
        if record.failure is None or array not in configured:
            continue
        waits = record.retry_at is not None and record.retry_at > now
        when = f", looked at again at {record.retry_at:%Y-%m-%dT%H:%M:%SZ}" if waits else ""
        world.events.tell(
            Event.ARRAY_UNREADABLE,
            f"array {array}: as found before this start{when}: {record.failure}",
            {
                "flashd.storage.id": array,
                "error.message": record.failure,
                "flashd.storage.failures": record.failures,
            },
        )


def _retry_at(
    record: ArrayRecord, error: FlashdError, now: datetime, interval: timedelta
) -> datetime:
    """Tell when to try again.

    After a refused login, or without what it takes to log in, that is when to look for another
    password file: it costs no login, so neither earlier failures nor who looks in between put it
    off.
    """
    if not isinstance(error, LoginRefused | ConfigError):
        return now + backoff(record.failures + 1)
    latest = now + interval
    before = record.retry_at
    return before if before is not None and now < before < latest else latest


async def picture(
    world: World,
    arrays: Iterable[str] | None = None,
    services: Iterable[str] | None = None,
    *,
    with_runs: bool = False,
) -> Picture:
    """Gather what is known, of these arrays or of all; open runs only for who shows them.

    Of `services` alone it is told where they stand, else of all.
    """
    records = Records(
        store=world.store,
        zones=world.zones,
        doubt=world.pace.doubt,
        demands_enrolment=world.demands_enrolment,
    )
    return await records.picture(arrays, services, with_runs=with_runs)
