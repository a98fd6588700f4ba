"""Every way in which a store can fail, in words."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flashd.adapters.stores.sqlstates import words_of
from flashd.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

_PRIMARY = 0xFF  # the low byte of an extended result code of SQLite
_WRITABLE = "Make the file and its directory writable for the user that flashd runs as."
ANEW = (
    "Stop the daemon, move flashd.db* away (the file with its -wal and -shm), start the daemon, and"
    " run `flashd restore FILE` with the newest backup."
)
_DISK = "Look for errors of the disk in the kernel's log, and for limits on the size of files."

_SQLITE = {
    sqlite3.SQLITE_BUSY: (
        "is locked by another process",
        "Find out who keeps it locked with `fuser`, and copy it with `sqlite3 FILE .backup` only.",
    ),
    sqlite3.SQLITE_READONLY: ("cannot be written", _WRITABLE),
    sqlite3.SQLITE_PERM: ("cannot be opened", _WRITABLE),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", _WRITABLE),
    sqlite3.SQLITE_IOERR: ("cannot be read or written: the disk says no", _DISK),
    sqlite3.SQLITE_FULL: (
        "cannot be written: the disk is full",
        "Free space on the file system that holds it.",
    ),
    sqlite3.SQLITE_CORRUPT: ("is damaged", ANEW),
    sqlite3.SQLITE_NOTADB: (
        "is not a state store",
        f"Point `state` to a file of its own, if it names another one. Else it is damaged: {ANEW}",
    ),
    sqlite3.SQLITE_CONSTRAINT: (
        "refused a record that contradicts what it holds",
        "Look at `flashd history`; if that does not explain it, report it as a bug.",
    ),
}
_OTHERWISE = "Look at the log of the database; if that does not explain it, report it as a bug."
_NAMED = "Write `state` as sqlite:////var/lib/flashd/flashd.db, with four slashes."
_UNREADABLE = "If no other program wrote to it, report it as a bug."


@contextmanager
def told(where: str, remedy: str = _WRITABLE) -> Iterator[None]:
    """Turn whatever goes wrong with the store named `where` into a `StoreError`.

    `remedy` is what to do where the host does not let a file be used.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise _from_driver(where, error, connected=True) from error
    except _of_databases() as error:
        raise _from_database(where, error) from error
    except _of_sqlalchemy() as error:
        raise StoreError(f"{where} cannot be used: {_first_line(error)}", _NAMED) from error
    except OSError as error:
        raise StoreError(f"{where}: {os.strerror(error.errno or 0)}", remedy) from error
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:
        # a record that is no record, such as one that was edited by hand
        raise StoreError(f"{where} and flashd disagree: {error!r}", _UNREADABLE) from error


def _of_databases() -> type[DBAPIError]:
    """Name it once something has failed: who only looks has no other use for what it loads."""
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415

    return DBAPIError


def _of_sqlalchemy() -> type[SQLAlchemyError]:
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    return SQLAlchemyError


def _from_database(where: str, error: DBAPIError) -> StoreError:
    return _from_driver(where, error.orig or error, connected=error.connection_invalidated)


def _from_driver(where: str, cause: BaseException, *, connected: bool) -> StoreError:
    what, hint = _words(cause, connected=connected) or ("cannot be used", _OTHERWISE)
    said = _first_line(cause)
    return StoreError(f"{where} {what} ({said})" if said else f"{where} {what}", hint)


def _words(cause: BaseException, *, connected: bool) -> tuple[str, str] | None:
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE.get(code & _PRIMARY)
    if hasattr(cause, "sqlstate"):
        return words_of(cause.sqlstate, str(cause), connected=connected)
    return None


def _first_line(error: BaseException) -> str:
    """Leave out the statement and its values, which SQLAlchemy adds on further lines."""
    return str(error).partition("\n")[0]
