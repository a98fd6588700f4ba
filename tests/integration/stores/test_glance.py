"""Who only looks reads the file of a store by himself: when, and what he is told."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Boolean

from flashd.adapters.stores.columns import Instant, Json
from flashd.adapters.stores.glance import FLAGS, INSTANTS, JSON, VERSION, Glance, glance
from flashd.adapters.stores.migrations import STEPS
from flashd.adapters.stores.schema import METADATA
from flashd.adapters.stores.store import open_store
from flashd.errors import StoreError
from flashd.model.observation import ArrayRecord
from tests.contract.stores.samples import ARRAY, NOW, FakeHost

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    file = tmp_path / "flashd.db"
    store = await open_store(f"sqlite:///{file}", FakeHost())
    await store.record_failure(ArrayRecord(array=ARRAY, failed_at=NOW, failure="gone", failures=1))
    await store.close()
    return file


@pytest.fixture
async def seen(file: Path) -> AsyncIterator[Glance]:
    found = glance(file)
    assert found is not None
    yield found
    await found.close()


def changed(file: Path, statement: str, *values: str) -> None:
    """Do to a store what flashd never does."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement, values)


def test_the_present_version_is_read() -> None:
    assert len(STEPS) == VERSION, "read what the new version has, or look again at what is read"


COLUMNS = [
    (table.name, column.name, type(column.type))
    for table in METADATA.tables.values()
    for column in table.columns
]


@pytest.mark.parametrize(("table", "name", "kind"), COLUMNS)
def test_the_name_of_a_column_tells_how_it_is_read(table: str, name: str, kind: type) -> None:
    named = {Instant: name.endswith(INSTANTS), Json: name in JSON, Boolean: name in FLAGS}
    assert [one for one, so in named.items() if so] == [one for one in named if one is kind], table


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert glance(tmp_path / "none.db") is None
    assert not list(tmp_path.iterdir())


def test_a_path_that_cannot_be_looked_at_is_left_to_who_can_tell(tmp_path: Path) -> None:
    """As one in a directory that is closed to this user is, but not to root."""
    assert glance(tmp_path / ("n" * 300)) is None


@pytest.mark.parametrize("other", [VERSION - 1, VERSION + 1])
def test_another_version_is_left_to_who_knows_it(file: Path, other: int) -> None:
    changed(file, f"UPDATE schema_version SET version = {other}")  # noqa: S608 - a number
    assert glance(file) is None


def test_another_program_s_file_is_left_to_who_can_tell(tmp_path: Path) -> None:
    changed(tmp_path / "other.db", "CREATE TABLE t (n INTEGER)")
    (tmp_path / "words.db").write_text("no database at all\n" * 100)
    assert glance(tmp_path / "other.db") is None
    assert glance(tmp_path / "words.db") is None


def test_a_directory_that_others_can_write_to_is_refused(file: Path) -> None:
    file.parent.chmod(0o777)
    with pytest.raises(StoreError, match="is not used"):
        glance(file)


async def test_all_is_as_it_was_when_it_was_opened(file: Path, seen: Glance) -> None:
    changed(file, "DELETE FROM arrays")
    assert list(await seen.arrays()) == [ARRAY]


async def test_nothing_can_be_written(seen: Glance) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        seen._connection.execute("DELETE FROM arrays")


@pytest.mark.parametrize(
    "value", ["no json", '{"state": "Valid"}', "[]"], ids=["text", "part", "list"]
)
async def test_a_record_that_is_none_is_told(file: Path, value: str) -> None:
    changed(
        file, "INSERT INTO sightings VALUES (?, '0001:0002', ?, 1, NULL, 1, NULL)", ARRAY, value
    )
    found = glance(file)
    assert found is not None
    with pytest.raises(StoreError, match=r"flashd\.db and flashd disagree"):
        await found.sightings()
    await found.close()


async def test_a_damaged_file_is_told(file: Path) -> None:
    found = glance(file)
    assert found is not None
    found._connection.execute("ROLLBACK")
    changed(file, "DROP TABLE arrays")
    with pytest.raises(StoreError, match=r"no such table: arrays"):
        await found.arrays()
    await found.close()
