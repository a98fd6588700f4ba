"""Cut a paste into answers: prompts, echoed commands, banners, and the lines in between."""

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_PROMPTS = re.compile(r"^(?:dscli>\s?)+")
_BANNER = re.compile(r"^.{0,200}IBM DSCLI\b.*?(?:DS:\s*(?P<device>\S*))?\s*$")
_IMAGE = re.compile(r"^IBM\.\d{4}-\w+$")
_PAGER = re.compile(r"press .*(enter|return)|^-+ ?more ?-+$", re.IGNORECASE)
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_LOGIN = re.compile(
    r"^\s*(?:Enter (?:your|the (?:primary|secondary)) [a-zA-Z ]{1,40}:"
    r"|Script (?:started|done) (?:on\b|,|\[)|(?:=~){3,}.{0,80}PuTTY log\b)"
)
"""What stands around a session: the questions of its login, what keeps it in a file."""
_LONGEST = 2**20
_LONGEST_NOTICE = 2_000  # of a banner, of a pager
_COMMAND = re.compile(
    r"^(?:ls|show|mk|rm|ch|set|resync|reverse|commit|revert|unfreeze|freeze|help|ver$|quit$|exit$)"
    r"[a-z0-9]*$"
)
_SHELL = re.compile(r"^.{0,80}?(?:^|[\s/])(?:flashd-)?dscli\s+(?P<words>.*)$")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the paste; the first has number 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """One command's answer: the command if it was echoed, the image if a banner names it."""

    command: str
    device: str
    banner: str
    lines: tuple[Line, ...]

    @property
    def verb(self) -> str:
        """The command's name, or nothing."""
        return self.command.partition(" ")[0]


def sections(text: str, command: str = "", first_line: int = 1) -> tuple[Section, ...]:
    """Cut a text into the answers of one command after the other.

    `command` is what the first answer is known to belong to.
    """
    cutter = _Cutter(command)
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=first_line):
        raw = line[:_LONGEST]  # dscli prints none that is longer
        cutter.take(number, _ESCAPES.sub("", raw).replace("\xa0", " ").rstrip("\r"))
    return tuple(cutter.end())


class _Cutter:
    """What was read so far of the answer at hand."""

    def __init__(self, command: str) -> None:
        self._done: list[Section] = []
        self._lines: list[Line] = []
        self._command, self._device, self._banner = command, "", ""
        self._device_awaited = False

    def take(self, number: int, raw: str) -> None:
        """Take in one line."""
        text = _PROMPTS.sub("", raw)
        prompted = text != raw
        notice = text if len(text) <= _LONGEST_NOTICE else ""
        if self._device_awaited and _IMAGE.match(text.strip()):
            self._device, self._device_awaited = text.strip(), False
        elif banner := _BANNER.match(notice):
            self._begin_banner(text, banner["device"] or "")
        elif _LOGIN.match(notice):
            pass
        elif (command := echoed(text, prompted=prompted)) is not None:
            self._begin(command)
        elif prompted and not text.strip():
            self._begin("")
        elif not _PAGER.search(notice):
            self._lines.append(Line(number, text.rstrip()))

    def end(self) -> Iterable[Section]:
        """Return all answers."""
        self._begin("")
        return self._done

    def _begin(self, command: str) -> None:
        lines = tuple(self._lines)
        if any(line.text.strip() for line in lines):
            self._done.append(Section(self._command, self._device, self._banner, lines))
        self._lines = []
        self._command, self._banner = command, ""

    def _begin_banner(self, text: str, device: str) -> None:
        """Begin an answer: a command's own banner stands after the command, a session's before."""
        blank = not any(line.text.strip() for line in self._lines)
        self._begin(self._command if blank else "")
        self._banner = text
        self._device = "" if device == "-" else device
        self._device_awaited = not device


def echoed(text: str, *, prompted: bool) -> str | None:
    """Return the command that a line repeats, without the words that call dscli.

    Without a prompt before it a line is a command only if it reads like one all through: a volume
    may be named like a command.
    """
    if shell := _SHELL.match(text):
        return next(_commands(shell["words"]), "")
    words = text.split()
    if not words or not _COMMAND.match(words[0]):
        return None
    if prompted or all(_like_an_argument(word) for word in words[1:]):
        return " ".join(words)
    return None


def _commands(text: str) -> Iterator[str]:
    """Find the command among the words after `dscli`; it may be one quoted word."""
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    for at, word in enumerate(words):
        first, _, rest = word.partition(" ")
        if _COMMAND.match(first) and not words[at - 1].startswith("-"):
            yield " ".join(filter(None, (first, rest, *words[at + 1 :])))


def _like_an_argument(word: str) -> bool:
    return word.startswith("-") or bool(
        re.match(
            r"^(?:IBM\.\S+|[0-9A-Fa-f]{1,4}(?:[-:][0-9A-Fa-f]{1,4})?|on|off|[a-z]{3,7}|\W+)$", word
        )
    )
