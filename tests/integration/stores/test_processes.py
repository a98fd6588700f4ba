"""Several processes at one store, and one that is killed (invariants 3 and 4)."""

from __future__ import annotations

import os
import signal
import sqlite3
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.stores.store import open_store
from flashd.errors import StoreError
from flashd.model.lease import Held
from tests.contract.stores.samples import NOW, run

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import Popen

    from flashd.adapters.host import LinuxHost
    from flashd.ports.store import Store
    from tests.integration.stores.conftest import Spawn

NAME = "volume A/0002"


def line(child: Popen[str]) -> str:
    assert child.stdout
    return child.stdout.readline().strip()


def tell(child: Popen[str], word: object) -> None:
    assert child.stdin
    child.stdin.write(f"{word}\n")
    child.stdin.flush()


async def test_of_processes_that_fight_for_a_lease_one_has_it_at_a_time(
    url: str, tmp_path: Path, spawn: Spawn
) -> None:
    children = [spawn("fight", url, str(tmp_path / "mark")) for _ in range(3)]
    won = [int(line(child)) for child in children]
    assert [child.wait() for child in children] == [0, 0, 0]
    assert min(won) > 0


async def test_processes_that_open_a_new_store_at_once_all_can(url: str, spawn: Spawn) -> None:
    children = [spawn("crowd", url) for _ in range(8)]
    for number in range(40):
        for child in children:
            tell(child, number)
        assert [line(child) for child in children] == [str(number)] * 8


async def test_a_lease_is_held_while_its_process_lives_and_void_once_it_is_killed(
    url: str, host: LinuxHost, store: Store, spawn: Spawn
) -> None:
    child = spawn("hold", url, NAME)
    pid = int(line(child))
    me = host.holder("me")
    held = await store.acquire([NAME], me, NOW)
    assert isinstance(held, Held)
    assert (held.name, held.by.pid) == (NAME, pid)
    os.kill(pid, signal.SIGSTOP)  # a process that stands still may go on
    assert await store.acquire([NAME], me, NOW) == held
    child.kill()
    child.wait()
    assert await store.acquire([NAME], me, NOW) is None


async def test_a_killed_writer_loses_nothing_that_was_written_and_holds_nothing(
    url: str, path: Path, host: LinuxHost, spawn: Spawn
) -> None:
    for victim in range(5):
        child = spawn("write", url.replace("flashd.db", f"{victim}.db"))
        durable = [line(child) for _ in range(20 + victim)]
        child.kill()
        assert child.stdout
        durable += child.stdout.read().splitlines()
        child.wait()
        store = await open_store(url.replace("flashd.db", f"{victim}.db"), host)
        closed = {one.id for one in await store.history(None, 10**6) if not one.open}
        assert closed >= {f"R{int(number):07}" for number in durable}
        assert len(await store.open_runs()) <= 1
        assert await store.acquire([NAME], host.holder("me"), NOW) is None
        await store.close()
        assert sound(path.with_name(f"{victim}.db"))


def sound(path: Path) -> bool:
    connection = sqlite3.connect(path)
    found = connection.execute("PRAGMA integrity_check").fetchall()
    connection.close()
    return found == [("ok",)]


async def test_a_locked_store_is_read_and_not_written(
    url: str, path: Path, store: Store, spawn: Spawn
) -> None:
    await store.open_run(run())
    child = spawn("lock", url)
    assert line(child) == "locked"
    with pytest.raises(StoreError, match=f"{path} is locked by another process") as told:
        await store.enlist(["payroll"], NOW)
    assert "fuser" in told.value.hint
    assert await store.open_runs() == [run()]
    another = await open_store(url, store._host, patience=0.2)  # type: ignore[attr-defined]  # any
    assert await another.open_runs() == [run()]
    await another.close()
    child.kill()
    child.wait()
    await store.enlist(["payroll"], NOW)


async def test_reading_does_not_wait_for_writing(url: str, store: Store, host: LinuxHost) -> None:
    patient = await open_store(url, host, patience=60)
    blocker = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    waiting = patient.enlist(["payroll"], NOW)
    assert await patient.standings() == {}
    blocker.execute("ROLLBACK")
    blocker.close()
    await waiting
    assert set(await store.standings()) == {"payroll"}
    await patient.close()
