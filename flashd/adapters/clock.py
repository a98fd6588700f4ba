"""The clocks of this host."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class SystemClock:
    """The real clocks."""

    def now(self) -> datetime:
        """Tell the wall clock's instant, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one place that asks; all others are told

    def monotonic(self) -> float:
        """Tell seconds since boot.

        CLOCK_BOOTTIME, since CLOCK_MONOTONIC stands still while a host is suspended: a reading
        taken before would look fresh afterwards.
        """
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
