"""Make mutants of a module: one small change each, at every place where one is possible."""

from __future__ import annotations

import ast
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Change = Callable[[ast.AST], None]

_OTHER: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_CALLS = {"any": "all", "all": "any"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed module: where, in which function, and what. `function` is empty outside of any."""

    line: int
    function: str
    what: str
    source: str

    @property
    def name(self) -> str:
        """Tell a person where and what."""
        return f"{self.line}: {self.what}"

    @property
    def key(self) -> tuple[str, str]:
        """Tell it so that lines added elsewhere change nothing."""
        return self.function, self.what


def mutants(source: str, pattern: str = "") -> Iterator[Mutant]:
    """Tell every mutant of a module; `pattern` is the name of its regular expression."""
    tree = ast.parse(source)
    functions = _functions(tree)
    for place, node in enumerate(ast.walk(tree)):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == pattern:
            yield from _of_pattern(tree, place, node)
        for what, change in _changes(node):
            copy = deepcopy(tree)
            twin = list(ast.walk(copy))[place]
            change(twin)
            line = getattr(node, "lineno", 0)
            text = ast.unparse(ast.fix_missing_locations(copy))
            yield Mutant(line, functions.get(node, ""), what, text)


def _functions(tree: ast.AST) -> dict[ast.AST, str]:
    """Tell for each node the function in which it stands, the innermost."""
    found: dict[ast.AST, str] = {}
    for node in ast.walk(tree):  # what is outside comes first
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found |= dict.fromkeys(ast.walk(node), node.name)
    return found


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    makers = _MAKERS.get(type(node))
    return iter(()) if makers is None else makers(node)


def _of_comparison(node: ast.AST) -> Iterator[tuple[str, Change]]:
    for index, op in enumerate(node.ops):  # type: ignore[attr-defined]
        other = _OTHER[type(op)]
        yield f"{type(op).__name__} becomes {other.__name__}", _compare(index, other)


def _of_alternatives(node: ast.AST) -> Iterator[tuple[str, Change]]:
    op = type(node.op).__name__  # type: ignore[attr-defined]
    yield f"{op} becomes its other", _bool
    for index in range(len(node.values)):  # type: ignore[attr-defined]
        yield f"operand {index} of {op} is left out", _without(index)


def _of_condition(node: ast.AST) -> Iterator[tuple[str, Change]]:
    condition = ast.unparse(node.test)  # type: ignore[attr-defined]
    if condition == "TYPE_CHECKING":
        return
    yield f"'if {condition}' is always true", _always(value=True)
    yield f"'if {condition}' is always false", _always(value=False)


def _of_statement(node: ast.AST) -> Iterator[tuple[str, Change]]:
    if isinstance(node.value, ast.Yield | ast.YieldFrom):  # type: ignore[attr-defined]
        yield f"{ast.unparse(node)[:50]!r} is left out", _nothing


def _of_return(node: ast.AST) -> Iterator[tuple[str, Change]]:
    if not isinstance(node.value, ast.Constant | None):  # type: ignore[attr-defined]
        yield f"{ast.unparse(node)[:50]!r} returns None", _nothing


def _of_call(node: ast.AST) -> Iterator[tuple[str, Change]]:
    called = node.func  # type: ignore[attr-defined]
    if isinstance(called, ast.Name) and called.id in _CALLS:
        yield f"{called.id} becomes {_CALLS[called.id]}", _call
    if isinstance(called, ast.Attribute) and called.attr == "fullmatch":
        yield "fullmatch becomes match", _attribute


def _of_operation(node: ast.AST) -> Iterator[tuple[str, Change]]:
    if isinstance(node.op, ast.BitAnd):  # type: ignore[attr-defined]
        yield "& becomes |", _union
    if isinstance(node.op, ast.Not):  # type: ignore[attr-defined]
        yield "not is left out", _plain


def _of_pattern(tree: ast.Module, place: int, node: ast.Assign) -> Iterator[Mutant]:
    """Loosen a regular expression: each literal option becomes optional, each class any text."""
    call = node.value
    if not isinstance(call, ast.Call) or not isinstance(call.args[0], ast.Constant):
        return
    text = str(call.args[0].value)
    for old, new in LOOSER:
        for nth in range(text.count(old)):
            head, tail = _split(text, old, nth)
            copy = deepcopy(tree)
            twin = list(ast.walk(copy))[place]
            twin.value.args[0].value = f"{head}{new}{tail}"  # type: ignore[attr-defined]
            what = f"{old!r} number {nth} becomes {new!r}"
            yield Mutant(node.lineno, "", what, ast.unparse(ast.fix_missing_locations(copy)))


LOOSER = (
    (" -persist", "(?: -persist)?"),
    (" -record", "(?: -record)?"),
    (" -quiet", "(?: -quiet)?"),
    ("-cp|-nocp", r"-\w+"),
    ("(?: -tgtse)?", r"(?: -tgtse| -tgtpprc| -resetreserve)?"),
    ("[0-9A-F]{4}", r"[0-9A-Fa-f]{1,4}"),
    (")+)", ")*)"),
    (r" -dev (?P", r" (?:-dev )?(?P"),
)


def _split(text: str, piece: str, nth: int) -> tuple[str, str]:
    parts = text.split(piece)
    return piece.join(parts[: nth + 1]), piece.join(parts[nth + 1 :])


def _compare(index: int, other: type[ast.cmpop]) -> Change:
    def change(node: ast.AST) -> None:
        node.ops[index] = other()  # type: ignore[attr-defined]

    return change


def _without(index: int) -> Change:
    def change(node: ast.AST) -> None:
        del node.values[index]  # type: ignore[attr-defined]

    return change


def _always(*, value: bool) -> Change:
    def change(node: ast.AST) -> None:
        node.test = ast.Constant(value)  # type: ignore[attr-defined]

    return change


def _bool(node: ast.AST) -> None:
    old = node.op  # type: ignore[attr-defined]
    node.op = ast.Or() if isinstance(old, ast.And) else ast.And()  # type: ignore[attr-defined]


def _nothing(node: ast.AST) -> None:
    node.value = ast.Constant(None)  # type: ignore[attr-defined]


def _call(node: ast.AST) -> None:
    node.func.id = _CALLS[node.func.id]  # type: ignore[attr-defined]


def _attribute(node: ast.AST) -> None:
    node.func.attr = "match"  # type: ignore[attr-defined]


def _union(node: ast.AST) -> None:
    node.op = ast.BitOr()  # type: ignore[attr-defined]


def _plain(node: ast.AST) -> None:
    node.op = ast.UAdd()  # type: ignore[attr-defined]
    node.operand = ast.Call(ast.Name("bool", ast.Load()), [node.operand], [])  # type: ignore[attr-defined]


_MAKERS: dict[type[ast.AST], Callable[[ast.AST], Iterator[tuple[str, Change]]]] = {
    ast.Compare: _of_comparison,
    ast.BoolOp: _of_alternatives,
    ast.If: _of_condition,
    ast.Expr: _of_statement,
    ast.Return: _of_return,
    ast.Call: _of_call,
    ast.BinOp: _of_operation,
    ast.UnaryOp: _of_operation,
}
