"""How a client on a terminal reads a line: by the kernel alone, or as line editors do."""

import math
import os
import signal
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from flashd.sim.switches import Positions

_LOCAL_MODES = 3  # where they stand in what termios tells
_WITHOUT_A_SIZE = 80
_AT_ONCE = 1e-6  # seconds; a timer of 0 is none
_TURNS = {"newline": "\n", "space-cr": " \r"}


class TimeIsOverError(Exception):
    """Nothing was typed in time; no `OSError`, which would be the end of the input."""


class Keyboard:
    """The terminal that the lines come from, as the switches have it."""

    def __init__(self, switches: Positions) -> None:
        self._wrap = switches["terminal_wrap"]
        self.echoes = switches["terminal_echo"] in {"client", "twice"}
        self._off = termios.ECHO * (switches["terminal_echo"] in {"client", "off"})
        self._off |= termios.ICANON * (switches["terminal_line_limit"] == "none")

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have the terminal leave to the client what the client does itself, for one line."""
        before = _attributes() if self._off else None
        if before is None:
            yield
            return
        taken = list(before)
        taken[_LOCAL_MODES] &= ~self._off
        _set(taken)
        try:
            yield
        finally:
            _set(before)

    def echo(self, line: str, column: int) -> str:
        """Return what a client shows of a line that begins at a column."""
        return echoed(line.rstrip("\r\n"), column, width(), self._wrap) + "\n"


@contextmanager
def in_time(seconds: float) -> Iterator[None]:
    """Raise `TimeIsOverError` in a read that takes longer; infinite: never."""
    if math.isinf(seconds):
        yield
        return
    before = signal.signal(signal.SIGALRM, _time_is_over)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, _AT_ONCE))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _time_is_over(*_: object) -> None:
    raise TimeIsOverError


def echoed(line: str, column: int, columns: int, wrap: str) -> str:
    """Return a line as it is echoed from a column on, on a terminal so wide."""
    turn = _TURNS.get(wrap, "")
    starts = range(-(column % columns), max(len(line), 1), columns)
    rows = [line[max(start, 0) : start + columns] for start in starts]
    full = [start + columns <= len(line) for start in starts]
    return "".join(row + turn * end for row, end in zip(rows, full, strict=True))


def width() -> int:
    """Return how many columns the terminal has that answers are shown on."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or _WITHOUT_A_SIZE
    except (OSError, ValueError):
        return _WITHOUT_A_SIZE


def _set(attributes: list[Any]) -> None:
    """Set a terminal, which may be gone by now: whoever reads from it then learns that."""
    with suppress(termios.error):
        termios.tcsetattr(0, termios.TCSANOW, attributes)


def _attributes() -> list[Any] | None:
    try:
        return termios.tcgetattr(0)
    except termios.error:
        return None
