"""Where a client reads its commands and says its answers."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, TextIO

from flashd.sim.errors import SimError

if TYPE_CHECKING:
    from flashd.sim.faults import Fault


class UnwritableError(SimError):
    """What is said cannot be written: nobody learns the answer."""


class Mode(Enum):
    """How a client is given its commands; `INTERACTIVE`: by a person at a terminal."""

    SINGLE_SHOT = auto()
    SCRIPT = auto()
    STREAM = auto()
    INTERACTIVE = auto()


def _undisturbed(_: "Fault") -> None:
    """Show no other prompt where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """The three streams of a client; `readline` returns an empty text at the end of its input.

    `readsecret` asks a question and reads a line that nobody sees; without one the line is read
    like any other. `is_tty`: a person types the input. There `write_prompt` and `write_echo` say
    what is no answer, as `write` does unless told otherwise, and lines of answers are broken after
    so many `columns`, 0: never. `disturbed` is told of faults that strike the prompt.
    """

    write: Callable[[str], object]
    complain: Callable[[str], object]
    readline: Callable[[], str]
    readsecret: Callable[[str], str] | None = None
    is_tty: bool = False
    write_prompt: Callable[[str], object] | None = None
    write_echo: Callable[[str], object] | None = None
    columns: int = 0
    disturbed: Callable[["Fault"], object] = _undisturbed

    def prompt(self, text: str) -> None:
        """Show a prompt."""
        (self.write_prompt or self.write)(text)

    def echo(self, text: str) -> None:
        """Show what was typed."""
        (self.write_echo or self.write)(text)

    def ask(self, question: str) -> str:
        """Ask on standard output; an end of the input is an empty answer."""
        self.write(question)
        return self.readline()

    def ask_secret(self, question: str) -> str:
        """Ask for a password."""
        if self.readsecret is None:
            return self.ask(question).rstrip("\r\n")
        return self.readsecret(question)


def process_terminal() -> Terminal:
    """Return the streams of this process; what is said is there at once."""
    is_tty = sys.stdin.isatty()
    return Terminal(
        write=_out,
        complain=_err,
        readline=_in,
        readsecret=_secret if is_tty else None,
        is_tty=is_tty,
    )


def held_back(terminal: Terminal) -> Terminal:
    """Return a process's streams where its standard output comes in blocks and at its end."""
    return replace(terminal, write=_hold)


def open_what_is_closed() -> None:
    """Give a process its three streams where its parent closed some: no input, no reader.

    Else the first file that is opened would take the place, and answers would go into it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8"))


def in_utf8(word: str) -> bool:
    """Say whether a word of the command line can be written down."""
    return not any("\ud800" <= char <= "\udfff" for char in word)


def say_the_rest() -> None:
    """Say what was held back; where it cannot be said, let nothing be left to say."""
    try:
        sys.stdout.flush()
    except OSError as error:
        _drop(sys.stdout)
        raise _unwritable(error) from error


def _drop(stream: TextIO) -> None:
    """Let a stream lead nowhere from now on: what it still holds cannot be written."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _out(text: str) -> None:
    _hold(text)
    say_the_rest()


def _hold(text: str) -> None:
    try:
        sys.stdout.write(text)
    except OSError as error:
        _drop(sys.stdout)
        raise _unwritable(error) from error


def _err(text: str) -> None:
    """Complain; where nobody can hear it, there is nobody to be told."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        _drop(sys.stderr)


def _in() -> str:
    """Read a line; an input that cannot be read has ended."""
    try:
        return sys.stdin.readline()
    except OSError:
        return ""


def _unwritable(error: OSError) -> UnwritableError:
    return UnwritableError(f"cannot write the answer: {error.strerror or error}")


def _secret(question: str) -> str:
    from getpass import getpass  # noqa: PLC0415 - only a person at a terminal needs it

    try:
        return getpass(question)
    except EOFError:
        return ""
