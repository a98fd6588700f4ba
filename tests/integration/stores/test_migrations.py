"""Older stores are brought up to date, newer ones are left alone."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from flashd.adapters.stores.dialect import sqlite_engine
from flashd.adapters.stores.migrations import STEPS, migrate, up_to_date
from flashd.adapters.stores.schema import METADATA
from flashd.adapters.stores.store import open_store
from flashd.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Dialect, Engine

    from flashd.adapters.host import LinuxHost

SQLITE: Dialect = sqlite.dialect()
POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
LAST = len(STEPS)
SECOND = ("ALTER TABLE arrays ADD COLUMN site TEXT", "UPDATE arrays SET site = 'Paris'")
THIRD = ("ALTER TABLE arrays ADD COLUMN model TEXT", "SELECT nonsense FROM nowhere")


@pytest.fixture
def engine(path: Path) -> Iterator[Engine]:
    path.touch()
    made = sqlite_engine(path, 1, writing=True)
    yield made
    made.dispose()


def ask(path: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    with connection:
        found = connection.execute(query).fetchall()
    connection.close()
    return found


def test_the_steps_make_the_tables_that_the_store_uses(engine: Engine) -> None:
    migrate(engine, "the store")
    made = inspect(engine)
    assert set(made.get_table_names()) == set(METADATA.tables)
    for name, table in METADATA.tables.items():
        found = {c["name"]: (str(c["type"]), c["nullable"]) for c in made.get_columns(name)}
        assert found == {c.name: (c.type.compile(SQLITE), c.nullable) for c in table.columns}
        key = made.get_pk_constraint(name)["constrained_columns"]
        assert key == [c.name for c in table.primary_key.columns]


def test_the_types_are_postgresqls_too() -> None:
    columns = [column for table in METADATA.tables.values() for column in table.columns]
    types = {column.type.compile(POSTGRESQL) for column in columns}
    assert types == {"TEXT", "BIGINT", "INTEGER", "BOOLEAN"}


def test_an_old_store_goes_through_every_step_it_lacks(engine: Engine, path: Path) -> None:
    migrate(engine, "the store")
    ask(path, "INSERT INTO arrays (\"array\", failures) VALUES ('A', 0)")
    migrate(engine, "the store", [*STEPS, SECOND])
    assert ask(path, 'SELECT "array", site FROM arrays') == [("A", "Paris")]
    assert ask(path, "SELECT version FROM schema_version") == [(LAST + 1,)]
    migrate(engine, "the store", [*STEPS, SECOND])
    assert up_to_date(engine, "the store", [*STEPS, SECOND])


def test_a_step_that_fails_leaves_the_step_before(engine: Engine, path: Path) -> None:
    with pytest.raises(OperationalError):
        migrate(engine, "the store", [*STEPS, SECOND, THIRD])
    assert ask(path, "SELECT version FROM schema_version") == [(LAST + 1,)]
    assert "model" not in str(ask(path, "SELECT sql FROM sqlite_schema"))


async def test_a_newer_store_is_refused_and_left_alone(
    url: str, path: Path, host: LinuxHost
) -> None:
    await (await open_store(url, host)).close()
    ask(path, "UPDATE schema_version SET version = 77")
    with pytest.raises(
        StoreError, match=f"has schema version 77, and this flashd knows {LAST}"
    ) as told:
        await open_store(url, host)
    assert "newer flashd" in told.value.hint
    assert ask(path, "SELECT version FROM schema_version") == [(77,)]
