"""One dscli process: logged in, fed with commands, read to its end within bounds."""

from __future__ import annotations

import asyncio
import errno
import select
import subprocess
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.adapters.arrays.messages import asks, logged_in, unfinished
from flashd.adapters.arrays.waiting import input_of, reader_in
from flashd.adapters.processes import running
from flashd.adapters.threads import beside
from flashd.config.trust import distrust_here
from flashd.errors import ArrayRejected, ArrayUnreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from flashd.adapters.processes import Child
    from flashd.adapters.streams import Output
    from flashd.errors import ArrayError

OUTPUT_CAP = 16 * 1024 * 1024
"""Bytes of one stream; a listing of all 65,536 volumes of an array takes 13 million."""

KEPT_OF_A_FLOOD = 64 * 1024
FLOODED = f"dscli wrote more than {OUTPUT_CAP} bytes and was killed"

_MOST_AT_LOGIN = 16 * 1024
_LOOK_SECONDS = 0.05
_QUIET_LOOKS = 3
_LONGEST_CHECK = 15.0
_FOR_GOOD = (FileNotFoundError, NotADirectoryError, PermissionError, ValueError)


class Readiness(Enum):
    """What a client has come to."""

    READY = auto()
    ENDED = auto()
    ASKING = auto()
    LATE = auto()


@dataclass(frozen=True, slots=True)
class Said:
    """All that a client said; `exit_status` is None where it had to be killed, `why` says why."""

    exit_status: int | None
    stdout: str
    stderr: str
    why: str = ""

    @property
    def output(self) -> str:
        """Both streams, one after the other."""
        return f"{self.stdout}{self.stderr}"


@asynccontextmanager
async def client(argv: Sequence[str], more_environment: Mapping[str, str]) -> AsyncIterator[Client]:
    """Start dscli; leaving the context ends its whole process group.

    Raises `ArrayRejected` where it cannot be started at all, or somebody else can change it: it is
    handed the password file. Raises `ArrayUnreachable` where this host cannot do it now.
    """
    await trusted(argv[0])
    process = running(
        argv, more_environment=more_environment, cap=OUTPUT_CAP, stdin=subprocess.PIPE
    )
    try:
        child = await process.__aenter__()
    except (OSError, ValueError) as error:
        raise not_started(argv[0], error) from error
    listener = Client(child)
    try:
        yield listener
    finally:
        child.kill()
        listener.forget()
        await asyncio.shield(process.__aexit__(None, None, None))


async def trusted(program: str) -> None:
    """See that nobody else can change the program; raises as `client` does."""
    try:
        async with asyncio.timeout(_LONGEST_CHECK):
            doubt = await beside(partial(distrust_here, Path(program)))
    except TimeoutError as error:
        raise not_started(program, OSError(errno.ETIMEDOUT, "its file system hangs")) from error
    except (OSError, ValueError) as error:
        raise not_started(program, error) from error
    if doubt:
        raise ArrayRejected(f"dscli is not started: {doubt.message}", f"Run: {doubt.remedy}")


def not_started(program: str, error: OSError | ValueError) -> ArrayError:
    """Say why a program could not be started, and whether trying again may help."""
    why = f"dscli cannot be started: {program}: {getattr(error, 'strerror', None) or error}"
    if isinstance(error, _FOR_GOOD) or error.errno == errno.ENOEXEC:
        return ArrayRejected(why, "Set dscli.path in flashd.yaml to the executable of the DS CLI.")
    return ArrayUnreachable(why, "See whether this host has memory and processes to spare.")


def unanswered(limit: float) -> str:
    """Say that a client was killed after so many seconds."""
    return f"dscli gave no whole answer within {limit:g} s and was killed"


class Client:
    """A running dscli."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._news = asyncio.Event()
        self._flooded = False
        self._stdout = bytearray()
        self._stderr = bytearray()
        self._listening = [
            asyncio.ensure_future(self._listen(child.output, self._stdout)),
            asyncio.ensure_future(self._listen(child.errors, self._stderr)),
        ]
        self._exit = asyncio.ensure_future(self._ended())
        self._input = input_of(child.group)

    @property
    def group(self) -> int:
        """The process group, led by the client itself."""
        return self._child.group

    @property
    def started(self) -> int:
        """When its leader began, in clock ticks since boot."""
        return self._child.started

    async def ready(self, limit: float) -> Readiness:
        """Wait until the client is logged in and takes commands, or until it will not.

        Shown by its session banner or prompt; or, where it keeps its output back until the
        end, by a process of it that reads its standard input. What it had shown when the time was
        over counts: it may only have been seen so late.
        """
        try:
            async with asyncio.timeout(limit):
                return await self._until_settled()
        except TimeoutError:
            return self._shown() or Readiness.LATE

    async def say(self, commands: str) -> bool:
        """Write commands and end the input; whether it can be that any of it is read.

        What is written at once is written whole or, where nobody reads any more, not at all.
        """
        data = commands.encode("ascii")
        try:
            await self._child.input.write(data)
        except BrokenPipeError:
            return len(data) > select.PIPE_BUF
        finally:
            self._child.input.close()
        return True

    async def finish(self, limit: float) -> Said:
        """Read the answer to its end and wait for the client; kill it after `limit` seconds."""
        self._child.input.close()
        status = await self._child.exit_within(limit)
        why = unanswered(limit) if status is None else ""
        if not await self._child.end():
            self.forget()
            status, why = None, "dscli was killed and would not go"
        await asyncio.wait(self._listening)
        if self._flooded or self._child.flooded:
            status, why = None, FLOODED
            del self._stdout[KEPT_OF_A_FLOOD:], self._stderr[KEPT_OF_A_FLOOD:]
        return Said(status, _text(self._stdout), _text(self._stderr), why)

    def question(self) -> str:
        """Tell what the client asks of a person before the login; empty where it is nothing."""
        heard = (
            _text(self._stdout + self._child.output.untaken()),
            _text(self._stderr + self._child.errors.untaken()),
        )
        found = [*map(asks, heard), *map(unfinished, heard)]
        return next(filter(None, found), "")

    def forget(self) -> None:
        """Hear no more."""
        for task in (*self._listening, self._exit):
            task.cancel()

    async def _until_settled(self) -> Readiness:
        quiet = 0
        while True:
            self._news.clear()
            if shown := self._shown():
                return shown
            quiet = quiet + 1 if await beside(self._reads_input) else 0
            if quiet == _QUIET_LOOKS and not self._news.is_set():
                return Readiness.ASKING if self.question() else Readiness.READY
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), _LOOK_SECONDS)

    def _shown(self) -> Readiness | None:
        """Tell what the client has come to by its end and its words up to now, if by anything."""
        if self._child.ended:
            return Readiness.ENDED
        said = _beginning(self._stdout, self._child.output)
        heard = f"{said}\n{_beginning(self._stderr, self._child.errors)}"
        if asks(heard):
            return Readiness.ASKING
        return Readiness.READY if logged_in(heard) else None

    async def _ended(self) -> int:
        status = await self._child.exit()
        self._news.set()
        return status

    async def _listen(self, stream: Output, kept: bytearray) -> None:
        while chunk := await stream.read():
            kept += chunk
            self._news.set()
            if len(kept) > OUTPUT_CAP:
                self._flooded = True
                self._child.kill()
                return

    def _reads_input(self) -> bool:
        """Whether some thread of the group is blocked in reading the pipe that we write to."""
        return reader_in(self.group, self._input) is not None


def _beginning(said: bytearray, stream: Output) -> str:
    """Read as much as anybody says at a login, so that a flood costs nothing."""
    return _text((said[:_MOST_AT_LOGIN] + stream.untaken())[:_MOST_AT_LOGIN])


def _text(said: bytearray) -> str:
    return said.decode("utf-8", "replace")
