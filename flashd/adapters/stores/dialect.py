"""What differs from one database to another, and nothing else."""

from __future__ import annotations

import sqlite3
from datetime import UTC
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, create_engine, event, func, select
from sqlalchemy.pool import StaticPool

from flashd.adapters.stores.files import Identity
from flashd.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection, Engine, Table

_WAL_TRIES = 20


def sqlite_engine(path: Path, patience: float, *, writing: bool) -> Engine:
    """Make an engine of one connection, for one thread, to a file that exists.

    Transactions are begun here and not by the driver, which would begin them at the first
    change only: what was read before would not belong to them. See "Transactions with SQLite
    and the sqlite3 driver" in SQLAlchemy's documentation.
    """
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": patience, "check_same_thread": False},
        pool_size=1,
        max_overflow=0,
    )
    event.listen(engine, "connect", partial(_set_up, writing=writing))
    if writing:
        event.listen(engine, "begin", partial(_begin_writing, Identity.of(path)))
    else:
        event.listen(engine, "begin", _begin_reading)
    return engine


def file_engine(path: Path) -> Engine:
    """Make an engine to a file that nobody else uses, and that is thrown away if it fails.

    It keeps no journal beside the file, and leaves it to the caller to have it on the disk.
    """
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"check_same_thread": False},  # one thread after the other
        poolclass=StaticPool,
    )
    event.listen(engine, "connect", _keep_no_journal)
    event.listen(engine, "begin", _begin_reading)
    return engine


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Write whole rows, replacing those with the same key."""
    if rows:
        connection.execute(_upsert(connection.dialect.name, table), rows)


@cache
def _upsert(dialect: str, table: Table) -> Any:  # noqa: ANN401 - of either dialect
    insert = _insert(dialect, table)
    values = {c.name: insert.excluded[c.name] for c in table.columns if not c.primary_key}
    key = list(table.primary_key.columns)
    return insert.on_conflict_do_update(index_elements=key, set_=values)


def add_missing(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Write those rows whose key is not there yet."""
    if rows:
        connection.execute(_add_missing(connection.dialect.name, table), rows)


@cache
def _add_missing(dialect: str, table: Table) -> Any:  # noqa: ANN401 - of either dialect
    return _insert(dialect, table).on_conflict_do_nothing()


def _insert(dialect: str, table: Table) -> Any:  # noqa: ANN401 - of either dialect
    """Begin an insert that can meet a key; the other dialect is not loaded for it."""
    return import_module(f"sqlalchemy.dialects.{dialect}").insert(table)


def lease_time(connection: Connection, told: datetime) -> datetime:
    """Tell the time by which leases are judged: one clock for all who share the store.

    Beside a file all are on one host, and its clock is the caller's. Hosts that share a server
    have clocks of their own; one that is half a minute ahead would take every lease of the
    others for void. So the server's clock decides.
    """
    if connection.dialect.name == "sqlite":
        return told
    now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return now.astimezone(UTC)


def _keep_no_journal(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = MEMORY")
    connection.execute("PRAGMA synchronous = OFF")


def _set_up(connection: sqlite3.Connection, _record: object, *, writing: bool) -> None:
    connection.isolation_level = None
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    if not writing:
        connection.execute("PRAGMA query_only = ON")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Have readers and the writer not wait for each other.

    The switch, needed once in the life of a file, fails at once where somebody else is at it,
    whatever the busy timeout; waiting for an exclusive lock obeys the timeout.
    """
    for _ in range(_WAL_TRIES):
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
        else:
            break
    else:
        raise StoreError("the state store is being opened by too many at once", "Try again.")
    if mode != "wal":
        raise StoreError(
            "the file system of the state store has no shared memory for its write-ahead log",
            "Put the store on a local disk.",
        )


def _begin_writing(opened: Identity, connection: Connection) -> None:
    opened.check()
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
