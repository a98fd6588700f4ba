"""Waiting for calls that block."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def beside(call: Callable[[], T]) -> asyncio.Future[T]:
    """Run `call` in a thread of its own, to be awaited.

    Not the loop's executor: a call that hangs (a dead file server, a resolver, /proc of a stuck
    process) would keep one of its few threads from everybody else, and the daemon from ending.
    Cancelling stops the waiting, not the call.
    """
    promise: Future[T] = Future()
    threading.Thread(target=_keep, args=(promise, call), name="beside", daemon=True).start()
    return asyncio.wrap_future(promise)


def _keep(promise: Future[T], call: Callable[[], T]) -> None:
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to who waits
        if promise.set_running_or_notify_cancel():
            promise.set_exception(error)
    else:
        if promise.set_running_or_notify_cancel():
            promise.set_result(result)
