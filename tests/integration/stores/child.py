"""Another process at the same store: `python child.py WHAT URL [ARGUMENT]`."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.adapters.host import LinuxHost
from flashd.adapters.stores.store import open_store
from flashd.errors import StoreError
from flashd.model.run import Outcome, RunRecord, Trigger

if TYPE_CHECKING:
    from types import FrameType

    from flashd.model.lease import Holder
    from flashd.ports.store import Store

TRIES = 1000
BALLAST = 256 * 1024


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - a process of its own has a clock of its own


def a_run(name: str, evidence: str = "") -> RunRecord:
    return RunRecord(
        id=name,
        service="payroll",
        trigger=Trigger.SCHEDULE,
        by="flashd",
        arrays=("A",),
        started_at=now(),
        evidence=({"seen": evidence},),
    )


def say(word: object) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def wait() -> None:
    """Wait for the parent to end us, or its own end."""
    sys.stdin.read()


def alone(mark: str) -> None:
    """Fail where somebody else is here too."""
    os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
    Path(mark).unlink()


async def fight(store: Store, me: Holder, mark: str) -> None:
    """Take a lease over and over; while we have it, nobody else may have the mark."""
    won = 0
    for _ in range(TRIES):
        if await store.acquire(["volume A/0002"], me, now()) is None:
            alone(mark)
            won += 1
            await store.release(["volume A/0002"], me)
    say(won)


async def write(store: Store, me: Holder, _argument: str) -> None:
    """Write without an end, saying what is durable."""
    await store.acquire(["volume A/0002"], me, now())
    for number in range(1_000_000):
        await store.open_run(a_run(f"R{number:07}", "x" * 2000))
        await store.close_run(f"R{number:07}", now(), Outcome.DONE, "", [])
        say(number)


async def hold(store: Store, me: Holder, name: str) -> None:
    await store.acquire([name], me, now())
    say(me.pid)
    await asyncio.to_thread(wait)


def take_room(ballast: str) -> None:
    Path(ballast).write_bytes(bytes(BALLAST))


def make_room(ballast: str) -> None:
    Path(ballast).unlink()


async def fill(store: Store, _me: Holder, ballast: str) -> None:
    """Write until the disk is full, then make room and write again."""
    take_room(ballast)
    written = 0
    try:
        for written in range(100_000):
            await store.open_run(a_run(f"R{written:07}", "x" * 20_000))
    except StoreError as error:
        say(error.message)
        say(error.hint)
    found = {run.id for run in await store.history(None, 100_000)}
    say(found == {f"R{number:07}" for number in range(written)})
    make_room(ballast)
    await store.open_run(a_run("LAST"))
    say((await store.history(None, 1))[0].id)


async def too_big(store: Store, _me: Holder, _argument: str) -> None:
    """Write until the limit of the size of files is reached."""
    try:
        for number in range(100_000):
            await store.open_run(a_run(f"R{number:07}", "x" * 20_000))
    except StoreError as error:
        say(error.message)
        say(len(await store.history(None, 100_000)) == number)


def stand_still(_connection: object) -> None:
    say("locked")
    wait()


async def lock(url: str) -> None:
    """Keep the whole database from being written."""
    if url.startswith("sqlite:///"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        say("locked")
        wait()
    else:
        store = await open_store(url, LinuxHost())
        await store._writing.run(stand_still)


async def look(url: str) -> None:
    """Open as whoever we are, and say what is wrong."""
    try:
        store = await open_store(url, LinuxHost())
    except StoreError as error:
        say(error.message)
        say(error.hint)
    else:
        await store.enlist(["payroll"], now())
        await store.close()
        say("opened")


async def crowd() -> None:
    """Open the stores that we are told, as others do at the same time."""
    while url := sys.stdin.readline().strip():
        await (await open_store(url, LinuxHost())).close()
        say("opened")


class Fate:
    """Kills this process at a call of what takes backups and restores them; 0: never."""

    def __init__(self, at: int) -> None:
        self.at, self.calls = at, 0

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_filename.endswith(("backups.py", "rules.py")):
            self.calls += 1
            if self.calls == self.at:
                os.kill(os.getpid(), signal.SIGKILL)


async def copy(what: str, url: str, argument: str) -> None:
    """Take a backup or restore one; tells how many calls that took."""
    file, at = argument.split()
    fate = Fate(int(at))
    threading.setprofile(fate)
    store = await open_store(url, LinuxHost())
    if what == "back-up":
        await store.back_up(Path(file), now(), replace=True)
    else:
        await store.restore(Path(file), now(), nothing_ran=True)
    await store.close()
    say(fate.calls)


async def main(what: str, url: str, argument: str = "") -> None:
    if what == "look":
        return await look(url)
    if what == "crowd":
        return await crowd()
    if what in {"back-up", "restore"}:
        return await copy(what, url, argument)
    if what == "lock":
        return await lock(url)
    host = LinuxHost()
    store = await open_store(url, host)
    me = replace(host.holder("child"), token=f"child {os.getpid()}")
    acts = {"fight": fight, "write": write, "hold": hold, "fill": fill, "too-big": too_big}
    await acts[what](store, me, argument)
    return await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
