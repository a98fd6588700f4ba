"""What an array's dates can mean; which is later; how fresh a clone is proved to be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flashd.core.instants import indistinct, last_resync, later, meaning, oldest, read
from flashd.model.health import Bounds
from tests.unit.core.builders import (
    CREATED,
    HOURS,
    NOW,
    SYNCED,
    at,
    date,
    java,
    relation,
    sighting,
)

if TYPE_CHECKING:
    from flashd.model.volumes import Relation

SECOND = timedelta(seconds=1)
PARIS, NEW_YORK = ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York")
NAME = "0001:0002"

# Reading


READABLE = {
    "Thu Sep 18 23:04:04 CEST 2014": ("2014-09-18 23:04:04", "CEST"),
    "Mon Jun 01 08:00:00 UTC 2026": ("2026-06-01 08:00:00", "UTC"),
    "Mon Jun  1 08:00:00 UTC 2026": ("2026-06-01 08:00:00", "UTC"),
    "Mon Jun 1 08:00:00 UTC 2026": ("2026-06-01 08:00:00", "UTC"),
    "  Thu Jan 01 00:00:00 UTC 1970\n": ("1970-01-01 00:00:00", "UTC"),
    "Thu Feb 29 23:59:59 GMT+05:30 2024": ("2024-02-29 23:59:59", "GMT+05:30"),
    "Fri Dec 31 23:59:59 -03 2999": None,  # it was a Tuesday
    "Tue Dec 31 23:59:59 -03 2999": ("2999-12-31 23:59:59", "-03"),
}
UNREADABLE = [
    "",
    "-",
    "2014-09-18T23:04:04Z",
    "Thu Sep 18 23:04:04 2014",
    "Thu Sep 18 23:04 CEST 2014",
    "Fri Sep 18 23:04:04 CEST 2014",  # it was a Thursday
    "thu Sep 18 23:04:04 CEST 2014",
    "Don Sep 18 23:04:04 CEST 2014",
    "Thu Okt 18 23:04:04 CEST 2014",
    "Mon Feb 30 08:00:00 UTC 2026",
    "Mon Jun 00 08:00:00 UTC 2026",
    "Mon Jun 01 24:00:00 UTC 2026",
    "Tue Jun 02 24:00:00 UTC 2026",
    "Mon Jun 01 08:60:00 UTC 2026",
    "Mon Jun 01 08:00:60 UTC 2026",
    "Mon Jun 01 08:00:00 UTC 2026 x",
    "x Mon Jun 01 08:00:00 UTC 2026",
    "Mon Jun 01 08:00:00 Central European Time 2026",
    "Mon Jun 01 08:00:00 ABCDEFGHIJKLMNOPQ 2026",
    "Mon Jun 0\u0661 08:00:00 UTC 2026",
    "Wed Dec 31 23:59:59 UTC 1969",
    "Mon Jan 01 00:00:00 CEST 0001",  # in UTC there is no such year
    "Fri Dec 31 23:59:59 UTC 9999",
]


@pytest.mark.parametrize(("text", "parts"), READABLE.items())
def test_reads_a_date_as_java_prints_it(text: str, parts: tuple[str, str] | None) -> None:
    time = read(text)
    if parts is None:
        assert time is None
    else:
        assert time is not None
        assert (f"{time.local:%Y-%m-%d %H:%M:%S}", time.label) == parts
        assert str(time) == text.strip()


@pytest.mark.parametrize("text", UNREADABLE)
def test_reads_nothing_else(text: str) -> None:
    assert read(text) is None


# Meaning

MEANINGS = {
    "UTC is certain": ("UTC", PARIS, ["01:30"]),
    "GMT is certain": ("GMT", PARIS, ["01:30"]),
    "an offset with a colon": ("GMT+05:30", None, ["-20:00"]),
    "an offset without a colon": ("GMT+530", None, ["-20:00"]),
    "an offset in four digits": ("+0530", None, ["-20:00"]),
    "an offset to the west": ("UTC-5", None, ["06:30"]),
    "an offset alone is certain": ("-03", PARIS, ["04:30"]),
    "the farthest offset": ("GMT+14", None, ["-11:30"]),
    "no offset: too far": ("GMT+15", None, ["-11:30", "13:30"]),
    "no offset: no such hours": ("GMT+53", None, ["-11:30", "13:30"]),
    "no offset: no such minutes": ("GMT+05:60", None, ["-11:30", "13:30"]),
    "no offset: minutes missing": ("GMT+05:", None, ["-11:30", "13:30"]),
    "one place on earth": ("CET", None, ["00:30"]),
    "several places on earth": ("IST", None, ["-20:00", "00:30"]),
    "any place on earth": ("XYZ", None, ["-11:30", "13:30"]),
    "read where the array is": ("CST", PARIS, ["00:30"]),
    "known nowhere, read where the array is": ("XYZ", PARIS, ["00:30"]),
}


@pytest.mark.parametrize(("label", "zone", "readings"), MEANINGS.values(), ids=MEANINGS.keys())
def test_bounds_what_a_date_can_mean(
    label: str, zone: ZoneInfo | None, readings: list[str]
) -> None:
    local = date(f"Wed Nov 18 01:30:00 {label} 2026")
    told = [instant_of_day(text) for text in readings]
    assert meaning(local, zone) == (min(told), max(told) + SECOND)


def instant_of_day(text: str) -> datetime:
    """Read a time of 18 November 2026, or with a minus of the day before."""
    clock = at(f"2026-11-18 {text.removeprefix('-')}")
    return clock - 24 * HOURS if text.startswith("-") else clock


CLOCK_CHANGES = {
    "before the repeated hour": ("Sun Oct 25 01:59:59 CEST 2026", ["2026-10-24 23:59:59"]),
    "its first pass": ("Sun Oct 25 02:30:00 CEST 2026", ["2026-10-25 00:30:00"]),
    "its second pass": ("Sun Oct 25 02:30:00 CET 2026", ["2026-10-25 01:30:00"]),
    "either pass, where the label tells nothing": (
        "Sun Oct 25 02:30:00 MET 2026",
        ["2026-10-25 00:30:00", "2026-10-25 01:30:00"],
    ),
    "after the repeated hour": ("Sun Oct 25 03:00:00 CET 2026", ["2026-10-25 02:00:00"]),
    "inside the gap, by the old offset": ("Sun Mar 29 02:30:00 CET 2026", ["2026-03-29 01:30:00"]),
    "inside the gap, by the new one": ("Sun Mar 29 02:30:00 CEST 2026", ["2026-03-29 00:30:00"]),
    "inside the gap, where the label tells nothing": (
        "Sun Mar 29 02:30:00 MEZ 2026",
        ["2026-03-29 00:30:00", "2026-03-29 01:30:00"],
    ),
}


@pytest.mark.parametrize(("text", "instants"), CLOCK_CHANGES.values(), ids=CLOCK_CHANGES.keys())
def test_reads_a_date_near_a_clock_change_in_the_zone_of_the_array(
    text: str, instants: list[str]
) -> None:
    told = [at(one) for one in instants]
    assert meaning(date(text), PARIS) == (min(told), max(told) + SECOND)


# Order

ORDER: dict[str, tuple[str, str, ZoneInfo | None, bool | None]] = {
    "the same second": (
        "Sat Nov 21 00:59:31 CET 2026",
        "Sat Nov 21 00:59:31 CET 2026",
        None,
        False,
    ),
    "a second later": (
        "Sat Nov 21 00:59:31 CET 2026",
        "Sat Nov 21 00:59:32 CET 2026",
        None,
        True,
    ),
    "a second back": ("Sat Nov 21 00:59:31 CET 2026", "Sat Nov 21 00:59:30 CET 2026", None, None),
    "one unknown label tells its own order": (
        "Sat Nov 21 00:59:31 XYZ 2026",
        "Sat Nov 21 00:59:32 XYZ 2026",
        None,
        True,
    ),
    "the repeated hour's second pass": (
        "Sun Oct 25 02:50:00 CEST 2026",
        "Sun Oct 25 02:10:00 CET 2026",
        None,
        True,
    ),
    "the repeated hour, back": (
        "Sun Oct 25 02:10:00 CET 2026",
        "Sun Oct 25 02:50:00 CEST 2026",
        PARIS,
        None,
    ),
    "the repeated hour under labels that tell nothing": (
        "Sun Oct 25 02:10:00 MEZ 2026",
        "Sun Oct 25 02:50:00 MET 2026",
        PARIS,
        None,
    ),
    "the same second under another label": (
        "Sat Nov 21 00:59:31 CET 2026",
        "Fri Nov 20 23:59:31 UTC 2026",
        None,
        False,
    ),
    "a second later under another label": (
        "Sat Nov 21 00:59:31 CET 2026",
        "Fri Nov 20 23:59:32 UTC 2026",
        None,
        True,
    ),
    "a second back under another label": (
        "Sat Nov 21 00:59:31 CET 2026",
        "Fri Nov 20 23:59:30 UTC 2026",
        None,
        None,
    ),
    "another label of several meanings, too near": (
        "Sat Nov 21 00:59:31 UTC 2026",
        "Sat Nov 21 06:29:30 IST 2026",
        None,
        None,
    ),
    "another label of several meanings, later by all of them": (
        "Sat Nov 21 00:59:31 UTC 2026",
        "Sat Nov 21 06:29:32 IST 2026",
        None,
        True,
    ),
    "another label of several meanings, the same by one": (
        "Sat Nov 21 00:59:31 UTC 2026",
        "Sat Nov 21 06:29:31 IST 2026",
        None,
        None,
    ),
    "an unknown label, within a day": (
        "Sat Nov 21 00:59:31 UTC 2026",
        "Sat Nov 21 14:59:31 XYZ 2026",
        None,
        None,
    ),
    "an unknown label, beyond any zone": (
        "Sat Nov 21 00:59:31 UTC 2026",
        "Sat Nov 21 14:59:32 XYZ 2026",
        None,
        True,
    ),
    "two unknown labels, the same time": (
        "Sat Nov 21 00:59:31 XYZ 2026",
        "Sat Nov 21 00:59:31 XYW 2026",
        None,
        None,
    ),
    "an unknown label in a known zone": (
        "Fri Nov 20 23:59:31 UTC 2026",
        "Sat Nov 21 00:59:32 XYZ 2026",
        PARIS,
        True,
    ),
}


@pytest.mark.parametrize(("before", "after", "zone", "answer"), ORDER.values(), ids=ORDER.keys())
def test_invariant_5_compares_in_the_time_of_the_array(
    *, before: str, after: str, zone: ZoneInfo | None, answer: bool | None
) -> None:
    assert later(date(before), date(after), zone) is answer


zones = st.sampled_from(
    [
        ZoneInfo(name)
        for name in (
            "UTC",
            "Europe/Paris",
            "Europe/London",
            "America/New_York",
            "America/Sao_Paulo",
            "Asia/Kolkata",
            "Asia/Tokyo",
            "Australia/Lord_Howe",
        )
    ]
)
FALL_BACK = at("2026-10-25 01:00:00")
instants = st.one_of(
    st.datetimes(datetime(2005, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants naive bounds
    st.floats(-7200, 7200).map(lambda seconds: FALL_BACK + timedelta(seconds=seconds)),
)


def printed(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    return java(local, local.tzname() or "")


def whole(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)


@settings(max_examples=150, deadline=None)
@given(first=instants, second=instants, zone=zones)
@example(first=FALL_BACK - SECOND, second=FALL_BACK, zone=PARIS)
@example(first=FALL_BACK - SECOND, second=FALL_BACK + SECOND, zone=PARIS)
def test_invariant_5_says_later_only_of_what_was_later(
    first: datetime, second: datetime, zone: ZoneInfo
) -> None:
    before, after = date(printed(first, zone)), date(printed(second, zone))
    assert later(before, after, zone) is (
        True if whole(first) < whole(second) else False if whole(first) == whole(second) else None
    )
    unsure = later(before, after, None)
    if unsure is not None:
        assert unsure is (whole(first) < whole(second))
        assert unsure or whole(first) == whole(second)


# Freshness

SAID = at("2026-11-21 00:59:31")  # what SYNCED means
FRESHNESS = {
    "the first look: the date alone": (None, NOW, Bounds(SAID, SAID + SECOND)),
    "seen before and after": (
        SAID - 600 * SECOND,
        SAID + 600 * SECOND,
        Bounds(SAID, SAID + SECOND),
    ),
    "seen more closely than the date tells": (
        SAID + SECOND / 4,
        SAID + SECOND / 2,
        Bounds(SAID + SECOND / 4, SAID + SECOND / 2),
    ),
    "the array is ahead, by as much as nothing contradicts": (
        SAID - 60 * SECOND,
        SAID,
        Bounds(SAID, SAID),
    ),
    "the array is ahead: what flashd saw": (
        SAID - 60 * SECOND,
        SAID - SECOND,
        Bounds(SAID - 60 * SECOND, SAID - SECOND),
    ),
    "the array is ahead at the first look: no age is known": (
        None,
        SAID - SECOND,
        Bounds(None, SAID - SECOND),
    ),
    "the array is behind, by as much as nothing contradicts": (
        SAID + SECOND,
        SAID + 60 * SECOND,
        Bounds(SAID + SECOND, SAID + SECOND),
    ),
    "the array is behind: what flashd saw": (
        SAID + 2 * SECOND,
        SAID + 60 * SECOND,
        Bounds(SAID + 2 * SECOND, SAID + 60 * SECOND),
    ),
}


@pytest.mark.parametrize(
    ("before_at", "since_at", "bounds"), FRESHNESS.values(), ids=FRESHNESS.keys()
)
def test_believes_the_date_as_far_as_it_agrees_with_what_was_seen(
    before_at: datetime | None, since_at: datetime, bounds: Bounds
) -> None:
    seen = sighting(NAME, relation(NAME), before_at=before_at, since_at=since_at)
    assert last_resync(seen, None) == bounds


def test_bounds_a_date_of_several_meanings_by_what_was_seen() -> None:
    seen = sighting(
        NAME,
        relation(NAME, synced="Sat Nov 21 06:29:31 IST 2026"),
        before_at=at("2026-11-21 00:30:00"),
        since_at=at("2026-11-21 02:00:00"),
    )
    assert last_resync(seen, None) == Bounds(SAID, at("2026-11-21 02:00:00"))
    assert last_resync(seen, ZoneInfo("Asia/Kolkata")) == Bounds(SAID, SAID + SECOND)


def test_an_establish_dates_a_pair_that_was_never_resynced() -> None:
    made = at("2026-06-01 08:00:00")
    seen = sighting(NAME, relation(NAME, synced=None))
    assert last_resync(seen, None) == Bounds(made, made + SECOND)


def test_a_pair_that_is_not_there_holds_no_copy() -> None:
    assert last_resync(sighting(NAME, None, before_at=SAID), None) is None


@pytest.mark.parametrize("state", ["Tgt Failed", "Validation Required", ""])
def test_a_pair_that_is_not_valid_holds_no_copy_that_anybody_could_claim(state: str) -> None:
    assert last_resync(sighting(NAME, replace(relation(NAME), state=state)), None) is None


@pytest.mark.parametrize("unread", ["DateSynced=gestern", "DateCreated=gestern"])
def test_where_a_date_was_not_read_what_was_seen_is_all_that_is_known(unread: str) -> None:
    strange = replace(relation(NAME), unread=(unread,))
    seen = sighting(NAME, strange, before_at=SAID, since_at=NOW)
    assert last_resync(seen, None) == Bounds(SAID, NOW)
    nothing = sighting(NAME, relation(NAME, synced=None, created=None))
    assert last_resync(nothing, None) == Bounds(None, NOW)


seconds = st.floats(0, 3 * 86400).map(lambda number: timedelta(seconds=number))


@settings(max_examples=200, deadline=None)
@given(copied=instants, zone=zones, known=st.booleans(), waits=st.tuples(seconds, seconds))
@example(copied=FALL_BACK - 2 * SECOND, zone=PARIS, known=True, waits=(SECOND, SECOND))
def test_the_bounds_hold_the_instant_of_the_copy(
    *, copied: datetime, zone: ZoneInfo, known: bool, waits: tuple[timedelta, timedelta]
) -> None:
    seen = sighting(
        NAME,
        relation(NAME, synced=printed(copied, zone)),
        before_at=copied - waits[0],
        since_at=copied + waits[1],
    )
    for one in (seen, replace(seen, before_at=None)):
        bounds = last_resync(one, zone if known else None)
        assert bounds is not None
        assert bounds.earliest is not None
        assert bounds.latest is not None
        assert bounds.earliest <= copied <= bounds.latest


@settings(max_examples=200, deadline=None)
@given(
    copied=instants,
    ahead=st.floats(-2 * 86400, 2 * 86400).map(lambda number: timedelta(seconds=number)),
    zone=zones,
    waits=st.tuples(seconds, seconds),
    first_look=st.booleans(),
)
def test_claims_no_more_than_was_seen_however_wrong_the_clock_of_the_array(
    *,
    copied: datetime,
    ahead: timedelta,
    zone: ZoneInfo,
    waits: tuple[timedelta, timedelta],
    first_look: bool,
) -> None:
    before_at = None if first_look else copied - waits[0]
    since_at = copied + waits[1]
    said = relation(NAME, synced=printed(copied + ahead, zone))
    bounds = last_resync(sighting(NAME, said, before_at=before_at, since_at=since_at), zone)
    assert bounds is not None
    assert bounds.latest is not None
    assert bounds.latest <= since_at
    if bounds.earliest is not None:
        assert bounds.earliest <= bounds.latest
        assert before_at is None or before_at <= bounds.earliest
        assert bounds.earliest <= copied + max(ahead, timedelta(0))


A, B, C = SAID, SAID + HOURS, SAID + 2 * HOURS
OLDEST: dict[str, tuple[list[Bounds | None], Bounds | None]] = {
    "of nothing": ([], None),
    "of one": ([Bounds(A, B)], Bounds(A, B)),
    "of two, apart": ([Bounds(B, C), Bounds(A, A)], Bounds(A, A)),
    "of two that overlap": ([Bounds(A, C), Bounds(B, B)], Bounds(A, B)),
    "where one holds no copy": ([Bounds(A, B), None], None),
    "where one has no earliest": ([Bounds(A, B), Bounds(None, C)], Bounds(None, B)),
    "where one has no latest": ([Bounds(A, B), Bounds(A, None)], Bounds(A, B)),
    "where none has a latest": ([Bounds(B, None), Bounds(A, None)], Bounds(A, None)),
}


@pytest.mark.parametrize(("copies", "bounds"), OLDEST.values(), ids=OLDEST.keys())
def test_bounds_the_oldest(copies: list[Bounds | None], bounds: Bounds | None) -> None:
    assert oldest(copies) == bounds


@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50)),
        min_size=1,
        max_size=4,
    )
)
def test_the_bounds_of_the_oldest_hold_the_instant_of_the_oldest(
    copies: list[tuple[int, int, int]],
) -> None:
    bounds = oldest(
        [
            Bounds(SAID + (when - less) * SECOND, SAID + (when + more) * SECOND)
            for when, less, more in copies
        ]
    )
    truth = SAID + min(when for when, _, _ in copies) * SECOND
    assert bounds is not None
    assert bounds.earliest is not None
    assert bounds.latest is not None
    assert bounds.earliest <= truth <= bounds.latest


# The same second

WAITS = {
    "seen just now": (NOW, 2.0),
    "seen a second ago": (NOW - SECOND, 1.0),
    "seen almost two seconds ago": (NOW - 1.5 * SECOND, 0.5),
    "seen two seconds ago": (NOW - 2 * SECOND, 0.0),
    "seen long ago": (NOW - HOURS, 0.0),
    "seen in the future: the host's clock was set back": (NOW + HOURS, 2.0),
}


@pytest.mark.parametrize(("since_at", "wait"), WAITS.values(), ids=WAITS.keys())
def test_invariant_5_waits_until_a_refresh_bears_another_second(
    since_at: datetime, wait: float
) -> None:
    seen = sighting(NAME, relation(NAME), before_at=NOW - 9 * HOURS, since_at=since_at)
    assert indistinct(seen, None, NOW) == timedelta(seconds=wait)


FIRST_LOOKS = {
    "long before": ("Sat Nov 21 00:59:31 UTC 2026", 0.0),
    "over two seconds before": ("Sat Nov 21 01:59:56 UTC 2026", 0.0),
    "maybe only two seconds before": ("Sat Nov 21 01:59:57 UTC 2026", 2.0),
    "at the same time": ("Sat Nov 21 02:00:00 UTC 2026", 2.0),
    "maybe at the same time": ("Sat Nov 21 00:59:31 XYZ 2026", 2.0),
    "long before in any zone": ("Fri Nov 20 00:59:31 XYZ 2026", 0.0),
}


@pytest.mark.parametrize(("synced", "wait"), FIRST_LOOKS.values(), ids=FIRST_LOOKS.keys())
def test_invariant_5_waits_after_a_first_look_only_if_the_date_can_be_that_young(
    synced: str, wait: float
) -> None:
    seen = sighting(NAME, relation(NAME, synced=synced), since_at=NOW)
    assert indistinct(seen, None, NOW) == timedelta(seconds=wait)


@pytest.mark.parametrize("found", [None, relation(NAME, synced=None, created=None)])
def test_invariant_5_waits_after_a_first_look_that_showed_no_date(
    found: Relation | None,
) -> None:
    assert indistinct(sighting(NAME, found, since_at=NOW), None, NOW) == 2 * SECOND


def test_the_examples_are_dates_of_the_time_they_are_taken_for() -> None:
    assert meaning(date(SYNCED), None)[0] == SAID
    assert meaning(date(CREATED), None)[0] == at("2026-06-01 08:00:00")
