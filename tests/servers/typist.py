"""Somebody at a terminal: the simulated dscli on a pseudo-terminal with its own line discipline."""

from __future__ import annotations

import os
import pty
import select
import signal
import sys
import termios
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DSCLI = str(Path(sys.executable).with_name("flashd-dscli"))
ENOUGH_SECONDS = 30
PROMPT = "dscli> "
LONGEST_LINE = 4095
"""Bytes of a line that a terminal hands on, its end not counted."""


class Typist:
    """Types, and reads what the screen shows; nothing waits longer than `ENOUGH_SECONDS`.

    Lines that are shown end with LF alone.
    """

    def __init__(self, pid: int, terminal: int) -> None:
        self.pid = pid
        self._terminal = terminal
        self._code: int | None = None
        self._unread = b""
        self.echoes_while_asked = True

    def read_until(self, mark: str) -> str:
        """Return what is shown up to `mark`; what is shown after it is read the next time."""
        while mark.encode() not in self._unread:
            seen = self._read()
            assert seen, f"the client ended; no {mark!r} after {self._unread!r}"
            self._unread = (self._unread + seen).replace(b"\r\n", b"\n")
        echo = termios.tcgetattr(self._terminal)[3] & termios.ECHO
        self.echoes_while_asked = bool(echo)
        shown, _, self._unread = self._unread.partition(mark.encode())
        return shown.decode(errors="replace") + mark

    def read_to_the_end(self) -> str:
        """Return what is shown until the client has ended."""
        while seen := self._read():
            self._unread = (self._unread + seen).replace(b"\r\n", b"\n")
        shown, self._unread = self._unread, b""
        return shown.decode(errors="replace")

    def type(self, text: str, then: str = PROMPT) -> str:
        """Type a line; return what is shown until `then`."""
        self.press(f"{text}\n")
        return self.read_until(then)

    def press(self, keys: str) -> None:
        """Press keys, and look at nothing."""
        os.write(self._terminal, keys.encode())

    def leave(self, text: str = "quit\n") -> int:
        """Type the last of it; return the exit code."""
        self.press(text)
        return self.exit_code()

    def hang_up(self) -> None:
        """Go, and leave no terminal."""
        if self._terminal >= 0:
            os.close(self._terminal)
        self._terminal = -1

    def exit_code(self) -> int:
        """Wait for the end of the client."""
        if self._code is not None:
            return self._code
        ended = os.pidfd_open(self.pid)
        try:
            ready, _, _ = select.select([ended], [], [], ENOUGH_SECONDS)
            assert ready, "the client stays"
        finally:
            os.close(ended)
        self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._code

    def end(self) -> None:
        """Leave neither terminal nor client."""
        self.hang_up()
        if self._code is None:
            os.kill(self.pid, signal.SIGKILL)
            self.exit_code()

    def _read(self) -> bytes:
        """Return what is shown next; nothing where the client has left the terminal."""
        ready, _, _ = select.select([self._terminal], [], [], ENOUGH_SECONDS)
        assert ready, f"nothing more after {self._unread!r}"
        try:
            return os.read(self._terminal, 65_536)
        except OSError:  # as Linux says that nobody has the other side open
            return b""


@contextmanager
def seated(*words: str, environment: Mapping[str, str], columns: int = 0) -> Iterator[Typist]:
    """Start the client on a terminal of its own; whoever leaves hangs up, which ends it."""
    pid, terminal = pty.fork()
    if pid == 0:
        termios.tcsetwinsize(0, (24, columns))
        os.execve(DSCLI, [DSCLI, *words], dict(environment))  # noqa: S606 - the child of a fork
    typist = Typist(pid, terminal)
    try:
        yield typist
    finally:
        typist.end()
