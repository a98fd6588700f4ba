"""What to change where a clone became too old or a window was missed."""

from __future__ import annotations

from datetime import UTC, timedelta
from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING

from flashd.core.durations import spell
from flashd.model.health import Status
from flashd.rehearsal.ages import LOOK_BACK
from flashd.rehearsal.occasions import NOT_ITS_TURN
from flashd.rehearsal.spans import Span, openings, step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from flashd.model.service import Service
    from flashd.rehearsal.occasions import Occasion
    from flashd.rehearsal.stage import Played
    from flashd.rehearsal.terms import Terms
    from flashd.rehearsal.watch import Stand

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_MOST_WRONG = 3
Missed = tuple["Occasion", str]


def advise(
    service: Service,
    found: tuple[Sequence[Occasion], Sequence[Missed]],
    stands: Sequence[Stand],
    played: Played,
    terms: Terms,
) -> Iterator[str]:
    """Say what stands in the way of a service, each obstacle once.

    `found` are the occasions on which it was due, and those among them that it missed.
    """
    due, missed = found
    oldest = greatest_age(stands, terms.end)
    breaches = oldest is not None and oldest[0] > service.freshness.max_delay
    wrong = list(_wrong(stands))
    told = [
        *(_gaps(service, terms) if breaches else ()),
        *_missed(service, due, missed, played, terms),
        *wrong[:_MOST_WRONG],
    ]
    yield from told
    if oldest is not None and breaches and not told:
        limit = spell(service.freshness.max_delay)
        yield (
            f"its clone is {spell(oldest[0])} old {local(oldest[1], service.timezone)},"
            f" and sync_max_delay is {limit}: raise it above {spell_up(oldest[0])}"
        )


def _missed(
    service: Service,
    due: Sequence[Occasion],
    missed: Sequence[Missed],
    played: Played,
    terms: Terms,
) -> Iterator[str]:
    turn = timedelta(seconds=terms.login_seconds + terms.command_seconds)
    windows = played.lives[service.name].windows
    lengths = [w.length for w in windows for one, _ in missed if w.begin <= one.due < w.end]
    if lengths and max(lengths) <= turn:
        yield (
            f"{len(missed)} of {len(due)} windows went by: its window is open for"
            f" {spell(max(lengths))}, and a login with a look at the guards takes"
            f" {spell_up(turn)}: write a range"
        )
        return
    crowded = [one for one, reason in missed if reason == NOT_ITS_TURN]
    if crowded:
        yield _crowded(service, crowded[0], played)
    if len(missed) > len(crowded):
        yield (
            f"{len(missed) - len(crowded)} of {len(due)} windows went by, mostly"
            f" {_most(missed)!r}: see that it ends earlier, or widen the window"
        )


def _wrong(stands: Sequence[Stand]) -> Iterator[str]:
    """Say what an array shows that flashd does not mend, each once."""
    reasons = [
        reason
        for stand in stands
        if stand.status is Status.WARN
        for reason in stand.reasons
        if "withdrawn by flashd" not in reason
    ]
    for reason in dict.fromkeys(reasons):
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


def _gaps(service: Service, terms: Terms) -> Iterator[str]:
    """Say where no run can begin for longer than a clone may be old.

    The window before the start and the one after the end bound a gap as well.
    """
    schedule, zone = service.schedule, service.timezone
    if schedule is None:
        return
    limit = service.freshness.max_delay
    windows = list(openings(schedule, zone, terms.start - LOOK_BACK, terms.end))
    after = schedule.next_open((windows[-1].end if windows else terms.end).astimezone(zone))
    if after is not None:
        windows.append(Span(after.astimezone(UTC), after.astimezone(UTC)))
    if not windows:
        yield "its schedule never lets a resync start: give it a window"
        return
    if len(windows) == 1 and windows[0].begin >= terms.end:
        yield f"its schedule lets no resync start before {local(windows[0].begin, zone)}"
        return
    lasts = [(_last_run(service, before), after.begin) for before, after in pairwise(windows)]
    gaps = [(end - begin, begin) for begin, end in lasts if end > terms.start]
    longest, begin = max(gaps, key=itemgetter(0), default=(timedelta(0), terms.start))
    if longest > limit:
        yield (
            f"from one window to the next it is up to {spell(longest)} (after"
            f" {local(begin, zone)}), and sync_max_delay is {spell(limit)}:"
            f" raise it above {spell_up(longest)}, or add a window between"
        )


def greatest_age(stands: Sequence[Stand], end: datetime) -> tuple[timedelta, datetime] | None:
    """Tell how old the clone became, at most, and when it was."""
    ages = [
        (min(until, end) - stand.last.earliest, min(until, end))
        for stand, until in zip(stands, [*(one.at for one in stands[1:]), end], strict=True)
        if stand.last is not None and stand.last.earliest is not None
    ]
    return max(ages, key=itemgetter(0), default=None)


def _last_run(service: Service, window: Span) -> datetime:
    """Tell the begin of a window, or of the last step in one of several runs."""
    between = step(service, window.begin)
    if between is None or between >= window.length:
        return window.begin
    return window.end - between


def local(instant: datetime, zone: ZoneInfo) -> str:
    """Write an instant as the people there know it."""
    there = instant.astimezone(zone)
    return f"{there:%a} {there.isoformat(timespec='minutes')}"


def spell_up(duration: timedelta) -> str:
    """Write a duration as its two largest units, rounded up."""
    unit = _HOUR if duration >= _DAY else _MINUTE if duration >= _HOUR else _SECOND
    return spell(-(-duration // unit) * unit)


def _most(missed: Sequence[Missed]) -> str:
    reasons = [reason for _, reason in missed if reason != NOT_ITS_TURN]
    return max(set(reasons), key=reasons.count)


def _minutes(time: timedelta) -> str:
    return f"{time / _MINUTE:.0f}"
