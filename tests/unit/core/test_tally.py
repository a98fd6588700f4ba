"""All services in one line."""

from __future__ import annotations

from dataclasses import replace

from flashd.core.tally import Tally, tally
from tests.unit.core.builders import (
    HOURS,
    NOW,
    PAIRS,
    at,
    freshness,
    picture,
    relation,
    resource,
    service,
    sighting,
)

GOOD = picture(*(sighting(name, relation(name)) for name in PAIRS))  # resynced at 00:59:31


def test_it_counts_each_status_and_finds_the_nearest_run() -> None:
    up = service(name="up")
    stale = replace(service(name="warn"), freshness=freshness(max_delay=HOURS))
    unseen = service(resource("0F01:0F02"), name="unseen", schedule="05:00-06:00")
    never = service(name="never", schedule="03:00-04:00@0")
    found = tally([up, stale, unseen, never], GOOD, NOW)
    assert (found.up, found.warn, found.unknown) == (2, 1, 1)
    assert (found.next_at, found.next_service) == (NOW, "warn")
    assert str(tally([up, unseen], GOOD, NOW)) == (
        "1 up, 0 warn, 1 unknown; next run unseen at 2026-11-21T05:00:00Z"
    )


def test_no_service_or_none_with_a_chance_has_no_next_run() -> None:
    never = service(schedule="03:00-04:00@0")
    assert str(tally([], GOOD, NOW)) == "0 up, 0 warn, 0 unknown; no next run"
    assert str(tally([never], GOOD, NOW)) == "1 up, 0 warn, 0 unknown; no next run"


def test_of_two_at_the_same_time_the_first_by_name_is_told() -> None:
    found = tally([service(name="b"), service(name="a")], GOOD, NOW)
    assert found == Tally(2, 0, 0, at("2026-11-21 20:59:31"), "a")
