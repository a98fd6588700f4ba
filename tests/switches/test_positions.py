"""Every switch is tried somewhere else than at its default, and every two of them together."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from flashd.sim.errors import SimError
from flashd.sim.switches import KINDS, SWITCHES
from tests.switches.pairwise import meetings, pairwise
from tests.switches.positions import CHOSEN, all_positions, positions


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_is_tried_at_two_positions_at_least(name: str) -> None:
    switch = SWITCHES[name]
    tried = positions(name)
    assert len(tried) > 1, f"give {name} a row in CHOSEN of tests/switches/positions.py"
    assert all(switch.check(one) == one for one in tried)
    assert name in CHOSEN or not KINDS & set(switch.accepts)
    assert tried[0] == switch.default


def test_no_row_is_left_of_a_switch_that_is_gone() -> None:
    assert set(CHOSEN) <= set(SWITCHES)


@pytest.mark.parametrize("name", SWITCHES)
def test_the_name_of_a_kind_is_no_position(name: str) -> None:
    for kind in KINDS & set(SWITCHES[name].accepts) - {"text"}:
        with pytest.raises(SimError, match="does not take"):
            SWITCHES[name].check(kind)


ROOT = Path(__file__).parents[2]

FACTORS = {
    "one factor": {"a": "xyz"},
    "as they are": {"a": "01", "b": "01", "c": "01"},
    "uneven": {"a": "0", "b": "01", "c": "0123456789", "d": "012"},
    "many": dict.fromkeys("abcdefghij", "012"),
}


@pytest.mark.parametrize("factors", [*FACTORS.values(), all_positions()], ids=[*FACTORS, "ours"])
@pytest.mark.parametrize("number", range(3))
def test_every_two_positions_meet_in_a_row(
    factors: dict[str, tuple[str, ...]], number: int
) -> None:
    rows = pairwise(factors, random.Random(number))  # noqa: S311 - only rows are drawn
    met = {frozenset(two) for row in rows for two in itertools.combinations(row.items(), 2)}
    assert met == meetings(factors)
    assert all(list(row) == list(factors) for row in rows)
    largest = sorted(map(len, factors.values()))[-2:]
    product = largest[0] * largest[-1] if len(largest) > 1 else 0
    assert product <= len(rows) <= 4 * max(product, 1)


def test_the_same_dice_make_the_same_rows_in_every_process() -> None:
    """Else the processes of one test run would not agree on what its tests are."""
    said = {
        subprocess.check_output(
            [sys.executable, "-c", _PRINT_ROWS],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "FLASHD_TEST_SEED": "7"},
        )
        for seed in ("1", "2")
    }
    assert len(said) == 1
    assert str(pairwise(all_positions(), random.Random(8))) not in str(said)  # noqa: S311 - as above


_PRINT_ROWS = """
from tests.switches.pairwise import pairwise
from tests.switches.positions import all_positions, dice
print(pairwise(all_positions(), dice("rows")))
"""
