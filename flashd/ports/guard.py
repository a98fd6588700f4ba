"""A way to learn whether a dependent service is down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from flashd.model.verdict import Finding


class Guard(Protocol):
    """Looks, and says what it saw."""

    async def look(self) -> Finding:
        """Take one look now.

        Whatever is not literally recognised is Unknown; so is whatever this raises.
        Cancelling it ends every process it started.
        """
