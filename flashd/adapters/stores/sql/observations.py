"""What was seen of the arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, tuple_

from flashd.adapters.stores.sql.codec import relation_from_json, relation_to_json
from flashd.adapters.stores.sql.schema import array_state, run, sighting, withdrawal
from flashd.model.observation import ArrayRecord, Sighting, Withdrawal
from flashd.model.volumes import Pair, VolumeId

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection, RowMapping

    from flashd.model.volumes import Listing

_MISSING = ""
_CHUNK = 500


def record_listing(connection: Connection, listing: Listing, pairs: Iterable[Pair]) -> None:
    """Remember a whole listing; one older than what is known changes nothing."""
    array = listing.array
    known = _rows(connection, array)
    news = []
    for pair in dict.fromkeys(pairs):
        before = known.get((str(pair.source), str(pair.target)))
        if before is None or before["observed_at"] <= listing.began_at:
            news.append(_seen(listing, pair, before))
    _replace(connection, array, news)
    _clear_failure(connection, listing)
    _close_withdrawals(connection, listing)


def _seen(listing: Listing, pair: Pair, before: RowMapping | None) -> dict[str, Any]:
    """Put one pair in a row. A reading is as old as its beginning, and proves up to its end."""
    relation = listing.relations.get(pair)
    date = _MISSING if relation is None else str(relation.copied or f"? {relation.unread}")
    same = before is not None and before["date"] == date
    return {
        "array": listing.array,
        "source": str(pair.source),
        "target": str(pair.target),
        "relation": relation_to_json(relation) if relation else None,
        "date": date,
        "observed_at": listing.began_at,
        "before_at": _before_at(before, same=same),
        "since_at": before["since_at"] if before is not None and same else listing.ended_at,
    }


def _before_at(before: RowMapping | None, *, same: bool) -> Any:  # noqa: ANN401 - an instant or None
    if before is None:
        return None
    return before["before_at"] if same else before["observed_at"]


def _rows(connection: Connection, array: str) -> dict[tuple[str, str], RowMapping]:
    query = select(sighting).where(sighting.c.array == array)
    return {(row["source"], row["target"]): row for row in connection.execute(query).mappings()}


def _replace(connection: Connection, array: str, rows: Sequence[dict[str, Any]]) -> None:
    keys = [(row["source"], row["target"]) for row in rows]
    pair = tuple_(sighting.c.source, sighting.c.target)
    for start in range(0, len(keys), _CHUNK):
        chunk = keys[start : start + _CHUNK]
        connection.execute(delete(sighting).where(sighting.c.array == array, pair.in_(chunk)))
    if rows:
        connection.execute(insert(sighting), rows)


def _clear_failure(connection: Connection, listing: Listing) -> None:
    before = arrays(connection).get(listing.array)
    if before is None or before.observed_at is None or before.observed_at <= listing.began_at:
        _put_array(connection, ArrayRecord(array=listing.array, observed_at=listing.began_at))


def _close_withdrawals(connection: Connection, listing: Listing) -> None:
    """Close the withdrawals of pairs that are there again.

    Not those of a run without an end: its rmflash may not have come through yet.
    """
    open_runs = select(run.c.id).where(run.c.ended_at.is_(None))
    query = select(withdrawal).where(
        withdrawal.c.array == listing.array, withdrawal.c.run.not_in(open_runs)
    )
    for row in connection.execute(query).mappings().all():
        pair = Pair(VolumeId(row["source"]), VolumeId(row["target"]))
        if pair in listing.relations and row["at"] <= listing.began_at:
            connection.execute(
                delete(withdrawal).where(
                    withdrawal.c.array == listing.array,
                    withdrawal.c.source == row["source"],
                    withdrawal.c.target == row["target"],
                )
            )


def record_failure(connection: Connection, record: ArrayRecord) -> None:
    """Remember that an array could not be reached."""
    _put_array(connection, record)


def _put_array(connection: Connection, record: ArrayRecord) -> None:
    connection.execute(delete(array_state).where(array_state.c.array == record.array))
    connection.execute(
        insert(array_state).values(
            array=record.array,
            observed_at=record.observed_at,
            failed_at=record.failed_at,
            failure=record.failure,
            failures=record.failures,
            retry_at=record.retry_at,
        )
    )


def sightings(connection: Connection, of: Iterable[str] | None) -> list[Sighting]:
    """Tell the last sightings."""
    query = select(sighting)
    if of is not None:
        query = query.where(sighting.c.array.in_(list(of)))
    return [
        Sighting(
            array=row["array"],
            pair=Pair(VolumeId(row["source"]), VolumeId(row["target"])),
            relation=relation_from_json(row["relation"]) if row["relation"] else None,
            observed_at=row["observed_at"],
            before_at=row["before_at"],
            since_at=row["since_at"],
        )
        for row in connection.execute(query).mappings()
    ]


def arrays(connection: Connection) -> Mapping[str, ArrayRecord]:
    """Tell how reading each array went last."""
    rows = connection.execute(select(array_state)).mappings()
    return {row["array"]: ArrayRecord(**row) for row in rows}


def withdrawals(connection: Connection, of: Iterable[str] | None) -> list[Withdrawal]:
    """Tell the open withdrawals."""
    query = select(withdrawal)
    if of is not None:
        query = query.where(withdrawal.c.array.in_(list(of)))
    return [
        Withdrawal(
            array=row["array"],
            pair=Pair(VolumeId(row["source"]), VolumeId(row["target"])),
            service=row["service"],
            run=row["run"],
            synced=row["synced"],
            created=row["created"],
            space_efficient=row["space_efficient"],
            at=row["at"],
        )
        for row in connection.execute(query).mappings()
    ]


def forget_pairs(connection: Connection, keep: Iterable[tuple[str, Pair]]) -> None:
    """Drop the sightings of pairs that nobody names any more."""
    kept = {(array, str(pair.source), str(pair.target)) for array, pair in keep}
    columns = (sighting.c.array, sighting.c.source, sighting.c.target)
    stale = [tuple(row) for row in connection.execute(select(*columns)) if tuple(row) not in kept]
    for start in range(0, len(stale), _CHUNK):
        chunk = stale[start : start + _CHUNK]
        connection.execute(delete(sighting).where(tuple_(*columns).in_(chunk)))
