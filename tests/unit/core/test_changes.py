"""What another set of definitions changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from flashd.core.changes import Change, Kind, Side, changes
from flashd.model import hold
from flashd.model.hold import Hold, Scope
from flashd.model.observation import Standing
from flashd.model.service import GuardSpec, Service
from tests.unit.core.builders import (
    ARRAY,
    HOURS,
    NOW,
    PAIRS,
    SERVICE,
    freshness,
    picture,
    relation,
    resource,
    service,
    sighting,
)

GOOD = picture(*(sighting(name, relation(name)) for name in PAIRS))  # resynced at 00:59:31
YOUNG = "the clone is younger than the age at which it is refreshed"
FRESH = f"not due until 2026-11-21T20:59:31Z: {YOUNG}"
BASE = service()


def side(*services: Service) -> Side:
    return Side({one.name: one for one in services}, GOOD)


def test_what_is_the_same_is_no_change() -> None:
    again = replace(service(), origin="another file")
    assert changes(side(BASE), side(again), NOW) == ()


def test_added_removed_and_in_the_order_of_names() -> None:
    other = service(name="other")
    old, new = side(BASE, service(name="gone")), side(BASE, other)
    assert changes(old, new, NOW) == (
        Change("gone", Kind.REMOVED, (), FRESH, None),
        Change("other", Kind.ADDED, (), None, FRESH),
    )


CASES = {
    "sync_min_delay": (replace(BASE, freshness=freshness(min_delay=HOURS)), FRESH),
    "sync_max_delay": (
        replace(BASE, freshness=freshness(max_delay=HOURS)),
        "due: the clone is older than sync_max_delay",
    ),
    "refresh_after": (
        replace(BASE, freshness=freshness(refresh_after=HOURS / 2)),
        "due: the clone has reached the age at which it is refreshed",
    ),
    "schedule": (
        service(schedule="03:00-04:00"),
        "not due until 2026-11-21T03:00:00Z: no window is open",
    ),
    "timezone": (service(timezone="Europe/Paris"), FRESH),
    "guards": (
        replace(BASE, guards=(GuardSpec("systemd", "another", (), proves=True),)),
        FRESH,
    ),
    "sync": (service(resource("0001:0002")), FRESH),
    "description": (replace(BASE, description="other words"), FRESH),
}


@pytest.mark.parametrize("key", CASES)
def test_each_key_that_differs_is_named_with_the_decision_of_before_and_now(key: str) -> None:
    changed, decision = CASES[key]
    assert changes(side(BASE), side(changed), NOW) == (
        Change(SERVICE, Kind.CHANGED, (key,), FRESH, decision),
    )


@pytest.mark.parametrize("key", CASES)
def test_it_tells_whether_another_decision_comes_of_it(key: str) -> None:
    changed, decision = CASES[key]
    (found,) = changes(side(BASE), side(changed), NOW)
    assert found.decides_otherwise == (decision != FRESH)


def test_several_keys_are_all_named() -> None:
    changed = replace(
        CASES["schedule"][0], freshness=freshness(min_delay=HOURS, max_delay=HOURS * 2)
    )
    (found,) = changes(side(BASE), side(changed), NOW)
    assert found.what == ("sync_min_delay", "sync_max_delay", "schedule")


def test_the_zone_of_an_array_s_dates_changes_its_services() -> None:
    new = Side({SERVICE: BASE}, replace(GOOD, zones={ARRAY: ZoneInfo("Asia/Tokyo")}))
    (found,) = changes(side(BASE), new, NOW)
    assert found.what == ("the zone of its array's dates",)


def test_a_wait_after_a_failure_counts() -> None:
    waiting = replace(
        GOOD,
        standings={SERVICE: Standing(service=SERVICE, retry_at=NOW + timedelta(minutes=5))},
    )
    stale = replace(BASE, freshness=freshness(max_delay=HOURS))
    (found,) = changes(side(BASE), Side({SERVICE: stale}, waiting), NOW)
    assert found.after == (
        "not due until 2026-11-21T02:05:00Z: the last run failed; the next try waits"
    )


def test_a_held_service_stays_held() -> None:
    scope = Scope(hold.Kind.ALL)
    laid = Hold(scope=scope, reason="audit", by="ann", since=NOW, until=NOW + HOURS)
    held = replace(GOOD, holds={scope: laid})
    stale = replace(BASE, freshness=freshness(max_delay=HOURS))
    (found,) = changes(Side({SERVICE: BASE}, held), Side({SERVICE: stale}, held), NOW)
    assert found.before == "not due until 2026-11-21T03:00:00Z: somebody holds it"
    assert not found.decides_otherwise


def test_nothing_is_said_of_clones_that_nobody_has_seen() -> None:
    unseen = service(resource("0F01:0F02"), name="new")
    (found,) = changes(side(BASE), side(BASE, unseen), NOW)
    assert found.after == "to be observed first"


def test_a_schedule_without_windows_says_so() -> None:
    never = service(schedule="03:00-04:00@0")
    (found,) = changes(side(BASE), side(never), NOW)
    assert found.after == "not due: the schedule opens no window any more"
