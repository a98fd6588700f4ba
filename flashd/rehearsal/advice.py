"""What to change where a clone became too old or a window was missed."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from flashd.core.durations import spell
from flashd.model.health import Status
from flashd.rehearsal.occasions import NOT_ITS_TURN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from flashd.model.service import Service
    from flashd.rehearsal.occasions import Occasion
    from flashd.rehearsal.spans import Span
    from flashd.rehearsal.stage import Played
    from flashd.rehearsal.watch import Stand

_MINUTE = timedelta(minutes=1)
Missed = tuple["Occasion", str]


def advise(
    service: Service,
    missed: Sequence[Missed],
    due: Sequence[Occasion],
    stands: Sequence[Stand],
    played: Played,
) -> Iterator[str]:
    """Say what stands in the way of a service, each obstacle once."""
    crowded = [one for one, reason in missed if reason == NOT_ITS_TURN]
    if crowded:
        yield _crowded(service, crowded[0], played)
    if gap := _gap_advice(service, played.lives[service.name].windows):
        yield gap
    others = len(missed) - len(crowded)
    if others:
        yield (
            f"{others} of {len(due)} windows went by, mostly"
            f" {_most(missed)!r}: see that it ends earlier, or widen the window"
        )
    wrong = {
        reason: stand
        for stand in stands
        if stand.status is Status.WARN
        for reason in stand.reasons
        if "withdrawn by flashd" not in reason
    }
    for reason in list(wrong)[:3]:
        yield f"{reason}: mend it on the array, flashd never does"


def _crowded(service: Service, occasion: Occasion, played: Played) -> str:
    """Say how much work there was in a window that was too short for it."""
    closes = occasion.closes or occasion.due
    sharing = [one for one in played.services if set(one.arrays) & set(service.arrays)]
    open_then = [
        one
        for one in sharing
        if one.schedule is not None
        and any(
            span.begin < closes and occasion.due < span.end
            for span in played.lives[one.name].windows
        )
    ]
    need = _turn(service, played, occasion.due, closes) * len(open_then)
    have = closes - occasion.due
    return (
        f"window too short: {len(open_then)} due resyncs need {_minutes(need)} of"
        f" {_minutes(have)} min: widen it, or spread the services over other windows"
    )


def _turn(service: Service, played: Played, begin: datetime, end: datetime) -> timedelta:
    """Tell how long a turn takes: that part of the window in which its array was busy, shared."""
    sessions = [
        (max(first, begin), min(last, end))
        for name in service.arrays
        for first, last in played.twins[name].sessions
        if first < end and begin < last
    ]
    done = sum(
        1
        for name in service.arrays
        for told in played.twins[name].told
        if told.changes and begin <= told.at < end
    )
    busy = sum((last - first for first, last in sessions), timedelta(0))
    return busy / done if done else end - begin


def _gap_advice(service: Service, windows: Sequence[Span]) -> str:
    limit = service.freshness.max_delay
    gaps = [(after.begin - before.begin, before) for before, after in pairwise(windows)]
    longest = max(gaps, key=lambda one: one[0], default=None)
    if longest is None or longest[0] <= limit:
        return ""
    return (
        f"from one window to the next it is up to {spell(longest[0])} (after"
        f" {longest[1].begin:%a %Y-%m-%dT%H:%MZ}), and sync_max_delay is {spell(limit)}:"
        " raise it, or add a window between"
    )


def _most(missed: Sequence[Missed]) -> str:
    reasons = [reason for _, reason in missed if reason != NOT_ITS_TURN]
    return max(set(reasons), key=reasons.count)


def _minutes(time: timedelta) -> str:
    return f"{time / _MINUTE:.0f}"
