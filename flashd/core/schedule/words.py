"""The text of an expression, cut into words that know where they stand in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flashd.core.schedule.errors import ScheduleError

MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Word:
    """A part of an expression, and the column in which it begins."""

    text: str
    column: int
    expression: str

    def error(self, problem: str) -> ScheduleError:
        """Return the error that this word is; `problem` goes on after the quoted word."""
        return ScheduleError(f'"{self.text}" {problem}', self.expression, self.column)

    def split(self, mark: str) -> list[Word]:
        """Cut at each `mark`."""
        words, column = [], self.column
        for text in self.text.split(mark):
            words.append(Word(text, column, self.expression))
            column += len(text) + len(mark)
        return words

    def pair(self, mark: str, problem: str) -> tuple[Word, Word | None]:
        """Cut at `mark`, of which there may be one; more than one is `problem`."""
        first, *others = self.split(mark)
        if len(others) > 1:
            raise self.error(problem)
        return first, others[0] if others else None

    def without_prefix(self, prefix: str) -> Word:
        """Leave out `prefix` where the word begins with it."""
        if not self.text.startswith(prefix):
            return self
        return Word(self.text[len(prefix) :], self.column + len(prefix), self.expression)

    @property
    def number(self) -> int | None:
        """The word as a number without sign, if it is one."""
        digits = self.text.isascii() and self.text.isdigit() and len(self.text) <= MOST_DIGITS
        return int(self.text) if digits else None


def words_of(expression: str) -> list[Word]:
    """Cut an expression at its white space."""
    return [
        Word(match.group(), match.start() + 1, expression)
        for match in re.finditer(r"\S+", expression)
    ]
