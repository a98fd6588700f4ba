"""Reading one expression: `[!] <timeranges> [<days> [<weeks> [<months>]]]`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from flashd.core.schedule.days import (
    ALL_MONTHS,
    ALL_WEEKDAYS,
    ALL_WEEKS,
    EVERY_DAY,
    Day,
    DayRule,
    members,
)
from flashd.core.schedule.windows import DAY, HOUR, MINUTE, Exclusion, TimeRange, Window
from flashd.core.schedule.words import Word, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_FIELDS = 4
HOUR_AND_MINUTE = 2
LONGEST_MONTH = 31
WHOLE_DAY = TimeRange(0, DAY)
SECONDS = {"w": 7 * DAY, "d": DAY, "h": HOUR, "m": MINUTE, "s": 1}
INTERVAL = re.compile("".join(f"(?:([0-9]{{1,9}}){unit})?" for unit in SECONDS))
LONGEST_INTERVAL = 100 * 366 * DAY
NTH = ("first", "second", "third", "fourth", "fifth")
SHORT_NTH = ("1st", "2nd", "3rd", "4th", "5th")
MONTH_DAYS = {
    **{name: place for names in (NTH, SHORT_NTH) for place, name in enumerate(names, start=1)},
    "last": -1,
}


@dataclass(frozen=True, slots=True)
class Calendar:
    """A field of numbers and names: what it is called, what it accepts."""

    what: str
    everything: int
    last: int
    names: Mapping[str, int]
    example: str


def _named(*names: str) -> dict[str, int]:
    """Map names to numbers from 1 on, long or by the first three letters."""
    numbers = {name: number for number, name in enumerate(names, start=1)}
    return numbers | {name[:3]: number for name, number in numbers.items()}


WEEKDAYS = Calendar(
    "weekday",
    ALL_WEEKDAYS,
    7,
    _named("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    "1 (Monday) to 7 or an English name, like mon-fri",
)
WEEKS = Calendar("ISO week", ALL_WEEKS, 53, {}, "1 to 53, like 1-8,53")
MONTHS = Calendar(
    "month",
    ALL_MONTHS,
    12,
    _named(
        *("january", "february", "march", "april", "may", "june"),
        *("july", "august", "september", "october", "november", "december"),
    ),
    "1 to 12 or an English name, like jan-mar",
)


@dataclass(frozen=True, slots=True)
class Member:
    """What one expression of a list says."""

    windows: tuple[Window, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()


@lru_cache(maxsize=4096)  # thousands of services share a few expressions
def read(expression: str) -> Member:
    """Read one expression; an empty one says nothing."""
    words = words_of(expression)
    if not words:
        return Member()
    if words[0].text.startswith("!"):
        return Member(exclusions=_exclusions(_after_mark(words)))
    times, rule = words[0], _rule(words)
    windows = (_window(word, rule) for word in times.split(","))
    return Member(windows=tuple(window for window in windows if window.interval))


def _after_mark(words: list[Word]) -> list[Word]:
    first = words[0].without_prefix("!")
    rest = [first, *words[1:]] if first.text else words[1:]
    if not rest:
        raise words[0].error("excludes nothing; write what, like ! 08:00-18:00 mon-fri")
    return rest


def _rule(words: list[Word]) -> DayRule:
    if len(words) > MOST_FIELDS:
        raise words[MOST_FIELDS].error(
            "is one field too many; write times, days, weeks and months, in this order"
        )
    fields = dict(zip(("times", "days", "weeks", "months"), words, strict=False))
    days, weeks, months = (fields.get(name) for name in ("days", "weeks", "months"))
    return DayRule(
        tuple(_day(word) for word in days.split(",")) if days else EVERY_DAY.days,
        _numbers(weeks, WEEKS) if weeks else ALL_WEEKS,
        _months(months) if months else ALL_MONTHS,
    )


def _window(word: Word, rule: DayRule) -> Window:
    """Read a window, whose end is inside it."""
    times, interval = _parts(word)
    hours = _hours(times, end_inside=True)
    return Window(
        hours=hours,
        rule=rule,
        interval=hours.length if interval is None else interval,
        interval_written=interval is not None,
        spread_asked=word.text.startswith("~"),
        expression=word.expression,
    )


def _exclusions(words: list[Word]) -> tuple[Exclusion, ...]:
    """Read an exclusion, whose end is free; an interval or a spread says nothing there."""
    rule = _rule(words)
    ranges = [_parts(word)[0] for word in words[0].split(",")]
    return tuple(
        Exclusion(_hours(times, end_inside=False), rule, times.expression) for times in ranges
    )


def _parts(word: Word) -> tuple[Word, int | None]:
    """Cut `[~]times[@interval]`."""
    times, interval = word.without_prefix("~").pair("@", "has more than one @<interval>; write one")
    if interval is None and not times.text:
        raise word.error("names no time; write * for any time")
    return times, None if interval is None else _interval(interval)


def _hours(word: Word, *, end_inside: bool) -> TimeRange:
    if word.text in {"", "*"}:
        return WHOLE_DAY
    first, last = word.pair("-", "has more than one -; write begin-end, like 22:00-04:00")
    begin = _time(first)
    end = begin if last is None else _end(last)
    if end == begin:
        end += 1
    length = end - begin if end > begin else DAY - begin + end
    return TimeRange(begin, length + (end_inside and end < DAY))


def _end(word: Word) -> int:
    return DAY if word.text in {"24:00", "24:00:00"} else _time(word)


def _time(word: Word) -> int:
    numbers = [part.number for part in word.split(":")]
    match numbers if len(numbers) > HOUR_AND_MINUTE else [*numbers, 0]:
        case [int(hour), int(minute), int(second)] if (
            hour * HOUR < DAY and minute * MINUTE < HOUR and second < MINUTE
        ):
            return hour * HOUR + minute * MINUTE + second
    raise word.error(
        "is no time of day; write hours 0 to 23, minutes and seconds 0 to 59, like 22:30"
        " (24:00 only where a range ends)"
    )


def _interval(word: Word) -> int:
    """Read an interval in seconds; a bare number is minutes."""
    if word.number is not None:
        seconds = word.number * MINUTE
    elif word.text and (match := INTERVAL.fullmatch(word.text)):
        counts = (int(count or 0) for count in match.groups())
        seconds = sum(count * unit for count, unit in zip(counts, SECONDS.values(), strict=True))
    else:
        raise word.error("is no interval; write minutes, or w, d, h, m and s, like 90s or 1d3h")
    if seconds > LONGEST_INTERVAL:
        raise word.error("is longer than 100 years; write a shorter interval")
    return seconds


def _day(word: Word) -> Day:
    """Read `weekday[-weekday][:nth]`."""
    weekdays, nth = word.pair(":", "has more than one :; write weekday:day of the month")
    if nth is None:
        return Day(_numbers(weekdays, WEEKDAYS), None)
    return Day(_numbers(weekdays, WEEKDAYS) if weekdays.text else ALL_WEEKDAYS, _month_day(nth))


def _month_day(word: Word) -> int:
    named = MONTH_DAYS.get(word.text.lower())
    if named is not None:
        return named
    sign = "-" if word.text.startswith("-") else "+"
    number = word.without_prefix(sign).number
    if number is None or not 0 < number <= LONGEST_MONTH:
        raise word.error(
            "is no day of the month; write 1 to 31, -1 to -31, or first to fifth, last"
        )
    return -number if sign == "-" else number


def _months(word: Word) -> int:
    """Read `<months>[%m[+shift]]`: of these months, every m-th."""
    months, step = word.pair("%", "has more than one %; write one, like %2+1")
    chosen = _numbers(months, MONTHS) if months.text or step is None else ALL_MONTHS
    return chosen if step is None else chosen & _every(step)


def _every(word: Word) -> int:
    problem = "does not say every how many months; write a number, or number+shift, like %2+1"
    modulo, shift = word.pair("+", problem)
    shifted = 0 if shift is None else shift.number
    if not modulo.number or shifted is None:
        raise word.error(problem)
    step = modulo.number
    return sum(1 << month for month in range(1, MONTHS.last + 1) if (month + shifted) % step == 0)


def _numbers(word: Word, calendar: Calendar) -> int:
    """Read a list of numbers, names and ranges as a set; ranges wrap."""
    if word.text == "*":
        return calendar.everything
    numbers = 0
    for item in word.split(","):
        numbers |= _range(item, calendar)
    return numbers


def _range(word: Word, calendar: Calendar) -> int:
    begin, end = word.pair("-", f"has more than one -; write a range like 1-3 of {calendar.what}s")
    first = _number(begin, calendar)
    last = first if end is None else _number(end, calendar)
    if first <= last:
        return members(first, last)
    return members(first, calendar.last) | members(1, last)


def _number(word: Word, calendar: Calendar) -> int:
    number = calendar.names.get(word.text.lower(), word.number)
    if number is None or not 1 <= number <= calendar.last:
        raise word.error(f"is no {calendar.what}; write {calendar.example}")
    return number
