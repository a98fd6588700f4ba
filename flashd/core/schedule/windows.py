"""What an expression says: windows in which a run may start, and exclusions from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from flashd.core.schedule.days import DayRule

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

Seconds = tuple[int, int]


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Seconds of the day from `begin`, for `length`; it may go past midnight."""

    begin: int
    length: int

    @property
    def wraps(self) -> bool:
        """Whether it goes past midnight."""
        return self.begin + self.length > DAY

    @property
    def first_day(self) -> Seconds:
        """Its part up to midnight."""
        return self.begin, min(self.begin + self.length, DAY)

    @property
    def second_day(self) -> Seconds:
        """Its part after midnight, empty where there is none."""
        return 0, max(self.begin + self.length - DAY, 0)


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which a run may start, and how long after the last one."""

    hours: TimeRange
    rule: DayRule
    interval: int
    interval_written: bool
    spread_asked: bool
    expression: str

    @property
    def once(self) -> bool:
        """Whether the interval is not shorter than the window, so that it has one run.

        The window's own length is one less than its open seconds, since its end is open too.
        """
        return self.interval >= self.hours.length - 1

    @property
    def spread(self) -> bool:
        """Whether the start is spread over the window."""
        return self.spread_asked and self.once


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A time in which nothing may run."""

    hours: TimeRange
    rule: DayRule
    expression: str


def contains(stated: Window | Exclusion, wall: datetime) -> bool:
    """Say whether what is stated holds when the clock on the wall shows `wall`."""
    second = wall.hour * HOUR + wall.minute * MINUTE + wall.second
    parts = (stated.hours.first_day, stated.hours.second_day)
    return stated.rule.includes(wall.toordinal()) and any(
        begin <= second < stop for begin, stop in parts
    )
