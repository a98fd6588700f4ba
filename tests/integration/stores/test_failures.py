"""A store that fails says what failed, and nothing that was written is lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.stores.store import open_store
from flashd.errors import StoreError
from flashd.model.run import StepKind
from tests.contract.stores.samples import NOW, ONE, intent, listing, relation, run

if TYPE_CHECKING:
    from pathlib import Path

    from flashd.adapters.host import LinuxHost
    from flashd.ports.store import Store
    from tests.integration.stores.conftest import Spawn

TMPFS = 'mount -t tmpfs -o size=1m,mode=0700 none "$0" && exec "$@"'


def own_mounts(directory: Path) -> tuple[str, ...]:
    """Lead a command that finds a small file system of its own in `directory`."""
    unshare = shutil.which("unshare")
    assert unshare, "the tests need unshare of util-linux"
    before = (unshare, "--user", "--map-root-user", "--mount", "sh", "-c", TMPFS, str(directory))
    if subprocess.run([*before, "true"], capture_output=True, check=False).returncode != 0:
        assert "CI" not in os.environ, "this host allows no user namespaces"
        pytest.skip("this host allows no user namespaces")
    return before


async def test_a_full_disk(url: str, path: Path, tmp_path: Path, spawn: Spawn) -> None:
    child = spawn("fill", url, str(tmp_path / "ballast"), before=own_mounts(tmp_path))
    assert child.communicate(timeout=60)[0].splitlines() == [
        f"state store {path} cannot be written: the disk is full (database or disk is full)",
        "Free space on the file system that holds it.",
        "True",
        "LAST",
    ]


async def test_a_limit_on_the_size_of_files(url: str, path: Path, spawn: Spawn) -> None:
    prlimit = shutil.which("prlimit")
    assert prlimit, "the tests need prlimit of util-linux"
    child = spawn("too-big", url, before=(prlimit, f"--fsize={1 << 20}"))
    message, whole = child.communicate(timeout=60)[0].splitlines()
    assert message.startswith(f"state store {path} cannot be")
    assert whole == "True"


def damage(path: Path) -> None:
    """Overwrite all but the first page."""
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\x5a" * (len(content) - 4096))


def delete(path: Path) -> None:
    path.unlink()


def move_away(path: Path) -> None:
    path.rename(path.with_name("old.db"))


async def test_a_damaged_file(url: str, path: Path, host: LinuxHost) -> None:
    store = await open_store(url, host)
    for number in range(100):
        await store.open_run(run(f"R{number}"))
    await store.close()
    damage(path)
    with pytest.raises(StoreError, match=f"state store {path} is damaged") as told:
        await (await open_store(url, host)).history(None, 10)
    for step in ("Stop the daemon", "move flashd.db* away", "start", "flashd restore FILE"):
        assert step in told.value.hint


async def test_a_deleted_file_is_not_written_to(store: Store, path: Path) -> None:
    await store.open_run(run())
    delete(path)
    with pytest.raises(StoreError, match=f"state store {path} was deleted or replaced") as told:
        await store.enlist(["payroll"], NOW)
    assert "Restart" in told.value.hint


async def test_a_replaced_file_is_not_written_to(
    url: str, store: Store, path: Path, host: LinuxHost
) -> None:
    move_away(path)
    other = await open_store(url, host)
    with pytest.raises(StoreError, match="was deleted or replaced"):
        await store.acquire(["a"], host.holder("me"), NOW)
    assert await other.acquire(["a"], host.holder("me"), NOW) is None
    await other.close()


def sql(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("relation_text", ["{", "[]", '{"state": "Valid"}'])
async def test_a_record_that_is_none(store: Store, path: Path, relation_text: str) -> None:
    await store.record_listing(listing(NOW, relation()), [ONE])
    sql(path, f"UPDATE sightings SET relation = '{relation_text}'")  # noqa: S608 - see above
    with pytest.raises(StoreError, match=f"{path} and flashd disagree"):
        await store.sightings()


async def test_what_fails_in_its_middle_is_undone_whole(
    store: Store, path: Path, host: LinuxHost
) -> None:
    sql(path, "CREATE TRIGGER stop BEFORE INSERT ON withdrawals BEGIN SELECT RAISE(ABORT, ''); END")
    await store.open_run(run())
    with pytest.raises(StoreError, match="refused a record"):
        await store.intend(intent(kind=StepKind.WITHDRAW), [], host.holder("me"))
    assert await store.open_runs() == [run()]
    sql(path, "DROP TRIGGER stop")
    await store.intend(intent(kind=StepKind.WITHDRAW), [], host.holder("me"))
    assert len(await store.withdrawals()) == 2
