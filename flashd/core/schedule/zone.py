"""Between the clock on the wall and the instants of real time, across clock changes.

Windows are written in wall time, naive datetimes here. Instants are naive too: in UTC,
or, where no zone is given, the wall time itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import tzinfo

NO_OFFSET = timedelta(0)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Change:
    """The change of a zone's offset at an instant; where both are equal, there is none."""

    at: datetime
    before: timedelta
    after: timedelta

    def first(self, wall: datetime) -> datetime:
        """Return the first instant at which the clock has got to `wall`.

        That is the first pass of an hour that comes twice, and the end of a gap.
        """
        if wall - self.before < self.at:
            return wall - self.before
        return max(self.at, wall - self.after)

    def spans(self, begin: datetime, stop: datetime) -> list[tuple[datetime, datetime]]:
        """Return when the clock on the wall is inside the window from `begin` to `stop`.

        Once the window has ended, a second pass does not open it again.
        """
        opens, closes = self.first(begin), self.first(stop)
        reopens = begin - self.after
        if opens < self.at < reopens < closes:  # begins in the repeated hour, ends after it
            return [(opens, self.at), (reopens, closes)]
        return [(opens, closes)]

    def overtime(self, begin: datetime, stop: datetime) -> tuple[datetime, datetime] | None:
        """Return the wall time that makes up for what a gap takes from a window.

        The gap leaves no window less than the gap's own length, or than the window's if
        that is shorter; else a window that the gap swallows would be lost.
        """
        due = self.first(begin) + min(stop - begin, self.after - self.before)
        closes = self.first(stop)
        return (closes + self.after, due + self.after) if closes < due else None


@dataclass(frozen=True, slots=True)
class Zone:
    """The clock on the wall of one time zone, or with None one that never changes."""

    tz: tzinfo | None

    @property
    def steady(self) -> bool:
        """Whether the offset is the same for all time."""
        return self.tz is None or isinstance(self.tz, timezone)

    @property
    def lookback(self) -> int:
        """How many days back a gap may have taken a window that is open now."""
        return 0 if self.steady else 1

    def instant(self, moment: datetime) -> datetime:
        """Return the instant of a moment that a caller gave."""
        if (moment.tzinfo is None) != (self.tz is None):
            raise TypeError("the instants of one question must be all naive or all aware")
        if self.tz is None:
            return moment.replace(fold=0)
        return moment.astimezone(UTC).replace(tzinfo=None)

    def moment(self, instant: datetime) -> datetime:
        """Return `instant` as the caller wants it: in this zone."""
        if self.tz is None:
            return instant
        return instant.replace(tzinfo=UTC).astimezone(self.tz)

    def wall(self, instant: datetime) -> datetime:
        """Return what the clock on the wall shows at `instant`."""
        return self.moment(instant).replace(tzinfo=None, fold=0)

    def reached(self, wall: datetime) -> datetime:
        """Return the first instant at which the clock has got to `wall`."""
        return self.change_near(wall).first(wall)

    def change_near(self, wall: datetime) -> Change:
        """Return the change that a window which begins at `wall` may meet."""
        if self.tz is None:
            return Change(wall, NO_OFFSET, NO_OFFSET)
        return _change_of_days(self.tz, wall.toordinal())


@lru_cache(maxsize=256)  # all windows of a zone ask about the same few days
def _change_of_days(tz: tzinfo, day: int) -> Change:
    """Find the change of a day or the next, which is as far as a window reaches."""
    begin = datetime.combine(date.fromordinal(day), time())
    stop = begin + timedelta(days=2)
    offsets = {_offset(tz, wall, fold) for wall in (begin, stop) for fold in (0, 1)}
    if len(offsets) == 1:
        return Change(begin, *offsets, *offsets)
    return _change_between(Zone(tz), begin - max(offsets), stop - min(offsets))


def _change_between(zone: Zone, early: datetime, late: datetime) -> Change:
    """Find the change between two instants by halving the time between them."""
    before, after = (zone.wall(instant) - instant for instant in (early, late))
    while late - early > SECOND:
        middle = early + SECOND * ((late - early) // SECOND // 2)
        if zone.wall(middle) - middle == before:
            early = middle
        else:
            late = middle
    return Change(late, before, after)


def _offset(tz: tzinfo, wall: datetime, fold: int) -> timedelta:
    return wall.replace(tzinfo=tz, fold=fold).utcoffset() or NO_OFFSET
