"""Times and ages of a rehearsal, on tables made by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flashd.core.schedule import parse
from flashd.model.health import Bounds, Status
from flashd.model.service import Freshness, Resource, Service
from flashd.model.volumes import Pair
from flashd.rehearsal.notes import End
from flashd.rehearsal.occasions import NOT_ITS_TURN, Occasion, occasions, why_missed
from flashd.rehearsal.report import longest_age, standing_times, worst_hour
from flashd.rehearsal.ticks import on_grid
from flashd.rehearsal.watch import Stand

START = datetime(2026, 11, 23, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
NIGHTLY = Service(
    name="nightly",
    freshness=Freshness(min_delay=HOUR, max_delay=25 * HOUR),
    schedule=parse("22:00-04:00"),
    timezone=ZoneInfo("UTC"),
    guards=(),
    resources=(Resource(id="sync#1", array="A", pairs=(Pair.parse("0001:0002"),)),),
)


def stand(at: float, last: float, status: Status = Status.UP) -> Stand:
    copy = START + last * HOUR
    return Stand(START + at * HOUR, status, (), Bounds(copy, copy))


def test_a_clone_ages_between_two_readings() -> None:
    stands = [stand(0, -2), stand(24, 22)]
    times = standing_times(NIGHTLY, stands, START + 50 * HOUR)
    assert times == {
        Status.UP: 46 * HOUR,
        Status.WARN: 4 * HOUR,
        Status.UNKNOWN: 0 * HOUR,
    }
    assert longest_age(stands, START + 50 * HOUR) == 28 * HOUR


def test_what_is_unknown_is_not_stale_too() -> None:
    times = standing_times(NIGHTLY, [stand(0, -50, Status.UNKNOWN)], START + HOUR)
    assert times[Status.UNKNOWN] == HOUR
    assert times[Status.WARN] == 0 * HOUR


def test_a_window_without_a_resync_is_missed_and_the_next_one_is_late() -> None:
    stands = [stand(0, -2), stand(47.5, 47)]
    found = list(occasions(NIGHTLY, stands, START, START + 60 * HOUR))
    assert found == [
        Occasion(START + 22 * HOUR, START + 28 * HOUR + SECOND, None),
        Occasion(START + 46 * HOUR, START + 52 * HOUR + SECOND, START + 47 * HOUR),
    ]
    assert found[1].lateness == HOUR


def test_a_window_that_is_open_at_the_end_is_not_missed_yet() -> None:
    assert list(occasions(NIGHTLY, [stand(0, -2)], START, START + 27 * HOUR)) == []
    assert len(list(occasions(NIGHTLY, [stand(0, -2)], START, START + 29 * HOUR))) == 1


def test_the_nearest_reason_of_a_missed_window() -> None:
    missed = Occasion(START, START + HOUR, None)
    up = End(START + HOUR / 2, "nightly", "refused", "in use")
    before = End(START - HOUR, "nightly", "refused", "something else")
    assert why_missed(missed, [before, up], []) == "refused: in use"
    assert why_missed(missed, [before], [START]) == "the array could not be read"
    assert why_missed(missed, [before], []) == NOT_ITS_TURN


def test_the_worst_hour_is_where_sessions_took_most() -> None:
    minute = timedelta(minutes=1)
    sessions = [
        (START + begin * minute, START + end * minute)
        for begin, end in ((0, 10), (90, 100), (120, 140), (200, 205))
    ]
    assert worst_hour(sessions) == (START + 90 * minute, 30 * minute)
    assert worst_hour([]) == (None, timedelta(0))


def test_ticks_stand_on_the_grid_of_the_start() -> None:
    second = timedelta(seconds=1)
    assert on_grid(START, START, second) == START
    assert on_grid(START + second / 4, START, second) == START + second
