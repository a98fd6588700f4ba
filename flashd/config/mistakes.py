"""What is wrong with a configuration, and where."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from flashd.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flashd.config.document import Spot


_LONGEST_WORD = 100
"""Of what may be a slip of the pen; comparing takes as long as both words are, multiplied."""


class Place(NamedTuple):
    """Where something stands; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One thing to mend, at one place, told as compilers do so that editors can jump to it."""

    place: Place
    message: str
    hint: str = ""

    @property
    def file(self) -> str:
        """The file to mend."""
        return self.place.file

    @property
    def line(self) -> int:
        """The line, from 1."""
        return self.place.line

    @property
    def column(self) -> int:
        """The column, from 1."""
        return self.place.column

    def __str__(self) -> str:
        return "; ".join(filter(None, (f"{self.place}: {self.message}", self.hint)))


class Mistakes(ConfigError):  # noqa: N818 - named for what it carries
    """Everything that is wrong with a configuration, sorted by file and line."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(set(mistakes)))
        super().__init__("\n".join(map(str, self.mistakes)))


@dataclass(frozen=True, slots=True)
class Source:
    """A file by the name that users know, and its text."""

    file: str
    text: str

    def mistake(self, spot: Spot, message: str, hint: str = "") -> Mistake:
        """Say what is wrong at `spot`."""
        return Mistake(self.place(spot), message, hint)

    def place(self, spot: Spot) -> Place:
        """Name a place in this file."""
        return Place(self.file, *spot)

    def inside(self, spot: Spot, value: object, offset: int) -> Spot:
        """Find the place `offset` characters into a value, where it stands there as written."""
        line, column = spot
        lines = self.text.splitlines()
        written = lines[line - 1][column - 1 :] if line <= len(lines) else ""
        for quote in ("", "'", '"'):
            if isinstance(value, str) and written.startswith(quote + value):
                return line, column + len(quote) + offset
        return spot


def nearest(word: str, known: Iterable[str]) -> str:
    """Suggest the known word that was probably meant, or list them all."""
    words = sorted(known)
    if len(word) <= _LONGEST_WORD and (close := get_close_matches(word, words, n=1)):
        return f"did you mean '{close[0]}'?"
    return f"known are {listed(words)}" if words else ""


def listed(words: Iterable[str], last: str = "and") -> str:
    """Put words in a row, as in a sentence."""
    *most, final = map(str, words)
    return f"{', '.join(most)} {last} {final}" if most else final
