"""The database itself: how it is opened, how a transaction begins, what its errors mean."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from flashd.adapters.stores.sql.schema import migrate
from flashd.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection

T = TypeVar("T")

_BUSY_MILLISECONDS = 5000
_PRAGMAS = (
    f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # NORMAL would lose the last commits at a power cut
    "PRAGMA foreign_keys=ON",
)
_HINTS = (
    ("database or disk is full", "Make room on that file system; until then nothing is sent."),
    ("database is locked", "Find the process that keeps it locked: fuser shows it."),
    ("not a database", "Restore it from a backup, or move it away and let flashd make a new one."),
    ("malformed", "Restore it from a backup, or move it away and let flashd make a new one."),
    ("readonly", "Give the file and its directory to the user of flashd."),
    ("unable to open", "Give the directory to the user of flashd, or name another with --state."),
    ("no module named", "Install the driver of that database."),
)


class Database:
    """A database, used by one thread."""

    def __init__(self, url: str) -> None:
        with _as_store_errors(_shown(url)):
            self._url = make_url(url)
            self.name = _shown(url)
            self._engine = _engine(url)

    def prepare(self) -> None:
        """Make it if it is not there, for our eyes only, and bring it to this version."""
        if self._url.get_backend_name() == "sqlite" and self._url.database:
            _make_private(Path(self._url.database))
        self.transact(migrate)

    def transact(self, act: Callable[[Connection], T]) -> T:
        """Do something in a transaction that is durable when this returns."""
        with _as_store_errors(self.name), self._engine.begin() as connection:
            return act(connection)

    def close(self) -> None:
        """Let go of it."""
        self._engine.dispose()


def _engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    return engine


def _set_up_sqlite(connection: DBAPIConnection, _record: object) -> None:
    # The driver's own implicit transactions begin too late to serialise a read and a write.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _make_private(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except FileNotFoundError:
        raise StoreError(
            f"the state directory {path.parent} does not exist",
            f"Make it: install -d -m 0700 -o flashd -g flashd {path.parent}",
        ) from None


@contextmanager
def _as_store_errors(name: str) -> Iterator[None]:
    try:
        yield
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise StoreError(
            f"the state store {name} cannot be used: {error}",
            "Write sqlite:////var/lib/flashd/flashd.db, or postgresql+psycopg://USER@HOST/NAME.",
        ) from error
    except (SQLAlchemyError, OSError) as error:
        why = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise StoreError(f"the state store {name} failed: {why}", _hint(why)) from error


def _hint(why: str) -> str:
    return next((hint for sign, hint in _HINTS if sign in why.lower()), "")


def _shown(url: str) -> str:
    """Show where it is, never its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "(not a URL)"
