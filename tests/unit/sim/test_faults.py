"""Which fault strikes which event."""

import pytest

from flashd.sim import faults
from flashd.sim.array import Array
from flashd.sim.clock import HOST, Clock
from flashd.sim.errors import SimError
from flashd.sim.faults import Fault, When

COMMAND = faults.names_at(faults.BEFORE, faults.AFTER, faults.ANSWER)


class _Hand:
    """A clock that a test sets."""

    def __init__(self, at: float) -> None:
        self.at = at

    def now(self) -> float:
        return self.at

    def wait(self, seconds: float) -> None:
        self.at += seconds

    def hang(self) -> None:
        raise AssertionError("nothing hangs here")


@pytest.mark.parametrize(
    ("pattern", "event", "meant"),
    [
        ("*", "lssi", True),
        ("lsflash", "lsflash -l 0001", True),
        ("ls*", "lsflash -l 0001", True),
        ("lsflash -l*", "lsflash -l 0001", True),
        ("*0001", "lsflash -l 0001", True),
        ("0001", "lsflash -l 0001", False),
        ("lsflas", "lsflash -l 0001", False),
        ("LSFLASH", "lsflash", False),
    ],
)
def test_a_pattern_is_of_the_verb_or_of_the_whole(pattern: str, event: str, meant: bool) -> None:  # noqa: FBT001 - a table's column
    assert Fault(name="lie", position="answer", pattern=pattern).matches(event) == meant


@pytest.mark.parametrize(
    ("nth", "times", "struck"),
    [(1, 1, [1]), (3, 1, [3]), (2, 2, [2, 3]), (1, -1, [1, 2, 3, 4, 5]), (4, -1, [4, 5])],
)
def test_it_strikes_from_the_nth_event_on_as_often_as_told(
    array: Array, nth: int, times: int, struck: list[int]
) -> None:
    array.add_fault("lie", nth=nth, times=times)
    assert [n for n in range(1, 6) if _strike(array, "lssi")] == struck


def test_one_event_is_struck_by_one_fault_and_the_other_waits(array: Array) -> None:
    array.add_fault("lie")
    array.add_fault("hang")
    assert [_strike(array, "lssi") for _ in range(3)] == ["lie", "hang", None]


def test_faults_of_a_login_do_not_strike_commands(array: Array) -> None:
    array.add_fault("login-refused")
    assert _strike(array, "lssi") is None


def test_a_fault_is_planned_only_as_its_kind_allows() -> None:
    assert faults.plan("hang").position == "before"
    assert faults.plan("hang", "after", seconds="0.5").number("seconds", 0) == 0.5
    for name, position, options in (
        ("nope", "", {}),
        ("lie", "before", {}),
        ("lie", "", {"bytes": "1"}),
        ("cut-short", "", {"bytes": "-1"}),
        ("hang", "", {"seconds": "-1"}),
        ("noise", "", {"how": "loud"}),
        ("partial", "", {"silent": "maybe"}),
    ):
        with pytest.raises(SimError):
            faults.plan(name, position, **options)


@pytest.mark.parametrize("clock", ["host", "array"])
def test_events_before_its_time_are_not_counted(array: Array, clock: str) -> None:
    array.show_time(1000.0, runs=False)
    hand = _Hand(1000.0)
    array.add_fault("lie", nth=2, when=When(at=2000.0, clock=clock))
    assert [_strike(array, "lssi", hand) for _ in range(3)] == [None] * 3
    if clock == "host":
        hand.at = 2000.0
    else:
        array.show_time(2000.0, runs=False)
    assert [_strike(array, "lssi", hand) for _ in range(3)] == [None, "lie", None]


def test_a_time_is_by_one_clock_only(array: Array) -> None:
    array.show_time(3000.0, runs=False)
    array.add_fault("lie", when=When(at=2000.0))
    assert _strike(array, "lssi", _Hand(1999.9)) is None
    assert _strike(array, "lssi", _Hand(2000.0)) == "lie"


def test_chance_goes_by_the_seed_and_the_number_of_the_event(array: Array) -> None:
    drawn = []
    for seed in (7, 7, 8):
        array.clear_faults()
        array.add_fault("lie", times=-1, when=When(chance=0.2, seed=seed))
        drawn.append([_strike(array, "lssi") is not None for _ in range(60)])
    assert drawn[0] == drawn[1] != drawn[2]
    assert 3 <= sum(drawn[0]) <= 24


@pytest.mark.parametrize(("chance", "struck"), [(0.0, 0), (1.0, 20)])
def test_the_ends_of_chance(array: Array, chance: float, struck: int) -> None:
    array.add_fault("lie", times=-1, when=When(chance=chance, seed=1))
    assert sum(_strike(array, "lssi") is not None for _ in range(20)) == struck


def test_chance_begins_at_the_nth_event(array: Array) -> None:
    array.add_fault("lie", nth=4, times=-1, when=When(chance=1.0))
    assert [_strike(array, "lssi") for _ in range(5)] == [None, None, None, "lie", "lie"]


def test_what_cannot_be_planned(array: Array) -> None:
    for nth, times, when in (
        (0, 1, When()),
        (1, 0, When()),
        (1, 1, When(chance=1.1)),
        (1, 1, When(clock="wall")),
    ):
        with pytest.raises(SimError):
            array.add_fault("lie", nth=nth, times=times, when=when)
    with pytest.raises(SimError):
        array.add_fault("others-change", text="State")
    assert array.faults() == ()


def test_what_others_do_happens_beside_the_fault_that_strikes(array: Array) -> None:
    for name in ("others-write", "lie", "clock-steps", "hang"):
        array.add_fault(name, "resyncflash")
    with array.file.change() as rows:
        struck, beside = faults.strike_command(rows, "resyncflash 0001:0002", HOST)
        again, _ = faults.strike_command(rows, "resyncflash 0001:0002", HOST)
    assert struck is not None
    assert again is not None
    assert (struck.name, again.name) == ("lie", "hang")
    assert [one.name for one in beside] == ["others-write", "clock-steps"]
    assert all(one.spent for one in array.faults())


def _strike(array: Array, event: str, clock: Clock = HOST) -> str | None:
    with array.file.change() as rows:
        fault = faults.strike(rows, COMMAND, event, clock)
    return fault.name if fault else None
