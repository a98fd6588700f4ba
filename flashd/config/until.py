"""An instant to come, as people write it: a time, a date and time, or a duration from now."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from flashd.config.durations import LONGEST, parse_duration

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_TIME = re.compile(r"\d{1,2}:\d{2}(:\d{2})?", re.ASCII)
_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}(?::\d{2})?)(Z|z|[+-]\d{2}:?\d{2})?", re.ASCII
)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_WRITE = "write such as 06:00, 2026-11-27T06:00, 2026-11-27T06:00+01:00, 4h or 1d12h"


def parse_until(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Read an instant later than `now`, in whole seconds of UTC; raises `ValueError`.

    A duration of nothing is refused, as a past time is: it would end at once what it begins.

    A time alone is the next one of `zone`. A local time that comes twice, or never, where
    clocks are changed is refused: only who wrote it knows what he meant.
    """
    words = text.strip()
    if _TIME.fullmatch(words):
        until = _next(words, now, zone)
    elif found := _INSTANT.fullmatch(words):
        until = _dated(found, zone)
    else:
        until = _after(words, now)
    return _in_time(words, until, now)


def tell_until(until: datetime, zone: ZoneInfo) -> str:
    """Write an instant in a zone and in UTC."""
    local = until.astimezone(zone)
    return f"{local.isoformat(timespec='seconds')} {zone.key} ({until:%Y-%m-%dT%H:%M:%SZ})"


def _next(words: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Find the next time of day, today or tomorrow."""
    hour, _, rest = words.partition(":")
    try:
        of_day = time.fromisoformat(f"{hour:0>2}:{rest}")
    except ValueError as error:
        raise ValueError(f"{words!r} is no time of the day") from error
    local = now.astimezone(zone).replace(tzinfo=None)
    today = datetime.combine(local.date(), of_day)
    instants = _instants(today, zone)
    over = all(one <= now for one in instants) if instants else today <= local
    return _only(today + _DAY if over else today, zone)


def _dated(found: re.Match[str], zone: ZoneInfo) -> datetime:
    date, clock, offset = found.groups()
    try:
        if offset is not None:
            return datetime.fromisoformat(f"{date}T{clock}{offset.upper()}").astimezone(UTC)
        wall = datetime.fromisoformat(f"{date}T{clock}")
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{found.group()!r} is no date and time: {error}") from error
    return _only(wall, zone)


def _after(words: str, now: datetime) -> datetime:
    try:
        span = parse_duration(words)
    except ValueError as error:
        raise ValueError(f"{words!r} is neither a time nor a duration; {_WRITE}") from error
    if not span:
        raise ValueError(f"{words!r} is no time at all; to end a hold, run `flashd release`")
    exact = now + span
    begun = exact.replace(microsecond=0)
    return begun if begun == exact else begun + _SECOND


def _only(wall: datetime, zone: ZoneInfo) -> datetime:
    """Tell when the clock on the wall shows a time, if it does so once."""
    match _instants(wall, zone):
        case (instant,):
            return instant
        case ():
            raise ValueError(
                f"{wall.isoformat(' ')} does not exist in {zone.key}: clocks go forward over it"
            )
        case first, second:
            either = " or ".join(one.astimezone(zone).isoformat() for one in (first, second))
            raise ValueError(f"{wall.isoformat(' ')} comes twice in {zone.key}: write {either}")
    raise AssertionError(wall)


def _instants(wall: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Tell the instants, none to two, at which the clock on the wall of a zone shows a time."""
    try:
        both = [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
        shown = [one.astimezone(zone).replace(tzinfo=None, fold=0) for one in both]
    except OverflowError as error:
        raise ValueError(f"{wall.isoformat(' ')} is out of range") from error
    there = [one for one, back in zip(both, shown, strict=True) if back == wall]
    return tuple(dict.fromkeys(there))


def _in_time(words: str, until: datetime, now: datetime) -> datetime:
    told = f"{until:%Y-%m-%dT%H:%M:%SZ}"
    if until <= now:
        raise ValueError(f"{words!r} is {told}, which is past; it is {now:%Y-%m-%dT%H:%M:%SZ} now")
    if until - now > LONGEST + _SECOND:
        raise ValueError(f"{words!r} is {told}, which is more than {LONGEST.days}d from now")
    return until
