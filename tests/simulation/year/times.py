"""The host's clock beside true time: it can be set."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from flashd.rehearsal.clocks import VirtualClock


class HostClock:
    """What the clock on the daemon's wall shows; the monotonic one is true."""

    def __init__(self, true: VirtualClock) -> None:
        self.true = true
        self.ahead = timedelta(0)
        self.set_at = true.now()

    def now(self) -> datetime:
        return self.true.now() + self.ahead

    def monotonic(self) -> float:
        return self.true.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self.true.sleep(seconds)

    def put(self, ahead: timedelta) -> None:
        """Let it be ahead of true time by so much from now on."""
        self.ahead, self.set_at = ahead, self.true.now()
