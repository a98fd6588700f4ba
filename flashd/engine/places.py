"""Places for first looks: so many are under way at once in the whole daemon, in turn by batch."""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flashd.model.service import Service

PLACES = 16
"""Looks that may be at work at the same time. Each may start processes, and starting them is work
of the one event loop, so that more at a time are no faster and keep it from everybody else."""

AT_WORK = 0.1
"""Seconds for which a look keeps its place: one that takes longer waits for something, and needs
no processor for that. So those that hang keep nobody waiting."""

OF_ONE_BATCH = 256
"""Looks of one batch that may be under way at the same time, those that wait included."""


class Places:
    """Gives the batches their places in turn, so that one with many due keeps none waiting."""

    def __init__(self, most: int = PLACES) -> None:
        self._free = most
        self._lines: deque[Line] = deque()

    def line(self, begin: Callable[[Service], asyncio.Task[Any]]) -> Line:
        """Make the line of one batch: `begin` begins the look of who has a place."""
        return Line(self, begin)

    def serve(self, line: Line | None = None) -> None:
        """Give away what places there are; `line` is one in which somebody waits by now."""
        if line is not None and line not in self._lines:
            self._lines.append(line)
        while self._free and (following := self._next()):
            self._free -= 1
            place = _Place(self)
            following.begin_next().add_done_callback(place.give_back)

    def take_back(self) -> None:
        """Have one place more."""
        self._free += 1
        self.serve()

    def _next(self) -> Line | None:
        """Tell whose turn it is."""
        for _ in range(len(self._lines)):
            line = self._lines.popleft()
            if line.waiting:
                self._lines.append(line)
                if line.under_way < OF_ONE_BATCH:
                    return line
        return None


class Line:
    """Those of one batch that wait for a place, in their order."""

    def __init__(self, places: Places, begin: Callable[[Service], asyncio.Task[Any]]) -> None:
        self.under_way = 0
        self._places, self._begin = places, begin
        self._waiting: dict[str, Service] = {}

    @property
    def waiting(self) -> bool:
        """Whether anybody waits."""
        return bool(self._waiting)

    def join(self, services: Iterable[Service]) -> None:
        """Have these wait behind all others; who waits already keeps his place."""
        for service in services:
            self._waiting.setdefault(service.name, service)
        self._places.serve(self)

    def clear(self) -> None:
        """Have nobody wait any more."""
        self._waiting.clear()

    def begin_next(self) -> asyncio.Task[Any]:
        """Begin the look of who is first."""
        task = self._begin(self._waiting.pop(next(iter(self._waiting))))
        self.under_way += 1
        task.add_done_callback(self._ended)
        return task

    def _ended(self, _: asyncio.Task[Any]) -> None:
        self.under_way -= 1
        self._places.serve(self)


class _Place:
    """A place that is taken: given back once, when its look ends or has long been under way."""

    def __init__(self, places: Places) -> None:
        self._places: Places | None = places
        self._limit = asyncio.get_running_loop().call_later(AT_WORK, partial(self.give_back, None))

    def give_back(self, _: object) -> None:
        self._limit.cancel()
        places, self._places = self._places, None
        if places is not None:
            places.take_back()
