"""A store's file, read for who only looks: by Python's own driver, in one snapshot.

SQLAlchemy is a quarter of what `flashd status` would take; what it is for, one text for every
database and writing, is of no use here. The rows become nouns where those of the store do.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing, contextmanager, suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from flashd.adapters.stores.failures import told
from flashd.adapters.stores.files import PATIENCE, provide
from flashd.adapters.stores.instants import from_micros
from flashd.adapters.stores.nouns import (
    array_of,
    enrolment_of,
    hold_of,
    runs_of,
    sighting_of,
    standing_of,
    withdrawal_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from flashd.adapters.stores.nouns import Row
    from flashd.model.enrolment import Enrolment
    from flashd.model.hold import Hold, Scope
    from flashd.model.observation import ArrayRecord, Sighting, Standing, Withdrawal
    from flashd.model.run import RunRecord

VERSION = 4
"""The version of the schema that is read here; a store of another one is not."""

JSON = frozenset(
    {
        *("relation", "dated", "arrays", "commands", "evidence", "step", "carrier", "marks"),
        *("answer", "facts", "files"),
    }
)
FLAGS = frozenset({"space_efficient", "acted"})
INSTANTS = "_at"
"""How the names of columns end that hold instants."""

_SEEN = 'SELECT "array", pair, relation, observed_at, before_at, since_at FROM sightings'
_STANDINGS = "SELECT * FROM standings"
_RUNS = "SELECT runs.*, steps.* FROM runs LEFT JOIN steps ON steps.run = runs.id"
_NEWEST = """
    WHERE runs.nr IN (SELECT nr FROM runs {} ORDER BY nr DESC LIMIT ?)
    ORDER BY runs.nr DESC, steps.seq"""


class Glance:
    """`flashd.ports.store.Memory`, as it was when it was opened by `glance`."""

    def __init__(self, connection: sqlite3.Connection, where: str) -> None:
        self._connection = connection
        self._where = where

    async def sightings(self, arrays: Iterable[str] | None = None) -> Sequence[Sighting]:
        """Tell the last sightings, by array and pair."""
        with self._of_arrays(_SEEN, arrays) as rows:
            return [sighting_of(row) for row in rows]

    async def arrays(self) -> Mapping[str, ArrayRecord]:
        """Tell how reading each array went last."""
        with self._rows("SELECT * FROM arrays") as rows:
            return {row.array: array_of(row) for row in rows}

    async def withdrawals(self, arrays: Iterable[str] | None = None) -> Sequence[Withdrawal]:
        """Tell the open withdrawals, by array and pair."""
        with self._of_arrays("SELECT * FROM withdrawals", arrays) as rows:
            return [withdrawal_of(row) for row in rows]

    async def open_runs(self) -> Sequence[RunRecord]:
        """Tell the runs without an end, oldest first."""
        with self._rows(f"{_RUNS} WHERE runs.ended_at IS NULL ORDER BY runs.nr, steps.seq") as rows:
            return runs_of(rows)

    async def history(self, services: Iterable[str] | None, limit: int) -> Sequence[RunRecord]:
        """Tell runs in the order in which they were begun, newest first."""
        names = [] if services is None else sorted(set(services))
        where = "" if services is None else f"WHERE service IN ({_places(names)})"
        with self._rows(_RUNS + _NEWEST.format(where), [*names, limit]) as rows:
            return runs_of(rows)

    async def standings(self, services: Iterable[str] | None = None) -> Mapping[str, Standing]:
        """Tell where each of these services stands, or every one."""
        names = [] if services is None else sorted(set(services))
        where = "" if services is None else f" WHERE service IN ({_places(names)})"
        with self._rows(f"{_STANDINGS}{where}", names) as rows:
            return {row.service: standing_of(row) for row in rows}

    async def holds(self) -> Mapping[Scope, Hold]:
        """Tell all holds, by scope."""
        with self._rows("SELECT * FROM holds ORDER BY kind, name") as rows:
            return {hold.scope: hold for hold in map(hold_of, rows)}

    async def enrolments(self) -> Mapping[str, Enrolment]:
        """Tell what was pinned, by service."""
        with self._rows("SELECT * FROM enrolments ORDER BY service") as rows:
            return {row.service: enrolment_of(row) for row in rows}

    async def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @contextmanager
    def _of_arrays(self, query: str, arrays: Iterable[str] | None) -> Iterator[Iterator[Row]]:
        names = [] if arrays is None else sorted(set(arrays))
        where = "" if arrays is None else f' WHERE "array" IN ({_places(names)})'
        with self._rows(f'{query}{where} ORDER BY "array", pair', names) as rows:
            yield rows

    @contextmanager
    def _rows(self, query: str, values: Sequence[object] = ()) -> Iterator[Iterator[Row]]:
        with told(self._where), closing(self._connection.execute(query, values)) as cursor:
            yield _read(cursor)


def glance(path: Path) -> Glance | None:
    """Open a store that is there already, and is of the present version, else None.

    What else stands in its way, whoever opens the whole store is told better.
    """
    if not os.path.isfile(path):  # noqa: PTH113 - `Path.is_file` raises where it may not look
        return None
    provide(path)
    with suppress(sqlite3.Error):
        connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
        if _is_present(connection):
            return Glance(connection, f"state store {path}")
        connection.close()
    return None


def _is_present(connection: sqlite3.Connection) -> bool:
    """Begin to read; from then on nothing changes here, whoever writes."""
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        found = connection.execute("SELECT version FROM schema_version").fetchall()
    except sqlite3.Error:
        connection.close()
        raise
    return found == [(VERSION,)]


def _places(names: Sequence[str]) -> str:
    return ", ".join("?" * len(names))


def _read(cursor: sqlite3.Cursor) -> Iterator[Any]:
    names = [column[0] for column in cursor.description]
    readers = [(place, read) for place, name in enumerate(names) if (read := _reader(name))]
    for row in cursor:
        values = list(row)
        for place, read in readers:
            if values[place] is not None:
                values[place] = read(values[place])
        yield SimpleNamespace(**dict(zip(names, values, strict=True)))


def _reader(name: str) -> Callable[[Any], object] | None:
    """Tell how values of a column are read; None: they are what they are."""
    if name.endswith(INSTANTS):
        return from_micros
    if name in JSON:
        return json.loads
    return bool if name in FLAGS else None
