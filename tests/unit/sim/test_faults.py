"""Which fault strikes which event."""

import pytest

from flashd.sim import faults
from flashd.sim.array import Array
from flashd.sim.errors import SimError
from flashd.sim.faults import Fault

COMMAND = faults.names_at(faults.BEFORE, faults.AFTER, faults.ANSWER)


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
    ):
        with pytest.raises(SimError):
            faults.plan(name, position, **options)


def _strike(array: Array, event: str) -> str | None:
    with array.file.change() as rows:
        fault = faults.strike(rows, COMMAND, event)
    return fault.name if fault else None
