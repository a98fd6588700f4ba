"""Running other programs, each as the leader of a process group that can be ended whole.

Killing the child alone is not enough: dscli, like many, is a script that starts the program
that does the work, and that one would go on.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import IO, TYPE_CHECKING, Protocol

from flashd.adapters import procfs
from flashd.adapters.streams import Input, Output
from flashd.adapters.threads import beside
from flashd.model.masking import names_a_secret

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from datetime import timedelta

OUTPUT_CAP = 1 << 20
"""How many bytes of one stream are kept, unless the caller says otherwise."""

MARK = "FLASHD_CHILD"
"""In the environment of all that flashd starts, so that it can be told from others' processes."""

_OURS_ALONE = ("NOTIFY_SOCKET", "WATCHDOG_", "LISTEN_", "CREDENTIALS_DIRECTORY", "PGPASS")
_PATIENCE = 5.0  # seconds that a killed group gets to be gone
_POLL = 0.01


class Ending(StrEnum):
    """How a child came to its end."""

    EXITED = "exited"
    TIMED_OUT = "timed out"
    FLOODED = "flooded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """A child that has ended.

    `exit_status` is negative for a signal, and None where the child was killed at its time
    limit or because it wrote too much.
    """

    argv: tuple[str, ...]
    ending: Ending
    exit_status: int | None
    output: bytes
    errors: bytes


class Leader(Protocol):
    """The first process of a group, as `subprocess.Popen` has it."""

    @property
    def pid(self) -> int:
        """Its number, and its group's."""

    @property
    def returncode(self) -> int | None:
        """Its exit status once it was reaped."""

    def wait(self) -> int:
        """Reap it; returns its exit status, negative for a signal."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Our descriptors of a child's streams, owned by who is given them; None: there is none."""

    input: int | None
    output: int | None
    errors: int | None


class Child:
    """A child that runs, or has ended, with everything in its process group.

    Once the leader has ended the rest of its group is killed. The leader is reaped only then:
    until it is, its number cannot be given to anybody else.
    """

    def __init__(self, leader: Leader, ends: Ends, cap: int) -> None:
        found = procfs.process(leader.pid)
        if found is None:
            raise ChildProcessError(f"process {leader.pid} is not in /proc")
        self.group = leader.pid
        self.started = found.started
        self.input = Input(ends.input)
        self.output = Output(ends.output, cap, self.kill)
        self.errors = Output(ends.errors, cap, self.kill)
        self._leader = leader
        self._exit = asyncio.get_running_loop().create_future()
        _at_the_end_of(leader.pid, self._leader_ended)

    @property
    def flooded(self) -> bool:
        """Whether it was killed because it wrote more than the cap."""
        return self.output.flooded or self.errors.flooded

    @property
    def ended(self) -> bool:
        """Whether the leader has ended, though nothing may have been done about it yet."""
        return self._exit.done() or _ended(self.group)

    async def exit(self) -> int:
        """Wait until the leader has ended, and tell its exit status, negative for a signal."""
        status: int = await asyncio.shield(self._exit)
        return status

    async def exit_within(self, seconds: float | None) -> int | None:
        """Tell the exit status as `exit` does; None where the leader goes on after so long.

        It is looked once more when the time is over: who was stopped, or got no processor, has
        let the time pass without waiting for anybody.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self.exit()
        return await self.exit() if self.ended else None

    def kill(self) -> None:
        """Kill the whole group at once."""
        if self._leader.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.group, signal.SIGKILL)

    async def end(self) -> bool:
        """Kill the whole group and wait until it is gone; False where it would not go."""
        self.kill()
        try:
            async with asyncio.timeout(_PATIENCE):
                await self.exit()
                await vanished(self.group)
        except TimeoutError:
            return False
        return True

    def _leader_ended(self) -> None:
        self.output.drain()
        self.errors.drain()
        self.input.close()
        self.kill()
        self._exit.set_result(self._leader.wait())


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Make the environment of a child: ours in the C locale, without what was meant for us.

    Nor does it inherit what is called a secret; `more` is what the operator wants it to have.
    """
    inherited = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(_OURS_ALONE) and not names_a_secret(name)
    }
    return {**inherited, "LC_ALL": "C", MARK: "1", **(more or {})}


async def start(
    argv: Sequence[str],
    *,
    more_environment: Mapping[str, str] | None = None,
    cap: int = OUTPUT_CAP,
    stdin: int = subprocess.DEVNULL,
) -> Child:
    """Start a program; the caller must `end` it whatever happens. Raises `OSError`."""
    variables = environment(more_environment)
    program = await beside(partial(shutil.which, argv[0], path=variables.get("PATH")))
    leader = subprocess.Popen(  # noqa: ASYNC220 - asyncio reaps leaders before we can kill the rest
        argv,
        executable=program,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        cwd="/",
        env=variables,
        start_new_session=True,
    )
    try:
        return Child(leader, Ends(*map(_own, (leader.stdin, leader.stdout, leader.stderr))), cap)
    except BaseException:
        os.killpg(leader.pid, signal.SIGKILL)
        leader.communicate()
        raise


@asynccontextmanager
async def running(
    argv: Sequence[str],
    *,
    more_environment: Mapping[str, str] | None = None,
    cap: int = OUTPUT_CAP,
    stdin: int = subprocess.DEVNULL,
) -> AsyncIterator[Child]:
    """Start a program, as `start` does; leaving the context ends its whole group."""
    child = await start(argv, more_environment=more_environment, cap=cap, stdin=stdin)
    try:
        yield child
    finally:
        await child.end()


async def run(
    argv: Sequence[str],
    *,
    limit: timedelta | None = None,
    more_environment: Mapping[str, str] | None = None,
    cap: int = OUTPUT_CAP,
) -> Completed:
    """Run a program to its end, its time limit or its output's cap. Raises `OSError`."""
    async with running(argv, more_environment=more_environment, cap=cap) as child:
        status = await child.exit_within(limit.total_seconds() if limit else None)
    ending = Ending.TIMED_OUT if status is None else Ending.EXITED
    if child.flooded:
        status, ending = None, Ending.FLOODED
    return Completed(
        argv=tuple(argv),
        ending=ending,
        exit_status=status,
        output=child.output.take(),
        errors=child.errors.take(),
    )


def lives(group: int) -> bool:
    """Whether a process group has a member that still runs, as far as can be seen."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # there is one, of another user
        return True
    return any(member.group == group and member.alive for member in procfs.processes())


def _is_empty(group: int) -> bool:
    """Whether a process group has no member at all, not even one that waits to be reaped."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False


async def vanished(group: int) -> None:
    """Wait until a process group has no member that still runs."""
    while not _is_empty(group) and await beside(partial(lives, group)):  # noqa: ASYNC110 - nothing tells of a group's end
        await asyncio.sleep(_POLL)


def _at_the_end_of(pid: int, call: Callable[[], None]) -> None:
    """Call once a child has ended, and leave it to be reaped."""
    try:
        descriptor = os.pidfd_open(pid)
    except (OSError, AttributeError):  # a kernel before 5.3, or a Python that was built on one
        beside(partial(_await_end, pid)).add_done_callback(lambda _: call())
        return
    loop = asyncio.get_running_loop()

    def ended() -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        call()

    loop.add_reader(descriptor, ended)


def _await_end(pid: int) -> None:
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def _ended(pid: int) -> bool:
    """Whether a child of ours that was not reaped has ended."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def _own(pipe: IO[bytes] | None) -> int | None:
    """Take over the descriptor of a pipe of Popen's."""
    if pipe is None:
        return None
    with pipe:
        return os.dup(pipe.fileno())
