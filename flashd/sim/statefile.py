"""The file that is the array: one SQLite database, changed by one process at a time."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from flashd.sim import instants
from flashd.sim.errors import SimError
from flashd.sim.hosts import table as hosts

_MARK = 0x44533830  # "DS80" as SQLite's application id, so that a foreign file is told from ours
_VERSION = 3
_BUSY_SECONDS = 60
_NO_RIGHTS = {sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}

_SCHEMA = """
CREATE TABLE array (serial TEXT, wwnn TEXT, model TEXT, code_level TEXT,
    clock_offset REAL DEFAULT 0, clock_stands_at REAL, generation INTEGER DEFAULT 0);
CREATE TABLE console (address TEXT PRIMARY KEY);
CREATE TABLE user (name TEXT PRIMARY KEY, role TEXT, failed_logins INTEGER DEFAULT 0,
    locked INTEGER DEFAULT 0, must_change INTEGER DEFAULT 0, password_at REAL DEFAULT 0);
CREATE TABLE password (id INTEGER PRIMARY KEY, user TEXT, salt BLOB, hash BLOB);
CREATE TABLE lss (id TEXT PRIMARY KEY, long_busy_seconds INTEGER);
CREATE TABLE pool (id TEXT PRIMARY KEY, name TEXT, rankgrp INTEGER DEFAULT 0, capacity INTEGER,
    reserved INTEGER DEFAULT 0, threshold INTEGER DEFAULT 15);
CREATE TABLE volume (id TEXT PRIMARY KEY, name TEXT, blocks INTEGER, datatype TEXT,
    space_efficient INTEGER, pool TEXT, volgrp TEXT, accstate TEXT, datastate TEXT,
    configstate TEXT, writes INTEGER, host_writes INTEGER, content TEXT, allocated INTEGER,
    changed_at INTEGER, copied_from TEXT, same_from INTEGER, same_until INTEGER, frozen_until REAL);
CREATE INDEX copied ON volume (copied_from) WHERE same_until IS NULL;
CREATE INDEX frozen ON volume (frozen_until) WHERE frozen_until IS NOT NULL;
CREATE INDEX space ON volume (pool, space_efficient, allocated, blocks);
CREATE TABLE relation (source TEXT, target TEXT UNIQUE, created_at REAL, synced_at REAL,
    recording INTEGER, persistent INTEGER, background_copy INTEGER, multinc INTEGER,
    target_writable INTEGER, source_writable INTEGER, revertible INTEGER, state TEXT,
    sequence TEXT, uncopied INTEGER, copy_from REAL, held INTEGER,
    source_writes INTEGER, target_writes INTEGER, flashed_at INTEGER, filling INTEGER,
    unclaimed INTEGER, saved TEXT, PRIMARY KEY (source, target));
CREATE INDEX passing ON relation (persistent) WHERE persistent = 0;
CREATE INDEX filling ON relation (filling) WHERE filling = 1;
CREATE TABLE queued_write (id INTEGER PRIMARY KEY, volume TEXT);
CREATE TABLE reservation (volume TEXT PRIMARY KEY, host TEXT);
CREATE TABLE remote_copy (primary_volume TEXT PRIMARY KEY, secondary_volume TEXT, state TEXT,
    kind TEXT);
CREATE TABLE mount (host TEXT, volume TEXT, writing INTEGER, seen TEXT,
    PRIMARY KEY (host, volume));
CREATE INDEX writing ON mount (volume, host) WHERE writing = 1;
CREATE TABLE switch (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE fault (id INTEGER PRIMARY KEY, name TEXT, position TEXT, pattern TEXT,
    nth INTEGER, times INTEGER, seen INTEGER DEFAULT 0, fired INTEGER DEFAULT 0, options TEXT,
    from_at REAL, clock TEXT DEFAULT 'host', chance REAL, seed INTEGER DEFAULT 0);
CREATE TABLE late_act (id INTEGER PRIMARY KEY, at REAL, entry INTEGER, verb TEXT, options TEXT,
    pairs TEXT);
CREATE TABLE login (id INTEGER PRIMARY KEY, at REAL, pid INTEGER, hmc TEXT, user TEXT,
    outcome TEXT);
CREATE TABLE journal (id INTEGER PRIMARY KEY, session INTEGER, at REAL, pid INTEGER, hmc TEXT,
    user TEXT, command TEXT, phase TEXT, exit INTEGER, acted TEXT DEFAULT '',
    refused TEXT DEFAULT '', fault TEXT DEFAULT '', answer TEXT, answered_at REAL);
"""


class StateFile:
    """Transactions on one array file.

    A connection lives as long as its transaction: nothing is held between commands, so any
    number of processes and threads can share the file. Writes are not forced to the disk: the
    promise is that a killed process leaves all of a change or nothing, not that a power cut does.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path) -> "StateFile":
        """Make a new file; one that is there is never overwritten."""
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            raise SimError(f"{path} exists already") from None
        except OSError as error:
            raise SimError(f"cannot make {path}: {error.strerror}") from error
        file = cls(path)
        with file._connect() as connection:
            connection.executescript(
                f"BEGIN; {_SCHEMA} {hosts.SCHEMA} PRAGMA application_id={_MARK};"
                f"PRAGMA user_version={_VERSION}; COMMIT;"
            )
        return file

    @classmethod
    def open(cls, path: Path) -> "StateFile":
        """Open a file that `create` made."""
        if not path.is_file():
            raise SimError(f"there is no array file {path}")
        file = cls(path)
        try:
            with file._connect() as connection:
                mark = connection.execute("PRAGMA application_id").fetchone()[0]
                version = connection.execute("PRAGMA user_version").fetchone()[0]
        except sqlite3.DatabaseError as error:
            if _for_want_of_rights(error):
                raise _not_ours(path) from error
            raise SimError(f"{path} is not an array file: {error}") from error
        if (mark, version) != (_MARK, _VERSION):
            raise SimError(f"{path} is not an array file of this version")
        return file

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Do all that follows, or nothing, while no other process changes anything."""
        with self._connect() as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                instants.reach("array: changing")
                yield connection
                if connection.in_transaction:  # the block may have taken it all back itself
                    instants.reach("array: about to keep the change")
                    connection.execute("COMMIT")
                instants.reach("array: changed")
            except BaseException as error:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if _for_want_of_rights(error):
                    raise _not_ours(self.path) from error
                raise

    @contextmanager
    def look(self) -> Iterator[sqlite3.Connection]:
        """See one consistent state."""
        with self._connect() as connection:
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
        with closing(connection):
            connection.execute("PRAGMA synchronous=OFF")
            yield connection


def _for_want_of_rights(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", 0)  # the low byte is the kind, the rest its detail
    return isinstance(error, sqlite3.Error) and (code & 0xFF) in _NO_RIGHTS


def _not_ours(path: Path) -> SimError:
    return SimError(
        f"{path} cannot be read and written by user {os.geteuid()}: every command changes it, so"
        " he needs write access to it and to its directory"
    )
