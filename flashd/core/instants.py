"""What an array's date can mean, and which of two dates is later.

An array prints whole seconds of its own clock with an abbreviation of a zone. `UTC`, `GMT` and
numeric offsets are certain. Any other abbreviation is read in the array's configured zone;
without one it means whatever any zone means by it, and everything follows with both bounds.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from flashd.core.zones import offsets
from flashd.model.health import Bounds
from flashd.model.volumes import ArrayTime

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from flashd.model.observation import Sighting

RESOLUTION = timedelta(seconds=1)
"""An array tells whole seconds: an event it dates at t happened before t + 1 s."""

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_JAVA_DATE = re.compile(
    r"(?P<weekday>[A-Z][a-z]{2}) (?P<month>[A-Z][a-z]{2}) +(?P<day>[0-9]{1,2}) "
    r"(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2}) "
    r"(?P<label>[A-Za-z0-9+:-]{1,16}) (?P<year>19[7-9][0-9]|2[0-9]{3})"
)
_CERTAIN = frozenset({"UTC", "GMT"})
_OFFSET = re.compile(
    r"(?:GMT|UTC)?(?P<sign>[+-])(?P<hours>0?[0-9]|1[0-4])(?::?(?P<minutes>[0-5][0-9]))?"
)


def read(text: str) -> ArrayTime | None:
    """Read a date as Java's `Date.toString` prints it; None where it is anything else.

    Source: pasted lsflash output, `Thu Sep 18 23:04:04 CEST 2014`.
    """
    match = _JAVA_DATE.fullmatch(text.strip())
    if match is None or match["month"] not in _MONTHS:
        return None
    clock = f"{match['hour']}:{match['minute']}:{match['second']}"
    date = f"{match['year']}-{_MONTHS[match['month']]:02}-{int(match['day']):02}"
    try:
        local = datetime.fromisoformat(f"{date}T{clock}")
    except ValueError:
        return None
    if _WEEKDAYS[local.weekday()] != match["weekday"]:
        return None
    return ArrayTime(match[0], local, match["label"])


@lru_cache(maxsize=4096)
def meaning(time: ArrayTime, zone: ZoneInfo | None) -> tuple[datetime, datetime]:
    """Bound the instant of an array's date, `zone` being the array's configured one."""
    readings = [(time.local - offset).replace(tzinfo=UTC) for offset in _offsets_of(time, zone)]
    return min(readings), max(readings) + RESOLUTION


@lru_cache(maxsize=4096)
def _offsets_of(time: ArrayTime, zone: ZoneInfo | None) -> tuple[timedelta, ...]:
    if time.label in _CERTAIN:
        return (timedelta(0),)
    if match := _OFFSET.fullmatch(time.label):
        size = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
        return (size if match["sign"] == "+" else -size,)
    if zone is None:
        return offsets(time.label)
    return _offsets_in(time, zone)


def _offsets_in(time: ArrayTime, zone: ZoneInfo) -> tuple[timedelta, ...]:
    """Read a local time in a zone; where it occurs twice the label tells which was meant."""
    passes = [time.local.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
    named = [one for one in passes if one.tzname() == time.label]
    found = {one.utcoffset() or timedelta(0) for one in (named or passes)}
    return tuple(sorted(found))


def later(before: ArrayTime, after: ArrayTime, zone: ZoneInfo | None) -> bool | None:
    """Whether `after` is later than `before` in the array's own time; None: it cannot be told.

    A date that went back cannot be told either: the array's clock was set, or an hour came
    twice under one label.
    """
    if before.label == after.label:
        same, moved = after.local == before.local, after.local > before.local
    else:
        before_from, before_to = meaning(before, zone)
        after_from, after_to = meaning(after, zone)
        same = before_from == after_from and after_to == before_to == before_from + RESOLUTION
        moved = after_from >= before_to
    return True if moved else False if same else None


def last_resync(sighting: Sighting, zone: ZoneInfo | None) -> Bounds | None:
    """Bound the instant of the copy that a pair holds; None where it holds none, or may not.

    The array's date is believed as far as it agrees with what flashd saw. Where it does not
    (the clocks differ, or the host's was set), what flashd saw is all that is known.
    """
    if sighting.relation is None or not sighting.relation.valid:
        return None
    return bounded(sighting.relation.copied, Bounds(sighting.before_at, sighting.since_at), zone)


def bounded(copied: ArrayTime | None, seen: Bounds, zone: ZoneInfo | None) -> Bounds:
    """Bound the instant of a copy by its date, if it bears one, and by when it was seen."""
    if copied is None or seen.latest is None:
        return seen
    said_from, said_to = meaning(copied, zone)
    earliest = max(said_from, seen.earliest) if seen.earliest else said_from
    latest = min(said_to, seen.latest)
    return Bounds(earliest, latest) if earliest <= latest else seen


def oldest(copies: Sequence[Bounds | None]) -> Bounds | None:
    """Bound the last resync of the oldest of several pairs; None where one holds no copy."""
    if len(copies) == 1:
        return copies[0]
    known = [copy for copy in copies if copy is not None]
    if len(known) < len(copies) or not known:
        return None
    froms = [copy.earliest for copy in known]
    tos = [copy.latest for copy in known if copy.latest is not None]
    earliest = None if None in froms else min(one for one in froms if one is not None)
    return Bounds(earliest, min(tos) if tos else None)


SAME_SECOND = timedelta(seconds=2)
"""A second refresh sooner than this after one can bear the same date (invariant 5)."""


def indistinct(sighting: Sighting, zone: ZoneInfo | None, now: datetime) -> timedelta:
    """Tell how long to wait until a refresh is sure to bear another date than the present one.

    A pair whose date was there at the very first look counts as just refreshed only if its
    date can mean so.
    """
    copied = sighting.relation.copied if sighting.relation else None
    if sighting.before_at is None and copied and meaning(copied, zone)[1] < now - SAME_SECOND:
        return timedelta(0)
    left = SAME_SECOND - (now - sighting.since_at)
    return min(max(left, timedelta(0)), SAME_SECOND)
