"""What stands on a command line that is not finished, as bash sees it."""

from __future__ import annotations

import os
from dataclasses import dataclass

_ESCAPED_IN_DOUBLE = '$`"\\'
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-")
_SAFE_INSIDE = _SAFE | {"#", "~"}


@dataclass(frozen=True, slots=True)
class Typed:
    """Whole words, and the one before the cursor.

    `stem` is that part of it which bash leaves as it is, `quote` the quote that is still open.
    """

    words: tuple[str, ...]
    current: str
    stem: str = ""
    quote: str = ""

    def written(self, value: str) -> str | None:
        """Write a value as it must replace what was typed; None where it does not fit."""
        if not value.startswith(self.stem):
            return None
        rest = value.removeprefix(self.stem)
        if self.quote == "'":
            return None if "'" in rest else rest
        if self.quote == '"':
            return "".join(f"\\{one}" if one in _ESCAPED_IN_DOUBLE else one for one in rest)
        return "".join(_bare(one, first=not at) for at, one in enumerate(rest))


def _bare(character: str, *, first: bool) -> str:
    safe = _SAFE if first else _SAFE_INSIDE
    return character if character in safe or not character.isascii() else f"\\{character}"


def read_line(line: str, breaks: str) -> Typed:
    """Split a line up to the cursor into words, quotes and backslashes as in bash.

    `breaks` are the characters at which bash begins another word to complete.
    """
    words: list[str] = []
    word, stem, quote, begun = "", "", "", False
    at = 0
    while at < len(line):
        character = line[at]
        at += 1
        if character == "\\" and quote != "'" and at < len(line):
            word, begun = word + _escaped(line[at], quote), True
            at += 1
        elif character == quote:
            quote, stem = "", word
        elif quote:
            word += character
        elif character in "'\"":
            quote, stem, begun = character, word, True
        elif character.isspace():
            words += [_expanded(word)] if begun else []
            word, stem, begun = "", "", False
        else:
            word, begun = word + character, True
            stem = word if character in breaks else stem
    return Typed(tuple(words[1:]), word, stem, quote)


def _escaped(character: str, quote: str) -> str:
    return f"\\{character}" if quote and character not in _ESCAPED_IN_DOUBLE else character


def _expanded(word: str) -> str:
    return os.path.expanduser(word)  # noqa: PTH111 - a word need not be a path
