"""Log in to an array once, and list it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.engine.telling import Conversation
from flashd.errors import ArrayUnreachable, FlashdError

if TYPE_CHECKING:
    from flashd.engine.world import World
    from flashd.model.volumes import Listing
    from flashd.ports.array import Witness


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

    def answered(self, command: str, exit_status: int | None, output: str) -> None:
        """See `Witness`."""
        self.output = output
        self.inner.answered(command, exit_status, output)


async def log_in(
    world: World, array: str, limit: float = LIMIT
) -> tuple[Listing | FlashdError, str]:
    """List an array by one login, as the daemon would; tell what came of it and what was said.

    A refused login stops further ones as always, and where logins are stopped none is tried.
    Nothing that the array shows is remembered.
    """
    witness = Overheard(Conversation(world, array))
    try:
        async with asyncio.timeout(limit):
            return await world.arrays(array).observe(witness), witness.output
    except FlashdError as error:
        return error, witness.output
    except TimeoutError:
        late = ArrayUnreachable(
            f"no answer within {limit:g} s; dscli was ended, or another login to the array is slow",
            "Run dscli by hand as the user of flashd; docs/dscli.md has the line.",
        )
        return late, witness.output
