"""Where a client reads its commands and says its answers."""

import sys
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """The three streams of a client; `readline` returns an empty text at the end of its input."""

    write: Callable[[str], object]
    complain: Callable[[str], object]
    readline: Callable[[], str]

    def ask(self, question: str) -> str:
        """Ask on standard output; an end of the input is an empty answer."""
        self.write(question)
        return self.readline()


def process_terminal() -> Terminal:
    """Return the streams of this process; what is said is there at once."""
    return Terminal(write=_out, complain=_err, readline=sys.stdin.readline)


def _out(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _err(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
