"""In which order one thread does what it is asked for."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.stores.dialect import sqlite_engine
from flashd.adapters.stores.files import provide
from flashd.adapters.stores.lane import Lane
from flashd.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy import Connection


class Work:
    """What was done, in this order; `hold` keeps the thread until `go`."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.begun, self.go = threading.Event(), threading.Event()

    def hold(self, _connection: Connection) -> None:
        """Keep all others waiting."""
        self.begun.set()
        self.go.wait()

    def do(self, _connection: Connection, name: str) -> str:
        """Do something."""
        self.done.append(name)
        return name


@pytest.fixture
async def lane(path: Path) -> AsyncIterator[Lane]:
    provide(path)
    opened = Lane(sqlite_engine(path, 0.2, writing=True), "here", "test")
    yield opened
    await opened.close()


async def queue(lane: Lane, work: Work) -> list[asyncio.Task[str]]:
    """Have three wait behind one that is under way."""
    holding = asyncio.create_task(lane.run(work.hold))
    await asyncio.to_thread(work.begun.wait)
    tasks = [asyncio.create_task(lane.run(partial(work.do, name=name))) for name in "abc"]
    await asyncio.sleep(0)  # each has asked
    assert not holding.done()
    return tasks


async def test_a_tick_waits_for_one_and_not_for_all_that_were_asked_before(lane: Lane) -> None:
    work = Work()
    waiting = await queue(lane, work)
    ticks = [asyncio.create_task(lane.run_first(partial(work.do, name=name))) for name in "12"]
    await asyncio.sleep(0)
    work.go.set()
    assert await asyncio.gather(*ticks, *waiting) == ["1", "2", "a", "b", "c"]
    assert work.done == ["1", "2", "a", "b", "c"]


async def test_who_asks_no_more_is_passed_over(lane: Lane) -> None:
    work = Work()
    first, second, third = await queue(lane, work)
    second.cancel()
    await asyncio.sleep(0)
    work.go.set()
    assert (await first, await third) == ("a", "c")
    assert second.cancelled()
    assert work.done == ["a", "c"]


async def test_what_one_raised_is_told_to_who_asked(lane: Lane) -> None:
    def fail(_connection: Connection) -> None:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        await lane.run(fail)
    work = Work()
    assert await lane.run(partial(work.do, name="a")) == "a", "the thread goes on"


async def test_closing_ends_what_was_asked_for_and_nothing_more(lane: Lane) -> None:
    work = Work()
    waiting = await queue(lane, work)
    closing = asyncio.create_task(lane.close())
    await asyncio.sleep(0)
    work.go.set()
    await closing
    assert [one.result() if one.done() else await one for one in waiting] == ["a", "b", "c"]
    with pytest.raises(StoreError, match="closed"):
        await lane.run_first(partial(work.do, name="late"))
    assert work.done == ["a", "b", "c"]
