"""What a backup carries, and what becomes of it in a store: a rule a table, all of them here.

A backup adds to what a store knows and takes nothing away. A table without a rule of its own, so
also one that is new, is carried, and a restore adds those of its rows whose key is not there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from flashd.adapters.stores.codec import carrier_of, plain_carrier
from flashd.adapters.stores.dialect import add_missing, upsert
from flashd.adapters.stores.holds import row_of, stored_holds
from flashd.adapters.stores.schema import (
    METADATA,
    accepted,
    arrays,
    leases,
    runs,
    schema_version,
    sightings,
    standings,
    withdrawals,
)
from flashd.core.restore import Since, disbelief, hangs_on_a_word, newest_first
from flashd.model.backup import Disbelieved
from flashd.model.lease import Holder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Select, Table

    from flashd.model.backup import Backup
    from flashd.model.hold import Hold
    from flashd.model.run import Carrier
    from flashd.ports.host import Host

Row = dict[str, object]

LEFT_OUT = frozenset(
    {
        leases.name,  # who holds what is of the moment; a restored lease would be a lie
        accepted.name,  # files that may hold secrets; a living store has its own
        schema_version.name,  # every file has its own
    }
)
ROWS_AT_ONCE = 500


def carried() -> list[Table]:
    """Tell the tables that a backup holds, those that are referred to first."""
    tables = [table for table in METADATA.sorted_tables if table.name not in LEFT_OUT]
    return sorted(tables, key=lambda table: table is not runs)


@dataclass(frozen=True, slots=True)
class Merge:
    """One restore under way: from where, to where, and what is known of the time between."""

    target: Connection
    source: Connection
    backup: Backup
    host: Host
    at: datetime
    nothing_ran: bool | None
    run_ids: frozenset[str]  # that the store knew before
    newest_run: datetime | None
    seen_since: frozenset[tuple[str, str]]  # pairs, by array, that it saw after the backup
    disbelieved: list[Disbelieved] = field(default_factory=list)
    brought_back: list[Hold] = field(default_factory=list)

    def named_safely(self, row: Row) -> Row:
        """Have a step that names a living process of this host name none, unless flashd began it.

        A file from elsewhere must not have anybody's process ended. An open step is then waited
        for as long as a command may run, as one of another host is. No dscli leads the group 0 or
        1: such a step could never be ended, and its run would stay open for ever.
        """
        plain: Any = row["carrier"]
        carrier = carrier_of(plain)
        if carrier.group <= 1:
            return {**row, "carrier": plain_carrier(_elsewhere(carrier))}
        named = Holder(carrier.host, carrier.boot_id, carrier.group, carrier.started, "")
        if self.host.gone(named) is not False or self.host.ours(carrier):
            return row
        return {**row, "carrier": plain_carrier(_elsewhere(carrier))}

    def rows(self, table: Table) -> Iterator[list[Row]]:
        """Read a table of the backup in parts."""
        found = self.source.execute(select(table).execution_options(yield_per=ROWS_AT_ONCE))
        for part in found.mappings().partitions():
            yield [dict(row) for row in part]


def _elsewhere(carrier: Carrier) -> Carrier:
    return replace(carrier, host=f"{carrier.host} (restored)")


def begin(
    target: Connection,
    source: Connection,
    backup: Backup,
    host: Host,
    at: datetime,
    *,
    nothing_ran: bool | None,
) -> Merge:
    """Look what the store knows before anything is added."""
    return Merge(
        target,
        source,
        backup,
        host,
        at,
        nothing_ran,
        frozenset(target.scalars(select(runs.c.id))),
        target.execute(select(func.max(runs.c.started_at))).scalar_one(),
        _seen_since(target, backup.made_at),
    )


def unsaid(merge: Merge) -> tuple[Disbelieved, ...]:
    """Tell the withdrawals of which nobody has said yet whether they count."""
    return tuple(
        _named(row, "nobody said whether flashd ran since the backup was taken")
        for rows in _absent(merge)
        for row in rows
        if hangs_on_a_word(merge.backup.made_at, _since(merge, row))
    )


def take_over(merge: Merge) -> dict[str, int]:
    """Add what the backup has and the store lacks; tells how many rows by table."""
    return {table.name: _RULES.get(table.name, _missing)(merge, table) for table in carried()}


def look_again(target: Connection, at: datetime) -> None:
    """Have every array listed, and every service looked at, before anything is decided."""
    target.execute(update(arrays).values(observed_at=None, retry_at=None))
    target.execute(update(standings).values(look_at=at))


def _missing(merge: Merge, table: Table) -> int:
    before = _count(merge.target, table)
    for rows in merge.rows(table):
        add_missing(merge.target, table, rows)
    return _count(merge.target, table) - before


def _count(connection: Connection, table: Table) -> int:
    found: int = connection.execute(select(func.count()).select_from(table)).scalar_one()
    return found


def _runs(merge: Merge, table: Table) -> int:
    """Add runs that are not known, in their order before or after those that are.

    One that is known stays as it is: what was open when the backup was taken has ended since.
    """
    lowest, highest = merge.target.execute(select(func.min(runs.c.nr), func.max(runs.c.nr))).one()
    found = list(_new_runs(merge))
    older = [nr for nr, newer in found if not newer]
    newer = [nr for nr, newer in found if newer]
    first = 1 if lowest is None else lowest - len(older)
    numbers = dict(zip(older, count(first), strict=False))
    numbers |= dict(zip(newer, count((highest or 0) + 1), strict=False))
    for rows in merge.rows(table):
        added = [{**row, "nr": numbers[_nr(row)]} for row in rows if _nr(row) in numbers]
        if added:
            merge.target.execute(table.insert(), added)
    return len(numbers)


def _nr(row: Mapping[str, object]) -> int:
    return int(str(row["nr"]))


def _new_runs(merge: Merge) -> Iterable[tuple[int, bool]]:
    query = select(runs.c.id, runs.c.nr, runs.c.started_at).order_by(runs.c.nr)
    for row in merge.source.execute(query):
        if row.id not in merge.run_ids:
            yield row.nr, newest_first(row.started_at, merge.newest_run)


def _steps(merge: Merge, table: Table) -> int:
    """Add the steps of the runs that were added; a known run has its own."""
    added = 0
    for rows in merge.rows(table):
        new = [merge.named_safely(row) for row in rows if row["run"] not in merge.run_ids]
        add_missing(merge.target, table, new)
        added += len(new)
    return added


def _sightings(merge: Merge, table: Table) -> int:
    """Keep the later sighting of each pair: it bounds the last resync the more closely."""
    known = {
        (row.array, row.pair): row.observed_at
        for row in merge.target.execute(
            select(sightings.c.array, sightings.c.pair, sightings.c.observed_at)
        )
    }
    added = 0
    for rows in merge.rows(table):
        later = [row for row in rows if _is_later(row, known.get((row["array"], row["pair"])))]
        upsert(merge.target, table, later)
        added += len(later)
    return added


def _is_later(row: Mapping[str, object], known: datetime | None) -> bool:
    return known is None or bool(row["observed_at"] > known)  # type: ignore[operator]  # instants


def _withdrawals(merge: Merge, table: Table) -> int:
    """Add those that may be believed; one that is open now stays as it is."""
    added = 0
    for absent in _absent(merge):
        believed = [row for row in absent if _believed(merge, row)]
        add_missing(merge.target, table, believed)
        added += len(believed)
    return added


def _absent(merge: Merge) -> Iterator[list[Row]]:
    """Read the withdrawals of the backup that are not open here."""
    here = _clones(merge.target, select(withdrawals.c.array, withdrawals.c.pair))
    for rows in merge.rows(withdrawals):
        yield [row for row in rows if (row["array"], row["pair"]) not in here]


def _holds(merge: Merge, table: Table) -> int:
    """Add those that bind still and are not laid anew: they are told, since they bind again."""
    here = set(stored_holds(merge.target))
    for hold in stored_holds(merge.source).values():
        if hold.scope not in here and hold.binds(merge.at):
            merge.brought_back.append(hold)
    add_missing(merge.target, table, [row_of(hold) for hold in merge.brought_back])
    return len(merge.brought_back)


def _seen_since(target: Connection, made_at: datetime) -> frozenset[tuple[str, str]]:
    query = select(sightings.c.array, sightings.c.pair).where(
        sightings.c.observed_at >= made_at, sightings.c.relation.is_not(None)
    )
    return _clones(target, query)


def _clones(target: Connection, query: Select[Any]) -> frozenset[tuple[str, str]]:
    return frozenset((row.array, row.pair) for row in target.execute(query))


def _believed(merge: Merge, row: Row) -> bool:
    reason = disbelief(merge.backup.made_at, _since(merge, row))
    if reason is not None:
        merge.disbelieved.append(_named(row, reason))
    return reason is None


def _since(merge: Merge, row: Row) -> Since:
    return Since(
        nothing_ran=merge.nothing_ran,
        last_run=merge.newest_run,
        run_known=row["run"] in merge.run_ids,
        pair_seen=(str(row["array"]), str(row["pair"])) in merge.seen_since,
    )


def _named(row: Row, reason: str) -> Disbelieved:
    array, pair, service = (str(row[key]) for key in ("array", "pair", "service"))
    return Disbelieved(array=array, pair=pair, service=service, reason=reason)


_RULES: Mapping[str, Callable[[Merge, Table], int]] = {
    "runs": _runs,
    "steps": _steps,
    "sightings": _sightings,
    "withdrawals": _withdrawals,
    "holds": _holds,
}
