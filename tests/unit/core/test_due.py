"""Is a resync due, and why; if not, when the answer can change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flashd.core.due import (
    Due,
    NotDue,
    Reason,
    decide,
    decide_asked,
    in_time,
    next_due,
    refresh_age,
)
from flashd.model.health import Bounds
from tests.unit.core.builders import HOURS, at, freshness, service

if TYPE_CHECKING:
    from flashd.model.service import Freshness, Service

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def nov(text: str) -> datetime:
    """Read a time of November 2026, `21 01:00`; the 21st is a Saturday."""
    return at(f"2026-11-{text}")


def once(text: str) -> Bounds:
    """Say when the last resync was, to the second."""
    return Bounds(nov(text), nov(text))


def between(earliest: str, latest: str) -> Bounds:
    return Bounds(nov(earliest), nov(latest))


ALWAYS = service()
PATIENT = service(wanted=freshness(min_delay=6 * HOURS))
LAZY = service(wanted=freshness(refresh_after=30 * HOURS))
EAGER = service(wanted=freshness(refresh_after=10 * HOURS))
NIGHTLY = service(schedule="22:00-04:00", wanted=freshness(min_delay=6 * HOURS))
SELDOM = service(schedule="22:00-04:00", wanted=freshness(min_delay=8 * HOURS))
BY_AGE = service(schedule="22:00-04:00", wanted=freshness(refresh_after=10 * HOURS))
HASTY = service(schedule="22:00-04:00", wanted=freshness(refresh_after=HOURS))
HASTY_AND_WRITTEN = service(schedule="22:00-04:00@120", wanted=freshness(refresh_after=HOURS))
IN_PARIS = service(schedule="22:00-04:00", timezone="Europe/Paris")
WEEKDAYS = service(schedule="22:00-04:00 mon-fri")
HOURLY = service(schedule="22:00-04:00@60")
NEVER = service(schedule="*@0")

CASES: dict[str, tuple[Service, Bounds | None, str, Due | NotDue]] = {
    # without a schedule
    "a pair holds no copy": (ALWAYS, None, "21 03:00", Due(Reason.NEVER_SYNCED)),
    "the age is not known": (
        ALWAYS,
        Bounds(None, nov("21 02:00")),
        "21 03:00",
        Due(Reason.AGE_UNKNOWN),
    ),
    "0.8 of sync_max_delay not reached": (
        ALWAYS,
        once("20 00:00"),
        "20 19:59:59",
        NotDue(Reason.FRESH, nov("20 20:00")),
    ),
    "0.8 of sync_max_delay reached": (
        ALWAYS,
        once("20 00:00"),
        "20 20:00",
        Due(Reason.REFRESHABLE),
    ),
    "sync_max_delay reached": (ALWAYS, once("20 00:00"), "21 01:00", Due(Reason.REFRESHABLE)),
    "sync_max_delay passed": (ALWAYS, once("20 00:00"), "21 01:00:01", Due(Reason.STALE)),
    "refresh_after not reached": (
        EAGER,
        once("20 00:00"),
        "20 09:59:59",
        NotDue(Reason.FRESH, nov("20 10:00")),
    ),
    "refresh_after reached": (EAGER, once("20 00:00"), "20 10:00", Due(Reason.REFRESHABLE)),
    "age counts from the earliest instant": (
        EAGER,
        between("20 00:00", "20 09:00"),
        "20 10:00",
        Due(Reason.REFRESHABLE),
    ),
    "sync_min_delay counts from the latest": (
        PATIENT,
        between("18 00:00", "20 00:00"),
        "20 05:59:59",
        NotDue(Reason.TOO_SOON, nov("20 06:00")),
    ),
    "sync_min_delay reached": (
        PATIENT,
        between("18 00:00", "20 00:00"),
        "20 06:00",
        Due(Reason.STALE),
    ),
    "sync_min_delay where the age is not known": (
        PATIENT,
        Bounds(None, nov("20 00:00")),
        "20 05:59:59",
        NotDue(Reason.TOO_SOON, nov("20 06:00")),
    ),
    "no sync_min_delay where nothing bounds the latest": (
        PATIENT,
        Bounds(nov("20 00:00"), None),
        "20 20:00",
        Due(Reason.REFRESHABLE),
    ),
    "no sync_min_delay where there is none": (
        EAGER,
        between("20 00:00", "20 11:00"),
        "20 10:00",
        Due(Reason.REFRESHABLE),
    ),
    "refresh_after beyond sync_max_delay not reached": (
        LAZY,
        once("20 00:00"),
        "21 05:59:59",
        NotDue(Reason.FRESH, nov("21 06:00")),
    ),
    "refresh_after beyond sync_max_delay reached": (
        LAZY,
        once("20 00:00"),
        "21 06:00",
        Due(Reason.STALE),
    ),
    # once per window
    "before the window": (
        NIGHTLY,
        once("20 22:00"),
        "21 21:59:59",
        NotDue(Reason.OUTSIDE_WINDOW, nov("21 22:00")),
    ),
    "the window opens": (NIGHTLY, once("20 22:00"), "21 22:00", Due(Reason.WINDOW)),
    "the window's last second": (NIGHTLY, once("20 02:00"), "21 04:00", Due(Reason.STALE)),
    "after the window": (
        NIGHTLY,
        once("20 02:00"),
        "21 04:00:01",
        NotDue(Reason.OUTSIDE_WINDOW, nov("21 22:00")),
    ),
    "the window had its run": (
        NIGHTLY,
        once("21 22:00"),
        "21 22:00:01",
        NotDue(Reason.HAD_THIS_WINDOW, nov("22 22:00")),
    ),
    "the window had its run, whatever the earliest": (
        NIGHTLY,
        between("20 00:00", "21 22:00"),
        "22 03:00",
        NotDue(Reason.HAD_THIS_WINDOW, nov("22 22:00")),
    ),
    "a run by day, the window's interval before": (
        NIGHTLY,
        once("21 15:59:59"),
        "21 22:00",
        Due(Reason.WINDOW),
    ),
    "a run by day, less than that before": (
        NIGHTLY,
        once("21 16:00"),
        "21 22:00",
        NotDue(Reason.HAD_THIS_WINDOW, nov("21 22:00:01")),
    ),
    "a run by day, less than sync_min_delay before": (
        SELDOM,
        once("21 14:30"),
        "21 22:00",
        NotDue(Reason.TOO_SOON, nov("21 22:30")),
    ),
    "stale, and the window is shut": (
        NIGHTLY,
        once("10 22:00"),
        "21 12:00",
        NotDue(Reason.OUTSIDE_WINDOW, nov("21 22:00")),
    ),
    "stale, and the window is open": (NIGHTLY, once("10 22:00"), "21 22:00", Due(Reason.STALE)),
    "no copy, and the window is shut": (
        NIGHTLY,
        None,
        "21 12:00",
        NotDue(Reason.OUTSIDE_WINDOW, nov("21 22:00")),
    ),
    "no copy, and the window is open": (NIGHTLY, None, "21 22:00", Due(Reason.NEVER_SYNCED)),
    "no age, and the window is open": (
        NIGHTLY,
        Bounds(None, nov("20 12:00")),
        "21 22:00",
        Due(Reason.AGE_UNKNOWN),
    ),
    "a written interval": (
        HOURLY,
        once("21 22:00"),
        "21 22:59:59",
        NotDue(Reason.HAD_THIS_WINDOW, nov("21 23:00")),
    ),
    "a written interval has passed": (HOURLY, once("21 22:00"), "21 23:00", Due(Reason.WINDOW)),
    "the day is that of the instant": (
        WEEKDAYS,
        once("20 10:00"),
        "21 01:00",
        NotDue(Reason.OUTSIDE_WINDOW, nov("23 00:00")),
    ),
    "never": (NEVER, once("20 22:00"), "21 22:00", NotDue(Reason.NO_WINDOW, None)),
    # refresh_after stands in for once per window
    "young, and the window is open": (
        BY_AGE,
        once("21 14:00"),
        "21 23:59:59",
        NotDue(Reason.FRESH, nov("22 00:00")),
    ),
    "old enough, and the window is open": (
        BY_AGE,
        once("21 14:00"),
        "22 00:00",
        Due(Reason.REFRESHABLE),
    ),
    "old enough again in the same window": (
        HASTY,
        once("21 22:00"),
        "21 23:00",
        Due(Reason.REFRESHABLE),
    ),
    "old enough again, but for a written interval": (
        HASTY_AND_WRITTEN,
        once("21 22:00"),
        "21 23:00",
        NotDue(Reason.HAD_THIS_WINDOW, nov("22 00:00")),
    ),
    "young, and the window is shut": (
        BY_AGE,
        once("21 14:00"),
        "21 21:59:59",
        NotDue(Reason.OUTSIDE_WINDOW, nov("21 22:00")),
    ),
    "old enough, and the window is shut": (
        BY_AGE,
        once("21 10:00"),
        "21 21:59:59",
        NotDue(Reason.OUTSIDE_WINDOW, nov("21 22:00")),
    ),
    # in the zone of the service
    "in Paris it is not ten yet": (
        IN_PARIS,
        once("20 22:00"),
        "21 20:59:59",
        NotDue(Reason.OUTSIDE_WINDOW, nov("21 21:00")),
    ),
    "in Paris it is ten": (IN_PARIS, once("20 21:00"), "21 21:00", Due(Reason.WINDOW)),
}


@pytest.mark.parametrize(("wanted", "last", "now", "answer"), CASES.values(), ids=CASES.keys())
def test_decides(wanted: Service, last: Bounds | None, now: str, answer: Due | NotDue) -> None:
    assert decide(wanted, last, nov(now)) == answer


@pytest.mark.parametrize(
    ("now", "answer"),
    [
        ("21 22:59:59", NotDue(Reason.BACKOFF, nov("21 23:00"))),
        ("21 23:00", Due(Reason.WINDOW)),
    ],
)
def test_waits_after_a_failure(now: str, answer: Due | NotDue) -> None:
    assert decide(NIGHTLY, once("20 22:00"), nov(now), nov("21 23:00")) == answer


def test_tells_its_instants_in_utc() -> None:
    answer = decide(IN_PARIS, once("20 22:00"), nov("21 12:00"))
    assert isinstance(answer, NotDue)
    assert answer.until is not None
    assert answer.until.tzinfo is UTC


LATE = {
    "inside the window": ("20 23:00", "21 04:00", True),
    "a minute after its end": ("20 23:00", "21 04:01:00", True),
    "more than a minute after its end": ("20 23:00", "21 04:01:01", False),
    "due in its last second": ("21 04:00", "21 04:01:00", True),
}


@pytest.mark.parametrize(("due_at", "now", "answer"), LATE.values(), ids=LATE.keys())
def test_a_turn_may_begin_a_minute_after_its_window(*, due_at: str, now: str, answer: bool) -> None:
    assert in_time(NIGHTLY, nov(due_at), nov(now)) is answer


# A person

ASKED: dict[str, tuple[Bounds | None, str, bool, Due | NotDue]] = {
    "waits for no window": (once("20 22:00"), "21 12:00", False, Due(Reason.ASKED)),
    "no copy": (None, "21 12:00", False, Due(Reason.ASKED)),
    "waits for sync_min_delay": (
        between("18 00:00", "21 10:00"),
        "21 15:59:59",
        False,
        NotDue(Reason.TOO_SOON, nov("21 16:00")),
    ),
    "sync_min_delay has passed": (
        between("18 00:00", "21 10:00"),
        "21 16:00",
        False,
        Due(Reason.ASKED),
    ),
    "--force bypasses it": (
        between("18 00:00", "21 10:00"),
        "21 10:00",
        True,
        Due(Reason.ASKED),
    ),
}


@pytest.mark.parametrize(("last", "now", "force", "answer"), ASKED.values(), ids=ASKED.keys())
def test_a_person_waits_for_sync_min_delay_only(
    *, last: Bounds | None, now: str, force: bool, answer: Due | NotDue
) -> None:
    assert decide_asked(last, freshness(min_delay=6 * HOURS), nov(now), force=force) == answer


# ~

SPREAD = service(schedule="~22:00-04:00")


def test_spreads_the_start_inside_the_window_differently_for_each_service() -> None:
    starts = set()
    for name in ("a", "b", "c", "d"):
        one = service(schedule="~22:00-04:00", name=name)
        shut = decide(one, once("20 22:00"), nov("21 12:00"))
        assert isinstance(shut, NotDue)
        assert shut.reason is Reason.OUTSIDE_WINDOW
        assert shut.until is not None
        assert nov("21 22:00") < shut.until <= nov("22 04:00")
        assert decide(one, once("20 22:00"), shut.until - SECOND) == NotDue(
            Reason.SPREAD, shut.until
        )
        assert isinstance(decide(one, once("20 22:00"), shut.until), Due)
        starts.add(shut.until)
    assert len(starts) == 4


def test_by_age_a_spread_window_has_had_nothing() -> None:
    by_age = service(schedule="~22:00-04:00", wanted=freshness(refresh_after=HOURS))
    answer = decide(by_age, once("21 21:00"), nov("21 22:00"))
    assert isinstance(answer, NotDue)
    assert answer.reason is Reason.SPREAD


def test_a_spread_window_that_had_its_run_says_so() -> None:
    answer = decide(SPREAD, once("21 22:00"), nov("21 22:00:01"))
    assert isinstance(answer, NotDue)
    assert answer.reason is Reason.HAD_THIS_WINDOW


# Next

NEXT: dict[str, tuple[Service, Bounds | None, str, str | None, tuple[str, Reason] | None]] = {
    "now": (ALWAYS, None, "21 03:00", None, ("21 03:00", Reason.NEVER_SYNCED)),
    "stale now": (ALWAYS, once("10 00:00"), "21 03:00", None, ("21 03:00", Reason.STALE)),
    "by age": (ALWAYS, once("20 00:00"), "20 03:00", None, ("20 20:00", Reason.FRESH)),
    "by sync_min_delay": (
        PATIENT,
        between("18 00:00", "20 00:00"),
        "20 03:00",
        None,
        ("20 06:00", Reason.TOO_SOON),
    ),
    "by a window": (
        NIGHTLY,
        once("20 12:00"),
        "20 20:00",
        None,
        ("20 22:00", Reason.OUTSIDE_WINDOW),
    ),
    "by the next window": (
        NIGHTLY,
        once("20 22:00"),
        "20 23:00",
        None,
        ("21 22:00", Reason.HAD_THIS_WINDOW),
    ),
    "by a window and then sync_min_delay": (
        SELDOM,
        once("20 15:00"),
        "20 20:00",
        None,
        ("20 23:00", Reason.TOO_SOON),
    ),
    "by backoff and then a window": (
        NIGHTLY,
        once("20 12:00"),
        "20 20:00",
        "20 21:00",
        ("20 22:00", Reason.OUTSIDE_WINDOW),
    ),
    "by backoff inside a window": (
        NIGHTLY,
        once("20 12:00"),
        "20 20:00",
        "20 22:30",
        ("20 22:30", Reason.BACKOFF),
    ),
    "by age, a window away": (
        BY_AGE,
        once("20 20:00"),
        "20 23:00",
        None,
        ("21 22:00", Reason.OUTSIDE_WINDOW),
    ),
    "never": (NEVER, None, "20 23:00", None, None),
    "never, though first a backoff ends": (NEVER, None, "20 23:00", "21 00:00", None),
}


@pytest.mark.parametrize(
    ("wanted", "last", "now", "retry_at", "answer"), NEXT.values(), ids=NEXT.keys()
)
def test_tells_when_the_next_resync_is_due(
    wanted: Service,
    last: Bounds | None,
    now: str,
    retry_at: str | None,
    answer: tuple[str, Reason] | None,
) -> None:
    found = next_due(wanted, last, nov(now), nov(retry_at) if retry_at else None)
    assert found == ((nov(answer[0]), answer[1]) if answer else None)


class Mirage:
    """Windows that are an hour away whenever somebody comes."""

    def open_at(self, _now: datetime) -> bool:
        return False

    def allows(
        self, _now: datetime, _last: datetime | None, *, default_interval: bool = True
    ) -> bool:
        return not default_interval

    def next_start(
        self,
        now: datetime,
        _last: datetime | None,
        *,
        seed: str = "",
        default_interval: bool = True,
    ) -> datetime | None:
        return now + HOURS if seed and default_interval else None

    def next_open(self, now: datetime) -> datetime | None:
        return now + HOURS

    def window_end(self, _now: datetime) -> datetime | None:
        return None


def test_gives_up_looking_for_a_start_that_always_moves_away() -> None:
    found = next_due(replace(ALWAYS, schedule=Mirage()), None, nov("01 00:00"))
    assert found == (nov("01 00:00") + 32 * HOURS, Reason.OUTSIDE_WINDOW)


REFRESH: dict[str, tuple[Freshness, timedelta]] = {
    "0.8 of sync_max_delay": (freshness(max_delay=25 * HOURS), 20 * HOURS),
    "as written": (freshness(refresh_after=10 * HOURS), 10 * HOURS),
    "at once": (freshness(refresh_after=timedelta(0)), timedelta(0)),
}


@pytest.mark.parametrize(("wanted", "age"), REFRESH.values(), ids=REFRESH.keys())
def test_tells_the_age_at_which_a_clone_is_refreshed(wanted: Freshness, age: timedelta) -> None:
    assert refresh_age(wanted) == age


# Whatever the times

services = st.builds(
    service,
    schedule=st.sampled_from(
        [None, "22:00-04:00", "~22:00-04:00 mon-fri", "01:00-02:00,13:00-14:00@30", "*@360"]
    ),
    wanted=st.builds(
        freshness,
        min_delay=st.sampled_from([timedelta(0), 90 * MINUTE, 6 * HOURS]),
        max_delay=st.sampled_from([7 * HOURS, 25 * HOURS]),
        refresh_after=st.sampled_from([None, 5 * HOURS, 20 * HOURS]),
    ),
    timezone=st.sampled_from(["UTC", "Europe/Paris", "America/New_York"]),
)
moments = st.integers(0, 14 * 86400).map(lambda number: at("2026-10-20 00:00") + number * SECOND)
lasts = st.one_of(
    st.none(),
    st.builds(Bounds, st.none(), moments),
    st.tuples(moments, moments).map(lambda ends: Bounds(min(ends), max(ends))),
)


@settings(max_examples=120, deadline=None)
@given(wanted=services, last=lasts, now=moments, retry_at=st.none() | moments)
@example(wanted=LAZY, last=once("20 00:00"), now=nov("20 01:00"), retry_at=None)
@example(wanted=IN_PARIS, last=None, now=at("2026-10-25 00:59:59"), retry_at=None)
def test_stays_not_due_until_the_time_it_names(
    wanted: Service, last: Bounds | None, now: datetime, retry_at: datetime | None
) -> None:
    answer = decide(wanted, last, now, retry_at)
    if isinstance(answer, NotDue):
        assert answer.until is not None
        assert answer.until > now
        for part in (2, 7):
            between_times = now + (answer.until - now) / part
            assert isinstance(decide(wanted, last, between_times, retry_at), NotDue)
        just_before = answer.until - timedelta(microseconds=1)
        assert isinstance(decide(wanted, last, just_before, retry_at), NotDue)


@settings(max_examples=80, deadline=None)
@given(wanted=services, last=lasts, now=moments, retry_at=st.none() | moments)
def test_is_due_at_the_time_that_it_tells_and_not_before(
    wanted: Service, last: Bounds | None, now: datetime, retry_at: datetime | None
) -> None:
    found = next_due(wanted, last, now, retry_at)
    assert found is not None
    assert found[0] >= now
    assert isinstance(decide(wanted, last, found[0], retry_at), Due)
    halfway = now + (found[0] - now) / 2
    assert halfway == found[0] or isinstance(decide(wanted, last, halfway, retry_at), NotDue)


@settings(max_examples=80, deadline=None)
@given(wanted=services, last=lasts, now=moments)
def test_is_never_due_outside_a_window_or_inside_sync_min_delay(
    wanted: Service, last: Bounds | None, now: datetime
) -> None:
    if isinstance(decide(wanted, last, now), Due):
        local = now.astimezone(wanted.timezone)
        assert wanted.schedule is None or wanted.schedule.open_at(local)
        if last and last.latest and wanted.freshness.min_delay:
            assert now >= last.latest + wanted.freshness.min_delay
