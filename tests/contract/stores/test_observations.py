"""What a store remembers of arrays: when each copy can have been taken (invariant 5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flashd.core.instants import meaning
from flashd.errors import StoreError
from flashd.model.observation import ArrayRecord, Sighting
from tests.contract.stores.samples import (
    ARRAY,
    FIRST,
    NOW,
    ONE,
    SECOND,
    TWO,
    array_time,
    listing,
    minute,
    relation,
)

if TYPE_CHECKING:
    from datetime import datetime

    from flashd.model.volumes import Relation
    from flashd.ports.store import Store

END = timedelta(seconds=5)  # a listing takes five seconds
UNREADABLE = relation(synced=None, unread=("DateSynced=yesterday",))
UNREADABLE_TOO = relation(synced=None, unread=("DateSynced=today",))

# what each listing showed, a minute apart -> before_at and since_at of the last sighting
HISTORIES: dict[str, tuple[list[Relation | None], datetime | None, datetime]] = {
    "first sighting": ([relation()], None, minute(0) + END),
    "first seen missing": ([None], None, minute(0) + END),
    "same date": ([relation(), relation(), relation()], None, minute(0) + END),
    "other date": ([relation(), relation(synced=SECOND)], minute(0), minute(1) + END),
    "other date after two readings of the first": (
        [relation(), relation(), relation(synced=SECOND)],
        minute(1),
        minute(2) + END,
    ),
    "other date, then the same": (
        [relation(), relation(synced=SECOND), relation(synced=SECOND)],
        minute(0),
        minute(1) + END,
    ),
    "never resynced: the establish counts": (
        [relation(synced=None), relation(synced=None, created=SECOND)],
        minute(0),
        minute(1) + END,
    ),
    "other properties, same date": (
        [relation(), relation(state="CopyOnWrite", out_of_sync_tracks=7)],
        None,
        minute(0) + END,
    ),
    "went missing": ([relation(), relation(), None], minute(1), minute(2) + END),
    "stays missing": ([relation(), None, None], minute(0), minute(1) + END),
    "there again, established anew": (
        [relation(), None, None, relation(synced=SECOND)],
        minute(2),
        minute(3) + END,
    ),
    "there again with the old date is no new copy": (
        [relation(synced=SECOND), relation(), None, None, relation()],
        minute(0),
        minute(1) + END,
    ),
    "a date that cannot be read may be a new copy": (
        [relation(), UNREADABLE],
        minute(0),
        minute(1) + END,
    ),
    "another date that cannot be read may be another copy": (
        [relation(), UNREADABLE, UNREADABLE_TOO],
        minute(0),
        minute(2) + END,
    ),
    "a reading without a date proves nothing about the next copy": (
        [relation(), UNREADABLE, relation(synced=SECOND)],
        minute(0),
        minute(2) + END,
    ),
    "readable again with the old date is no new copy": (
        [relation(), UNREADABLE, relation()],
        None,
        minute(0) + END,
    ),
    "nothing but unreadable dates before": (
        [UNREADABLE, relation()],
        None,
        minute(1) + END,
    ),
}


@pytest.mark.parametrize(("shown", "before", "since"), HISTORIES.values(), ids=HISTORIES.keys())
async def test_bounds_the_copy_by_what_was_seen(
    store: Store, shown: list[Relation | None], before: datetime | None, since: datetime
) -> None:
    for number, one in enumerate(shown):
        await store.record_listing(listing(minute(number), *([one] if one else [])), [ONE])
    assert await store.sightings() == [
        Sighting(
            array=ARRAY,
            pair=ONE,
            relation=shown[-1],
            observed_at=minute(len(shown) - 1),
            before_at=before,
            since_at=since,
        )
    ]


async def test_an_older_listing_overwrites_nothing(store: Store) -> None:
    await store.record_listing(listing(minute(1), relation(synced=SECOND)), [ONE])
    before = await store.sightings(), await store.arrays()
    await store.record_listing(listing(minute(0), relation()), [ONE])
    assert (await store.sightings(), await store.arrays()) == before


async def test_a_listing_of_the_same_instant_counts(store: Store) -> None:
    await store.record_listing(listing(NOW, relation()), [ONE])
    await store.record_listing(listing(NOW, relation(synced=SECOND)), [ONE])
    (sighting,) = await store.sightings()
    assert sighting.relation == relation(synced=SECOND)


async def test_an_older_listing_tells_of_a_pair_that_is_new(store: Store) -> None:
    await store.record_listing(listing(minute(1), relation()), [ONE])
    await store.record_listing(listing(minute(0), relation(), relation(TWO)), [ONE, TWO])
    assert [one.observed_at for one in await store.sightings()] == [minute(1), minute(0)]


async def test_every_property_of_a_relation_comes_back(store: Store) -> None:
    odd = relation(
        state="Copy On Write?",
        recording=None,
        persistent=False,
        revertible=None,
        source_write_enabled=None,
        target_write_enabled=False,
        background_copy=None,
        out_of_sync_tracks=None,
        created=None,
        synced=array_time("22 02:30:00"),
        space_efficient_target=True,
        unread=("State=Copy On Write?", "DateCreated=\udcff\0 é"),
    )
    await store.record_listing(listing(NOW, odd), [ONE])
    (sighting,) = await store.sightings()
    assert sighting.relation == odd


async def test_only_configured_pairs_are_remembered_each_once(store: Store) -> None:
    await store.record_listing(listing(NOW, relation(), relation(TWO)), [TWO, TWO])
    assert [one.pair for one in await store.sightings()] == [TWO]


async def test_sightings_are_told_of_these_arrays_only(store: Store) -> None:
    for array in ("A", "B", "C"):
        await store.record_listing(listing(NOW, relation(), array=array), [ONE])
    assert [one.array for one in await store.sightings(["C", "A"])] == ["A", "C"]
    assert await store.sightings([]) == []
    assert len(await store.sightings()) == 3


async def test_a_listing_clears_the_failure(store: Store) -> None:
    await store.record_failure(ArrayRecord(array=ARRAY, failed_at=NOW, failure="no", failures=3))
    await store.record_listing(listing(minute(1)), [])
    assert await store.arrays() == {ARRAY: ArrayRecord(array=ARRAY, observed_at=minute(1))}


async def test_a_failure_keeps_what_was_seen(store: Store) -> None:
    await store.record_listing(listing(minute(1), relation()), [ONE])
    seen = await store.sightings()
    failure = ArrayRecord(
        array=ARRAY,
        failed_at=minute(2),
        failure="CMMCI9029E \udcff\0",
        failures=2,
        retry_at=minute(3),
    )
    await store.record_failure(failure)
    told = replace(failure, observed_at=minute(1), failure="CMMCI9029E \\udcff\\x00")
    assert await store.arrays() == {ARRAY: told}
    assert await store.sightings() == seen


async def test_a_failure_written_from_older_knowledge_does_not_age_the_array(store: Store) -> None:
    await store.record_listing(listing(minute(5)), [])
    await store.record_failure(ArrayRecord(array=ARRAY, observed_at=NOW, failure="no", failures=1))
    assert (await store.arrays())[ARRAY].observed_at == minute(5)


async def test_forgets_pairs_that_no_definition_names(store: Store) -> None:
    for array in ("A", "B"):
        shown = listing(NOW, relation(), relation(TWO), array=array)
        await store.record_listing(shown, [ONE, TWO])
    await store.forget_pairs([("A", TWO), ("B", ONE), ("C", ONE)])
    assert [(one.array, one.pair) for one in await store.sightings()] == [("A", TWO), ("B", ONE)]


# by how many minutes the clock was set, and what it showed then -> observed, before, since
SETTINGS: dict[str, tuple[float, datetime, tuple[datetime, datetime, datetime]]] = {
    "back": (-10, minute(-3), (minute(-9), minute(-10), minute(-9) + END)),
    "back: nothing was seen after now": (-10, minute(-11), (minute(-11), minute(-11), minute(-11))),
    "forward: the host may have been stopped": (
        10,
        minute(30),
        (minute(1), minute(0), minute(11) + END),
    ),
    "forward: nothing is newer than now": (10, minute(5), (minute(1), minute(0), minute(5))),
    "not at all": (0, minute(30), (minute(1), minute(0), minute(1) + END)),
}


@pytest.mark.parametrize(("by", "now", "bounds"), SETTINGS.values(), ids=SETTINGS.keys())
async def test_bounds_the_copy_anew_where_the_clock_was_set(
    store: Store, by: float, now: datetime, bounds: tuple[datetime, datetime, datetime]
) -> None:
    """Who saw a copy by a clock that was wrong knows less of when that was (invariant 5)."""
    for at, shown in enumerate((relation(), relation(synced=SECOND))):
        await store.record_listing(listing(minute(at), shown), [ONE])
    await store.clock_set(now, timedelta(minutes=by), {})
    (seen,) = await store.sightings()
    assert (seen.observed_at, seen.before_at, seen.since_at) == bounds
    assert (await store.arrays())[ARRAY].observed_at == bounds[0]


@pytest.mark.parametrize("gone", [False, True], ids=["there", "missing since"])
async def test_a_date_that_agreed_with_the_clock_of_before_is_set_with_it(
    store: Store, *, gone: bool
) -> None:
    """Else it would be compared with another clock than the one that it agreed with."""
    dated = meaning(FIRST, None)
    for at, shown in enumerate([relation(), *([None] if gone else [])]):
        await store.record_listing(listing(minute(at), *([shown] if shown else [])), [ONE])
    await store.clock_set(minute(-50), timedelta(hours=-1), {})
    await store.record_listing(listing(minute(-49), relation()), [ONE])
    (seen,) = await store.sightings()
    assert (seen.before_at, seen.since_at) == tuple(one - timedelta(hours=1) for one in dated)


async def test_a_date_that_comes_back_has_the_bounds_of_the_clock_of_now(store: Store) -> None:
    shown: list[Relation | None] = [relation(), relation(synced=SECOND), None]
    for at, one in enumerate(shown):
        await store.record_listing(listing(minute(at), *([one] if one else [])), [ONE])
    await store.clock_set(minute(-57), timedelta(hours=-1), {})
    await store.record_listing(listing(minute(-56), relation(synced=SECOND)), [ONE])
    (seen,) = await store.sightings()
    assert (seen.before_at, seen.since_at) == (minute(-60), minute(-59) + END)


async def test_an_array_that_failed_by_a_clock_ahead_is_readable_by_that_of_now(
    store: Store,
) -> None:
    await store.record_failure(ArrayRecord(array=ARRAY, failed_at=NOW, failure="no", failures=1))
    await store.clock_set(minute(-59), timedelta(hours=-1), {})
    assert (await store.arrays())[ARRAY].failed_at == minute(-60)


async def test_a_date_without_zone_is_refused(store: Store) -> None:
    with pytest.raises(StoreError):
        await store.record_listing(listing(NOW.replace(tzinfo=None), relation()), [ONE])
    assert FIRST.local.tzinfo is None  # an array's own dates have none, and are kept
