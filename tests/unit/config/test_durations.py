from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashd.config.durations import LONGEST, PATTERN, format_duration, parse_duration

DURATIONS = {
    "0": timedelta(0),
    "0s": timedelta(0),
    "15": timedelta(minutes=15),
    "90s": timedelta(seconds=90),
    "30m": timedelta(minutes=30),
    "25h": timedelta(hours=25),
    "1d": timedelta(days=1),
    "1d3h": timedelta(days=1, hours=3),
    "1d2h3m4s": timedelta(days=1, hours=2, minutes=3, seconds=4),
    "3650d": LONGEST,
}


@pytest.mark.parametrize(("text", "span"), DURATIONS.items())
def test_reads_a_duration(text: str, span: timedelta) -> None:
    assert parse_duration(text) == span
    assert re.search(PATTERN, text)


@pytest.mark.parametrize(
    ("text", "advice"),
    {
        "1w": "write 7d",
        "1h 30m": "write 1h30m",
        " 5m": "write 5m",
        "30M": "write 30m",
        "3650d1s": "longer than 3650d",
        "soon": "such as 90s",
        "": "such as 90s",
        "-1": "such as 90s",
        "1.5h": "such as 90s",
        "m": "such as 90s",
        "1m1h": "such as 90s",
        "٣m": "such as 90s",
        "1\n": "such as 90s",
    }.items(),
)
def test_refuses_with_what_is_right(text: str, advice: str) -> None:
    with pytest.raises(ValueError, match=re.escape(advice)):
        parse_duration(text)


@given(st.integers(min_value=0, max_value=int(LONGEST.total_seconds())))
def test_reads_what_it_writes(seconds: int) -> None:
    span = timedelta(seconds=seconds)
    assert parse_duration(format_duration(span)) == span
    assert re.search(PATTERN, format_duration(span))


@given(st.text() | st.from_regex(r"[0-9]{1,40}[dhms]?", fullmatch=True))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    try:
        span = parse_duration(text)
    except ValueError:
        return
    assert timedelta(0) <= span <= LONGEST
    assert re.search(PATTERN, text)
