"""A loop whose time leaps: a limit is over when a test says so.

Then it can be so long that nobody reaches it for want of a processor, and what is to be cut off by
it is cut off as soon as it hangs.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

T = TypeVar("T")

_LOOK_SECONDS = 0.02


class Leaping(asyncio.SelectorEventLoop):
    """A loop whose time runs as any other's, and now and then ahead."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead = 0.0

    def time(self) -> float:
        return super().time() + self._ahead

    def leap(self, seconds: float) -> None:
        """Let that time be over now."""
        self._ahead += seconds


def in_time_that_leaps(made: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run it in such a loop."""
    with asyncio.Runner(loop_factory=Leaping) as runner:
        return runner.run(made())


@asynccontextmanager
async def over(seconds: float, happened: Callable[[], int]) -> AsyncIterator[None]:
    """Let that time be over each time something has happened once more, which is counted."""
    watching = asyncio.create_task(_leap(seconds, happened))
    try:
        yield
    finally:
        watching.cancel()


async def _leap(seconds: float, happened: Callable[[], int]) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Leaping)
    before = 0
    while True:
        if (count := happened()) > before:
            before = count
            loop.leap(seconds)
        await asyncio.sleep(_LOOK_SECONDS)
