"""Waiting for calls that block."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

MOST_IDLE = 32
"""Threads that are kept for the next call: to start one costs more than most calls do, and holds
up who starts it until it runs."""


def beside(call: Callable[[], T]) -> asyncio.Future[T]:
    """Run `call` in a thread that has nothing else to do, to be awaited.

    Not the loop's executor: a call that hangs (a dead file server, a resolver, /proc of a stuck
    process) would keep one of its few threads from everybody else, and the daemon from ending.
    Cancelling stops the waiting, not the call.
    """
    promise: Future[T] = Future()
    try:
        worker = _idle.pop()
    except IndexError:
        worker = _Worker()
    worker.work.put((promise, call))
    return asyncio.wrap_future(promise)


class _Worker:
    """A thread that makes one call after another; beyond `MOST_IDLE` that wait, it ends."""

    def __init__(self) -> None:
        self.work: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        threading.Thread(target=self._run, name="beside", daemon=True).start()

    def _run(self) -> None:
        goes_on = True
        while goes_on:
            _keep(*self.work.get())
            with _counting:
                if goes_on := len(_idle) < MOST_IDLE:
                    _idle.append(self)


_idle: deque[_Worker] = deque()
_counting = threading.Lock()


def _keep(promise: Future[T], call: Callable[[], T]) -> None:
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to who waits
        if promise.set_running_or_notify_cancel():
            promise.set_exception(error)
    else:
        if promise.set_running_or_notify_cancel():
            promise.set_result(result)
