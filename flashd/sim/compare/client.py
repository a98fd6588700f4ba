"""One process of a dscli, real or simulated: what it said, within limits of time and size."""

import os
import re
import select
import selectors
import signal
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from flashd.sim.compare.probes import Request

MOST_BYTES = 32 << 20
"""Far above a listing of 10,000 relations."""

_BEGIN = 10_000
"""Bytes that are kept of an answer without an end."""

_QUESTION = re.compile(
    rb"^(?:dscli>\s?)?(?:Enter (?:your|the) |.*[\[(]y(?:es)?/n(?:o)?[\])]|.*password\s*:\s*\Z)",
    re.MULTILINE | re.IGNORECASE,
)
_CANNOT_START = 127

LATE, ASKED, FLOODED = "no answer in time", "asked a question", "answered without an end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a client said and how it ended; `cut` says why it was not waited for."""

    stdout: str
    stderr: str
    status: int
    cut: str = ""


Client = Callable[[Request], Said]


def real(argv: Sequence[str], environment: Mapping[str, str], limit: float) -> Client:
    """Return the client that starts a program."""

    def ask(request: Request) -> Said:
        words = [*argv, *request.words]
        return _run(lambda: _become(words, environment), request.stdin, limit)

    return ask


def simulated(options: Sequence[str], environment: Mapping[str, str], limit: float) -> Client:
    """Return the client of the simulated array, as a process that need not start Python anew."""
    from flashd.sim import dscli  # noqa: PLC0415 - loaded once, before the first fork

    def ask(request: Request) -> Said:
        words = ["flashd-dscli", *options, *request.words]
        return _run(lambda: _act_as(dscli.main, words, environment), request.stdin, limit)

    return ask


def _become(words: list[str], environment: Mapping[str, str]) -> NoReturn:
    try:
        os.execvpe(words[0], words, environment)  # nosec B606 # noqa: S606 - no shell reads these words
    except OSError as error:
        os.write(2, f"cannot be started: {error.strerror}\n".encode())
    os._exit(_CANNOT_START)


def _act_as(main: Callable[[], int], words: list[str], environment: Mapping[str, str]) -> NoReturn:
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = words
    sys.stdin, sys.stdout, sys.stderr = (open(fd, mode) for fd, mode in enumerate("rww"))  # noqa: PTH123, SIM115 - the process' own streams
    try:
        status = main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _run(body: Callable[[], NoReturn], stdin: str, limit: float) -> Said:
    """Run `body` in a process group of its own; the whole group is gone afterwards."""
    inward, outward, complaints = os.pipe(), os.pipe(), os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    if (pid := os.fork()) == 0:
        _child(body, (inward[0], outward[1], complaints[1]))
    for fd in (inward[0], outward[1], complaints[1]):
        os.close(fd)
    try:
        _feed(inward[1], stdin)
        out, err, cut = _collect(outward[0], complaints[0], limit)
        status = None if cut else _ended_within(pid, limit)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    if status is None:
        cut = cut or LATE
        _, waited = os.waitpid(pid, 0)
        status = os.waitstatus_to_exitcode(waited)
    return Said(stdout=_text(out), stderr=_text(err), status=status, cut=cut)


def _child(body: Callable[[], NoReturn], streams: tuple[int, int, int]) -> NoReturn:
    try:
        os.setsid()
        for number, fd in enumerate(streams):
            os.dup2(fd, number)
        os.closerange(3, max(streams) + 64)
        for number in (signal.SIGPIPE, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        body()
    except BaseException:  # noqa: BLE001 - nothing may run on in a copy of the parent
        import traceback  # noqa: PLC0415 - only a mistake of ours needs it

        os.write(2, traceback.format_exc().encode())
    os._exit(1)


def _feed(fd: int, text: str) -> None:
    """Give the whole input, which a pipe holds, and its end."""
    old = signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    with suppress(BrokenPipeError):
        os.write(fd, text.encode())
    os.close(fd)
    signal.signal(signal.SIGPIPE, old)


def _collect(out: int, err: int, limit: float) -> tuple[bytes, bytes, str]:
    """Read both streams to their ends, or until there is a reason to wait no longer."""
    deadline = time.monotonic() + limit
    read = {out: bytearray(), err: bytearray()}
    cut = ""
    with selectors.DefaultSelector() as selector:
        for fd in read:
            selector.register(fd, selectors.EVENT_READ)
        while selector.get_map() and not cut:
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            for key, _ in ready:
                if chunk := os.read(key.fd, 1 << 16):
                    read[key.fd] += chunk
                else:
                    selector.unregister(key.fd)
            cut = _reason_to_stop(read.values()) if ready else LATE
    for fd in read:
        os.close(fd)
    most = _BEGIN if cut == FLOODED else MOST_BYTES
    return bytes(read[out][:most]), bytes(read[err][:most]), cut


def _reason_to_stop(streams: Collection[bytearray]) -> str:
    if sum(map(len, streams)) > MOST_BYTES:
        return FLOODED
    return ASKED if any(_QUESTION.search(stream[-2000:]) for stream in streams) else ""


def _ended_within(pid: int, limit: float) -> int | None:
    """Return the exit status of a process that has closed its streams; None if it goes on."""
    watched = os.pidfd_open(pid)
    ready, _, _ = select.select([watched], [], [], limit)
    os.close(watched)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) if ready else None


def _text(said: bytes) -> str:
    return said.decode("utf-8", errors="replace")
