"""When a window is open, by arithmetic of its own: days, hours, and what a clock change does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
ALL_WEEK = frozenset(range(1, 8))
WORKING = frozenset(range(1, 6))


@dataclass(frozen=True)
class Hours:
    """From and to, the end inside, on days that are told by what they are on the wall."""

    begin: time
    end: time
    weekdays: frozenset[int] = ALL_WEEK
    months: frozenset[int] = frozenset(range(1, 13))
    only_last_of_month: bool = False
    not_first_of_month: bool = False

    def on(self, day: date) -> bool:
        return (
            day.isoweekday() in self.weekdays
            and day.month in self.months
            and not (self.only_last_of_month and (day + DAY).day != 1)
            and not (self.not_first_of_month and day.day == 1)
        )

    @property
    def length(self) -> timedelta:
        """How long it is on the wall, its end inside."""
        begin, end = (datetime.combine(date.min, at) for at in (self.begin, self.end))
        return end + SECOND - begin if begin < end else end + DAY + SECOND - begin

    def pieces(self, day: date) -> list[tuple[datetime, datetime]]:
        """Tell what is open on one day of the wall's calendar."""
        if not self.on(day):
            return []
        midnight = datetime.combine(day, time())
        begin, end = datetime.combine(day, self.begin), datetime.combine(day, self.end) + SECOND
        if self.begin < self.end:
            return [(begin, end)]
        return [(midnight, end), (begin, midnight + DAY)]


@dataclass(frozen=True)
class Calendar:
    """What the operator wrote, and what he means; without `every` a window has one run."""

    texts: tuple[str, ...]
    hours: tuple[Hours, ...]
    every: timedelta | None = None
    spread: bool = False
    endless: bool = False


@dataclass(frozen=True)
class Opening:
    """One window in real time; not `sure` where a repeated hour makes two of its parts.

    `length` is that of the window as it is written, also where its days leave only a part of it.
    """

    begin: datetime
    end: datetime
    sure: bool = True
    length: timedelta = timedelta(0)


CALENDARS = {
    "nights of the working week": Calendar(
        ("22:00-04:00 mon-fri",), (Hours(time(22), time(4), WORKING),)
    ),
    "at the change": Calendar(("02:00-03:00",), (Hours(time(2), time(3)),)),
    "across the change": Calendar(("01:30-03:30",), (Hours(time(1, 30), time(3, 30)),)),
    "sundays": Calendar(("01:00-05:00 sun",), (Hours(time(1), time(5), frozenset({7})),)),
    "past midnight": Calendar(("23:00-01:30",), (Hours(time(23), time(1, 30)),)),
    "last of the month": Calendar(
        ("20:00-23:00 *:last",), (Hours(time(20), time(23), only_last_of_month=True),)
    ),
    "not on the first": Calendar(
        ("03:00-06:00", "! * *:1"), (Hours(time(3), time(6), not_first_of_month=True),)
    ),
    "in the warm half": Calendar(
        ("12:00-15:00 * * apr-sep",), (Hours(time(12), time(15), months=frozenset(range(4, 10))),)
    ),
    "twice a day": Calendar(
        ("05:00-06:30,18:00-19:00 mon-fri",),
        (Hours(time(5), time(6, 30), WORKING), Hours(time(18), time(19), WORKING)),
    ),
    "spread over the night": Calendar(
        ("~00:30-05:30",), (Hours(time(0, 30), time(5, 30)),), spread=True
    ),
    "every six hours of the day": Calendar(
        ("06:00-22:00@6h",), (Hours(time(6), time(22)),), every=6 * HOUR
    ),
    "once a day": Calendar(("*",), (), every=DAY, endless=True),
}


@lru_cache(maxsize=4096)
def openings(
    calendar: Calendar, zone: ZoneInfo, first: datetime, last: datetime
) -> tuple[Opening, ...]:
    """Tell every window that is open some time between two instants."""
    if calendar.endless:
        return (Opening(first, last),)
    day, final = first.date() - 2 * DAY, last.date() + 2 * DAY
    lengths: dict[tuple[datetime, datetime], timedelta] = {}
    while day <= final:
        lengths |= {piece: hours.length for hours in calendar.hours for piece in hours.pieces(day)}
        day += DAY
    found = []
    for begin, end in joined(list(lengths)):
        parts = [length for piece, length in lengths.items() if begin <= piece[0] < end]
        found.append(replace(_real(begin, end, zone), length=max(parts)))
    return tuple(one for one in found if one.end > first and one.begin < last)


def ended(last: datetime, length: timedelta, zone: ZoneInfo) -> datetime:
    """Tell when a window of this length may have its one run again: by both clocks."""
    wall = last.astimezone(zone).replace(tzinfo=None, fold=0) + length
    return max(last + length, first_reached(wall, zone))


def joined(spans: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Make one of those that touch."""
    found: list[tuple[datetime, datetime]] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def _real(begin: datetime, end: datetime, zone: ZoneInfo) -> Opening:
    """Open where its begin is first reached; a gap leaves it as long as itself, or the gap."""
    opens, closes = first_reached(begin, zone), first_reached(end, zone)
    gap = _offset(closes + 2 * HOUR, zone) - _offset(opens - 2 * HOUR, zone)
    if gap > timedelta(0) and closes - opens < end - begin:
        closes = max(closes, opens + min(gap, end - begin))
    return Opening(opens, closes, sure=gap >= timedelta(0))


def first_reached(wall: datetime, zone: ZoneInfo) -> datetime:
    """Tell the first instant at which the clock on the wall shows that, or more."""
    passes = [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    if passes[0] <= passes[1]:  # it comes once, or twice
        return passes[0]
    at = passes[1]
    while _offset(at, zone) != _offset(passes[0], zone):  # it is left out: the end of the gap
        at += timedelta(minutes=1)
    return at


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta(0)


def without(
    span: tuple[datetime, datetime], holes: list[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    """Tell what holes, in order and apart, leave of a span."""
    begin, end = span
    rest = []
    for hole_begin, hole_end in holes:
        if hole_end <= begin:
            continue
        if hole_begin >= end:
            break
        if hole_begin > begin:
            rest.append((begin, hole_begin))
        begin = max(begin, hole_end)
    if begin < end:
        rest.append((begin, end))
    return rest
