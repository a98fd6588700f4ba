"""What dates prove of clocks, and what they do not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashd.core.checkup.dates import (
    Lead,
    judge_array_clock,
    judge_host_clock,
    judge_zone,
    lead,
)
from flashd.core.checkup.diagnosis import State
from flashd.core.instants import read
from flashd.model.observation import Sighting
from flashd.model.volumes import ArrayTime, Listing, Pair, Relation

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ARRAY = "IBM.2107-75ABC01"
PAIR = Pair.parse("0001:0002")


def written(at: datetime, label: str = "UTC") -> ArrayTime:
    found = read(f"{at:%a %b %d %H:%M:%S} {label} {at:%Y}")
    assert found
    return found


def relation(synced: ArrayTime | None) -> Relation:
    return Relation(
        pair=PAIR,
        state="Valid",
        recording=True,
        persistent=True,
        revertible=False,
        source_write_enabled=True,
        target_write_enabled=True,
        background_copy=False,
        out_of_sync_tracks=0,
        created=None,
        synced=synced,
        space_efficient_target=False,
    )


def listing(synced: ArrayTime | None) -> Listing:
    return Listing(ARRAY, NOW - timedelta(seconds=1), NOW, {PAIR: relation(synced)})


def sighting(synced: datetime, before: datetime | None, since: datetime) -> Sighting:
    return Sighting(
        array=ARRAY,
        pair=PAIR,
        relation=relation(written(synced)),
        observed_at=NOW,
        before_at=before,
        since_at=since,
    )


S = timedelta(seconds=1)


def test_a_date_of_a_listing_bounds_the_clock_from_below() -> None:
    assert lead(listing(written(NOW + 60 * S)), (), None) == Lead(60 * S, None)
    assert lead(listing(written(NOW - 60 * S)), (), None) == Lead(-60 * S, None)
    assert lead(listing(None), (), None) == Lead(None, None)
    assert lead(None, (), None) == Lead(None, None)


def test_a_copy_seen_between_two_readings_bounds_it_on_both_sides() -> None:
    seen = sighting(NOW - 30 * S, NOW - 40 * S, NOW - 20 * S)
    assert lead(None, [seen], None) == Lead(-10 * S, 11 * S)
    other = sighting(NOW - 100 * S, NOW - 101 * S, NOW - 95 * S)
    assert lead(None, [seen, other], None) == Lead(-5 * S, 2 * S)


def test_a_copy_seen_at_the_first_reading_has_one_bound() -> None:
    assert lead(None, [sighting(NOW - 30 * S, None, NOW)], None) == Lead(-30 * S, None)


def test_an_ambiguous_label_widens_the_bounds() -> None:
    date = written(NOW, "CST")
    assert lead(listing(date), (), None) == Lead(-timedelta(hours=10, minutes=30), None)
    assert lead(listing(date), (), ZoneInfo("Asia/Shanghai")) == Lead(-timedelta(hours=8), None)


@given(
    offset=st.integers(-7200, 7200),
    wait=st.integers(0, 100),
    later=st.integers(0, 100),
    micro=st.integers(0, 999_999),
)
def test_the_true_lead_is_always_between_the_bounds(
    offset: int, wait: int, later: int, micro: int
) -> None:
    """An array whose clock leads by `offset` dates a copy by its own clock, in whole seconds."""
    happened = NOW - timedelta(minutes=10) + timedelta(microseconds=micro)
    dated = (happened + offset * S).replace(microsecond=0)
    seen = sighting(dated, happened - wait * S, happened + later * S)
    found = lead(None, [seen], None)
    assert found.least is not None
    assert found.most is not None
    assert found.least <= offset * S <= found.most


CLOCKS = {
    "5 s ahead": (Lead(5 * S, None), State.UNSEEN, "nothing shows"),
    "6 s ahead": (Lead(6 * S, 20 * S), State.HINT, "at least 6s ahead"),
    "5 s behind": (Lead(None, -5 * S), State.UNSEEN, "nothing shows"),
    "6 s behind": (Lead(-60 * S, -6 * S), State.HINT, "at least 6s behind"),
    "close": (Lead(-3 * S, 4 * S), State.OK, "to 4s"),
    "five minutes": (Lead(-299 * S, 1 * S), State.OK, "to 4m59s"),
    "too wide": (Lead(-300 * S, 1 * S), State.UNSEEN, "nothing shows"),
    "nothing": (Lead(None, None), State.UNSEEN, "nothing shows"),
    "set": (Lead(3 * S, 2 * S), State.HINT, "was set"),
}


@pytest.mark.parametrize(("found", "state", "words"), CLOCKS.values(), ids=CLOCKS.keys())
def test_judges_an_array_clock(found: Lead, state: State, words: str) -> None:
    one = judge_array_clock(ARRAY, found)
    assert (one.state, words in one.words) == (state, True), one


ZONES = {
    "UTC": ("UTC", None, State.OK, "certain"),
    "one meaning": ("CEST", None, State.OK, "certain"),
    "several": ("CST", None, State.HINT, "16h30m apart"),
    "none known": ("XYZ", None, State.HINT, "1d2h apart"),
    "configured": ("CST", "Asia/Shanghai", State.OK, "Asia/Shanghai"),
    "configured otherwise": ("CST", "Europe/Paris", State.HINT, "Europe/Paris is CET then"),
}


@pytest.mark.parametrize(("label", "zone", "state", "words"), ZONES.values(), ids=ZONES.keys())
def test_judges_a_zone(label: str, zone: str | None, state: State, words: str) -> None:
    named = ZoneInfo(zone) if zone else None
    (one,) = judge_zone(ARRAY, listing(written(NOW, label)), named)
    assert (one.state, words in one.words) == (state, True), one


def test_no_date_is_no_evidence() -> None:
    assert [one.state for one in judge_zone(ARRAY, listing(None), None)] == [State.UNSEEN]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (None, State.UNSEEN),
        (timedelta(milliseconds=12), State.OK),
        (timedelta(seconds=16) - timedelta(microseconds=1), State.OK),
        (timedelta(seconds=16), State.HINT),
    ],
)
def test_judges_the_clock_of_this_host(error: timedelta | None, state: State) -> None:
    assert judge_host_clock(error, NOW).state is state
