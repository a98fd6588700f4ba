"""Which modules are mutated, by which tests they are held, and which mutants are the same code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.mutants.made import Mutant, mutants

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A module; `equal` says, by function and change, why a mutant does what the module does."""

    module: str
    tests: tuple[str, ...]
    pattern: str = ""
    equal: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def mutants(self, root: Path) -> Iterator[Mutant]:
        """Make them."""
        yield from mutants(self._source(root), self.pattern)

    def unchanged(self, root: Path) -> Mutant:
        """Make one that is none: where it does not survive, no death proves anything."""
        return Mutant(0, "", "nothing is changed", self._source(root))

    def _source(self, root: Path) -> str:
        return (root / f"{self.module.replace('.', '/')}.py").read_text(encoding="utf-8")


TARGETS = (
    Target(
        module="flashd.core.firewall",
        tests=("tests/unit/core/test_firewall.py", "tests/unit/core/test_enrolment.py"),
        pattern="_COMMANDS",
    ),
    Target(
        module="flashd.adapters.arrays.outlet",
        tests=("tests/unit/adapters/test_outlet.py",),
    ),
    Target(
        module="flashd.engine.gate",
        tests=("tests/unit/engine/test_gate.py",),
    ),
    Target(
        module="flashd.config.protected",
        tests=("tests/unit/config/test_protected.py",),
    ),
    Target(
        module="flashd.core.enrolment",
        tests=("tests/unit/core/test_enrolment.py", "tests/unit/core/test_aim.py"),
        equal={
            (
                "grown",
                "operand 1 of And is left out",
            ): "what an array shows is a number: no other words are equal to it",
        },
    ),
    Target(
        module="flashd.core.demand",
        tests=("tests/unit/core/test_demand.py",),
    ),
    Target(
        module="flashd.core.aim",
        tests=("tests/unit/core/test_aim.py",),
    ),
    Target(
        module="flashd.model.inventory",
        tests=("tests/unit/model/test_inventory.py",),
    ),
    Target(
        module="flashd.adapters.arrays.stock",
        tests=("tests/unit/adapters/test_stock.py",),
    ),
)
