"""Several processes at one store, and one that is killed (invariants 3 and 4)."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.stores import server as at_server
from flashd.adapters.stores.store import open_store
from flashd.errors import StoreError
from flashd.model.lease import Held
from tests.contract.stores.samples import NOW, run

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import Popen

    from flashd.adapters.host import LinuxHost
    from flashd.ports.store import Store
    from tests.conftest import Empty
    from tests.integration.stores.conftest import Spawn
    from tests.servers.postgresql import Server

NAME = "volume A/0002"


def line(child: Popen[str]) -> str:
    assert child.stdout
    return child.stdout.readline().strip()


def tell(child: Popen[str], word: object) -> None:
    assert child.stdin
    child.stdin.write(f"{word}\n")
    child.stdin.flush()


async def test_of_processes_that_fight_for_a_lease_one_has_it_at_a_time(
    state: str, tmp_path: Path, spawn: Spawn
) -> None:
    children = [spawn("fight", state, str(tmp_path / "mark")) for _ in range(3)]
    won = [int(line(child)) for child in children]
    assert [child.wait() for child in children] == [0, 0, 0]
    assert min(won) > 0


async def test_processes_that_open_a_new_store_at_once_all_can(empty: Empty, spawn: Spawn) -> None:
    children = [spawn("crowd", "") for _ in range(8)]
    for _ in range(20):
        url = empty()
        for child in children:
            tell(child, url)
        assert [line(child) for child in children] == ["opened"] * 8


async def test_a_lease_is_held_while_its_process_lives_and_void_once_it_is_killed(
    state: str, host: LinuxHost, either: Store, spawn: Spawn
) -> None:
    child = spawn("hold", state, NAME)
    pid = int(line(child))
    me = host.holder("me")
    held = await either.acquire([NAME], me, NOW)
    assert isinstance(held, Held)
    assert (held.name, held.by.pid) == (NAME, pid)
    os.kill(pid, signal.SIGSTOP)  # a process that stands still may go on
    assert await either.acquire([NAME], me, NOW) == held
    child.kill()
    child.wait()
    assert await either.acquire([NAME], me, NOW) is None


async def test_a_killed_writer_loses_nothing_that_was_written_and_holds_nothing(
    empty: Empty, host: LinuxHost, spawn: Spawn
) -> None:
    for victim in range(5):
        url = empty()
        child = spawn("write", url)
        durable = [line(child) for _ in range(20 + victim)]
        child.kill()
        assert child.stdout
        durable += child.stdout.read().splitlines()
        child.wait()
        store = await open_store(url, host)
        closed = {one.id for one in await store.history(None, 10**6) if not one.open}
        assert closed >= {f"R{int(number):07}" for number in durable}
        assert len(await store.open_runs()) <= 1
        assert await store.acquire([NAME], host.holder("me"), NOW) is None
        await store.close()
        assert sound(url)


def sound(url: str) -> bool:
    if not url.startswith("sqlite"):
        return True  # the server looks after its files
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    found = connection.execute("PRAGMA integrity_check").fetchall()
    connection.close()
    return found == [("ok",)]


HINTS = {"sqlite": "fuser", "postgresql": "pg_stat_activity"}


async def test_a_locked_store_is_read_and_not_written(
    state: str, either: Store, host: LinuxHost, spawn: Spawn
) -> None:
    await either.open_run(run())
    child = spawn("lock", state)
    assert line(child) == "locked"
    with pytest.raises(StoreError, match="is locked by another process") as told:
        await either.enlist(["payroll"], NOW)
    assert HINTS[state.partition(":")[0].partition("+")[0]] in told.value.hint
    assert await either.open_runs() == [run()]
    another = await open_store(state, host, patience=0.2)
    assert await another.open_runs() == [run()]
    await another.close()
    child.kill()
    child.wait()
    await until_written(either)


async def until_written(store: Store) -> None:
    """Write once who had the lock is gone; a server takes a moment to see that."""
    async with asyncio.timeout(10):
        while True:
            try:
                return await store.enlist(["payroll"], NOW)
            except StoreError as error:
                assert "locked" in error.message  # noqa: PT017 - anything else is a failure


async def test_reading_does_not_wait_for_writing(
    state: str, either: Store, host: LinuxHost, spawn: Spawn
) -> None:
    patient = await open_store(state, host, patience=60)
    child = spawn("lock", state)
    assert line(child) == "locked"
    waiting = asyncio.ensure_future(patient.enlist(["payroll"], NOW))
    assert await patient.standings() == {}
    assert not waiting.done()
    child.kill()
    child.wait()
    await waiting
    assert set(await either.standings()) == {"payroll"}
    await patient.close()


async def test_a_writer_that_stands_still_keeps_others_waiting_for_seconds_only(
    server: Server, schema: str, host: LinuxHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_server, "STATEMENT_SECONDS", 0.5)
    stuck = await open_store(server.url(schema), host, patience=60)
    monkeypatch.undo()
    other = await open_store(server.url(schema), host, patience=60)
    entered, go = threading.Event(), threading.Event()

    def stand_still(_connection: object) -> None:
        entered.set()
        go.wait(60)

    holding = asyncio.ensure_future(stuck._writing.run(stand_still))
    await asyncio.to_thread(entered.wait)
    await other.enlist(["payroll"], NOW)
    go.set()
    with pytest.raises(StoreError, match=r"a transaction stood still|was lost in the middle"):
        await holding
    await stuck.enlist(["payroll"], NOW)
    await stuck.close()
    await other.close()
