"""Do the verdicts allow a changing command."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from flashd.core.guards import (
    AHEAD_SECONDS,
    FRESH_SECONDS,
    Allowed,
    Held,
    begins_in,
    combine,
    overtaken,
    restarted,
)
from flashd.model.service import GuardSpec
from flashd.model.verdict import Finding, Reading, Verdict
from tests.unit.core.builders import NOW

DOWN, UP, UNKNOWN, CLEAR = Verdict.DOWN, Verdict.UP, Verdict.UNKNOWN, Verdict.CLEAR
CLOCK = 1000.0


def spec(name: str, *, proves: bool = True) -> GuardSpec:
    return GuardSpec("command", name, (), proves)


def reading(
    name: str,
    verdict: Verdict = DOWN,
    *,
    age: float = 1.0,
    incarnation: str | None = None,
) -> Reading:
    return Reading(
        guard=name,
        type="command",
        proves=True,
        finding=Finding(verdict, f"it is {verdict}", incarnation=incarnation),
        at=NOW,
        began=CLOCK - age,
    )


ALONE = {
    (True, DOWN): Allowed(("db",)),
    (True, UP): Held(UP, "db: it is up"),
    (True, UNKNOWN): Held(UNKNOWN, "db: it is unknown"),
    (True, CLEAR): Held(UNKNOWN, "db: it is clear"),
    (False, DOWN): Held(UNKNOWN, "db: it is down"),  # it may only veto: not trusted to prove
    (False, UP): Held(UP, "db: it is up"),
    (False, UNKNOWN): Held(UNKNOWN, "db: it is unknown"),
    (False, CLEAR): Held(UNKNOWN, "no guard has proved it down"),
}


@pytest.mark.parametrize(("case", "answer"), ALONE.items())
def test_invariant_1_a_guard_alone(case: tuple[bool, Verdict], answer: Allowed | Held) -> None:
    proves, verdict = case
    assert combine([spec("db", proves=proves)], [reading("db", verdict)], CLOCK) == answer


ROLES = list(product((True, False), Verdict, ("fresh", "old")))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_invariant_1_allows_only_if_all_are_down_or_clear_and_one_has_proved_it(
    number: int,
) -> None:
    for roles in product(ROLES, repeat=number):
        specs = [spec(f"g{i}", proves=proves) for i, (proves, _, _) in enumerate(roles)]
        readings = [
            reading(f"g{i}", verdict, age=1.0 if age == "fresh" else 31.0)
            for i, (_, verdict, age) in enumerate(roles)
        ]
        answer = combine(specs, readings, CLOCK)
        good = {(True, DOWN, "fresh"), (False, CLEAR, "fresh")}
        proved = tuple(f"g{i}" for i, role in enumerate(roles) if role == (True, DOWN, "fresh"))
        if set(roles) <= good and proved:
            assert answer == Allowed(proved)
        else:
            somebody_up = any(verdict is UP for _, verdict, _ in roles)
            assert isinstance(answer, Held), roles
            assert answer.verdict is (UP if somebody_up else UNKNOWN), roles


AGES = {
    0.0: None,
    29.9: None,
    FRESH_SECONDS: None,
    30.25: "db: its last reading is 30 s old",
    31.0: "db: its last reading is 31 s old",
    3600.0: "db: its last reading is 3600 s old",
    -0.25: "db: its last reading is -0 s old",
    -5.0: "db: its last reading is -5 s old",
    float("nan"): "db: its last reading is nan s old",
}


@pytest.mark.parametrize(("age", "reason"), AGES.items())
def test_invariant_1_a_reading_lasts_thirty_seconds(age: float, reason: str | None) -> None:
    answer = combine([spec("db")], [reading("db", age=age)], CLOCK)
    assert answer == (Held(UNKNOWN, reason) if reason else Allowed(("db",)))


def test_invariant_1_thirty_seconds_are_thirty() -> None:
    assert FRESH_SECONDS == 30


@pytest.mark.parametrize("age", [31.0, -5.0])
def test_an_up_stays_an_up_however_old(age: float) -> None:
    assert combine([spec("db")], [reading("db", UP, age=age)], CLOCK) == Held(UP, "db: it is up")


def test_invariant_1_without_guards_nothing_is_known() -> None:
    assert combine([], [], CLOCK) == Held(UNKNOWN, "no guard is configured")
    assert combine([], [reading("db")], CLOCK) == Held(UNKNOWN, "no guard is configured")


MISMATCHES = {
    "none": [],
    "one missing": ["a"],
    "the other missing": ["b"],
    "one too many": ["a", "b", "c"],
    "one twice": ["a", "a"],
    "one twice besides": ["a", "b", "b"],
    "reordered": ["b", "a"],
    "a stranger": ["a", "c"],
}


@pytest.mark.parametrize("names", MISMATCHES.values(), ids=MISMATCHES.keys())
def test_invariant_1_every_guard_must_have_spoken(names: list[str]) -> None:
    answer = combine([spec("a"), spec("b")], [reading(name) for name in names], CLOCK)
    assert answer == Held(UNKNOWN, "not every guard has spoken")


def test_what_a_reading_says_of_its_own_role_counts_for_nothing() -> None:
    vetoer = replace(reading("db", CLEAR), proves=False)
    assert isinstance(combine([spec("db", proves=True)], [vetoer], CLOCK), Held)


def test_an_up_is_the_better_reason() -> None:
    specs = [spec("a"), spec("b"), spec("c")]
    readings = [reading("a", UNKNOWN), reading("b", UP), reading("c", UP)]
    assert combine(specs, readings, CLOCK) == Held(UP, "b: it is up")


RESTARTS = {
    "the same": ("x", "x", None),
    "none told": (None, None, None),
    "another": ("x", "y", "db: was started between two looks"),
    "the first": (None, "y", "db: was started between two looks"),
    "no longer told": ("x", None, "db: was started between two looks"),
}


@pytest.mark.parametrize(("first", "second", "reason"), RESTARTS.values(), ids=RESTARTS.keys())
def test_what_was_started_between_two_looks_holds(
    first: str | None, second: str | None, reason: str | None
) -> None:
    before = [reading("tcp", CLEAR), reading("db", incarnation=first)]
    after = [reading("tcp", CLEAR), reading("db", incarnation=second)]
    assert restarted(before, after) == (Held(UP, reason) if reason else None)


def test_two_looks_of_different_guards_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="shorter"):
        restarted([reading("a"), reading("b")], [reading("a")])


def taken(began: float, took: float = 0.0, verdict: Verdict = DOWN) -> Reading:
    return replace(reading("db", verdict), began=began, took=took)


FIRST = [taken(CLOCK - 100, took=3.0), taken(CLOCK - 100, took=60.0)]  # over 40 s before CLOCK
AHEAD = {
    "young": ([taken(CLOCK - 15)], None),
    "a little too old": ([taken(CLOCK - 15.01)], "it is 15 s old"),
    "one of two too old": ([taken(CLOCK - 1), taken(CLOCK - 16, verdict=CLEAR)], "it is 16 s old"),
    "from the future": ([taken(CLOCK + 1)], "it is -1 s old"),
    "old, but up": ([taken(CLOCK - 29, verdict=UP), taken(CLOCK)], None),
    "old, but unknown": ([taken(CLOCK), taken(CLOCK - 29, verdict=UNKNOWN)], None),
    "begun as the first look ended": ([taken(CLOCK - 40)], "it is 40 s old"),
    "begun before": ([taken(CLOCK - 40.01)], "it began before the first look had ended"),
    "none": ([], "it began before the first look had ended"),
}


@pytest.mark.parametrize(("ahead", "answer"), AHEAD.values(), ids=AHEAD.keys())
def test_what_was_read_ahead_stands_only_while_it_is_young(
    ahead: list[Reading], answer: str | None
) -> None:
    assert overtaken(FIRST, ahead, CLOCK) == answer


def test_nothing_was_read_ahead_of_a_first_look_that_was_not_taken() -> None:
    assert overtaken([], [taken(CLOCK)], CLOCK) is not None


def test_invariant_1_what_was_read_ahead_leaves_half_of_its_time_to_what_follows() -> None:
    assert AHEAD_SECONDS <= FRESH_SECONDS / 2


BEGINS = {
    "nobody knows how long a turn takes": (0, None, 0.5, 0.0),
    "nor for who comes after the next": (1, None, 50.0, None),
    "short turns": (0, 1.0, 0.1, 0.0),
    "turns of ten seconds": (0, 10.0, 0.5, 8.5),
    "a guard slower than a turn": (0, 2.0, 5.0, 0.0),
    "the second, beside a later command": (1, 4.0, 2.9, None),
    "the second, beside this one": (1, 4.0, 3.1, 3.9),
    "the second, at once": (1, 1.0, 5.0, 0.0),
    "the third": (2, 2.0, 3.5, 1.5),
}


@pytest.mark.parametrize(("place", "pace", "took", "answer"), BEGINS.values(), ids=BEGINS.keys())
def test_a_look_ahead_begins_so_late_that_it_has_just_ended(
    place: int, pace: float | None, took: float, answer: float | None
) -> None:
    found = begins_in(place, pace, took)
    assert found == (answer if answer is None else pytest.approx(answer))
