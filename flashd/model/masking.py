"""What no text of another's may bring into a log, a reason or the history: a password."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BLANK = "********"

_WORD = (
    r"(?:pass(?:w(?:or[dt])?d?|phrase|code)|(?<![A-Za-z])pwd?|secret|api[_-]?key"
    r"|(?<!unexpected[ ])token)"
)
"""What stands before a secret; also as the end of a longer name, such as PGPASSWORD."""

_GAP = r"[^\S\n]*"
_BLANKS = r"[^\S\n]+"
_QUOTED = r"\\?\"(?:[^\"\\\n]|\\[^\"\n]){1,300}\\?\"|'[^'\n]{1,300}'"
"""A value with blanks in it; so short that a text of opening quotes is read in time."""

_MESSAGE = r"CM[A-Z]{2,3}[0-9]{4}"
_WAYS = (
    rf"(?P<option>(?<!\S)[\"'\[(]{{0,2}}--?{_WORD}[\"']?(?:{_GAP}[=,]{_GAP}|{_BLANKS}))(?:{_QUOTED}|\S+)",
    rf"(?P<key>{_WORD}\\?[\"']?{_GAP}(?:=>|%3D|[=:>]){_GAP})(?!{_MESSAGE})(?:{_QUOTED}|\S+)",
    rf"(?P<named>{_WORD}{_BLANKS})(?:{_QUOTED})",
    rf"(?P<shown>\b(?:bearer|authorization{_GAP}[:=]{_GAP}\w+){_BLANKS})[^\s\"']+",
    r"(?P<user>://[^\s:/@]{0,100}:)[^\s@]{1,300}(?=@)",
)
_SECRET = re.compile("|".join(_WAYS), re.IGNORECASE)
"""A message's id after `Enter your password:` is none, and what it says must not be lost."""

_MAY_HOLD = re.compile(r"pass|pw|secret|token|key|bearer|authorization|://", re.IGNORECASE)
_ENDS = re.compile(rf"{_WORD}\Z", re.IGNORECASE)
_OPTION = re.compile(rf"--?{_WORD}", re.IGNORECASE)
_VARIABLE = re.compile(
    r"pass(?:wo?r?d|phrase|code)|secret|token|credential|(?:api|private)_?key", re.IGNORECASE
)


def names_a_secret(variable: str) -> bool:
    """Whether an environment variable is called as one that holds a secret."""
    return _VARIABLE.search(variable) is not None


def without_secrets(text: str) -> str:
    """Blank what follows a word for a password: no secret is ever put in, this is the net."""
    if not _MAY_HOLD.search(text):
        return text
    return _SECRET.sub(_blanked, text)


def without_any(value: object) -> object:
    """Do the same in each text of what may be written as JSON."""
    match value:
        case str():
            return without_secrets(value)
        case dict():
            return {key: _of_key(key, one) for key, one in value.items()}
        case list():
            return list(_of_words(value))
        case tuple():
            return tuple(_of_words(value))
    return value


def _blanked(found: re.Match[str]) -> str:
    return f"{found[found.lastgroup or 0]}{_BLANK}"


def _of_key(key: object, value: object) -> object:
    named = isinstance(key, str) and isinstance(value, str) and _ENDS.search(key)
    return _BLANK if named else without_any(value)


def _of_words(words: Sequence[object]) -> Iterator[object]:
    """Blank also a word that comes after an option for a password, as in a command line."""
    before: object = None
    for word in words:
        secret = isinstance(before, str) and _OPTION.fullmatch(before)
        yield _BLANK if secret else without_any(word)
        before = word
