"""What the daemon is asked for from outside, remembered until it can do it."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType


class Signals:
    """SIGTERM and SIGINT want an end, SIGHUP a reload; none is lost, however busy the loop is.

    asyncio learns which signal came from the pipe that wakes its loop up. Each thread that ends
    writes there too, so it can be full, and the signal would be lost with its byte. So the pipe
    only wakes, and what is wanted is noted by a handler of Python's own.
    """

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.reload = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self._loop.add_signal_handler(number, _woken)
            signal.signal(number, self._note)
        signal.set_wakeup_fd(signal.set_wakeup_fd(-1), warn_on_full_buffer=False)

    def _note(self, number: int, _: FrameType | None) -> None:
        wanted = self.reload if number == signal.SIGHUP else self.stop
        self._loop.call_soon_threadsafe(wanted.set)


def _woken() -> None:
    """Do nothing: that the loop looks is all that is needed."""
