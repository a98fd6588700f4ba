"""Waiting for calls that block."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")
Work = Callable[[], Callable[[], None]]

MOST_IDLE = 8
_IDLE_SECONDS = 5.0


def beside(call: Callable[[], T]) -> asyncio.Future[T]:
    """Run `call` in a thread that has nothing else to do, to be awaited.

    Not the loop's executor: a call that hangs (a dead file server, a resolver, /proc of a stuck
    process) would keep one of its few threads from everybody else, and the daemon from ending.
    Cancelling stops the waiting, not the call.
    """
    promise: Future[T] = Future()
    work = partial(_done, promise, call)
    with _door:
        worker = _idle.pop() if _idle else None
    if worker is None:
        threading.Thread(target=_Worker(work).serve, name="beside", daemon=True).start()
    else:
        worker.work.put(work)
    return asyncio.wrap_future(promise)


class _Worker:
    """A thread that has done its work and waits a little for more.

    Whoever starts one waits for its start, which takes longer than most calls.
    """

    def __init__(self, work: Work) -> None:
        self.work: SimpleQueue[Work] = SimpleQueue()
        self.work.put(work)

    def serve(self) -> None:
        """Work until there is none for a while, or enough others wait for it."""
        more = True
        while more and (work := self._next()):
            tell = work()
            more = self._waits()
            tell()  # only now: who hears it may have more to do at once
            del work, tell  # with all that they know

    def _waits(self) -> bool:
        with _door:
            if len(_idle) < MOST_IDLE:
                _idle.append(self)
                return True
        return False

    def _next(self) -> Work | None:
        try:
            return self.work.get(timeout=_IDLE_SECONDS)
        except Empty:
            with _door:
                if self in _idle:
                    _idle.remove(self)
                    return None
        return self.work.get()  # it was chosen just now


_door = threading.Lock()
_idle: list[_Worker] = []
"""Those that wait, who was busy last at the end."""


def _alone() -> None:
    """Know no thread in a process that was forked: it has none of them."""
    global _door  # noqa: PLW0603 - another one may have been in it just then
    _door = threading.Lock()
    _idle.clear()


os.register_at_fork(after_in_child=_alone)


def _done(promise: Future[T], call: Callable[[], T]) -> Callable[[], None]:
    """Do it; returns how to tell what came of it."""
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to who waits
        return partial(_tell, promise, partial(promise.set_exception, error))
    return partial(_tell, promise, partial(promise.set_result, result))


def _tell(promise: Future[T], tell: Callable[[], None]) -> None:
    if promise.set_running_or_notify_cancel():
        tell()
