"""Time, passed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Clock(Protocol):
    """The two clocks of a host, and waiting."""

    def now(self) -> datetime:
        """Tell the wall clock's instant, in UTC."""

    def monotonic(self) -> float:
        """Tell seconds that no setting of the wall clock changes."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""
