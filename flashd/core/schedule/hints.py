"""What a user may not expect of what he wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flashd.core.schedule.days import ALL_WEEKDAYS
from flashd.core.schedule.windows import DAY, MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flashd.core.schedule.openings import Openings
    from flashd.core.schedule.windows import Exclusion, Window

NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
AN_INSTANT = 2  # open seconds of a window written as one time


def hints(openings: Iterable[Openings], exclusions: Iterable[Exclusion]) -> Iterator[str]:
    """Yield a sentence for each thing that may surprise, the same one perhaps twice."""
    for opening in openings:
        yield from _of_window(opening.window)
        if opening.never:
            yield f'"{opening.window.expression}" is never open; no day has time left for it.'
    for exclusion in exclusions:
        yield from _of_exclusion(exclusion)


def _of_window(window: Window) -> Iterator[str]:
    if window.hours.wraps and not window.rule.every_day:
        yield (
            f'"{window.expression}" goes past midnight, and day, week and month are those of'
            f" the instant, not of the window's begin{_example(window)}."
        )
    if window.hours.length <= AN_INSTANT:
        yield (
            f'"{window.expression}" is open for an instant; what is not ready then waits for'
            " the next one. Write a range, like 09:00-09:30."
        )
    if window.spread_asked and not window.once:
        yield (
            f'"{window.expression}" has ~, which spreads nothing where the interval is shorter'
            " than the window."
        )


def _example(window: Window) -> str:
    """Tell of a weekday whose morning is open though its evening before was not, and back."""
    begin, stop = window.hours.second_day[0], window.hours.second_day[1] - 1
    at = _clock((begin + stop) // 2 // MINUTE * MINUTE)
    weekdays = _weekdays(window)
    days = range(1, len(NAMES) + 1)
    opens = [d for d in days if weekdays >> d & 1 and not weekdays >> _before(d) & 1]
    closed = [d for d in days if not weekdays >> d & 1 and weekdays >> _before(d) & 1]
    if not opens:
        return ""
    return f": open on {NAMES[opens[0] - 1]} at {at}, not on {NAMES[closed[0] - 1]} at {at}"


def _weekdays(window: Window) -> int:
    days = 0
    for day in window.rule.days:
        days |= day.weekdays if day.nth is None else ALL_WEEKDAYS
    return days


def _before(weekday: int) -> int:
    return weekday - 1 or len(NAMES)


def _clock(second: int) -> str:
    minutes = second // MINUTE
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _of_exclusion(exclusion: Exclusion) -> Iterator[str]:
    end = exclusion.hours.begin + exclusion.hours.length
    if DAY - MINUTE <= end < DAY:
        yield (
            f'"{exclusion.expression}" ends at the last minute of the day, and an exclusion\'s'
            " end is free; write 24:00, or * for the whole day."
        )
    if "@" in exclusion.expression or "~" in exclusion.expression:
        yield (
            f'"{exclusion.expression}" excludes at any interval; leave out what follows @, and ~.'
        )
