"""An instant to come, as people write it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashd.config.until import parse_until, tell_until

PARIS = ZoneInfo("Europe/Paris")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NOW = utc("2026-11-26 12:00:00")  # 13:00 in Paris
SPRING = utc("2026-03-29 00:30")  # 01:30; at 02:00 clocks go to 03:00
AUTUMN = utc("2026-10-25 00:10")  # 02:10; at 03:00 clocks go to 02:00
LATER = utc("2026-10-25 01:10")  # 02:10 once more

GOOD: dict[str, tuple[str, datetime, str]] = {
    "local": ("2026-11-27T06:00", NOW, "2026-11-27 05:00"),
    "with a space": (" 2026-11-27 06:00:30 ", NOW, "2026-11-27 05:00:30"),
    "in UTC": ("2026-11-27T06:00Z", NOW, "2026-11-27 06:00"),
    "with an offset": ("2026-11-27T06:00-03:00", NOW, "2026-11-27 09:00"),
    "with an offset without colon": ("2026-11-27t06:00+0530", NOW, "2026-11-27 00:30"),
    "later today": ("13:01", NOW, "2026-11-26 12:01"),
    "a second later": ("13:00:01", NOW, "2026-11-26 12:00:01"),
    "now is tomorrow": ("13:00", NOW, "2026-11-27 12:00"),
    "earlier is tomorrow": ("6:00", NOW, "2026-11-27 05:00"),
    "midnight": ("00:00", NOW, "2026-11-26 23:00"),
    "a duration": ("4h", NOW, "2026-11-26 16:00"),
    "a longer one": ("1d12h", NOW, "2026-11-28 00:00"),
    "minutes": ("90", NOW, "2026-11-26 13:30"),
    "never less than was asked": ("90s", NOW + timedelta(microseconds=1), "2026-11-26 12:01:31"),
    "a duration is real time": ("2h", SPRING, "2026-03-29 02:30"),
    "tomorrow is another offset": ("01:30", SPRING, "2026-03-29 23:30"),
    "over the change": ("03:00", SPRING, "2026-03-29 01:00"),
    "the first pass by its offset": ("2026-10-25T02:30+02:00", AUTUMN, "2026-10-25 00:30"),
    "the second pass by its offset": ("2026-10-25T02:30+01:00", AUTUMN, "2026-10-25 01:30"),
    "both passes are over": ("02:05", LATER, "2026-10-26 01:05"),
    "the longest": ("3650d", NOW, "2036-11-23 12:00"),
}


@pytest.mark.parametrize(("text", "now", "wanted"), GOOD.values(), ids=GOOD.keys())
def test_reads(text: str, now: datetime, wanted: str) -> None:
    assert parse_until(text, now, PARIS) == utc(wanted)


BAD: dict[str, tuple[str, datetime, str]] = {
    "nothing": ("", NOW, "neither a time nor a duration"),
    "a word": ("tomorrow", NOW, "neither a time nor a duration; write such as 06:00"),
    "a day only": ("2026-11-27", NOW, "neither"),
    "past": ("2026-11-26T12:59", NOW, "is past"),
    "past with an offset": ("2026-11-26T13:00+01:00", NOW, "is past"),
    "no time at all": ("0", NOW, "no time at all; to end a hold, run `flashd release`"),
    "no hours, in a second begun": ("0h", NOW + timedelta(microseconds=1), "no time at all"),
    "no seconds, in a second begun": ("0s", NOW + timedelta(microseconds=1), "no time at all"),
    "a negative duration": ("-4h", NOW, "neither"),
    "no such time": ("25:00", NOW, "no time of the day"),
    "no such minute": ("06:60", NOW, "no time of the day"),
    "no such day": ("2026-02-30T06:00", NOW, "no date and time"),
    "no such offset": ("2026-11-27T06:00+25:00", NOW, "no date and time"),
    "too far": ("2046-11-27T06:00", NOW, "more than 3650d from now"),
    "a duration too long": ("3651d", NOW, "neither"),
    "the end of time": ("9999-12-31T23:59-10:00", NOW, "no date and time"),
    "the beginning of time": ("0001-01-01T00:00", NOW, "out of range"),
    "a gap": ("2026-03-29T02:30", SPRING, "does not exist in Europe/Paris"),
    "a gap today": ("02:30", SPRING, "does not exist in Europe/Paris"),
    "twice": ("2026-10-25T02:30", AUTUMN, r"comes twice .* 2026-10-25T02:30:00\+02:00 or "),
    "twice today": ("02:30", AUTUMN, "comes twice"),
    "the first pass is over": ("02:05", AUTUMN, "comes twice"),
    "other digits": ("\u0660\u0666:\u0660\u0660", NOW, "neither"),
}


@pytest.mark.parametrize(("text", "now", "said"), BAD.values(), ids=BAD.keys())
def test_refuses(text: str, now: datetime, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_until(text, now, PARIS)


def test_tells_it_in_both_zones() -> None:
    told = tell_until(utc("2026-11-27 05:00"), PARIS)
    assert told == "2026-11-27T06:00:00+01:00 Europe/Paris (2026-11-27T05:00:00Z)"


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(  # noqa: DTZ001 - made aware
        lambda naive: naive.replace(tzinfo=UTC)
    ),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
)
def test_a_time_of_day_is_the_next_one(now: datetime, hour: int, minute: int) -> None:
    try:
        found = parse_until(f"{hour}:{minute:02}", now, PARIS)
    except ValueError:
        assert hour == 2, "only what a change of the clocks takes or repeats is refused"
        return
    assert timedelta(0) < found - now <= timedelta(hours=25)
    shown = found.astimezone(PARIS)
    assert (shown.hour, shown.minute, shown.second) == (hour, minute, 0)


@given(text=st.text(max_size=24))
def test_anything_else_is_refused_in_words(text: str) -> None:
    try:
        assert parse_until(text, NOW, PARIS) > NOW
    except ValueError as refused:
        assert str(refused)  # noqa: PT017 - either will do
