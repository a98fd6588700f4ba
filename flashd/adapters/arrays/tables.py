"""Tables as dscli prints them in delim format, read by the names of their columns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.adapters.arrays.messages import NOTHING_FOUND, broken_line_of, lines_of, message_in

if TYPE_CHECKING:
    from collections.abc import Sequence

SHOWN = 80
"""So much of a line that was not understood is told."""

DEVICE = r"[A-Za-z]+\.[0-9A-Za-z]+-[0-9A-Za-z]+"
"""An array, as ids in full begin."""

PAIR = re.compile(
    rf"(?:(?P<array1>{DEVICE})/)?(?P<first>[0-9A-Fa-f]{{4}})"
    rf":(?:(?P<array2>{DEVICE})/)?(?P<second>[0-9A-Fa-f]{{4}})"
)
"""Two volumes, each with its array where ids are in full."""

_DELIMITERS = ",|;\t"
_RULE = re.compile(r"=+")
_NO_TEXT = re.compile(r"(.{0,20})[\0\ufffd]")
_NEVER_TEXT = ("\0", "\ufffd")


class NotUnderstoodError(ValueError):
    """An answer that must not be acted on."""


@dataclass(frozen=True, slots=True)
class Header:
    """The names of the columns, as they stand in `line`."""

    line: str
    delimiter: str
    names: tuple[str, ...]

    def demand(self, names: Sequence[str]) -> None:
        """Raise `NotUnderstoodError` where one of `names` is missing, or any stands twice."""
        if missing := [name for name in names if name not in self.names]:
            raise NotUnderstoodError(f"the table lacks the column {', '.join(missing)}")
        if len(set(self.names)) != len(self.names):
            raise NotUnderstoodError("the table has a column twice")

    def repeats(self, line: str) -> bool:
        """Whether a line is no row: the header again, or the rule under it."""
        return line == self.line or _RULE.fullmatch(line) is not None

    def cells(self, line: str) -> dict[str, str]:
        """Split a row; raises `NotUnderstoodError` where it has more or fewer columns."""
        cells = [cell.strip() for cell in line.split(self.delimiter)]
        if len(cells) != len(self.names):
            raise NotUnderstoodError(
                f"a row has {len(cells)} of {len(self.names)} columns: {line[:SHOWN]!r}"
            )
        return dict(zip(self.names, cells, strict=True))


def whole_text(output: str) -> list[str]:
    """Tell the lines of an answer that is text and ends as it should; raises `NotUnderstoodError`.

    Prompts, banners and blank lines are left out.
    """
    if any(one in output for one in _NEVER_TEXT) and (odd := _NO_TEXT.search(output)):
        raise NotUnderstoodError(f"the answer has bytes that are no text, after {odd[1]!r}")
    if cut := broken_line_of(output):
        raise NotUnderstoodError(f"the answer has a line that does not end: {cut[:SHOWN]!r}")
    return lines_of(output)


def header_in(line: str, *names: str) -> Header | None:
    """Split a header that has these columns; None where a line is none."""
    if message_in(line):
        return None
    for delimiter in _DELIMITERS:
        found = tuple(name.strip() for name in line.split(delimiter))
        if len(found) > 1 and set(names) <= set(found):
            return Header(line, delimiter, found)
    return None


def is_remark(line: str) -> bool:
    """Whether a line is a message that leaves the table as it is."""
    message = message_in(line)
    if message is None:
        return False
    if message.kind != "I" or message.id == NOTHING_FOUND:
        raise NotUnderstoodError(f"there is a table, and the message {line[:SHOWN]!r}")
    return True
