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
    """Gives turns, first come first served, at most so many at once a place and in all.

    Hosts that gave no answer the last time have half of them at most, so that however many hang,
    they take nothing from who answers.
    """

    def __init__(self, per_place: int, in_all: int) -> None:
        self._silent: set[str] = set()
        self._of_the_silent = asyncio.Semaphore(max(1, in_all // 2))
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
            wanted = list(dict.fromkeys(map(plain_name, places)))
            for place in wanted:
                await held.enter_async_context(self._places[place])
            if not self._silent.isdisjoint(wanted):
                await held.enter_async_context(self._of_the_silent)
            await held.enter_async_context(self._all)
            yield

    def heard(self, host: str, *, answered: bool) -> None:
        """Remember whether a host answered."""
        (self._silent.discard if answered else self._silent.add)(plain_name(host))
