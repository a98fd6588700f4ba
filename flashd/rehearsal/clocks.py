"""Virtual time: one for the engine, the event loop and the arrays."""

from __future__ import annotations

import asyncio
import math
import selectors
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from typing import Any

_BEGAN = 1000.0
_PARTS = 2**20
_SECOND = 10**6
_SLACK = 0.05
"""Of a microsecond: so much a float may err over some years of seconds, and that is no time."""
_RESOLUTION = 1e-7
"""Seconds; a year in seconds is told by a float to some nanoseconds."""


class VirtualClock:
    """Stands still until the event loop has nothing left to do at this instant."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._micros = 0

    def now(self) -> datetime:
        """Tell the wall clock's instant, in UTC."""
        return self._start + timedelta(microseconds=self._micros)

    def monotonic(self) -> float:
        """Tell seconds of virtual time.

        In parts that a float adds whole seconds to without an error: an interval that ends at a
        tick has ended then, by whichever waits the tick was reached.
        """
        return _BEGAN + (self._micros * _PARTS + _SECOND // 2) // _SECOND / _PARTS

    def elapsed(self) -> float:
        """Tell seconds as the event loop counts them, to the microsecond of the wall clock."""
        return _BEGAN + self._micros / _SECOND

    async def sleep(self, seconds: float) -> None:
        """Wait, which takes no time at all."""
        await asyncio.sleep(seconds)

    async def until(self, instant: datetime) -> None:
        """Wait for an instant."""
        await self.sleep((instant - self.now()).total_seconds())

    def go_on(self, seconds: float) -> None:
        """Let time pass."""
        self._micros += math.ceil(seconds * _SECOND - _SLACK)


class HungError(Exception):
    """A client that will never come back by itself."""


class ArrayClock:
    """An array's view of virtual time.

    The simulated array is not asynchronous: what its work costs is noted as owed, and whoever had
    it work waits for as long afterwards. Meanwhile the array itself is ahead by that.
    """

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._owed = 0.0

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        return self._clock.now().timestamp() + self._owed

    def wait(self, seconds: float) -> None:
        """Note what a login or a command costs."""
        self._owed += seconds

    def hang(self) -> None:
        """Give up: nothing will come."""
        raise HungError

    def settle(self) -> float:
        """Tell how long is owed, and owe it no more."""
        owed, self._owed = self._owed, 0.0
        return owed


class VirtualSelector(selectors.BaseSelector):
    """A selector that lets virtual time pass where the real one would wait."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._real = selectors.DefaultSelector()

    def register(
        self,
        fileobj: Any,  # noqa: ANN401 - as it is there
        events: int,
        data: Any = None,  # noqa: ANN401 - as it is there
    ) -> selectors.SelectorKey:
        """Watch a file."""
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:  # noqa: ANN401 - as it is there
        """Watch a file no more."""
        return self._real.unregister(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Tell what is ready; where nothing is, go on to when somebody wants to wake."""
        if timeout is None:
            return self._real.select(None)
        if timeout <= 0:
            return self._real.select(0)
        self._clock.go_on(timeout)
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """Tell what is watched."""
        return self._real.get_map()

    def close(self) -> None:
        """Let go."""
        self._real.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is virtual: to wait for a month takes no time."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(VirtualSelector(clock))
        self._virtual = clock
        self._clock_resolution = _RESOLUTION

    def time(self) -> float:
        """Tell seconds of virtual time."""
        return self._virtual.elapsed()


def run_virtually(clock: VirtualClock, work: Coroutine[Any, Any, None]) -> None:
    """Run to the end; Ctrl-C ends it as it ends any program."""
    make: Callable[[], asyncio.AbstractEventLoop] = lambda: VirtualLoop(clock)  # noqa: E731 - a factory
    with asyncio.Runner(loop_factory=make) as runner:
        runner.run(work)


def to_instant(seconds: float) -> datetime:
    """Read an array's time."""
    return datetime.fromtimestamp(seconds, UTC)
