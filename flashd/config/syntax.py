"""What keeps a file from being YAML, in plain words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import yaml

    from flashd.config.document import Spot

_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


class Broken(Exception):  # noqa: N818 - told as a mistake
    """The rest of the file cannot be understood."""

    def __init__(self, spot: Spot, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.spot = spot
        self.message = message
        self.hint = hint


def unprintable(text: str) -> Broken | None:
    """Look for a character that no YAML file may hold."""
    if not (bad := _UNPRINTABLE.search(text)):
        return None
    before = text[: bad.start()]
    line = before.count("\n") + 1
    column = bad.start() - (before.rfind("\n") + 1) + 1
    name = f"U+{ord(bad[0]):04X}"
    message = f"the character {name} cannot stand in a configuration file"
    return Broken((line, column), message, "remove it")


_OPENED = "the bracket that begins in line {opened} is still open"

# By how the parser's complaint begins: libyaml's words, and those of the Python parser.
_PROBLEMS = {
    "mapping values are not allowed": (
        "a second ': ' in one value, or a key that is indented too deep",
        "quote the value if the colon belongs to it",
    ),
    "did not find expected alphabetic or numeric character": (
        "a word that begins with '*' is a YAML alias",
        "quote a value that begins with '*' or '&'",
    ),
    "expected alphabetic or numeric character": (
        "a word that begins with '*' is a YAML alias",
        "quote a value that begins with '*' or '&'",
    ),
    "did not find expected key": (
        "expected a key here",
        "its indentation, or the end of the value before it, does not fit",
    ),
    "did not find expected '-'": ("expected '- ' here", "each entry of a list begins with it"),
    "expected <block end>": (
        "expected a key or '- ' here",
        "its indentation, or the end of the value before it, does not fit",
    ),
    "could not find expected ':'": ("expected ':' after the key", ""),
    "did not find expected node content": ("expected a value here", ""),
    "expected the node content": ("expected a value here", ""),
    "found unknown escape character": (
        "unknown escape in a quoted value",
        "use single quotes where a backslash is meant",
    ),
    "found unexpected end of stream": (
        "the file ends inside a quoted value",
        "close the quote that begins in line {opened}",
    ),
    "did not find expected ',' or ']'": ("expected ',' or ']'", _OPENED),
    "expected ',' or ']'": ("expected ',' or ']'", _OPENED),
    "did not find expected ',' or '}'": ("expected ',' or '}'", _OPENED),
    "expected ',' or '}'": ("expected ',' or '}'", _OPENED),
    "found incompatible YAML document": ("not YAML 1.1 or 1.2", "leave out the %YAML line"),
    "found a tab character": ("a tab cannot indent YAML", "use spaces"),
}


def complaint(error: yaml.MarkedYAMLError, text: str) -> Broken:
    """Put the parser's complaint in plain words."""
    mark = error.problem_mark or error.context_mark
    spot = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    problem = error.problem or "not YAML"
    if "cannot start any token" in problem:
        return Broken(spot, *_odd_start(text, spot))
    opened = error.context_mark.line + 1 if error.context_mark else spot[0]
    for known, (message, hint) in _PROBLEMS.items():
        if problem.startswith(known):
            return Broken(spot, message, hint.format(opened=opened))
    return Broken(spot, problem)


def _odd_start(text: str, spot: Spot) -> tuple[str, str]:
    lines = text.splitlines()
    character = lines[spot[0] - 1][spot[1] - 1 : spot[1]] if spot[0] <= len(lines) else ""
    if character == "\t":
        return "a tab cannot indent YAML", "use spaces"
    return f"a value cannot begin with '{character}'", "quote it"
