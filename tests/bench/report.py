"""What the bench tells: rows as they come, one JSON document, and the table of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.bench.figures import Figure
    from tests.bench.parts import Measured

VERSION = 1
BEGIN, END = "<!-- the bench writes from here -->", "<!-- to here -->"
_NONE = "-"
_WIDTH = 82
_SMALL = 0.1


def heading() -> str:
    """Give the line above the rows."""
    return f"{'figure':<{_WIDTH}}{'measured':>12}{'target':>10}{'ratio':>8}"


def row(figure: Figure) -> str:
    """Put a figure in a line, with its facts; without a number it says why."""
    name, unit = figure.promise.name, figure.promise.unit
    shown = f"{name}, {unit}" if unit else name
    numbers = f"{number(figure.measured):>12}{number(figure.target):>10}{quotient(figure.ratio):>8}"
    facts = told(figure.found.facts)
    return f"{shown:<{_WIDTH}}{numbers}  {figure.why or facts}".rstrip()


def number(value: float | None) -> str:
    """Spell a number, a whole one without its fraction, none as a dash."""
    if value is None:
        return _NONE
    return f"{value:.0f}" if value == int(value) else f"{value:.3f}"


def quotient(value: float | None) -> str:
    """Spell a ratio: two digits, and three where it is below a tenth."""
    if value is None:
        return _NONE
    rounded = round(value, 3) + 0.0  # so that next to nothing has no sign
    return f"{rounded:.{2 if value >= _SMALL else 3}f}"


def told(facts: Mapping[str, object]) -> str:
    """Put facts in words."""
    return ", ".join(f"{name} {value}" for name, value in facts.items())


def document(setting: Mapping[str, object], measured: Sequence[Measured]) -> dict[str, Any]:
    """Make the JSON document; `setting` says when, where and of what it was measured."""
    return {
        "version": VERSION,
        **setting,
        "seconds": {one.part: round(one.seconds, 1) for one in measured},
        "figures": [_figure(figure) for one in measured for figure in one.figures],
    }


def _figure(figure: Figure) -> dict[str, object]:
    return {
        "part": figure.part,
        "name": figure.promise.name,
        "unit": figure.promise.unit,
        "measured": figure.measured,
        "target": figure.target,
        "ratio": figure.ratio,
        "facts": dict(figure.found.facts),
        "means": figure.promise.means,
        "why": figure.why,
    }


def unmeasured(measured: Iterable[Measured]) -> list[str]:
    """Name the figures that could not be measured."""
    return [
        figure.promise.name for one in measured for figure in one.figures if figure.measured is None
    ]


def spent(measured: Sequence[Measured]) -> str:
    """Say where the bench's own time went, the longest part first."""
    parts = sorted(measured, key=lambda one: one.seconds, reverse=True)
    each = ", ".join(f"{one.part} {one.seconds:.0f} s" for one in parts)
    return f"the bench took {sum(one.seconds for one in parts):.0f} s: {each}"


def preface(document: Mapping[str, Any]) -> str:
    """Say when and where a document was measured."""
    machine, total = document["machine"], sum(document["seconds"].values())
    return (
        f"flashd {document['flashd']}, {document['when']}, Python {document['python']}, "
        f"{machine['cores']} cores ({machine['processor']}); {total:.0f} s in all."
    )


def table(document: Mapping[str, Any]) -> str:
    """Make the Markdown tables of a document, one for each part."""
    parts: dict[str, list[Mapping[str, Any]]] = {}
    for figure in document["figures"]:
        parts.setdefault(figure["part"], []).append(figure)
    return "\n\n".join(_part(name, figures) for name, figures in parts.items())


def _part(name: str, figures: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        f"| {name} | measured | target | ratio | beside it |",
        "|---|---:|---:|---:|---|",
    ]
    for one in figures:
        unit = f" {one['unit']}" if one["unit"] else ""
        numbers = [
            f"{number(one[key])}{unit}" if one[key] is not None else _NONE
            for key in ("measured", "target")
        ]
        beside = one["why"] or told(one["facts"])
        cells = (one["name"], *numbers, quotient(one["ratio"]), beside.replace("|", "\\|"))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def renewed(page: str, text: str) -> str:
    """Put a text between the marks of a page; raises `ValueError` where they are not there."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page has no marks {BEGIN} and {END}")
    return f"{head}{begin}\n{text.strip()}\n{end}{tail}"
