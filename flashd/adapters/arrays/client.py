"""One dscli process: logged in, fed with commands, read to its end within bounds."""

from __future__ import annotations

import asyncio
import subprocess
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.adapters import procfs
from flashd.adapters.arrays.messages import asks, logged_in
from flashd.adapters.processes import running
from flashd.errors import ArrayRejected, ArrayUnreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from flashd.adapters.processes import Child

OUTPUT_CAP = 32 * 1024 * 1024
"""Bytes of one stream; a listing of 10,000 relations takes two million."""

_POLL_SECONDS = 0.05
_QUIET_POLLS = 3
_READ_CALLS = frozenset({"0", "63"})  # read(2) on x86_64 and on aarch64


@dataclass(frozen=True, slots=True)
class Said:
    """All that a client said; `exit_status` is None where it had to be killed, `why` says why."""

    exit_status: int | None
    stdout: str
    stderr: str
    why: str = ""


@asynccontextmanager
async def client(argv: Sequence[str], more_environment: Mapping[str, str]) -> AsyncIterator[Client]:
    """Start dscli; leaving the context ends its whole process group.

    Raises `ArrayRejected` where it cannot be started at all.
    """
    process = running(
        argv, more_environment=more_environment, cap=OUTPUT_CAP, stdin=subprocess.PIPE
    )
    try:
        child = await process.__aenter__()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ArrayRejected(
            f"dscli cannot be started: {argv[0]}: {why}",
            "Set dscli.path in flashd.yaml to the executable of the DS CLI.",
        ) from error
    try:
        yield Client(child)
    finally:
        await asyncio.shield(process.__aexit__(None, None, None))


class Client:
    """A running dscli."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._exit = asyncio.ensure_future(child.exit())
        self._stdout = bytearray()
        self._stderr = bytearray()
        self._input = _input_of(child.group)

    @property
    def group(self) -> int:
        """The process group, led by the client itself."""
        return self._child.group

    @property
    def started(self) -> int:
        """When its leader began, in clock ticks since boot."""
        return self._child.started

    @property
    def ended(self) -> bool:
        """Whether the client has ended."""
        return self._exit.done()

    async def ready(self, limit: float) -> None:
        """Wait until the client is logged in and takes commands, or has ended.

        Shown by its session banner or prompt; or, where it keeps its output back until the
        end, by a process of it that reads its standard input. Raises `ArrayUnreachable` where
        that does not happen in `limit` seconds, `ArrayRejected` where it asks for something.
        """
        try:
            async with asyncio.timeout(limit):
                await self._until_ready()
        except TimeoutError:
            raise ArrayUnreachable(
                f"dscli did not log in within {limit:g} s; nothing was sent",
                "See whether the management consoles can be reached from this host.",
            ) from None

    async def say(self, commands: str) -> None:
        """Write commands and end the input.

        Raises `BrokenPipeError` where the client has closed its input: it reads nothing more.
        """
        if self._child.input is None:
            raise BrokenPipeError("dscli has no input")
        try:
            await self._child.input.write(commands.encode("ascii"))
        finally:
            self._child.input.close()

    async def finish(self, limit: float) -> Said:
        """Read the answer to its end and wait for the client; kill it after `limit` seconds."""
        if self._child.input is not None:
            self._child.input.close()
        status, why = None, ""
        try:
            status = await asyncio.wait_for(asyncio.shield(self._exit), limit)
        except TimeoutError:
            why = f"dscli gave no whole answer within {limit:g} s and was killed"
        await self._child.end()
        if self._child.flooded:
            status, why = None, f"dscli wrote more than {OUTPUT_CAP} bytes and was killed"
        self._listen()
        return Said(status, _text(self._stdout), _text(self._stderr), why)

    async def _until_ready(self) -> None:
        quiet = 0
        while not self.ended:
            self._listen()
            heard = f"{_text(self._stdout)}\n{_text(self._stderr)}"
            if logged_in(heard):
                return
            if question := asks(heard):
                raise ArrayRejected(
                    f"dscli asks for more than it was given: {question}",
                    "Check the console's address and the user in auth.conf, and the pwfile.",
                )
            quiet = quiet + 1 if self._reads_input() else 0
            if quiet == _QUIET_POLLS:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._exit), _POLL_SECONDS)

    def _listen(self) -> None:
        if self._child.output is not None:
            self._stdout += self._child.output.take()
        if self._child.errors is not None:
            self._stderr += self._child.errors.take()
        if max(len(self._stdout), len(self._stderr)) > OUTPUT_CAP:
            self._child.kill()

    def _reads_input(self) -> bool:
        """Whether some thread of the group is blocked in reading the pipe that we write to."""
        members = (one.pid for one in procfs.processes() if one.group == self.group)
        return any(_reads(pid, self._input) for pid in members)


def _input_of(pid: int) -> str:
    with suppress(OSError):
        return str((procfs.PROC / str(pid) / "fd" / "0").readlink())
    return ""


def _reads(pid: int, pipe: str) -> bool:
    process = procfs.PROC / str(pid)
    try:
        return any(_blocked_on(process, thread, pipe) for thread in (process / "task").iterdir())
    except OSError:
        return False


def _blocked_on(process: Path, thread: Path, pipe: str) -> bool:
    """Whether a thread is in read(2) of that pipe; what cannot be seen is a no."""
    try:
        call, *arguments = (thread / "syscall").read_text().split()
        if call not in _READ_CALLS or not arguments or not pipe:
            return False
        return str((process / "fd" / str(int(arguments[0], 16))).readlink()) == pipe
    except OSError:
        return False


def _text(said: bytearray) -> str:
    return said.decode("utf-8", "replace")
