"""A lab in which time passes at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from flashd.core.instants import SAME_SECOND
from tests.integration.engine.house import HandClock, Lab

if TYPE_CHECKING:
    from collections.abc import Callable


class LeapingClock(HandClock):
    """Clocks that are put forward for a pair to bear another date; limits of time are real."""

    def __init__(self, leap: Callable[[timedelta], None]) -> None:
        super().__init__()
        self._leap = leap

    async def sleep(self, seconds: float) -> None:
        if timedelta(seconds=seconds) > SAME_SECOND:
            await super().sleep(seconds)
        else:
            self._leap(timedelta(seconds=seconds))
            await asyncio.sleep(0)


@dataclass
class Site(Lab):
    """A lab in which time passes at once; the array's clock is `skew` ahead of the host's."""

    skew: timedelta = timedelta(0)
    clock: HandClock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = LeapingClock(self.let_pass)

    def let_pass(self, time: timedelta) -> None:
        """Let time pass, by all clocks."""
        self.clock.older += time.total_seconds()
        self.set_clocks(self.clock.ahead + time)

    def set_clocks(self, ahead: timedelta) -> None:
        """Set the clocks of the host and of the array."""
        self.clock.ahead = ahead
        self.array().set_clock(offset=(ahead + self.skew).total_seconds())
