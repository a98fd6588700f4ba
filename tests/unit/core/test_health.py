"""How fresh is a service, and is all as it should be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from flashd.core.health import assess, last_resync_of
from flashd.model.health import Bounds, Status
from flashd.model.observation import ArrayRecord, Picture
from flashd.model.run import Doubt, Outcome, StepRecord
from tests.unit.core.builders import (
    ARRAY,
    HOURS,
    NOW,
    OTHER_ARRAY,
    PAIRS,
    SERVICE,
    at,
    intent,
    pair,
    picture,
    relation,
    resource,
    run,
    service,
    sighting,
    withdrawal,
)

if TYPE_CHECKING:
    from flashd.model.observation import Withdrawal
    from flashd.model.run import RunRecord
    from flashd.model.service import Service

SECOND = timedelta(seconds=1)
SAID = at("2026-11-21 00:59:31")
GOOD = picture(*(sighting(name, relation(name)) for name in PAIRS))
WANTED = service()
TWO_STEP = service(resource(recording=False))
FULL = picture(*(sighting(name, replace(relation(name), recording=False)) for name in PAIRS))
BY_FLASHD = " (withdrawn by flashd, which establishes it in the next run)"
MISSING = f"pair {PAIRS[1]} is not on the array {ARRAY}"


def gone(known: Picture, name: str) -> Picture:
    """Make a pair that was seen to be missing."""
    clone = (ARRAY, pair(name))
    return replace(known, sightings={**known.sightings, clone: sighting(name, None)})


def altered(name: str, text: str) -> Picture:
    """Make a pair whose relation is in another state."""
    clone = (ARRAY, pair(name))
    strange = sighting(name, replace(relation(name), state=text))
    return replace(GOOD, sightings={**GOOD.sightings, clone: strange})


def test_is_up_where_all_is_as_it_should_be() -> None:
    health = assess(WANTED, GOOD, NOW)
    assert (health.status, health.reasons) == (Status.UP, ())
    assert health.last_resync == Bounds(SAID, SAID + SECOND)


def test_is_stale_after_sync_max_delay_and_not_before() -> None:
    assert assess(WANTED, GOOD, SAID + 25 * HOURS).status is Status.UP
    stale = assess(WANTED, GOOD, SAID + 25 * HOURS + SECOND)
    assert stale.status is Status.WARN
    assert stale.reasons == ("last resync 1d1h ago, more than sync_max_delay 1d1h",)
    late = assess(WANTED, GOOD, SAID + 26 * HOURS + SECOND)
    assert late.reasons == ("last resync 1d2h ago, more than sync_max_delay 1d1h",)


def test_the_age_of_the_last_observation_changes_nothing() -> None:
    patient = service(wanted=replace(WANTED.freshness, max_delay=timedelta(days=99)))
    assert assess(patient, GOOD, NOW + timedelta(days=50)).status is Status.UP


def test_the_oldest_pair_counts() -> None:
    older = relation(PAIRS[2], "Thu Nov 19 00:00:00 UTC 2026")
    clone = (ARRAY, pair(PAIRS[2]))
    known = replace(GOOD, sightings={**GOOD.sightings, clone: sighting(PAIRS[2], older)})
    assert assess(WANTED, known, NOW).reasons == (
        "last resync 2d2h ago, more than sync_max_delay 1d1h",
    )


def test_the_age_counts_from_the_earliest_instant() -> None:
    name = PAIRS[0]
    vague = relation(name, "Sat Nov 21 00:59:31 XYZ 2026")
    alone = service(resource(name))
    seen = sighting(name, vague, since_at=NOW)
    earliest = SAID - 14 * HOURS
    assert assess(alone, picture(seen), earliest + 25 * HOURS).status is Status.UP
    assert assess(alone, picture(seen), earliest + 25 * HOURS + SECOND).status is Status.WARN
    configured = replace(picture(seen), zones={ARRAY: ZoneInfo("UTC")})
    assert assess(alone, configured, SAID + 25 * HOURS).status is Status.UP


def test_an_age_that_is_not_known_is_a_warning() -> None:
    name = PAIRS[0]
    seen = sighting(name, relation(name), since_at=SAID - HOURS)  # the array's clock is ahead
    health = assess(service(resource(name)), picture(seen), NOW)
    assert (health.status, health.reasons) == (
        Status.WARN,
        ("the time of the last resync is not known",),
    )


def test_a_device_in_an_unexpected_state_is_a_warning() -> None:
    health = assess(WANTED, altered(PAIRS[1], "Invalid"), NOW)
    assert (health.status, health.reasons) == (
        Status.WARN,
        (f"pair {PAIRS[1]} is in state Invalid, not Valid",),
    )


def test_a_copy_still_running_is_no_warning() -> None:
    clone = (ARRAY, pair(PAIRS[1]))
    busy = sighting(PAIRS[1], replace(relation(PAIRS[1]), out_of_sync_tracks=7))
    known = replace(GOOD, sightings={**GOOD.sightings, clone: busy})
    assert assess(WANTED, known, NOW).status is Status.UP


def test_a_missing_pair_is_a_warning_and_there_is_no_last_resync() -> None:
    health = assess(WANTED, gone(GOOD, PAIRS[1]), NOW)
    assert (health.status, health.reasons) == (Status.WARN, (MISSING,))
    assert health.last_resync is None


WITHDRAWALS = {
    "withdrawn by this service": (TWO_STEP, FULL, withdrawal(PAIRS[1]), MISSING + BY_FLASHD),
    "withdrawn by another": (TWO_STEP, FULL, withdrawal(PAIRS[1], owner="other"), MISSING),
    "another was withdrawn": (TWO_STEP, FULL, withdrawal(PAIRS[0]), MISSING),
    "withdrawn elsewhere": (TWO_STEP, FULL, withdrawal(PAIRS[1], array=OTHER_ARRAY), MISSING),
    "withdrawn, and now to record": (WANTED, GOOD, withdrawal(PAIRS[1]), MISSING),
}


@pytest.mark.parametrize(
    ("wanted", "known", "record", "reason"), WITHDRAWALS.values(), ids=WITHDRAWALS.keys()
)
def test_promises_to_establish_again_only_what_the_next_run_will(
    wanted: Service, known: Picture, record: Withdrawal, reason: str
) -> None:
    journal = {(record.array, record.pair): record}
    health = assess(wanted, replace(gone(known, PAIRS[1]), withdrawals=journal), NOW)
    assert health.reasons == (reason,)


def test_a_withdrawal_that_was_never_sent_explains_nothing() -> None:
    record = withdrawal(PAIRS[1])
    journal = {(ARRAY, record.pair): record}
    known = replace(altered(PAIRS[1], "Invalid"), withdrawals=journal)
    assert assess(WANTED, known, NOW).reasons == (
        f"pair {PAIRS[1]} is in state Invalid, not Valid",
    )


# Unknown


def test_is_unknown_before_the_first_look() -> None:
    nothing = replace(GOOD, sightings={})
    health = assess(WANTED, nothing, NOW)
    assert (health.status, health.reasons) == (Status.UNKNOWN, (f"never observed on {ARRAY}",))
    assert health.last_resync is None


def test_is_unknown_while_one_pair_was_never_seen() -> None:
    known = replace(
        GOOD,
        sightings={key: one for key, one in GOOD.sightings.items() if key[1] != pair(PAIRS[0])},
    )
    health = assess(WANTED, known, NOW)
    assert (health.status, health.reasons) == (Status.UNKNOWN, (f"never observed on {ARRAY}",))


def test_names_every_array_that_was_never_read_once() -> None:
    elsewhere = replace(resource(name="sync#2"), array=OTHER_ARRAY)
    both = service(elsewhere, resource())
    health = assess(both, replace(GOOD, sightings={}), NOW)
    assert health.reasons == (f"never observed on {ARRAY}", f"never observed on {OTHER_ARRAY}")


def failing(array: str) -> Picture:
    record = ArrayRecord(array=array, observed_at=NOW, failed_at=NOW, failure="no route to host")
    return replace(GOOD, arrays={**GOOD.arrays, array: record})


def test_is_unknown_while_an_array_cannot_be_read() -> None:
    health = assess(WANTED, failing(ARRAY), NOW)
    assert (health.status, health.reasons) == (
        Status.UNKNOWN,
        (f"array {ARRAY} could not be read: no route to host",),
    )
    assert health.last_resync == Bounds(SAID, SAID + SECOND)
    assert assess(WANTED, failing(OTHER_ARRAY), NOW).status is Status.UP


def test_unknown_outranks_a_warning_and_keeps_its_reasons() -> None:
    health = assess(WANTED, failing(ARRAY), SAID + 26 * HOURS)
    assert health.status is Status.UNKNOWN
    assert health.reasons == (
        f"array {ARRAY} could not be read: no route to host",
        "last resync 1d2h ago, more than sync_max_delay 1d1h",
    )


SENT = (StepRecord(intent=intent()),)
RUNS = {
    "open, a command may be under way": (replace(run(), steps=SENT), Status.UNKNOWN),
    "open, nothing sent": (run(), Status.UP),
    "ended": (replace(run(outcome=Outcome.FAILED), steps=SENT), Status.UP),
}


@pytest.mark.parametrize(("last", "status"), RUNS.values(), ids=RUNS.keys())
def test_is_unknown_while_the_outcome_of_a_run_is(last: RunRecord, status: Status) -> None:
    known = replace(GOOD, open_runs={SERVICE: last})
    health = assess(WANTED, known, NOW + SECOND)
    assert health.status is status
    if status is Status.UNKNOWN:
        assert health.reasons == ("the outcome of run RUN is not known",)
    others = assess(WANTED, replace(GOOD, open_runs={"other": last}), NOW)
    assert others.status is Status.UP


def test_says_until_when_the_array_may_still_carry_out_a_command() -> None:
    known = replace(
        GOOD, open_runs={SERVICE: replace(run(), steps=SENT)}, doubt=Doubt(2 * SECOND, 0 * HOURS)
    )
    until = f"{NOW + 2 * SECOND:%Y-%m-%dT%H:%M:%SZ}"
    doubt = f": its command is not confirmed, and the array may carry it out until {until}"
    plain = "the outcome of run RUN is not known"
    assert assess(WANTED, known, NOW + 2 * SECOND).reasons == (f"{plain}{doubt}",)
    assert assess(WANTED, known, NOW + 3 * SECOND).reasons == (plain,)


def test_bounds_the_last_resync_of_each_pair_in_the_zone_of_its_array() -> None:
    elsewhere = replace(resource(PAIRS[1], name="sync#2"), array=OTHER_ARRAY)
    both = service(resource(PAIRS[0]), elsewhere)
    local = relation(PAIRS[1], "Sat Nov 21 00:59:31 XYZ 2026")
    there = replace(sighting(PAIRS[1], local), array=OTHER_ARRAY)
    sightings = {
        (ARRAY, pair(PAIRS[0])): sighting(PAIRS[0], relation(PAIRS[0])),
        (OTHER_ARRAY, pair(PAIRS[1])): there,
    }
    zones = {OTHER_ARRAY: ZoneInfo("Asia/Tokyo")}
    early = SAID - 9 * HOURS
    assert last_resync_of(both, sightings, zones) == Bounds(early, early + SECOND)
    del sightings[OTHER_ARRAY, pair(PAIRS[1])]
    assert last_resync_of(both, sightings, zones) is None
