"""Schedules: read or refused, and what is read can always be asked when it opens next."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flashd.core.schedule import Schedule, ScheduleError, parse
from tests.fuzz.target import SEAM, Target, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_DATA = Path(__file__).parents[1] / "unit" / "core" / "data" / "opensvc-schedule.json"
_ZONES: tuple[tzinfo | None, ...] = (
    *(None, UTC, ZoneInfo("Europe/Paris"), ZoneInfo("Australia/Lord_Howe")),
    *(ZoneInfo("America/Sao_Paulo"), ZoneInfo("Pacific/Apia"), ZoneInfo("Africa/Casablanca")),
)
_STARTS = (
    *(datetime(2026, 3, 29, 0, 30), datetime(2026, 10, 25, 0, 59, 59), datetime(2024, 2, 29)),  # noqa: DTZ001
    *(datetime(2011, 12, 29, 23, 59), datetime(9990, 12, 31, 23, 59, 59), datetime(1971, 1, 1)),  # noqa: DTZ001
    datetime(2026, 12, 31, 12, 0, 0, 500),  # noqa: DTZ001
)
_SECOND = timedelta(seconds=1)


def _question(seed: int) -> tuple[datetime, datetime | None]:
    zone = _ZONES[seed % len(_ZONES)]
    now = (_STARTS[seed // 7 % len(_STARTS)] + timedelta(seconds=seed % 200000)).replace(
        tzinfo=zone
    )
    ago = (None, timedelta(0), timedelta(hours=1), timedelta(days=40), -timedelta(days=1))
    last = ago[seed // 49 % len(ago)]
    return now, None if last is None else now - last


def _read(data: bytes) -> Schedule | None:
    expressions = [text_of(text) for text in data.split(SEAM)]
    try:
        return parse(expressions)
    except ScheduleError as error:
        assert error.expression in expressions
        assert 1 <= error.column <= len(error.expression) + 1
        return None


def _asked(data: bytes) -> Schedule | None:
    """Read, and ask all that can be asked: none of it may hang or raise."""
    schedule = _read(data)
    if schedule is None:
        return None
    now, last = _question(zlib.crc32(data))
    schedule.hints()
    schedule.describe_window(now)
    schedule.allows(now, last)
    schedule.next_start(now, last, seed="one")
    schedule.window_end(now)
    return schedule


def _check(data: bytes, schedule: Schedule | None) -> None:
    if schedule is None:
        return
    assert parse(schedule.expressions) == schedule
    now, last = _question(zlib.crc32(data))
    opens = schedule.next_open(now)
    start = schedule.next_start(now, last, seed="one")
    if opens is None:
        assert start is None, "it starts, and is never open"
        return
    _check_open(schedule, now, opens)
    if start is None:
        return
    assert _plain(start) >= _plain(opens), "a start before it opens"
    assert schedule.open_at(start), f"{start} is in no window"
    starts = list(islice(schedule.starts(now, last, seed="one"), 3))
    assert starts[0] == start
    for one, other in pairwise(starts):
        assert _plain(one) < _plain(other)
        assert schedule.open_at(other)


def _check_open(schedule: Schedule, now: datetime, opens: datetime) -> None:
    """See that it is open then, and closed at any time before."""
    assert _plain(opens) >= _plain(now)
    assert schedule.open_at(opens), f"{opens} is in no window"
    end = schedule.window_end(opens)
    assert end is None or _plain(end) >= _plain(opens.replace(microsecond=0))
    span = _plain(opens) - _plain(now)
    for share in (0.0, 0.11, 0.37, 0.5, 0.83, 1.0):
        between = _plain(now) + (span - _SECOND) * share
        if _plain(now) <= between < _plain(opens):
            moment = between.replace(tzinfo=UTC).astimezone(now.tzinfo) if now.tzinfo else between
            assert not schedule.open_at(moment), f"it is open at {moment} already"


def _plain(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _seeds() -> Iterator[bytes]:
    found = json.loads(_DATA.read_text())
    texts = [found]
    while texts:
        one = texts.pop()
        if isinstance(one, str) and len(one) < 60:
            yield one.encode()
        elif isinstance(one, dict | list):
            texts += one.values() if isinstance(one, dict) else one
    yield SEAM.join((b"~22:00-04:00@1d mon-fri", b"! 23:00-01:00 mon:first 1-53 %2+1"))


TARGETS = (
    Target(
        name="schedule",
        read=_asked,
        check=_check,
        seeds=_seeds,
        words=(
            *(b"!", b"~", b"@", b"*", b",", b"-", b":", b"%", b"+", b"22:00-04:00", b"24:00"),
            *(b"mon-fri", b"sun", b"first", b"last", b"-31", b"jan-mar", b"%2+1", b"1-53", b"53"),
            *(b"@1w2d", b"@0", b"@999999999", b"02:00-03:00", b"00:00", b"2", b"5:fifth", b"29"),
            SEAM,
        ),
        largest=600,
        flood=1 << 12,
    ),
)
