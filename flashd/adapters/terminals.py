"""Programs on a pseudo-terminal of their own, for those that talk to nobody else.

The terminal is the program's controlling one: it gets SIGHUP where this process is killed, as it
would where a person's connection breaks off. That is had without running anything between fork and
exec: a session leader that opens a terminal gets it as its own (tty_ioctl(4), setsid(2)).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import struct
import termios
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from flashd.adapters.processes import Child, Ends, environment
from flashd.adapters.threads import beside

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

COLUMNS = 30_000
"""So wide that no line of an answer is wrapped by who looks at the width; it fits 15 bits."""

ROWS = 30_000
"""So high that no program stops after a page."""

PLAIN = {"TERM": "dumb"}
"""To be spared colours, and line editors that draw what they read."""

_IFLAG, _OFLAG, _LFLAG = 0, 1, 3
_STRUCT_WINSIZE = "HHHH"


class NoTerminalError(OSError):
    """This host gives no pseudo-terminal now; what needs none may still run."""


@asynccontextmanager
async def on_a_terminal(
    argv: Sequence[str], *, more_environment: Mapping[str, str], cap: int, columns: int = COLUMNS
) -> AsyncIterator[Child]:
    """Start a program on a terminal; leaving the context ends its whole group.

    It is not echoed what the program is sent, unless the program does so. Raises `NoTerminalError`
    where no terminal can be had, any other `OSError` where the program cannot be started.
    """
    variables = environment({**PLAIN, **more_environment})
    program = await beside(partial(shutil.which, argv[0], path=variables.get("PATH")))
    child = _start([program or argv[0], *argv[1:]], variables, cap, columns)
    try:
        yield child
    finally:
        await child.end()


def try_one() -> None:
    """Open a terminal and give it back; raises `NoTerminalError` where none can be had."""
    ours, theirs, _ = _opened(COLUMNS)
    os.close(ours)
    os.close(theirs)


def _start(argv: Sequence[str], variables: Mapping[str, str], cap: int, columns: int) -> Child:
    ours, theirs, name = _opened(columns)
    try:
        pid = os.posix_spawn(
            argv[0],
            list(argv),
            variables,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, name, os.O_RDWR, 0),
                (os.POSIX_SPAWN_DUP2, 0, 1),
                (os.POSIX_SPAWN_DUP2, 0, 2),
            ],
            setsid=True,
            setsigmask=(),
            setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),
        )
    except NotImplementedError as error:  # a C library without sessions for posix_spawn
        os.close(ours)
        raise NoTerminalError(str(error)) from error
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    leader = _Spawned(pid)
    try:
        return Child(leader, Ends(ours, os.dup(ours), None), cap)
    except BaseException:
        os.close(ours)
        os.killpg(pid, signal.SIGKILL)
        leader.wait()
        raise


def _opened(columns: int) -> tuple[int, int, str]:
    """Open a terminal: our end, the program's, and its name."""
    try:
        ours, theirs = os.openpty()
    except OSError as error:
        raise NoTerminalError(*error.args) from error
    try:
        _prepare(theirs, columns)
        return ours, theirs, os.ttyname(theirs)
    except (OSError, termios.error) as error:
        os.close(ours)
        os.close(theirs)
        raise NoTerminalError(*error.args) from error


def _prepare(terminal: int, columns: int) -> None:
    """Have it echo nothing, turn no line end into another, be wide, and be nobody else's.

    Most hosts let the group tty write to a new terminal, and what it wrote would be an answer.
    """
    os.fchmod(terminal, 0o600)
    settings = termios.tcgetattr(terminal)
    settings[_IFLAG] &= ~termios.IXON  # no byte stops the output
    settings[_OFLAG] &= ~termios.OPOST
    settings[_LFLAG] &= ~(termios.ECHO | termios.ECHONL)
    termios.tcsetattr(terminal, termios.TCSANOW, settings)
    size = struct.pack(_STRUCT_WINSIZE, ROWS, columns, 0, 0)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)


class _Spawned:
    """A process that was started without `subprocess`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def wait(self) -> int:
        """See `Leader`."""
        if self.returncode is None:
            _, status = os.waitpid(self.pid, 0)
            self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode
