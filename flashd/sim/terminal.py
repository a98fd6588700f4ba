"""Where a client reads its commands and says its answers."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto


class Mode(Enum):
    """How a client is given its commands; `INTERACTIVE`: by a person at a terminal."""

    SINGLE_SHOT = auto()
    SCRIPT = auto()
    STREAM = auto()
    INTERACTIVE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """The three streams of a client; `readline` returns an empty text at the end of its input.

    `readsecret` asks a question and reads a line that nobody sees; without one the line is read
    like any other. `is_tty`: a person types the input.
    """

    write: Callable[[str], object]
    complain: Callable[[str], object]
    readline: Callable[[], str]
    readsecret: Callable[[str], str] | None = None
    is_tty: bool = False

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
        readline=sys.stdin.readline,
        readsecret=_secret if is_tty else None,
        is_tty=is_tty,
    )


def held_back(terminal: Terminal) -> Terminal:
    """Return a process's streams where its standard output comes in blocks and at its end."""
    return replace(terminal, write=sys.stdout.write)


def _out(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _err(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _secret(question: str) -> str:
    from getpass import getpass  # noqa: PLC0415 - only a person at a terminal needs it

    try:
        return getpass(question)
    except EOFError:
        return ""
