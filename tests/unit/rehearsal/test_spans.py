"""Windows as spans, and schedules that remember."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashd.core.schedule import parse
from flashd.rehearsal.schedules import Remembered
from flashd.rehearsal.spans import Span, Timetable, between, days, merged, openings

PARIS = ZoneInfo("Europe/Paris")
START = datetime(2026, 10, 24, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
"""The last second of a window belongs to it."""


def span(begin: float, end: float) -> Span:
    return Span(START + begin * HOUR, START + end * HOUR)


def test_the_openings_of_a_night_over_a_clock_change() -> None:
    found = openings(parse("22:00-04:00"), PARIS, START, START + 48 * HOUR)
    assert found == (
        Span(START, START + 2 * HOUR + SECOND),
        Span(START + 20 * HOUR, START + 27 * HOUR + SECOND),
        Span(START + 45 * HOUR, START + 51 * HOUR + SECOND),
    )


def test_a_window_whose_start_is_spread_is_open_from_its_begin() -> None:
    found = openings(parse("~10:00-12:00"), PARIS, START, START + 24 * HOUR)
    assert found == (Span(START + 8 * HOUR, START + 10 * HOUR + SECOND),)


def test_what_is_between_and_merged() -> None:
    assert between([span(1, 2), span(3, 4)], START, START + 5 * HOUR) == [
        span(0, 1),
        span(2, 3),
        span(4, 5),
    ]
    assert between([], START, START + HOUR) == [span(0, 1)]
    assert merged([span(3, 4), span(0, 2), span(1, 3)]) == [span(0, 4)]


def test_days_end_with_the_span() -> None:
    assert days(START, START + 36 * HOUR) == [span(0, 24), span(24, 36)]


EDGES = {"before": (0.9, False), "begin": (1, True), "inside": (1.5, True), "end": (2, False)}


@pytest.mark.parametrize(("hours", "inside"), EDGES.values(), ids=EDGES.keys())
def test_a_timetable_covers_its_begin_and_not_its_end(hours: float, inside: bool) -> None:  # noqa: FBT001 - a column of the table
    assert Timetable([span(1, 2)]).covers(START + hours * HOUR) is inside


SCHEDULES = ("22:00-04:00", "02:00-03:00@10", "~01:00-05:00 mon-fri", "* sun", "@120")


@settings(deadline=None)
@given(
    text=st.sampled_from(SCHEDULES),
    steps=st.lists(st.integers(1, 20_000_000), min_size=1, max_size=30),
    ran=st.lists(st.booleans(), min_size=30, max_size=30),
)
def test_a_schedule_that_remembers_answers_as_one_that_does_not(
    text: str, steps: list[int], ran: list[bool]
) -> None:
    plain, remembered = parse(text), Remembered(parse(text))
    now, last = START, None
    for step, runs in zip(steps, ran, strict=False):
        now += timedelta(milliseconds=step)
        local = now.astimezone(PARIS)
        for once in (True, False):
            assert remembered.next_start(local, last, seed="x", default_interval=once) == (
                plain.next_start(local, last, seed="x", default_interval=once)
            )
        assert remembered.open_at(local) == plain.open_at(local)
        assert remembered.next_open(local) == plain.next_open(local)
        assert remembered.window_end(local) == plain.window_end(local)
        last = local if runs else last
