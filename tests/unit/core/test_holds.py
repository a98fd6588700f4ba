"""Which holds bind a service, until when, and what they leave behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashd.core.due import Due, NotDue, Reason, decide, decide_asked, next_due
from flashd.core.explain import Link, explain, next_chance
from flashd.core.health import assess
from flashd.core.holds import (
    binding,
    bindings,
    covered,
    outlasted,
    reminder,
    scopes_over,
    stale_before_the_end,
    what_goes_on,
    words,
)
from flashd.model.health import Bounds
from flashd.model.hold import Hold, Kind, Scope
from flashd.model.run import Account, Answer, StepKind, StepRecord
from tests.unit.core.builders import (
    ARRAY,
    HOURS,
    NOW,
    OTHER_ARRAY,
    PAIRS,
    SERVICE,
    at,
    freshness,
    intent,
    picture,
    relation,
    resource,
    run,
    service,
    sighting,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from flashd.model.service import Service

MICRO = timedelta(microseconds=1)
MINE, HERE, ALL = Scope(Kind.SERVICE, SERVICE), Scope(Kind.ARRAY, ARRAY), Scope(Kind.ALL)
THERE, OTHER = Scope(Kind.ARRAY, OTHER_ARRAY), Scope(Kind.SERVICE, "other")
ONE = service()
BOTH = service(resource(), replace(resource("0005:0006", name="sync#2"), array=OTHER_ARRAY))
GOOD = picture(*(sighting(name, relation(name)) for name in PAIRS))  # resynced at 00:59:31


def hold(scope: Scope = MINE, hours: float | None = None, since: datetime = NOW) -> Hold:
    until = None if hours is None else NOW + hours * HOURS
    return Hold(scope=scope, reason="move", by="ann", since=since, until=until)


BINDING: dict[str, tuple[Service, Sequence[Hold], Sequence[Hold]]] = {
    "none": (ONE, [], []),
    "its own": (ONE, [hold(MINE)], [hold(MINE)]),
    "of its array": (ONE, [hold(HERE)], [hold(HERE)]),
    "of all": (ONE, [hold(ALL)], [hold(ALL)]),
    "of another service": (ONE, [hold(OTHER)], []),
    "of another array": (ONE, [hold(THERE)], []),
    "of one of two arrays": (BOTH, [hold(HERE)], [hold(HERE)]),
    "of the other of two": (BOTH, [hold(THERE)], [hold(THERE)]),
    "not over yet": (ONE, [hold(MINE, 0.001)], [hold(MINE, 0.001)]),
    "over just now": (ONE, [hold(MINE, 0)], []),
    "over long ago": (ONE, [hold(MINE, -5)], []),
    "the longest first": (
        BOTH,
        [hold(MINE, 1), hold(HERE, 3), hold(THERE, -1), hold(ALL, 2)],
        [hold(HERE, 3), hold(ALL, 2), hold(MINE, 1)],
    ),
    "without an end is the longest": (
        ONE,
        [hold(MINE, 90000), hold(ALL)],
        [hold(ALL), hold(MINE, 90000)],
    ),
}


@pytest.mark.parametrize(("of", "holds", "bound"), BINDING.values(), ids=BINDING.keys())
def test_which_holds_bind(of: Service, holds: Sequence[Hold], bound: Sequence[Hold]) -> None:
    there = {one.scope: one for one in holds}
    assert list(bindings(there, of.name, of.arrays, NOW)) == bound
    assert binding(there, of, NOW) == (bound[0] if bound else None)
    covering = [one for one in holds if one.scope.covers(of.name, of.arrays)]
    assert {one.scope for one in covering} <= set(scopes_over(of.name, of.arrays))


scopes = st.sampled_from([MINE, HERE, THERE, ALL, OTHER])
ends = st.none() | st.integers(-48, 48)
laid = st.dictionaries(scopes, ends).map(
    lambda found: {scope: hold(scope, hours) for scope, hours in found.items()}
)


@given(holds=laid, ahead=st.integers(-47, 47))
def test_a_service_is_free_once_its_longest_hold_ends_and_not_before(
    holds: dict[Scope, Hold], ahead: int
) -> None:
    now = NOW + ahead * HOURS
    found = binding(holds, BOTH, now)
    over = [one for one in holds.values() if one.scope.covers(BOTH.name, BOTH.arrays)]
    assert (found is None) == (not any(one.binds(now) for one in over))
    if found is not None and found.until is not None:
        assert binding(holds, BOTH, found.until - MICRO) is not None
        assert binding(holds, BOTH, found.until) is None


@given(hours=ends, ahead=st.integers(-47, 47), aged=st.integers(0, 60), force=st.booleans())
def test_nobody_is_due_as_long_as_a_hold_binds(
    hours: int | None, ahead: int, aged: int, *, force: bool
) -> None:
    now = NOW + ahead * HOURS
    last = Bounds(now - aged * HOURS, now - aged * HOURS)
    held = hold(MINE, hours)
    for retry_at in (None, now + HOURS):
        found = decide(ONE, last, now, retry_at, held)
        bound = NotDue(Reason.HELD, held.until)
        assert (found == bound) == held.binds(now)
        if not held.binds(now):
            assert found == decide(ONE, last, now, retry_at)
        after = next_due(ONE, last, now, retry_at, held)
        free = next_due(ONE, last, now, retry_at)
        assert free is not None
        if held.until is None:
            assert after is None
        else:
            assert after is not None
            assert after[0] == max(free[0], held.until if held.binds(now) else now)
    asked = decide_asked(last, ONE.freshness, now, held, force=force)
    assert (asked == NotDue(Reason.HELD, held.until)) == held.binds(now)


def test_force_does_not_bypass_a_hold() -> None:
    assert decide_asked(None, freshness(), NOW, hold(), force=True) == NotDue(Reason.HELD, None)
    assert decide_asked(None, freshness(), NOW, hold(hours=0), force=True) == Due(Reason.ASKED)


def test_a_hold_is_told_first_and_what_comes_after_it_too() -> None:
    nightly = service(schedule="22:00-04:00")
    in_the_day, in_the_night = hold(hours=6), hold(hours=21)
    for held, then in (
        (in_the_day, (at("2026-11-21 22:00"), "window")),
        (in_the_night, (at("2026-11-21 23:00"), "hold")),
        (hold(), None),
    ):
        assert next_chance(nightly, replace(GOOD, holds={MINE: held}), NOW) == then


def test_the_chain_begins_with_every_hold_and_the_status_stays() -> None:
    holds = {ALL: hold(ALL), MINE: hold(MINE, 5), HERE: hold(HERE, 0)}
    known = replace(GOOD, holds=holds)
    chain = explain(ONE, known, NOW)
    assert chain[:2] == (
        Link("hold", False, "held by ann until it is released (all): move"),
        Link("hold", False, f"held by ann until 2026-11-21T07:00:00Z (service {SERVICE}): move"),
    )
    assert chain[2:] == explain(ONE, GOOD, NOW)
    assert assess(ONE, known, NOW) == assess(ONE, GOOD, NOW)


def test_words_stay_the_same_as_long_as_the_hold_does() -> None:
    assert words(hold(HERE, 4)) == f"held by ann until 2026-11-21T06:00:00Z ({HERE}): move"


EAGER = service(wanted=freshness(max_delay=4 * HOURS), name="eager")
SERVICES = {one.name: one for one in (BOTH, EAGER)}

REMINDERS: dict[str, tuple[Scope, datetime, datetime | None]] = {
    "at the span": (MINE, NOW, NOW + 25 * HOURS),
    "just before it": (MINE, NOW + 25 * HOURS - MICRO, NOW + 25 * HOURS),
    "at it, the next": (MINE, NOW + 25 * HOURS, NOW + 50 * HOURS),
    "after many": (MINE, NOW + 260 * HOURS, NOW + 275 * HOURS),
    "of an array, the shortest": (HERE, NOW, NOW + 4 * HOURS),
    "of an array, of one": (THERE, NOW, NOW + 25 * HOURS),
    "of all, the shortest": (ALL, NOW + 5 * HOURS, NOW + 8 * HOURS),
    "of nobody": (OTHER, NOW, None),
    "the clock was set back": (MINE, NOW - 100 * HOURS, NOW + 25 * HOURS),
}


@pytest.mark.parametrize(("scope", "after", "wanted"), REMINDERS.values(), ids=REMINDERS.keys())
def test_when_to_remind(scope: Scope, after: datetime, wanted: datetime | None) -> None:
    assert reminder(hold(scope), SERVICES, after) == wanted


def test_which_services_a_hold_outlasted() -> None:
    for hours, names in ((4, ["eager"]), (25, [SERVICE, "eager"])):
        for scope in (HERE, ALL):
            late = outlasted(hold(scope), SERVICES, NOW + hours * HOURS)
            assert [one.name for one in late] == names
            early = outlasted(hold(scope), SERVICES, NOW + hours * HOURS - MICRO)
            assert [one.name for one in early] == [one for one in ["eager"] if hours != 4]


def test_which_services_are_covered() -> None:
    names = {
        scope: [one.name for one in covered(scope, SERVICES)]
        for scope in (MINE, OTHER, HERE, THERE, ALL)
    }
    assert names == {
        MINE: [SERVICE],
        OTHER: [],
        HERE: [SERVICE, "eager"],
        THERE: [SERVICE],
        ALL: [SERVICE, "eager"],
    }


def test_whose_clone_grows_too_old_before_the_end() -> None:
    last = Bounds(NOW, NOW + HOURS)
    stale_at = NOW + 25 * HOURS
    assert stale_before_the_end(hold(hours=25), ONE, last) is None
    assert stale_before_the_end(hold(hours=25.001), ONE, last) == stale_at
    assert stale_before_the_end(hold(), ONE, last) == stale_at
    assert stale_before_the_end(hold(), ONE, None) is None
    assert stale_before_the_end(hold(), ONE, Bounds(None, NOW)) is None


def step(
    kind: StepKind = StepKind.RESYNC, *, answered: bool, unsent: str | None = None
) -> StepRecord:
    meant = intent()
    said = dict.fromkeys(meant.step.pairs, Account.ACCEPTED)
    return StepRecord(
        intent=replace(meant, step=replace(meant.step, kind=kind)),
        answer=Answer(0, said, refused=False, reason="", output="") if answered else None,
        unsent=unsent,
    )


GOES_ON: dict[str, tuple[tuple[StepRecord, ...], str]] = {
    "nothing yet": ((), "has sent nothing, and is refused before it does"),
    "not sent after all": (
        (step(answered=False, unsent="up"),),
        "has sent nothing, and is refused before it does",
    ),
    "on its way": (
        (step(answered=False),),
        "has sent its command or is about to, and goes on to its end",
    ),
    "answered": (
        (step(answered=True),),
        "has sent its command, and ends when the array is read",
    ),
    "withdrawn": (
        (step(StepKind.WITHDRAW, answered=True),),
        f"has withdrawn {', '.join(PAIRS)}, and is refused before it establishes them again",
    ),
    "withdrawn, and establishing": (
        (step(StepKind.WITHDRAW, answered=True), step(StepKind.ESTABLISH, answered=False)),
        "has sent its command or is about to, and goes on to its end",
    ),
    "withdrawn, and establishing refused": (
        (
            step(StepKind.WITHDRAW, answered=True),
            step(StepKind.ESTABLISH, answered=False, unsent="up"),
        ),
        f"has withdrawn {', '.join(PAIRS)}, and is refused before it establishes them again",
    ),
}


@pytest.mark.parametrize(("steps", "told"), GOES_ON.values(), ids=GOES_ON.keys())
def test_what_an_open_run_may_still_do(steps: tuple[StepRecord, ...], told: str) -> None:
    assert what_goes_on(replace(run(), steps=steps)) == told
