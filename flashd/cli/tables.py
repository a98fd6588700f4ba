"""Tables for people: coloured and fitted on a terminal, one line a row elsewhere.

Made here, since a thousand rows are to be there at once: a library that lays out anything lays
out a row in as much time as the rest of `flashd status` takes for it ten times over.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING
from unicodedata import combining, east_asian_width

import click

from flashd.model.printable import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_GAP = "  "
_NARROWEST = 20
"""The last column is not folded into less: a terminal that is too narrow folds whole lines."""

_COLOURS: Mapping[str, str] = {
    "up": "green",
    "done": "green",
    "warn": "yellow",
    "refused": "yellow",
    "unknown": "red",
    "failed": "red",
}


@dataclass(frozen=True, slots=True)
class Screen:
    """A terminal: how many characters a line of it holds, and whether it shows colours."""

    width: int
    colours: bool = True


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table on standard output."""
    click.echo("\n".join(draw(columns, rows, _screen())))


def _screen() -> Screen | None:
    if not sys.stdout.isatty():
        return None
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") in {"dumb", "unknown"}
    return Screen(shutil.get_terminal_size().columns, colours=not plain)


def draw(
    columns: Sequence[str], rows: Iterable[Sequence[str]], screen: Screen | None = None
) -> Iterator[str]:
    """Make the lines of a table; None is no terminal, where a line may be as long as it likes.

    No cell can command a terminal or begin a line of its own, wherever its words come from.
    """
    cells = [tuple(map(harmless, row)) for row in rows]
    widths = [max(map(_width, column)) for column in zip(columns, *cells, strict=True)]
    if screen is None:
        return (_line(row, widths).rstrip() for row in (columns, *cells))
    return _fitted(columns, cells, widths, screen)


def _fitted(
    columns: Sequence[str], cells: list[tuple[str, ...]], widths: list[int], screen: Screen
) -> Iterator[str]:
    *others, last = widths
    room = max(_NARROWEST, screen.width - sum(others) - len(_GAP) * len(others))
    widths = [*others, min(last, room)]
    header = _line(columns, widths)
    yield click.style(header, bold=True) if screen.colours else header
    yield "-" * len(header)
    for row in cells:
        for part in _folded(row, room):
            yield _line(part, widths, _COLOURS if screen.colours else {}).rstrip()


def _folded(row: tuple[str, ...], room: int) -> Iterator[tuple[str, ...]]:
    """Fold the last cell, which is the one with words; what is before it stands once."""
    from textwrap import wrap

    first, *more = wrap(row[-1], room) or [""]
    yield (*row[:-1], first)
    for words in more:
        yield (*("" for _ in row[:-1]), words)


def _line(
    row: Sequence[str], widths: Sequence[int], colours: Mapping[str, str] = MappingProxyType({})
) -> str:
    return _GAP.join(
        _coloured(cell, colours) + " " * (width - _width(cell))
        for cell, width in zip(row, widths, strict=True)
    )


def _coloured(cell: str, colours: Mapping[str, str]) -> str:
    return click.style(cell, fg=colours[cell]) if cell in colours else cell


def _width(text: str) -> int:
    """Tell how many characters of a terminal's line a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if combining(one) else 2 if east_asian_width(one) in {"W", "F"} else 1 for one in text
    )
