"""The maker of mutants: small changes, each another module, and enough of them of each target."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.__main__ import chosen, survives
from tests.mutants.made import Mutant, mutants
from tests.mutants.targets import TARGETS, Target

ROOT = Path(__file__).parents[2]


def test_each_change_is_made_alone() -> None:
    source = "def f(a, b):\n    if a < 1 and b:\n        return a + b\n    return None\n"
    made = {one.name: one.source for one in mutants(source)}
    assert list(made) == [
        "2: 'if a < 1 and b' is always true",
        "2: 'if a < 1 and b' is always false",
        "2: And becomes its other",
        "2: operand 0 of And is left out",
        "2: operand 1 of And is left out",
        "3: 'return a + b' returns None",
        "2: Lt becomes LtE",
    ]
    assert "if a <= 1 and b:" in made["2: Lt becomes LtE"]
    assert {one.key[0] for one in mutants(source)} == {"f"}
    assert source.strip() not in made.values()


def test_a_pattern_is_loosened() -> None:
    made = [one.source for one in mutants('P = re.compile("x -quiet y")\n', "P")]
    assert made == ["P = re.compile('x(?: -quiet)? y')"]


def test_a_mutant_is_known_by_the_innermost_function() -> None:
    source = "A = 1 < 2\ndef f(a):\n    def g(b):\n        b < 1\n    a < 1\n"
    assert [one.key for one in mutants(source)] == [
        ("", "Lt becomes LtE"),
        ("f", "Lt becomes LtE"),
        ("g", "Lt becomes LtE"),
    ]


def test_some_targets_can_be_chosen_and_never_none() -> None:
    assert chosen([]) == list(TARGETS)
    names = [one.module for one in chosen(["outlet", "core.firewall"])]
    assert names == ["flashd.core.firewall", "flashd.adapters.arrays.outlet"]
    with pytest.raises(SystemExit, match="no target ends with outlets"):
        chosen(["outlets"])


def test_what_is_changed_dies_and_what_is_not_lives() -> None:
    """The tests run over the copy and not over the module itself."""
    target = Target(module="flashd.core.demand", tests=("tests/unit/core/test_demand.py",))
    same = target.unchanged(ROOT)
    assert survives(target, same)
    broken = same.source.replace("if enrolled:", "if not enrolled:")
    assert broken != same.source
    assert not survives(target, Mutant(1, "demanded", "not is added", broken))


def test_there_are_many_of_each_target_and_all_of_them_are_code() -> None:
    counts = {}
    for target in TARGETS:
        made = list(target.mutants(ROOT))
        counts[target.module] = len(made)
        assert len({one.source for one in made}) == len(made)
        assert set(target.equal) <= {one.key for one in made}
        for one in made:
            compile(one.source, one.name, "exec")
    assert counts["flashd.core.firewall"] >= 200
    assert counts["flashd.adapters.arrays.outlet"] >= 15
    assert counts["flashd.engine.gate"] >= 10
    assert counts["flashd.config.protected"] >= 20
    assert counts["flashd.core.enrolment"] >= 100
    assert counts["flashd.model.inventory"] >= 15
    assert counts["flashd.adapters.arrays.stock"] >= 100
