"""How a question to a probe is written, and its answer read. Pure: no I/O.

An answer stands between a first and a last line that bear the question's nonce, so that half an
answer, two of them, or somebody else's is never taken for one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION = 1

_LITERAL = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.,:/@=+-")
_FRAME = re.compile(
    rb"FLASHD-BEGIN (?P<nonce>[0-9a-f]{32}|-) (?P<version>[1-9][0-9]{0,8})\n"
    rb"FLASHD-HOST (?P<system>\S+) (?P<name>\S+) (?P<machine>\S+)\n"
    rb"(?P<body>.*)\n"
    rb"FLASHD-END (?P=nonce) (?:rc=(?P<status>0|[1-9][0-9]{0,2})|refused)\n",
    re.DOTALL,
)
_MARK = re.compile(rb"^FLASHD-(?:BEGIN|HOST|END)\b", re.MULTILINE)
_BEGIN = b"FLASHD-BEGIN "
_SIGNALLED, _SIGNALS = 128, 64  # a shell tells signal 9 as 137; ksh as 265


class Torn(ValueError):  # noqa: N818 - named for the state of the answer
    """What came is not one whole answer to the question."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which host a probe says it runs on; None for what it cannot tell."""

    system: str | None
    name: str | None
    machine: str | None


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole answer; `status` is None where the probe refused the question."""

    host: Identity
    status: int | None
    body: bytes


def question(nonce: str, seconds: int, words: Sequence[str]) -> str:
    """Write a question, without a character that means anything to a shell."""
    verb, *arguments = words
    written = [_word(argument) for argument in arguments]
    return " ".join(["flashd-probe", str(VERSION), nonce, str(seconds), verb, *written])


def _word(argument: str) -> str:
    """Write an argument, after a `+`, so that an empty one is there too."""
    if "\0" in argument:
        raise ValueError("an argument holds a null character")
    data = argument.encode("utf-8", "surrogateescape")
    return "+" + "".join(chr(byte) if byte in _LITERAL else f"%{byte:03o}" for byte in data)


def read(said: bytes, nonce: str) -> Frame:
    """Read the answer to the question with this nonce; raises `Torn` for anything else."""
    found = _FRAME.fullmatch(said)
    if found is None:
        raise Torn(_complaint(said))
    if found["nonce"] not in {nonce.encode(), b"-"}:
        raise Torn("it is the answer to another question")
    if _MARK.search(found["body"]):
        raise Torn("there is more than one answer in it")
    if found["nonce"] == b"-" and found["status"] is not None:
        raise Torn("it is the answer to no question")
    if int(found["version"]) != VERSION:
        raise Torn(f"the probe there speaks version {int(found['version'])}, this is {VERSION}")
    host = Identity(_told(found["system"]), _told(found["name"]), _told(found["machine"]))
    status = found["status"]
    return Frame(host, None if status is None else _status(int(status)), found["body"])


def _told(word: bytes) -> str | None:
    text = word.decode("utf-8", "backslashreplace")
    return None if text == "-" else text


def _status(status: int) -> int:
    """Tell a signal, as shells do, as Python does.

    A program that ends with such a code by itself cannot be told from one that was killed.
    """
    if _SIGNALLED < status <= _SIGNALLED + _SIGNALS:
        return _SIGNALLED - status
    return status if status <= 2 * _SIGNALLED else 2 * _SIGNALLED - status


def _complaint(said: bytes) -> str:
    if not said:
        return "nothing was answered"
    if not said.startswith(_BEGIN):
        begun = _MARK.search(said)
        return "something else was written first" if begun else "no probe of flashd's answered"
    if not re.search(rb"^FLASHD-END .*\n", said, re.MULTILINE):
        return "it breaks off before its end"
    return "it is not written as one answer, whole and alone"
