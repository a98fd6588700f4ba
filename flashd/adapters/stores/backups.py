"""The file of a backup: an SQLite database with the store's tables and a note of what it holds."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from flashd.adapters.stores.audit import audit
from flashd.adapters.stores.dialect import file_engine
from flashd.adapters.stores.failures import told
from flashd.adapters.stores.instants import from_micros, to_micros
from flashd.adapters.stores.migrations import STEPS, migrate
from flashd.adapters.stores.rules import LEFT_OUT, ROWS_AT_ONCE, carried
from flashd.adapters.stores.server import without_limits
from flashd.errors import ConfigError, StoreError
from flashd.model.backup import Backup

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Engine, Table

FORMAT = 1

_KINDS = frozenset({"table", "index"})

_NOTE = """CREATE TABLE backup (format INTEGER NOT NULL, made_at INTEGER NOT NULL,
    schema_version INTEGER NOT NULL, source TEXT NOT NULL, tables TEXT NOT NULL)"""
_FOREIGN = "Name a file that `flashd backup` wrote."
_WRITE = "Name a file in a directory where the user that flashd runs as may write."
_READ = "Copy it to where the user that flashd runs as may read it."
_DAMAGED = "Take an older backup, or copy this one anew from where it is kept."


@dataclass(frozen=True, slots=True)
class Source:
    """A store as one transaction sees it; `where` names it in errors."""

    connection: Connection
    where: str

    def parts(self, table: Table) -> Iterator[list[dict[str, object]]]:
        """Read a table in parts."""
        with told(self.where):
            without_limits(self.connection)
            rows = self.connection.execute(select(table).execution_options(yield_per=ROWS_AT_ONCE))
            for part in rows.mappings().partitions():
                yield [dict(row) for row in part]


def write(source: Source, file: Path, at: datetime, *, replace: bool) -> Backup:
    """Write what one transaction sees; the file is whole, verified and durable, or not there."""
    with told(f"backup {file}", _WRITE), _unfinished(file, replace=replace) as draft:
        counted = _filled(draft, source, f"backup {file}")
        _write_note(draft, at, source.connection.dialect.name)
        backup = verify(draft, file)
        if dict(backup.rows) != counted:
            raise StoreError(f"backup {file} does not hold what was read", "Try again.")
        _publish(draft, file, replace=replace)
    return backup


def _refuse_existing(file: Path, *, replace: bool) -> None:
    if not file.parent.is_dir():
        raise ConfigError(f"directory {file.parent} does not exist", "Create it first.")
    if not os.path.lexists(file):
        return
    if not replace:
        raise ConfigError(
            f"{file} exists already", "Give the backup another name, or say --replace."
        )
    if file.is_symlink() or not file.is_file():
        raise ConfigError(f"{file} is not a file", "Give the backup another name.")
    try:
        verify(file, file)
    except StoreError as error:
        raise ConfigError(
            f"{file} is not a backup, so it is not replaced", "Give the backup another name."
        ) from error


def _filled(draft: Path, source: Source, where: str) -> dict[str, int]:
    """Copy every table into a draft, and count the rows."""
    engine = file_engine(draft)
    try:
        migrate(engine, where)
        with engine.begin() as copy:
            return {table.name: _copy(source, copy, table) for table in carried()}
    finally:
        engine.dispose()


@contextmanager
def _unfinished(file: Path, *, replace: bool) -> Iterator[Path]:
    """Make a private file beside the one that is meant; it goes away unless it is published."""
    _refuse_existing(file, replace=replace)
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".part", dir=file.parent)
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()


def _publish(draft: Path, file: Path, *, replace: bool) -> None:
    """Give a file its name at once, once all of it is on the disk."""
    _sync(draft)
    if replace:
        draft.replace(file)
    else:
        try:
            os.link(draft, file)
        except FileExistsError:
            _refuse_existing(file, replace=False)
            raise
    _sync(file.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy(source: Source, copy: Connection, table: Table) -> int:
    count = 0
    for rows in source.parts(table):
        copy.execute(table.insert(), rows)
        count += len(rows)
    return count


def _write_note(draft: Path, at: datetime, source: str) -> None:
    with closing(sqlite3.connect(draft)) as connection, connection:
        tables = {table.name: _sum_of(connection, table.name) for table in carried()}
        connection.execute(_NOTE)
        note = (FORMAT, to_micros(at), len(STEPS), source, json.dumps(tables))
        connection.execute("INSERT INTO backup VALUES (?, ?, ?, ?, ?)", note)


def _sum_of(connection: sqlite3.Connection, table: str) -> tuple[int, str]:
    """Count the rows of a table and digest them, in whatever order they come."""
    count = total = 0
    for row in connection.execute(f'SELECT * FROM "{table}"'):  # nosec B608 # noqa: S608 - a name of ours
        count += 1
        total += int.from_bytes(hashlib.sha256(json.dumps(row).encode()).digest())
    return count, f"{total % (1 << 256):064x}"


def verify(path: Path, file: Path, steps: Sequence[Sequence[str]] = STEPS) -> Backup:
    """Read the whole of a backup; raises `StoreError` where it is none, damaged, or too new.

    `file` is what it is called in messages.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as opened:
            return _verified(opened, file, len(steps))
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{file} is not a backup, or is damaged ({error})", _DAMAGED) from error
    except (ValueError, TypeError, AttributeError, LookupError, OverflowError) as error:
        raise StoreError(f"backup {file} is damaged: its note is none", _DAMAGED) from error


def _verified(opened: sqlite3.Connection, file: Path, known: int) -> Backup:
    kinds = dict(opened.execute("SELECT name, type FROM sqlite_schema"))
    tables = {name for name, kind in kinds.items() if kind == "table"}
    if strange := sorted(name for name, kind in kinds.items() if kind not in _KINDS):
        raise StoreError(f"{file} is not a backup of flashd: it has {strange[0]}", _FOREIGN)
    if not {"backup", "schema_version"} <= tables:
        raise StoreError(f"{file} is not a backup of flashd", _FOREIGN)
    unsound = opened.execute("PRAGMA foreign_key_check").fetchall()
    if unsound or opened.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
        raise StoreError(f"backup {file} is damaged", _DAMAGED)
    (note,) = opened.execute("SELECT format, made_at, schema_version, source, tables FROM backup")
    if note[0] > FORMAT or note[2] > known:
        raise StoreError(
            f"backup {file} has format {note[0]} and schema version {note[2]}, and this flashd"
            f" knows {FORMAT} and {known}",
            "A newer flashd wrote it: restore it by that one.",
        )
    expected = json.loads(note[4])
    if set(expected) != tables - LEFT_OUT - {"backup"}:
        raise StoreError(f"backup {file} is damaged: its note tells other tables", _DAMAGED)
    for name, (count, digest) in expected.items():
        if not name.isidentifier() or _sum_of(opened, name) != (count, digest):
            raise StoreError(f"backup {file} is damaged: table {name} is another one", _DAMAGED)
    rows = {name: count for name, (count, _) in expected.items()}
    return Backup(made_at=from_micros(note[1]), schema_version=note[2], source=note[3], rows=rows)


def prepare(
    file: Path, directory: Path, steps: Sequence[Sequence[str]] = STEPS
) -> tuple[Backup, Engine]:
    """Verify a private copy of a backup, and bring that to the present schema.

    The file itself is only read, once, so that nobody can change it between the two.
    """
    copy = directory / "backup"
    with told(f"backup {file}", _READ):
        if not file.is_file():
            raise StoreError(f"backup {file} is not a file", _FOREIGN)
        shutil.copyfile(file, copy)
        backup = verify(copy, file, steps)
        engine = file_engine(copy)
        try:
            migrate(engine, f"backup {file}", steps)
            with engine.begin() as connection:
                audit(connection)
        except BaseException:
            engine.dispose()
            raise
    return backup, engine
