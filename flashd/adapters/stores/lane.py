"""One thread with one connection, so that the event loop never waits for a disk."""

from __future__ import annotations

import asyncio
import math
import sqlite3
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from queue import PriorityQueue
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.exc import DBAPIError

from flashd.adapters.stores.failures import told
from flashd.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine

T = TypeVar("T")


@dataclass(order=True, frozen=True, slots=True)
class _Asked:
    """A transaction that waits for its turn: by rank, then in the order of asking."""

    rank: int
    number: int
    work: Callable[[Connection], Any] = field(compare=False)
    at: float = field(compare=False)
    answer: Future[Any] = field(compare=False, default_factory=Future)


_FIRST, _IN_ORDER = 0, 1


class Lane:
    """Transactions on `engine`, one after the other, in the order in which they were asked for.

    But for those by which a tick goes on and a worker shows that it works: they wait for the one
    that is under way, and not for all that a burst of services asks.

    `where` names the store in errors. When a server is found to be lost, what was asked for
    before that fails with it: each in the queue would wait for the server again.
    """

    def __init__(self, engine: Engine, where: str, name: str) -> None:
        self._engine = engine
        self.where = where
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._waiting: PriorityQueue[_Asked] = PriorityQueue()
        self._numbers = count()
        self._lost_at = -math.inf

    @property
    def beside_a_file(self) -> bool:
        """Whether all who use the store are on this host."""
        return self._engine.dialect.name == "sqlite"

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in a transaction and wait until it is durable.

        Cancelled, it may be done or not: what has begun is not torn.
        """
        return await asyncio.wrap_future(self._submit(work))

    async def run_first(self, work: Callable[[Connection], T]) -> T:
        """Do `work` as `run` does, before all that waits."""
        return await asyncio.wrap_future(self._submit(work, _FIRST))

    def later(self, work: Callable[[Connection], object]) -> None:
        """Have `work` done after all that was asked for before, if that can still be."""
        with suppress(StoreError):
            self._submit(work)

    async def close(self) -> None:
        """Finish what was asked for and let go."""
        await asyncio.to_thread(self._thread.shutdown)
        self._engine.dispose()

    def _submit(self, work: Callable[[Connection], T], rank: int = _IN_ORDER) -> Future[T]:
        try:
            self._thread.submit(self._next)
        except RuntimeError as error:
            raise StoreError(f"{self.where} is closed") from error
        asked = _Asked(rank, next(self._numbers), work, time.monotonic())
        self._waiting.put(asked)
        return asked.answer

    def _next(self) -> None:
        """Do what is first by now: for each that was asked for this is called once."""
        asked = self._waiting.get()
        if not asked.answer.set_running_or_notify_cancel():
            return
        try:
            done = self._transact(asked.work, asked.at)
        except BaseException as error:  # noqa: BLE001 - whoever asked is told, whatever it is
            asked.answer.set_exception(error)
        else:
            asked.answer.set_result(done)

    def _transact(self, work: Callable[[Connection], T], asked_at: float) -> T:
        if asked_at < self._lost_at:
            raise StoreError(
                f"{self.where} was lost before this could be asked", "See that it is reachable."
            )
        try:
            with told(self.where), self._engine.begin() as connection:
                return work(connection)
        except StoreError as error:
            if _is_lost(error.__cause__):
                self._lost_at = time.monotonic()
            raise


class InlineLane(Lane):
    """A lane without a thread: who asks waits, and with him the event loop.

    For a store that nobody else uses, in virtual time: while a thread worked, time could not
    go on, and could not be kept from going on.
    """

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in a transaction."""
        return self._transact(work, time.monotonic())

    async def run_first(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in a transaction: nothing ever waits."""
        return await self.run(work)

    def later(self, work: Callable[[Connection], object]) -> None:
        """Do `work` now."""
        with suppress(StoreError):
            self._transact(work, time.monotonic())

    async def close(self) -> None:
        """Let go."""
        self._thread.shutdown(wait=False)  # it never had a thread
        self._engine.dispose()


def _is_lost(cause: BaseException | None) -> bool:
    """Whether a server could not be reached, or was no more: it then told no SQLSTATE of its own.

    See "Class 57" of PostgreSQL's error codes for a server that is being shut down.
    """
    if not isinstance(cause, DBAPIError) or isinstance(cause.orig, sqlite3.Error):
        return False
    state = str(getattr(cause.orig, "sqlstate", None) or "")
    return state == "" or state.startswith(("08", "57P"))


class Lanes:
    """What every part of a store stands on: a lane to write in and one to read in.

    A reader never waits for a writer, here or in another process, that is held up.
    """

    def __init__(self, writing: Lane, reading: Lane) -> None:
        self._writing = writing
        self._reading = reading
