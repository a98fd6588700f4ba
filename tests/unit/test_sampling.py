"""The sample of long tables: something of each function, the same for a seed, all in turn."""

from __future__ import annotations

from tests.sampling import left_out

PLACE = "tests/integration/engine/test_resync.py::"
CASES = [
    f"{PLACE}test_{name}[{kind}-{n}]"
    for name in "ab"
    for kind in ("sqlite", "postgresql")
    for n in range(10)
]


def test_of_each_function_some_cases_are_played_and_others_are_whole() -> None:
    out = left_out([*CASES, f"{PLACE}test_c", "tests/unit/test_d.py::test_d[postgresql]"])
    assert len(out) == 2 * (8 + 5)


def test_a_function_with_one_case_keeps_it() -> None:
    assert not left_out([f"{PLACE}test_a[postgresql]"])


def test_a_function_keeps_a_case_of_each_word() -> None:
    contract = "tests/contract/test_array_contract.py::test_a"
    assert not left_out([f"{contract}[{mode}]" for mode in ("oneshot", "interactive")])


def test_a_seed_draws_the_same_again_and_another_one_others() -> None:
    assert left_out(CASES, "1") == left_out(list(reversed(CASES)), "1")
    assert left_out(CASES, "1") != left_out(CASES, "2")


def test_in_time_every_case_is_played() -> None:
    never = set(CASES)
    for seed in range(100):
        never &= left_out(CASES, str(seed))
    assert not never
