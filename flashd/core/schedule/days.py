"""Which days a schedule names, as bits of a year: bit 0 is the first of January.

The calendar knows 15 kinds of year, and a kind decides weekdays, months and ISO weeks
of all its days. Sets of days are combined a whole year at a time, so a day that comes
once in 400 years is found by looking at 15 integers and 400 years, not at 146,097 days.
"""

from __future__ import annotations

from calendar import isleap
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CYCLE = 400  # years after which the Gregorian calendar repeats, weekdays included
LAST_YEAR = 9998  # one year short of what a date can hold, so that no zone overflows it
WEEK = 7
THURSDAY = 4
MONTH_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
LEAP_YEAR = 366
SAME_WEEKDAY = sum(1 << day for day in range(0, LEAP_YEAR + WEEK, WEEK))


def members(first: int, last: int) -> int:
    """Return the set of the numbers from `first` to `last`, as bits."""
    return (1 << last + 1) - (1 << first)


ALL_WEEKDAYS = members(1, 7)
ALL_WEEKS = members(1, 53)
ALL_MONTHS = members(1, 12)


class YearKind(NamedTuple):
    """All that tells one year's calendar from another's."""

    first_weekday: int
    days: int
    first_week: int  # the ISO week of 1 January: 1, or 52 or 53 of the year before


def year_kind(year: int) -> YearKind:
    """Return the kind of `year`."""
    return _kinds()[year % CYCLE]


@cache
def _kinds() -> tuple[YearKind, ...]:
    return tuple(_kind(year) for year in range(2000, 2000 + CYCLE))


def _kind(year: int) -> YearKind:
    _, week, weekday = date(year, 1, 1).isocalendar()
    return YearKind(weekday, LEAP_YEAR if isleap(year) else LEAP_YEAR - 1, week)


@cache
def all_kinds() -> frozenset[YearKind]:
    """Return every kind of year there is."""
    return frozenset(_kinds())


class Day(NamedTuple):
    """Days by weekday, a set of 1 (Monday) to 7, and by place in the month."""

    weekdays: int
    nth: int | None  # 1 is the first of the month, -1 the last; None: any


@dataclass(frozen=True, slots=True)
class DayRule:
    """The days of one expression: any of `days`, in one of `weeks` and of `months`."""

    days: tuple[Day, ...] = (Day(ALL_WEEKDAYS, None),)
    weeks: int = ALL_WEEKS
    months: int = ALL_MONTHS
    _bits: dict[YearKind, int] = field(default_factory=dict, init=False, compare=False, repr=False)

    def bits(self, kind: YearKind) -> int:
        """Return the days of a year of that kind."""
        if kind not in self._bits:
            self._bits[kind] = self._compute(kind)
        return self._bits[kind]

    def _compute(self, kind: YearKind) -> int:
        days = 0
        for day in self.days:
            days |= _weekdays(kind, day.weekdays) & _month_day(kind, day.nth)
        return days & _weeks(kind, self.weeks) & _months(kind, self.months)

    def includes(self, ordinal: int) -> bool:
        """Say whether the day with this proleptic ordinal is named."""
        kind, place = _place(ordinal)
        return bool(self.bits(kind) >> place & 1)

    @property
    def every_day(self) -> bool:
        """Whether there is no day that is not named."""
        return self == EVERY_DAY


EVERY_DAY = DayRule()


@lru_cache(maxsize=64)  # all services ask about the same few days
def _place(ordinal: int) -> tuple[YearKind, int]:
    year = date.fromordinal(ordinal).year
    return year_kind(year), ordinal - date(year, 1, 1).toordinal()


def marked_days(bits: Callable[[YearKind], int], first: int, last: int | None) -> Iterator[int]:
    """Yield in order the ordinals from `first` to `last` of the days that `bits` marks.

    Without `last` the search ends after one cycle of the calendar.
    """
    begin = date.fromordinal(first).year
    final = min(LAST_YEAR, begin + CYCLE if last is None else date.fromordinal(last).year)
    kinds = _kinds()
    for year in range(begin, final + 1):
        if marks := bits(kinds[year % CYCLE]):
            yield from _ordinals(marks, date(year, 1, 1).toordinal(), first, last)


def _ordinals(marks: int, new_year: int, first: int, last: int | None) -> Iterator[int]:
    passed = max(first - new_year, 0)
    marks = marks >> passed << passed
    while marks:
        lowest = marks & -marks
        ordinal = new_year + lowest.bit_length() - 1
        if last is not None and ordinal > last:
            return
        yield ordinal
        marks ^= lowest


def _everything(kind: YearKind) -> int:
    return (1 << kind.days) - 1


@cache
def _weekdays(kind: YearKind, weekdays: int) -> int:
    marks = 0
    for weekday in range(1, WEEK + 1):
        if weekdays >> weekday & 1:
            marks |= SAME_WEEKDAY << (weekday - kind.first_weekday) % WEEK
    return marks & _everything(kind)


@cache
def _month_lengths(kind: YearKind) -> tuple[int, ...]:
    january, february, *rest = MONTH_LENGTHS
    return (january, february + (kind.days == LEAP_YEAR), *rest)


@cache
def _month_day(kind: YearKind, nth: int | None) -> int:
    if nth is None:
        return _everything(kind)
    marks = begin = 0
    for length in _month_lengths(kind):
        if abs(nth) <= length:
            marks |= 1 << begin + (nth - 1 if nth > 0 else length + nth)
        begin += length
    return marks


@cache
def _months(kind: YearKind, months: int) -> int:
    marks = begin = 0
    for month, length in enumerate(_month_lengths(kind), start=1):
        if months >> month & 1:
            marks |= (1 << length) - 1 << begin
        begin += length
    return marks


@lru_cache(maxsize=1024)
def _weeks(kind: YearKind, weeks: int) -> int:
    if weeks == ALL_WEEKS:
        return _everything(kind)
    marks = 0
    for number, week in enumerate(_week_numbers(kind)):
        if weeks >> week & 1:
            marks |= members(number * WEEK, number * WEEK + WEEK - 1)
    return marks >> kind.first_weekday - 1 & _everything(kind)


@cache
def _week_numbers(kind: YearKind) -> tuple[int, ...]:
    """Return the ISO weeks of a year from the week of 1 January to that of 31 December.

    A week belongs to the year that has its Thursday.
    """
    full, days_of_last = divmod(kind.first_weekday - 1 + kind.days, WEEK)
    second = 2 if kind.first_week == 1 else 1
    numbers = (kind.first_week, *range(second, second + full - 1))
    if days_of_last == 0:
        return numbers
    return (*numbers, numbers[-1] + 1 if days_of_last >= THURSDAY else 1)
