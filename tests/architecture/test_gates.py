"""Two gates, and a planner: what judges a command shares no code with what built it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ROOT / "flashd"
GATE, OUTLET = PRODUCT / "core/firewall.py", PRODUCT / "adapters/arrays/outlet.py"
PLANNER = [PRODUCT / "core/plan.py", PRODUCT / "core/command.py"]
VERBS = ("resyncflash", "rmflash", "mkflash")


@cache
def text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8")


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(text_of(file))


def product(*words: str) -> list[Path]:
    """Tell the modules in which any of these words is; the simulated array stands beside them."""
    files = [one for one in sorted(PRODUCT.rglob("*.py")) if "sim" not in one.parts]
    return [one for one in files if any(word in text_of(one) for word in words)]


def imports(file: Path) -> set[tuple[str, str]]:
    """Tell module and name of everything that a module imports, also for its types alone."""
    found: set[tuple[str, str]] = set()
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.ImportFrom):
            found |= {(node.module or "", one.name) for one in node.names}
        if isinstance(node, ast.Import):
            found |= {(one.name, "") for one in node.names}
    return found


def own(file: Path) -> set[tuple[str, str]]:
    return {(module, name) for module, name in imports(file) if module.startswith("flashd")}


def called(file: Path) -> set[str]:
    """Tell the last name of everything that is called."""
    functions = [node.func for node in ast.walk(tree_of(file)) if isinstance(node, ast.Call)]
    return {
        one.id if isinstance(one, ast.Name) else one.attr
        for one in functions
        if isinstance(one, ast.Name | ast.Attribute)
    }


def texts(file: Path) -> list[str]:
    """Tell the texts of a module that are no docstrings."""
    tree = tree_of(file)
    documents = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in documents
    ]


def test_invariant_2_the_last_gate_knows_the_nouns_and_nothing_else_of_flashd() -> None:
    for module, name in own(GATE):
        assert module.startswith("flashd.model."), f"the last gate imports {name} of {module}"
        assert name[0].isupper(), f"the last gate has {name} decided by {module}"


def test_invariant_2_the_outlet_knows_what_it_is_given_and_what_it_raises() -> None:
    assert own(OUTLET) == {
        ("flashd.core.firewall", "Cleared"),
        ("flashd.errors", "ArrayRejected"),
        ("flashd.errors", "TooLate"),
        ("flashd.model.volumes", "Pair"),
        ("flashd.ports.array", "Witness"),
        ("flashd.ports.clock", "Clock"),
    }


@pytest.mark.parametrize("file", PLANNER, ids=lambda one: one.stem)
def test_what_builds_a_command_knows_neither_gate(file: Path) -> None:
    modules = {module for module, _ in own(file)}
    assert not modules & {"flashd.core.firewall", "flashd.adapters.arrays.outlet"}


DECIDED_BY_THE_NOUNS = {"valid", "copying", "resyncable", "copied"}
"""What the planner asks of a relation: the gate looks at what the array told, word by word."""


def test_the_gate_lets_the_nouns_decide_nothing_that_the_planner_lets_them_decide() -> None:
    asked = {node.attr for node in ast.walk(tree_of(GATE)) if isinstance(node, ast.Attribute)}
    assert not asked & DECIDED_BY_THE_NOUNS
    assert "parse" not in called(GATE), "the pairs of the text are read by Pair.parse, as elsewhere"


def test_only_the_gate_clears_a_command() -> None:
    """A text that did not pass cannot be written: ports and adapters take what is cleared."""
    assert [one for one in product("Cleared") if "Cleared" in called(one)] == [GATE]
    subclasses = [
        one
        for one in product("Cleared")
        for node in ast.walk(tree_of(one))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "Cleared" for base in node.bases)
    ]
    assert not subclasses


def test_whoever_writes_a_changing_command_asks_the_outlet_and_nobody_else_writes_one() -> None:
    """Each `change` of an adapter either has the line made by the outlet, or passes it on."""
    writing, passing = set(), set()
    for file in product("def change"):
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.AsyncFunctionDef) and node.name == "change":
                names = {
                    one.func.id if isinstance(one.func, ast.Name) else getattr(one.func, "attr", "")
                    for one in ast.walk(node)
                    if isinstance(one, ast.Call)
                }
                if {"line_of", "tell_in_time"} <= names:
                    writing.add(file.stem)
                elif "change" in names:
                    passing.add(file.stem)
                else:
                    assert file.parent.name == "ports", f"{file} writes what nobody looked at"
    assert writing == {"oneshot", "interactive"}
    assert passing == {"breaker"}


def test_only_one_place_of_the_engine_sends() -> None:
    engine = [one for one in product("change(") if one.parent.name == "engine"]
    assert [one.stem for one in engine if "change" in called(one)] == ["carry"]


def test_changing_commands_are_named_by_the_planner_and_the_gates_alone() -> None:
    """So that no inquiry, guard or check can be one of them."""
    naming = {
        str(one.relative_to(PRODUCT))
        for one in product(*VERBS)
        if any(verb in text for verb in VERBS for text in texts(one))
    }
    told_only = {"config/options.py", "cli/restore.py", "rehearsal/twin.py"}
    assert naming - told_only == {
        "core/command.py",
        "core/firewall.py",
        "adapters/arrays/outlet.py",
    }
