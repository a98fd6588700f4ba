"""How the figures of a fleet are told, and how they grow."""

from __future__ import annotations

import pytest

from tests.bench.fleets import Measure

CPU = Measure("cpu", "idle CPU", "%", 1.0, "", least=0.1)


def test_growth_stands_beside_the_figures_that_it_is_of() -> None:
    found = CPU.grown({100: {"cpu": 1.0}, 1000: {"cpu": 10.0}, 10_000: {"cpu": 100.0}})
    assert found.measured == pytest.approx(1)
    assert found.target == 1
    assert found.facts == {"100:": "1 %", "1,000:": "10 %", "10,000:": "100 %"}


def test_what_one_of_the_fleets_does_not_tell_has_no_growth() -> None:
    for missing in ({}, {"cpu": float("nan")}):
        found = CPU.grown({100: {"cpu": 1.0}, 1000: missing, 10_000: {"cpu": 100.0}})
        assert found.measured is None
        assert "cpu" in found.why
    assert CPU.found({}).measured is None
    assert CPU.found({"cpu": 0.5}).measured == 0.5


def test_what_is_too_small_to_be_told_from_nothing_does_not_grow() -> None:
    found = CPU.grown({100: {"cpu": 0.0}, 1000: {"cpu": 0.01}, 10_000: {"cpu": 0.1}})
    assert found.measured == 0
