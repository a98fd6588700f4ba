"""Log in to an array: to list it, and to ask what a copy could harm."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from flashd.engine.telling import Conversation
from flashd.errors import ArrayUnreachable, FlashdError
from flashd.model.inventory import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from flashd.engine.world import World
    from flashd.model.inventory import Inventory
    from flashd.model.volumes import Listing
    from flashd.ports.array import Witness

T = TypeVar("T")

LIMIT = 120.0
"""Seconds that a person waits; the daemon has more patience."""


@dataclass(slots=True)
class Overheard:
    """Passes on what is said, and keeps the answer."""

    inner: Witness
    output: str = ""

    def sent(self, command: str, client: str) -> None:
        """See `Witness`."""
        self.inner.sent(command, client)

    def answered(
        self, command: str, exit_status: int | None, output: str, *, failed: bool | None = None
    ) -> None:
        """See `Witness`."""
        self.output = output
        self.inner.answered(command, exit_status, output, failed=failed)


async def log_in(
    world: World, array: str, limit: float = LIMIT
) -> tuple[Listing | FlashdError, str]:
    """List an array by one login, as the daemon would; tell what came of it and what was said.

    A refused login stops further ones as always, and where logins are stopped none is tried.
    Nothing that the array shows is remembered.
    """
    witness = Overheard(Conversation(world, array))
    return await _within(limit, lambda: world.arrays(array).observe(witness)), witness.output


async def take_stock(world: World, array: str, limit: float = LIMIT) -> Inventory | FlashdError:
    """Ask an array by another login for all that a copy could harm; else as `log_in`."""
    witness = Conversation(world, array)
    return await _within(limit, lambda: world.arrays(array).inventory(witness, EVERYTHING))


async def _within(limit: float, ask: Callable[[], Awaitable[T]]) -> T | FlashdError:
    try:
        async with asyncio.timeout(limit):
            return await ask()
    except FlashdError as error:
        return error
    except TimeoutError:
        return ArrayUnreachable(
            f"no answer within {limit:g} s; dscli was ended, or another login to the array is slow",
            "Run dscli by hand as the user of flashd; docs/dscli.md has the line.",
        )
