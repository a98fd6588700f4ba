"""What was seen of the arrays."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, select, update

from flashd.adapters.stores.codec import pair_of, plain_relation
from flashd.adapters.stores.dialect import upsert
from flashd.adapters.stores.instants import from_micros, to_micros
from flashd.adapters.stores.lane import Lanes
from flashd.adapters.stores.nouns import array_of, sighting_of, withdrawal_of
from flashd.adapters.stores.schema import arrays, runs, sightings, withdrawals
from flashd.adapters.stores.seen import (
    Dated,
    Known,
    Setting,
    advance,
    after_failure,
    after_success,
    back_again,
    occupied,
)
from flashd.model.observation import ArrayRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    from sqlalchemy import BindParameter, Connection, CursorResult, Select, Table

    from flashd.model.observation import Sighting, Withdrawal
    from flashd.model.volumes import Listing, Pair


# Statements are made once: to put one together takes longer than to have it done.
_HERE: BindParameter[str] = bindparam("here")
_ON_ARRAY = select(sightings).where(sightings.c.array == _HERE)
_ONE_ARRAY = select(arrays).where(arrays.c.array == _HERE)
_WITHDRAWN = (
    select(withdrawals, runs.c.ended_at)
    .join(runs, runs.c.id == withdrawals.c.run)
    .where(withdrawals.c.array == _HERE)
)


_WITHDRAWN_AT = (
    update(withdrawals)
    .where(withdrawals.c.array == bindparam("of"), withdrawals.c.pair == bindparam("gone"))
    .values(withdrawn_at=bindparam("at"))
)


class SqlObservations(Lanes):
    """`flashd.ports.store.Observations`."""

    async def record_listing(self, listing: Listing, pairs: Iterable[Pair]) -> None:
        """Remember what a whole listing showed; one older than what is known adds nothing."""
        wanted = tuple(dict.fromkeys(pairs))
        await self._writing.run(partial(_record_listing, listing=listing, pairs=wanted))

    async def record_failure(self, record: ArrayRecord) -> None:
        """Remember that reading an array failed; what was seen before stays."""
        await self._writing.run(partial(_record_failure, record=record))

    async def sightings(self, arrays: Iterable[str] | None = None) -> Sequence[Sighting]:
        """Tell the last sightings, by array and pair."""
        return await self._reading.run(partial(stored_sightings, of=_names(arrays)))

    async def arrays(self) -> Mapping[str, ArrayRecord]:
        """Tell how reading each array went last."""
        return await self._reading.run(stored_arrays)

    async def withdrawals(self, arrays: Iterable[str] | None = None) -> Sequence[Withdrawal]:
        """Tell the open withdrawals, by array and pair."""
        return await self._reading.run(partial(stored_withdrawals, of=_names(arrays)))

    async def clock_set(
        self, now: datetime, by: timedelta, zones: Mapping[str, ZoneInfo | None]
    ) -> None:
        """Bound anew what was seen by a wall clock that has been set since."""
        await self._writing.run(partial(_clock_set, setting=Setting(now, by, zones)))

    async def forget_pairs(self, keep: Iterable[tuple[str, Pair]]) -> None:
        """Drop the sightings of other pairs than these."""
        wanted = {(array, str(pair)) for array, pair in keep}
        await self._writing.run(partial(_forget_pairs, keep=wanted))


def _names(names: Iterable[str] | None) -> list[str] | None:
    return None if names is None else sorted(set(names))


def _of_arrays(connection: Connection, table: Table, of: Sequence[str] | None) -> CursorResult[Any]:
    if of is None:
        return connection.execute(_in_order(table))
    return connection.execute(_of_some(table), {"of": list(of)})


@cache
def _in_order(table: Table) -> Select[Any]:
    return select(table).order_by(table.c.array, table.c.pair)


@cache
def _of_some(table: Table) -> Select[Any]:
    return _in_order(table).where(table.c.array.in_(bindparam("of", expanding=True)))


def _record_listing(connection: Connection, listing: Listing, pairs: Sequence[Pair]) -> None:
    known = known_of(connection, listing.array)
    fresh = [pair for pair in pairs if not _newer(known.get(pair), listing)]
    rows = [_sighting_row(advance(known.get(pair), listing, pair)) for pair in fresh]
    upsert(connection, sightings, rows)
    _close_withdrawals(connection, listing, frozenset(pairs) - frozenset(fresh))
    _record_success(connection, listing)


def _newer(known: Known | None, listing: Listing) -> bool:
    return known is not None and known.sighting.observed_at > listing.began_at


def known_of(connection: Connection, array: str) -> Mapping[Pair, Known]:
    """Tell what is known of the pairs of an array, as part of a transaction."""
    rows = connection.execute(_ON_ARRAY, {"here": array})
    return {pair_of(row.pair): Known(sighting_of(row), _dated(row.dated)) for row in rows}


def _close_withdrawals(connection: Connection, listing: Listing, stale: frozenset[Pair]) -> None:
    """Close those of pairs that are there again, or whose target has been taken for another.

    Whether anybody still names them or not. Their runs tell whether they can be trusted; of `stale`
    pairs a newer reading is known.
    """
    found = connection.execute(_WITHDRAWN, {"here": listing.array})
    opened = [(withdrawal_of(row), row.ended_at) for row in found]
    closed = [
        {"closed": str(one.pair)}
        for one, ended in opened
        if one.pair not in stale
        and (
            back_again(one, listing.relations.get(one.pair), listing, ended)
            or occupied(one, listing)
        )
    ]
    if closed:
        here = and_(withdrawals.c.array == listing.array, withdrawals.c.pair == bindparam("closed"))
        connection.execute(delete(withdrawals).where(here), closed)


def _record_success(connection: Connection, listing: Listing) -> None:
    before = _array(connection, listing.array)
    if (after := after_success(before, listing)) != before:
        upsert(connection, arrays, [_array_row(after)])


def _record_failure(connection: Connection, record: ArrayRecord) -> None:
    after = after_failure(_array(connection, record.array), record)
    upsert(connection, arrays, [_array_row(after)])


def _array(connection: Connection, array: str) -> ArrayRecord:
    row = connection.execute(_ONE_ARRAY, {"here": array}).one_or_none()
    return array_of(row) if row else ArrayRecord(array=array)


def stored_sightings(connection: Connection, of: Sequence[str] | None) -> list[Sighting]:
    """Tell the last sightings, as part of a transaction."""
    return [sighting_of(row) for row in _of_arrays(connection, sightings, of)]


def stored_arrays(connection: Connection) -> dict[str, ArrayRecord]:
    """Tell how reading each array went last, as part of a transaction."""
    return {row.array: array_of(row) for row in connection.execute(select(arrays))}


def stored_withdrawals(connection: Connection, of: Sequence[str] | None) -> list[Withdrawal]:
    """Tell the open withdrawals, as part of a transaction."""
    return [withdrawal_of(row) for row in _of_arrays(connection, withdrawals, of)]


def sightings_of(connection: Connection, array: str, pairs: Iterable[Pair]) -> list[Sighting]:
    """Tell the last sightings of these pairs, as part of a transaction."""
    return [sighting_of(row) for row in _of_pairs(connection, sightings, array, pairs)]


def withdrawals_of(connection: Connection, array: str, pairs: Iterable[Pair]) -> list[Withdrawal]:
    """Tell the open withdrawals of these pairs, as part of a transaction."""
    return [withdrawal_of(row) for row in _of_pairs(connection, withdrawals, array, pairs)]


def _of_pairs(
    connection: Connection, table: Table, array: str, pairs: Iterable[Pair]
) -> CursorResult[Any]:
    return connection.execute(_of_some_pairs(table), {"here": array, "pairs": [*map(str, pairs)]})


@cache
def _of_some_pairs(table: Table) -> Select[Any]:
    named = table.c.pair.in_(bindparam("pairs", expanding=True))
    return _in_order(table).where(table.c.array == _HERE, named)


def _clock_set(connection: Connection, setting: Setting) -> None:
    seen = [
        Known(sighting_of(row), _dated(row.dated))
        for row in _of_arrays(connection, sightings, None)
    ]
    upsert(connection, sightings, [_sighting_row(setting.known(one)) for one in seen])
    read = [setting.record(one) for one in stored_arrays(connection).values()]
    upsert(connection, arrays, [_array_row(one) for one in read])
    opened = [setting.withdrawal(one) for one in stored_withdrawals(connection, None)]
    if moved := [{"of": one.array, "gone": str(one.pair), "at": one.at} for one in opened]:
        connection.execute(_WITHDRAWN_AT, moved)


def _forget_pairs(connection: Connection, keep: set[tuple[str, str]]) -> None:
    there = connection.execute(select(sightings.c.array, sightings.c.pair))
    gone = [{"of": array, "gone": pair} for array, pair in there if (array, pair) not in keep]
    if gone:
        this = and_(sightings.c.array == bindparam("of"), sightings.c.pair == bindparam("gone"))
        connection.execute(delete(sightings).where(this), gone)


def _sighting_row(known: Known) -> dict[str, object]:
    sighting = known.sighting
    return {
        "array": sighting.array,
        "pair": str(sighting.pair),
        "relation": sighting.relation and plain_relation(sighting.relation),
        "observed_at": sighting.observed_at,
        "before_at": sighting.before_at,
        "since_at": sighting.since_at,
        "dated": known.dated and _plain_dated(known.dated),
    }


def _plain_dated(dated: Dated) -> list[object]:
    before_at = dated.before_at and to_micros(dated.before_at)
    return [dated.text, before_at, to_micros(dated.since_at), to_micros(dated.read_at)]


def _dated(plain: tuple[str, int | None, int, int] | None) -> Dated | None:
    if plain is None:
        return None
    text, before_at, since_at, read_at = plain
    return Dated(text, _instant(before_at), from_micros(since_at), from_micros(read_at))


def _instant(count: int | None) -> datetime | None:
    return None if count is None else from_micros(count)


def _array_row(record: ArrayRecord) -> dict[str, object]:
    return {
        "array": record.array,
        "observed_at": record.observed_at,
        "failed_at": record.failed_at,
        "failure": record.failure,
        "failures": record.failures,
        "retry_at": record.retry_at,
    }
