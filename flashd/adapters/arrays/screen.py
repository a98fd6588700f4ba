"""What a client shows on a terminal: the prompt, the echo of what it was sent, what is between.

Nobody has published what the DS CLI does on a terminal beyond its prompt. So whatever a line editor
could do with the echo is taken away by its letters alone, and an answer counts only where the
prompt stands at the beginning of a line and at the end of it all.
"""

from __future__ import annotations

import re

_TAIL = 512
"""Bytes at the end of what was said in which the prompt is looked for."""

_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]+[0-~]|[0-Z\\^-~])"
)
"""Control sequences of ECMA-48: colours, cursor, titles, character sets."""

_PROMPTS = r"(?:dscli> ?)+"
_AT_END = re.compile(rf"(?:^|\n){_PROMPTS}\Z")
_LAST = re.compile(r"dscli> ?\Z")
_AT_BEGIN = re.compile(rf"{_PROMPTS}")
_SPACE = " \t\r\n"


def plain(text: str) -> str:
    """Take control sequences away, and have each line end as one."""
    return _ESCAPE.sub("", text).replace("\r\n", "\n").replace("\r", "\n").replace("\a", "")


def prompted(said: bytes | bytearray) -> bool:
    """Whether what was said ends with the prompt, on a line of its own."""
    tail = bytes(said[-_TAIL:]).decode("utf-8", "replace")
    before = "" if len(said) <= _TAIL else "-"  # what is cut off is no beginning of a line
    return _AT_END.search(plain(before + tail)) is not None


def cut_off(text: str) -> bool:
    """Whether the prompt stands at the end, and in a line that was begun before and never ended."""
    return _LAST.search(text) is not None and _AT_END.search(text) is None


def answer_in(said: str, command: str) -> str:
    """Tell what stands between the echo of a command, if there is one, and the prompt after it."""
    text = plain(said)
    if found := _AT_END.search(text):
        text = text[: found.start() + (text[found.start() : found.start() + 1] == "\n")]
    for _ in range(2):  # the terminal may echo, and the client as well
        text = _without_echo(text, command)
    return text


def _without_echo(text: str, command: str) -> str:
    """Take one echo away, however it is wrapped; what is none of this command's stays."""
    wanted = "".join(command.split())
    start = found.end() if (found := _AT_BEGIN.match(text)) else 0
    matched = 0
    for place in range(start, len(text)):
        if text[place] in _SPACE:
            continue
        if matched == len(wanted) or text[place] != wanted[matched]:
            return text
        matched += 1
        if matched == len(wanted):
            return text[place + 1 :].lstrip(" \t").removeprefix("\n")
    return text
