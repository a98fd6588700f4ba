"""Which options and operands a command takes, and how its words are read."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LISTING_OPTIONS = frozenset(("-bnr", "-hdr", "-fmt", "-delim", "-v", "-p", "-r"))
FROM_INPUT = "-"
"""The operand that stands for those on standard input."""

_PASSWORD = re.compile(
    r"""(\s-(?:pw|passwd|password)\s+)(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+"""
)
_LONGEST = 2**18  # characters, for twenty thousand pairs
_HIDDEN = "********"


class UsageError(ValueError):
    """A command that the client does not understand, so that the array is not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """Flags stand alone, options take the next word; of the `excluding` flags one may stand."""

    flags: frozenset[str] = frozenset()
    options: frozenset[str] = frozenset()
    excluding: tuple[str, ...] = ()
    operands: bool = False
    needs_operand: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """A command as it was read."""

    verb: str
    flags: frozenset[str]
    options: Mapping[str, str]
    operands: tuple[str, ...]


def split(text: str) -> list[str]:
    """Cut a line into words; a word may stand in quotes."""
    if len(text) > _LONGEST or "\0" in text:
        raise UsageError("cannot read the command: it is too long, or no text")
    try:
        return shlex.split(text)
    except ValueError as error:
        raise UsageError(f"cannot read the command: {error}") from error


def without_passwords(text: str) -> str:
    """Return a command as it may be shown."""
    return _PASSWORD.sub(rf"\1{_HIDDEN}", text)


def parse(grammar: Grammar, words: Sequence[str]) -> Request:
    """Read the words of one command."""
    verb, *rest = words
    flags: set[str] = set()
    options: dict[str, str] = {}
    operands: list[str] = []
    waiting = iter(rest)
    for word in waiting:
        if word in grammar.flags:
            flags.add(word)
        elif word in grammar.options:
            options[word] = _value(word, next(waiting, None))
        elif word.startswith("-") and word != FROM_INPUT:
            raise UsageError(f"option {word} is unknown or not simulated")
        else:
            operands.append(word)
    request = Request(verb, frozenset(flags), options, tuple(operands))
    _check(grammar, request)
    return request


def _value(option: str, value: str | None) -> str:
    if value is None:
        raise UsageError(f"option {option} needs a value")
    return value


def _check(grammar: Grammar, request: Request) -> None:
    if request.operands and not grammar.operands:
        raise UsageError(f"unexpected {request.operands[0]!r}")
    if grammar.needs_operand and not request.operands:
        raise UsageError("an operand is missing")
    if len(clash := [flag for flag in grammar.excluding if flag in request.flags]) > 1:
        raise UsageError(f"{' and '.join(clash)} exclude each other")
