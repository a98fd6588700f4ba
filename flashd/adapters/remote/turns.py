"""How many sessions there are at once, with a host and in all.

A server takes only so many connections that have not logged in yet (MaxStartups, 10 by default)
and resets what is beyond; so does a bastion, for all hosts behind it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from flashd.model.hosts import plain_name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Turns:
    """Gives turns, first come first served, at most so many at once a place and in all."""

    def __init__(self, per_place: int, in_all: int) -> None:
        self._places: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(per_place)
        )
        self._all = asyncio.Semaphore(in_all)

    @asynccontextmanager
    async def turn(self, *places: str) -> AsyncIterator[None]:
        """Wait for a turn at each place, which is a host, and keep it.

        The place that is waited for longest comes first, and the turn in all last, so that who
        waits for a busy host keeps nobody from another one.
        """
        async with AsyncExitStack() as held:
            for place in dict.fromkeys(map(plain_name, places)):
                await held.enter_async_context(self._places[place])
            await held.enter_async_context(self._all)
            yield
