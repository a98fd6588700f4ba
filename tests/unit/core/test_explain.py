"""The whole chain of a present decision, in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flashd.core.due import Reason
from flashd.core.enrolment import describe
from flashd.core.explain import (
    NEXT_WORDS,
    WORDS,
    Link,
    explain,
    looks_since,
    next_chance,
    setback,
)
from flashd.model.enrolment import Enrolment
from flashd.model.observation import ArrayRecord, Standing
from flashd.model.run import Outcome
from tests.unit.core.builders import (
    ARRAY,
    HOURS,
    NOW,
    OTHER_ARRAY,
    PAIRS,
    SERVICE,
    at,
    freshness,
    inventory,
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
    from datetime import datetime

    from flashd.model.observation import Picture
    from flashd.model.run import RunRecord
    from flashd.model.service import Service

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
GOOD = picture(*(sighting(name, relation(name)) for name in PAIRS))  # resynced at 00:59:31
READ = Link(f"array {ARRAY}", True, "was read 0s ago")
AS_CONFIGURED = Link("relations", True, "3 pairs as configured")


def test_every_reason_has_its_words() -> None:
    assert set(WORDS) == set(Reason)
    assert len(set(WORDS.values())) == len(WORDS)


def test_the_chain_of_a_service_that_waits() -> None:
    assert explain(service(), GOOD, NOW) == (
        READ,
        Link(
            "due",
            False,
            "the clone is younger than the age at which it is refreshed, "
            "until 2026-11-21T20:59:31Z; last resync 1h ago, refreshed from 20h on, "
            "stale after 1d1h",
        ),
        AS_CONFIGURED,
    )


def test_the_chain_of_a_service_that_may_run() -> None:
    nightly = service(schedule="22:00-04:00")
    assert explain(nightly, GOOD, NOW + 21 * HOURS) == (
        Link(f"array {ARRAY}", True, "was read 21h ago"),
        Link(
            "due",
            True,
            "a window is open in which no resync ran yet; last resync 22h ago, "
            "refreshed from each window on, stale after 1d1h",
        ),
        AS_CONFIGURED,
    )


def test_the_chain_of_a_service_whose_schedule_never_opens() -> None:
    due = explain(service(schedule="*@0"), GOOD, NOW)[1]
    assert due == Link(
        "due",
        False,
        "the schedule opens no window any more, for good; last resync 1h ago, "
        "refreshed from each window on, stale after 1d1h",
    )


def test_a_schedule_with_refresh_after_is_refreshed_by_age() -> None:
    by_age = service(schedule="22:00-04:00", wanted=freshness(refresh_after=10 * HOURS))
    assert "refreshed from 10h on" in explain(by_age, GOOD, NOW)[1].words


def test_nothing_proved() -> None:
    assert explain(service(), replace(GOOD, sightings={}), NOW)[1:] == (
        Link("due", True, "a pair holds no copy; no proved resync"),
        Link("relations", False, "3 pairs were never observed"),
    )


def record(
    *,
    observed_at: datetime | None = None,
    failure: str | None = None,
    retry_at: datetime | None = None,
) -> ArrayRecord:
    return ArrayRecord(array=ARRAY, observed_at=observed_at, failure=failure, retry_at=retry_at)


ARRAYS: dict[str, tuple[ArrayRecord | None, bool, str]] = {
    "no record": (None, False, "never read so far"),
    "an empty record": (record(), False, "never read so far"),
    "read": (record(observed_at=NOW - 90 * MINUTE), True, "was read 1h30m ago"),
    "failed at first": (record(failure="no route"), False, "could not be read: no route"),
    "failed later": (
        record(observed_at=NOW, failure="no route"),
        False,
        "could not be read: no route",
    ),
    "tried again": (
        record(failure="no route", retry_at=NOW + 4 * MINUTE),
        False,
        "could not be read: no route; looked at again in 4m",
    ),
    "to be tried again now": (
        record(failure="no route", retry_at=NOW),
        False,
        "could not be read: no route",
    ),
    "long to be tried again": (
        record(failure="no route", retry_at=NOW - 4 * MINUTE),
        False,
        "could not be read: no route",
    ),
}


@pytest.mark.parametrize(("found", "lets", "words"), ARRAYS.values(), ids=ARRAYS.keys())
def test_tells_how_reading_the_array_went(
    *, found: ArrayRecord | None, lets: bool, words: str
) -> None:
    known = replace(GOOD, arrays={ARRAY: found} if found else {})
    assert explain(service(), known, NOW)[0] == Link(f"array {ARRAY}", lets, words)


def test_tells_of_each_array_in_the_order_of_their_leases() -> None:
    elsewhere = replace(resource("0003:0004", name="sync#2"), array=OTHER_ARRAY)
    links = explain(service(elsewhere, resource()), GOOD, NOW)
    assert [link.name for link in links[:2]] == [f"array {ARRAY}", f"array {OTHER_ARRAY}"]


def test_tells_of_a_run_that_has_no_end() -> None:
    known = replace(GOOD, open_runs={SERVICE: run()})
    assert explain(service(), known, NOW)[1] == Link(
        "open run", False, "run RUN has no end yet; the array is read first"
    )
    for ended in ({SERVICE: run(outcome=Outcome.DONE)}, {"other": run()}):
        names = [link.name for link in explain(service(), replace(GOOD, open_runs=ended), NOW)]
        assert "open run" not in names


def test_tells_what_the_relations_have_against_it() -> None:
    clone = (ARRAY, pair(PAIRS[1]))
    known = replace(GOOD, sightings={**GOOD.sightings, clone: sighting(PAIRS[1], None)})
    missing = f"pair {PAIRS[1]} is not on the array {ARRAY}"
    assert explain(service(), known, NOW)[-1] == Link("relations", False, missing)


def test_a_pair_that_the_next_run_establishes_does_not_stand_in_the_way() -> None:
    full = [replace(relation(name), recording=False) for name in PAIRS]
    known = picture(
        sighting(PAIRS[0], full[0]),
        sighting(PAIRS[1], None),
        sighting(PAIRS[2], full[2]),
        withdrawals=(withdrawal(PAIRS[1]),),
    )
    assert explain(service(resource(recording=False)), known, NOW)[-1] == AS_CONFIGURED


def failed(known: Picture, retry_at: datetime) -> Picture:
    """Make the last run a failure that is tried again then."""
    return replace(known, standings={SERVICE: Standing(service=SERVICE, retry_at=retry_at)})


def test_tells_of_a_backoff() -> None:
    due = explain(service(), failed(GOOD, NOW + MINUTE), NOW)[1]
    assert (due.lets, due.words.partition("; last")[0]) == (
        False,
        "the last run failed; the next try waits, until 2026-11-21T02:01:00Z",
    )


NEXT: dict[str, tuple[Service, Picture, tuple[datetime, str] | None]] = {
    "by age": (service(), GOOD, (at("2026-11-21 20:59:31"), "age")),
    "by age, a backoff before it": (
        service(),
        failed(GOOD, NOW + MINUTE),
        (at("2026-11-21 20:59:31"), "age"),
    ),
    "by a backoff": (
        service(),
        failed(GOOD, NOW + 22 * HOURS),
        (NOW + 22 * HOURS, "backoff"),
    ),
    "by a window": (
        service(schedule="22:00-04:00"),
        GOOD,
        (at("2026-11-21 22:00"), "window"),
    ),
    "by sync_min_delay": (
        service(wanted=freshness(min_delay=6 * HOURS, refresh_after=HOURS)),
        GOOD,
        (at("2026-11-21 06:59:32"), "sync_min_delay"),
    ),
    "now": (service(), replace(GOOD, sightings={}), (NOW, "never-synced")),
    "never": (service(schedule="*@0"), GOOD, None),
    "when the array is tried again": (
        service(),
        replace(GOOD, sightings={}, arrays={ARRAY: record(retry_at=NOW + MINUTE)}),
        (NOW + MINUTE, "array"),
    ),
    "the array is tried again long before": (
        service(),
        replace(GOOD, arrays={ARRAY: record(retry_at=NOW + MINUTE)}),
        (at("2026-11-21 20:59:31"), "age"),
    ),
    "the array was never read": (
        service(),
        replace(GOOD, arrays={}),
        (at("2026-11-21 20:59:31"), "age"),
    ),
}


@pytest.mark.parametrize(("wanted", "known", "answer"), NEXT.values(), ids=NEXT.keys())
def test_tells_the_next_chance(
    wanted: Service, known: Picture, answer: tuple[datetime, str] | None
) -> None:
    assert next_chance(wanted, known, NOW) == answer


def test_the_next_chance_is_when_the_last_of_the_arrays_is_tried_again() -> None:
    elsewhere = replace(resource("0003:0004", name="sync#2"), array=OTHER_ARRAY)
    arrays = {
        ARRAY: record(retry_at=NOW + 4 * MINUTE),
        OTHER_ARRAY: record(retry_at=NOW + 2 * MINUTE),
    }
    known = replace(GOOD, sightings={}, arrays=arrays)
    both = service(resource(), elsewhere)
    assert next_chance(both, known, NOW) == (NOW + 4 * MINUTE, "array")


def test_the_words_for_what_comes_next_are_for_reasons_to_wait() -> None:
    assert set(NEXT_WORDS) < set(Reason)


ENROLLED = Enrolment(
    service=SERVICE, at=NOW, by="ann\x1b", facts=describe(service(), [inventory(*PAIRS)])
)
CHANGED = service(replace(resource(), bgcopy=False))
PINS: dict[str, tuple[Service, Picture, Link | None]] = {
    "not demanded": (service(), GOOD, None),
    "demanded": (
        service(),
        replace(GOOD, demands_enrolment=True),
        Link(
            "enrolment",
            False,
            f"service {SERVICE} is not enrolled, which require_enrolment demands",
        ),
    ),
    "of another service": (
        service(),
        replace(GOOD, enrolments={"other": ENROLLED}),
        Link("enrolment", False, f"target 0002 of {ARRAY} is enrolled as that of other"),
    ),
    "of another service with other targets": (
        service(resource("0005:0006")),
        replace(GOOD, enrolments={"other": ENROLLED}),
        None,
    ),
    "as enrolled": (
        service(),
        replace(GOOD, enrolments={SERVICE: ENROLLED}, demands_enrolment=True),
        Link("enrolment", True, "defined as ann\\x1b enrolled it at 2026-11-21T02:00:00Z"),
    ),
    "another definition": (
        CHANGED,
        replace(GOOD, enrolments={SERVICE: ENROLLED}),
        Link(
            "enrolment",
            False,
            "it is not what ann\\x1b enrolled at 2026-11-21T02:00:00Z:"
            " resource sync#1: bgcopy was true, is false",
        ),
    ),
}


@pytest.mark.parametrize(("wanted", "known", "link"), PINS.values(), ids=PINS.keys())
def test_the_enrolment_lets_or_holds(wanted: Service, known: Picture, link: Link | None) -> None:
    chain = [one for one in explain(wanted, known, NOW) if one.name == "enrolment"]
    assert chain == ([link] if link else [])


@pytest.mark.parametrize("decision", ["refused", "would-refuse"])
def test_what_refused_the_last_turn_holds(decision: str) -> None:
    standing = Standing(service=SERVICE, decision=decision, reason="db is down: it runs")
    known = replace(GOOD, standings={SERVICE: standing})
    assert explain(service(), known, NOW)[-1] == Link(
        "last turn", False, "refused: db is down: it runs"
    )


@pytest.mark.parametrize("decision", ["new", "due", "not-due", "failed", "done"])
def test_any_other_decision_is_not_taken_for_a_refusal(decision: str) -> None:
    standing = Standing(service=SERVICE, decision=decision, reason="words")
    known = replace(GOOD, standings={SERVICE: standing})
    assert explain(service(), known, NOW) == explain(service(), GOOD, NOW)


OVERDUE = NOW + 26 * HOURS
HOURS_LATER = OVERDUE + 3 * HOURS
SETBACKS: dict[str, tuple[Standing, datetime, str | None]] = {
    "refused and due": (
        Standing(service=SERVICE, decision="refused", reason="it runs"),
        OVERDUE,
        "last turn refused: it runs",
    ),
    "refused by an observer": (
        Standing(service=SERVICE, decision="would-refuse", reason="it runs"),
        OVERDUE,
        "last turn refused: it runs",
    ),
    "refused, and not due by now": (
        Standing(service=SERVICE, decision="refused", reason="it runs"),
        NOW,
        None,
    ),
    "failed": (
        Standing(
            service=SERVICE,
            decision="failed",
            reason="no session",
            retry_at=HOURS_LATER,
            failures=2,
        ),
        OVERDUE,
        "last turn failed: no session",
    ),
    "due": (Standing(service=SERVICE, decision="due", reason="stale"), OVERDUE, None),
    "not looked at yet": (Standing(service=SERVICE), OVERDUE, None),
    "its outcome is not known": (
        Standing(service=SERVICE, decision="unknown", reason="no answer"),
        OVERDUE,
        None,
    ),
}


@pytest.mark.parametrize(("standing", "now", "words"), SETBACKS.values(), ids=SETBACKS.keys())
def test_says_what_keeps_who_is_to_be_refreshed_from_it(
    standing: Standing, now: datetime, words: str | None
) -> None:
    assert setback(service(), replace(GOOD, standings={SERVICE: standing}), now) == words


def test_nothing_is_said_of_a_service_that_never_stood_anywhere() -> None:
    assert setback(service(), GOOD, OVERDUE) is None


LAST = replace(run(outcome=Outcome.REFUSED), reason="it runs")
REFUSED = Standing(service=SERVICE, decision="refused", reason="it runs", look_at=NOW + 20 * SECOND)
SINCE: dict[str, tuple[Standing | None, RunRecord | None, str]] = {
    "looked at again": (REFUSED, LAST, "; last looked at 40s ago, with the same outcome"),
    "just now": (
        replace(REFUSED, look_at=NOW + MINUTE),
        LAST,
        "; last looked at 0s ago, with the same outcome",
    ),
    "a moment before it is looked at": (
        replace(REFUSED, look_at=NOW + SECOND),
        LAST,
        "; last looked at 59s ago, with the same outcome",
    ),
    "due to be looked at": (
        replace(REFUSED, look_at=NOW),
        LAST,
        "; the next look is due since 2026-11-21T02:00:00Z",
    ),
    "nobody looks any more": (
        replace(REFUSED, look_at=NOW - HOURS),
        LAST,
        "; the next look is due since 2026-11-21T01:00:00Z",
    ),
    "it waits for something else": (
        replace(REFUSED, look_at=NOW + MINUTE + SECOND),
        LAST,
        "",
    ),
    "another reason": (replace(REFUSED, reason="it is not enrolled"), LAST, ""),
    "not refused": (replace(REFUSED, decision="failed"), LAST, ""),
    "refused when observed": (
        replace(REFUSED, decision="would-refuse"),
        LAST,
        "; last looked at 40s ago, with the same outcome",
    ),
    "never to be looked at": (replace(REFUSED, look_at=None), LAST, ""),
    "no run": (REFUSED, None, ""),
    "no standing": (None, LAST, ""),
}


@pytest.mark.parametrize(("standing", "last", "words"), SINCE.values(), ids=SINCE.keys())
def test_says_when_guards_were_looked_at_since_they_were_told_of(
    standing: Standing | None, last: RunRecord | None, words: str
) -> None:
    assert looks_since(standing, last, NOW, MINUTE) == words
