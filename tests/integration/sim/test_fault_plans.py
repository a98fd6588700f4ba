"""flashd sim fault: when a fault strikes, as typed, and as shown."""

import json
import subprocess
import sys
from collections.abc import Callable
from subprocess import CompletedProcess

import pytest

from flashd.sim.array import Array
from flashd.sim.faults import When

Sim = Callable[..., CompletedProcess[str]]
MAIN = "from flashd.sim.cli import sim; sim(prog_name='flashd sim')"


@pytest.fixture
def plan(array: Array) -> Sim:
    def run(*words: str) -> CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", MAIN, "fault", array.path, *words],
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_time_by_the_array_s_clock_or_the_host_s(plan: Sim, array: Array) -> None:
    array.show_time(5000.0, runs=False)
    here = array.clock.now()
    for words in (
        ("--at", "2026-03-29T01:00:00Z"),
        ("--after", "10m"),
        ("--after", "10m", "--clock", "array"),
        ("--at", "1h ago", "--clock", "array"),
    ):
        assert plan("lie", *words).returncode == 0
    at, after, of_array, ago = (fault.when for fault in array.faults())
    assert at == When(at=1_774_746_000.0)
    assert after.clock == "host"
    assert after.at is not None
    assert here + 600 <= after.at <= array.clock.now() + 600
    assert of_array == When(at=5600.0, clock="array")
    assert ago == When(at=1400.0, clock="array")


def test_a_chance_with_its_seed_is_shown(plan: Sim, array: Array) -> None:
    assert plan("hang", "--chance", "0.05", "--seed", "7", "--always").returncode == 0
    (fault,) = array.faults()
    assert (fault.when, fault.times) == (When(chance=0.05, seed=7), -1)
    shown = subprocess.run(
        [sys.executable, "-c", MAIN, "show", array.path], capture_output=True, text=True, check=True
    ).stdout
    assert "chance 0.05 of seed 7" in shown


def test_ways_pairs_and_steps_are_typed(plan: Sim, array: Array) -> None:
    for words in (
        ("noise", "--how", "cr"),
        ("columns", "--how", "missing", "--column", "State", "--command", "lsflash"),
        ("others-change", "--pair", "0001:0002", "--text", "State=Invalid", "--position", "after"),
        ("clock-steps", "--seconds", "-3600"),
    ):
        done = plan(*words)
        assert done.returncode == 0, done.stderr
    assert [dict(fault.options) for fault in array.faults()] == [
        {"how": "cr"},
        {"how": "missing", "column": "State"},
        {"pair": "0001:0002", "text": "State=Invalid"},
        {"seconds": "-3600"},
    ]


@pytest.mark.parametrize(
    "words",
    [
        ("lie", "--at", "soon"),
        ("lie", "--at", "2026-03-29T01:00:00"),
        ("lie", "--after", "10m", "--at", "1h ago"),
        ("lie", "--chance", "2"),
        ("lie", "--clock", "wall"),
        ("lie", "--nth", "0"),
        ("noise", "--how", "loud"),
        ("others-change", "--text", "Colour=red"),
        ("hang", "--seconds", "-1"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(plan: Sim, array: Array, words: tuple[str, ...]) -> None:
    done = plan(*words)
    assert (done.returncode, "Error: " in done.stderr) == (2, True)
    assert array.faults() == ()


def test_the_same_plan_strikes_the_same_events(plan: Sim, dscli: Sim) -> None:
    """Each command is a process of its own: it is the number of the event that decides."""
    struck = []
    for _ in range(2):
        plan("wrong-exit", "--exit", "9", "--chance", "0.5", "--seed", "3", "--always")
        struck.append([dscli("lssi").returncode for _ in range(6)])
        plan("wrong-exit", "--clear")
    assert struck[0] == struck[1]
    assert set(struck[0]) == {0, 9}


def test_the_journal_tells_of_what_acts_late(plan: Sim, array: Array, dscli: Sim) -> None:
    plan("acts-late", "--seconds", "0", "--exit", "3")
    assert dscli("resyncflash", "-record", "-persist", "0001:0002").returncode == 3
    said = subprocess.run(
        [sys.executable, "-c", MAIN, "journal", array.path, "--json"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (command,) = json.loads(said)["commands"]
    assert (command["phase"], command["fault"]) == ("acted", "acts-late (after)")
    assert command["acted"] == ["0001:0002"]
