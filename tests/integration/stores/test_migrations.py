"""Older stores are brought up to date, newer ones are left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import inspect, make_url, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from flashd.adapters.host import LinuxHost
from flashd.adapters.stores.dialect import sqlite_engine
from flashd.adapters.stores.migrations import STEPS, migrate, up_to_date
from flashd.adapters.stores.schema import METADATA, schema_version
from flashd.adapters.stores.server import server_engine
from flashd.adapters.stores.store import open_store
from flashd.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from flashd.adapters.stores.store import SqlStore
    from tests.conftest import Empty

SECOND = ("ALTER TABLE arrays ADD COLUMN site TEXT", "UPDATE arrays SET site = 'Paris'")
THIRD = ("ALTER TABLE arrays ADD COLUMN model TEXT", "SELECT nonsense FROM nowhere")


@pytest.fixture
def engine(state: str, tmp_path: Path) -> Iterator[Engine]:
    if state.startswith("sqlite"):
        path = tmp_path / "flashd.db"
        path.touch()
        made = sqlite_engine(path, 1, writing=True)
    else:
        made = server_engine(make_url(state), 1, writing=True)
    yield made
    made.dispose()


def ask(engine: Engine, query: str) -> list[tuple[object, ...]]:
    with engine.begin() as connection:
        found = connection.execute(text(query))
        return [tuple(row) for row in found] if found.returns_rows else []


def test_the_steps_make_the_tables_that_the_store_uses(engine: Engine) -> None:
    migrate(engine, "the store")
    made = inspect(engine)
    kind = engine.dialect
    assert set(made.get_table_names()) == set(METADATA.tables)
    for name, table in METADATA.tables.items():
        found = {c["name"]: (str(c["type"]), c["nullable"]) for c in made.get_columns(name)}
        assert found == {c.name: (c.type.compile(kind), c.nullable) for c in table.columns}
        key = made.get_pk_constraint(name)["constrained_columns"]
        assert key == [c.name for c in table.primary_key.columns]


def test_the_types_are_those_that_both_databases_have() -> None:
    columns = [column for table in METADATA.tables.values() for column in table.columns]
    for kind in (sqlite.dialect(), postgresql.dialect()):  # type: ignore[no-untyped-call]  # theirs
        types = {column.type.compile(kind) for column in columns}
        assert types == {"TEXT", "BIGINT", "INTEGER", "BOOLEAN"}


def test_an_old_store_goes_through_every_step_it_lacks(engine: Engine) -> None:
    migrate(engine, "the store")
    ask(engine, "INSERT INTO arrays (\"array\", failures) VALUES ('A', 0)")
    migrate(engine, "the store", [*STEPS, SECOND])
    assert ask(engine, 'SELECT "array", site FROM arrays') == [("A", "Paris")]
    assert ask(engine, "SELECT version FROM schema_version") == [(len(STEPS) + 1,)]
    migrate(engine, "the store", [*STEPS, SECOND])
    assert up_to_date(engine, "the store", [*STEPS, SECOND])


def test_a_step_that_fails_leaves_the_step_before(engine: Engine) -> None:
    with pytest.raises(DBAPIError):
        migrate(engine, "the store", [*STEPS, SECOND, THIRD])
    assert ask(engine, "SELECT version FROM schema_version") == [(len(STEPS) + 1,)]
    assert {column["name"] for column in inspect(engine).get_columns("arrays")} >= {"site"}
    assert "model" not in {column["name"] for column in inspect(engine).get_columns("arrays")}


async def test_a_newer_store_is_refused_and_left_alone(either: SqlStore, state: str) -> None:
    await change(either, "UPDATE schema_version SET version = 777")
    known = f"has schema version 777, and this flashd knows {len(STEPS)}"
    with pytest.raises(StoreError, match=known) as told:
        await open_store(state, LinuxHost())
    assert "newer flashd" in told.value.hint
    found = await either._reading.run(lambda c: c.execute(select(schema_version)).all())
    assert found == [(777,)]


async def test_something_else_s_tables_are_left_alone(empty: Empty) -> None:
    url = empty()
    made = await open_store(url, LinuxHost())
    await change(made, "DROP TABLE schema_version")
    await made.close()
    with pytest.raises(StoreError, match="is a database of something else"):
        await open_store(url, LinuxHost())


async def change(store: SqlStore, statement: str) -> None:
    await store._writing.run(lambda connection: connection.execute(text(statement)))
