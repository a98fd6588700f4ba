"""One reading for all who ask while it has not begun: an array is slow, and has many services."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")


class Shared(Generic[T]):
    """Gives each who asks a reading that began after he asked, never an older one.

    So a look that shares it is as fresh as it says. Who asks while a reading is under way shares
    the next one. A reading for which nobody waits any more is ended.
    """

    def __init__(self, take: Callable[[], Awaitable[T]]) -> None:
        self._take = take
        self._under_way: _Turn[T] | None = None
        self._next: _Turn[T] | None = None

    async def get(self) -> T:
        """Wait for a reading that begins from now on."""
        if self._next is None:
            self._next = _Turn()
            self._next.task = asyncio.create_task(self._run(self._next, self._under_way))
        turn = self._next
        turn.waiting += 1
        try:
            return await asyncio.shield(turn.task)
        finally:
            turn.waiting -= 1
            if not turn.waiting:
                await self._end(turn)

    async def _run(self, turn: _Turn[T], before: _Turn[T] | None) -> T:
        if before is not None:
            await asyncio.wait({before.task})
        self._under_way = turn
        if self._next is turn:
            self._next = None
        return await self._take()

    async def _end(self, turn: _Turn[T]) -> None:
        if self._next is turn:
            self._next = None
        if not turn.task.done():
            turn.task.cancel()
            await asyncio.wait({turn.task})


class _Turn(Generic[T]):
    """One reading, and how many wait for it."""

    task: asyncio.Task[T]

    def __init__(self) -> None:
        self.waiting = 0
