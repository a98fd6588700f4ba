"""The search for the first instant at which a run may start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING

from flashd.core.schedule.days import LAST_YEAR
from flashd.core.schedule.zone import SECOND

if TYPE_CHECKING:
    from flashd.core.schedule.openings import Occurrence, Openings, Span
    from flashd.core.schedule.windows import Window
    from flashd.core.schedule.zone import Zone

MOST_TRIED = 10  # what clock changes and exclusions take ten times on end never opens
SETTLED = timedelta(days=2)  # longer than any clock change that ever was


@dataclass(frozen=True, slots=True)
class Question:
    """From which instant on, and after which last run, a start is looked for."""

    now: datetime
    last: datetime | None
    zone: Zone
    default_interval: bool


@dataclass(frozen=True, slots=True)
class Bound:
    """From when on the interval lets a window have a run.

    `same` holds in the occurrence that had the last run, `other` in all others. They differ
    only across a clock change.
    """

    same: datetime
    other: datetime


def first_start(
    openings: Openings, question: Question, *, horizon: int | None = None, seed: str | None = None
) -> datetime | None:
    """Return the first instant at which the window lets a run start.

    The search ends with the occurrences of the day `horizon`. A seed spreads the start of
    the windows that ask for it.
    """
    bound = _bound(openings.window, question)
    if bound is None:
        return None
    zone = question.zone
    first = max(zone.wall(bound.other).toordinal() - zone.lookback, 1)
    for occurrence in islice(openings.occurrences(first, horizon), MOST_TRIED):
        spans = openings.spans(occurrence, zone)
        start = _first_inside(spans, _earliest(bound, occurrence, question))
        if start is not None:
            spread = openings.window.spread and seed is not None
            return max(start, _spread(spans, occurrence, seed or "")) if spread else start
    return None


def starts_now(openings: Openings, question: Question) -> bool:
    """Say whether the window lets a run start at the very instant of the question, unspread."""
    bound = _bound(openings.window, question)
    if bound is None or question.now < min(bound.same, bound.other):
        return False  # without a search: mostly the interval alone says no
    today = question.zone.wall(question.now).toordinal()
    return first_start(openings, question, horizon=today) == question.now


def open_until(openings: Openings, instant: datetime, zone: Zone) -> datetime | None:
    """Return when the occurrences that are open at `instant` close; None if none is."""
    today = zone.wall(instant).toordinal()
    closings = [
        stop
        for occurrence in openings.occurrences(max(today - zone.lookback, 1), today)
        for begin, stop in openings.spans(occurrence, zone)
        if begin <= instant < stop
    ]
    return max(closings, default=None)


def _bound(window: Window, question: Question) -> Bound | None:
    """Apply the interval: on the wall clock where the window has one run, else in real time."""
    now, last, zone = question.now, question.last, question.zone
    if last is None or not (window.interval_written or question.default_interval):
        return Bound(now, now)
    due = _later(last, window.interval)
    if due is None:
        return None
    if not window.once or zone.steady or now - due > SETTLED:
        return Bound(max(now, due), max(now, due))
    reached = zone.reached(zone.wall(last) + timedelta(seconds=window.interval))
    return Bound(max(now, due, reached), max(now, reached))


def _later(instant: datetime, seconds: int) -> datetime | None:
    """Add to an instant, unless that leads past the years that are searched."""
    try:
        later = instant + timedelta(seconds=seconds)
    except OverflowError:
        return None
    return later if later.year <= LAST_YEAR else None


def _earliest(bound: Bound, occurrence: Occurrence, question: Question) -> datetime:
    if question.last is None or bound.same == bound.other:
        return bound.other
    opened = question.zone.reached(occurrence.begin)
    return bound.same if question.last >= opened else bound.other


def _first_inside(spans: list[Span], earliest: datetime) -> datetime | None:
    return next((max(begin, earliest) for begin, stop in spans if stop > earliest), None)


def _spread(spans: list[Span], occurrence: Occurrence, seed: str) -> datetime:
    """Choose a second of the occurrence: the same whenever and wherever it is asked for."""
    key = f"{seed}\n{occurrence.begin.isoformat()}".encode()
    number = int.from_bytes(blake2b(key, digest_size=8).digest())
    seconds = number % sum((stop - begin) // SECOND for begin, stop in spans)
    for begin, stop in spans:
        if seconds < (length := (stop - begin) // SECOND):
            return begin + SECOND * seconds
        seconds -= length
    raise AssertionError("a remainder is less than what it was divided by")
