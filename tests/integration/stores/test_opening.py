"""Opening a store, and every way in which it cannot be opened."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.stores.store import open_store
from flashd.errors import StoreError
from tests.contract.stores.samples import NOW, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flashd.adapters.host import LinuxHost
    from tests.integration.stores.conftest import Spawn

NOBODY = 65534


@pytest.fixture(params=[0o000, 0o022, 0o777])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
async def test_its_files_are_private_whatever_the_umask(
    url: str, path: Path, host: LinuxHost
) -> None:
    store = await open_store(url, host)
    await store.open_run(run())
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert modes == dict.fromkeys(["flashd.db", "flashd.db-wal", "flashd.db-shm"], 0o600)
    await store.close()


async def test_what_was_written_is_there_after_reopening(url: str, host: LinuxHost) -> None:
    for name in ("A", "B"):
        store = await open_store(url, host)
        await store.open_run(run(name))
        assert [one.id for one in await store.open_runs()] == ["A", "B"][: 1 + (name == "B")]
        await store.close()


async def test_every_commit_is_synced_and_references_are_checked(url: str, host: LinuxHost) -> None:
    store = await open_store(url, host)
    for lane in (store._writing, store._reading):
        pragmas = ("synchronous", "foreign_keys", "journal_mode", "busy_timeout")
        found = [
            await lane.run(lambda c, p=name: c.exec_driver_sql(f"PRAGMA {p}").scalar_one())  # type: ignore[misc]  # a name bound early
            for name in pragmas
        ]
        assert found == [2, 1, "wal", 5000]
    with pytest.raises(StoreError, match="cannot be written"):
        await store._reading.run(lambda c: c.exec_driver_sql("DELETE FROM leases"))
    await store.close()


async def refused(url: str, host: LinuxHost) -> StoreError:
    with pytest.raises(StoreError) as told:
        await open_store(url, host, patience=0.1)
    assert told.value.hint.endswith(".")
    return told.value


async def test_no_directory(tmp_path: Path, host: LinuxHost) -> None:
    error = await refused(f"sqlite:///{tmp_path}/no/flashd.db", host)
    assert error.message == f"directory {tmp_path}/no of the state store does not exist"


async def test_a_directory_in_its_place(tmp_path: Path, host: LinuxHost) -> None:
    error = await refused(f"sqlite:///{tmp_path}", host)
    assert error.message == f"state store {tmp_path} is not a file"


@pytest.fixture
def dangling(path: Path) -> Path:
    path.symlink_to("nowhere")
    return path


@pytest.fixture
def definitions(path: Path) -> Path:
    path.write_text("services: {}\n" * 100)
    return path


@pytest.fixture
def empty(path: Path) -> Path:
    path.touch()
    return path


async def test_a_link_that_leads_nowhere(url: str, dangling: Path, host: LinuxHost) -> None:
    assert (
        await refused(url, host)
    ).message == f"state store {dangling}: No such file or directory"


async def test_something_that_is_no_database(url: str, definitions: Path, host: LinuxHost) -> None:
    assert f"state store {definitions} is not a state store" in (await refused(url, host)).message


async def test_a_database_of_something_else(url: str, path: Path, host: LinuxHost) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE songs (title TEXT)")
    connection.close()
    error = await refused(url, host)
    assert error.message == f"state store {path} is a database of something else"


@pytest.mark.usefixtures("empty")
async def test_an_empty_file_becomes_a_store(url: str, host: LinuxHost) -> None:
    store = await open_store(url, host)
    assert await store.standings() == {}
    await store.close()


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "sqlite:////tmp/x.db?mode=ro", "flashd.db", ""]
)
async def test_what_names_no_file(url: str, host: LinuxHost) -> None:
    assert "sqlite:////var/lib/flashd/flashd.db" in (await refused(url, host)).hint


async def test_a_server_without_its_driver(host: LinuxHost) -> None:
    error = await refused("postgresql+pg8000://flashd:secret@db/flashd", host)
    assert error.message.endswith("needs the Python module pg8000")
    assert f"{sys.prefix}/bin/pip install 'psycopg[binary]'" in error.hint
    assert "flashd[" not in error.hint, "an index may have something else by that name"
    assert "secret" not in error.message


async def test_a_kind_of_database_that_nobody_knows(host: LinuxHost) -> None:
    assert "cannot be used" in (await refused("oracle9://db", host)).message


def as_nobody() -> tuple[str, ...]:
    """Lead a command to be run without root's rights, which would open everything."""
    if os.getuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    assert setpriv, "the tests need setpriv of util-linux where they run as root"
    return (setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


@pytest.fixture
def public() -> Iterator[Path]:
    """Make a directory that others reach too; pytest's own are private."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)
        (Path(name) / "state").chmod(0o700)


WRITABLE = (
    "directory {0} of the state store is not used: {0} can be changed by its group or by others"
)


@pytest.mark.parametrize(
    ("directory", "file", "said"),
    [
        (0o555, None, "directory {0} of the state store is not writable"),
        (0o555, 0o666, "directory {0} of the state store is not writable"),
        (0o755, 0o444, "state store {0}/flashd.db may not be read and written"),
        (0o755, 0o000, "state store {0}/flashd.db may not be read and written"),
        (0o755, 0o666, "opened"),
        (
            0o777,
            0o600,
            WRITABLE,
        ),
        (
            0o1770,
            None,
            WRITABLE,
        ),
    ],
)
def test_what_rights_it_needs(
    public: Path, spawn: Spawn, directory: int, file: int | None, said: str
) -> None:
    place = public / "state"
    place.mkdir()
    if file is not None:
        (place / "flashd.db").touch()
        (place / "flashd.db").chmod(file)
    place.chmod(directory)
    for own in (place, *place.iterdir()) if as_nobody() else ():
        os.chown(own, NOBODY, NOBODY)
    child = spawn("look", f"sqlite:///{place}/flashd.db", before=as_nobody())
    assert child.stdout
    assert child.stdout.readline().strip() == said.format(place)
    child.wait()


@pytest.mark.parametrize("end", ["", "-wal", "-shm"])
async def test_what_was_copied_here_for_all_to_read_is_made_private(
    url: str, path: Path, host: LinuxHost, end: str
) -> None:
    store = await open_store(url, host)
    file = path.with_name(f"{path.name}{end}")
    file.chmod(0o666)
    other = await open_store(url, host)
    assert file.stat().st_mode & 0o777 == 0o600
    await other.close()
    await store.close()


async def test_a_file_beside_the_store_that_somebody_else_made_is_not_used(
    url: str, path: Path, host: LinuxHost
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    foreign = path.with_name(f"{path.name}-wal")
    foreign.touch()
    os.chown(foreign, NOBODY, -1)
    with pytest.raises(StoreError, match="belongs to another user"):
        await open_store(url, host)


async def test_a_closed_store_says_so(url: str, path: Path, host: LinuxHost) -> None:
    store = await open_store(url, host)
    await store.close()
    with pytest.raises(StoreError, match=f"state store {path} is closed"):
        await store.enlist([], NOW)
    with pytest.raises(StoreError, match=f"state store {path} is closed"):
        await store.standings()
