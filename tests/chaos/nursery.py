"""Processes that begin warm: forked from one that has imported everything already.

A Python that starts anew takes a tenth of a second, a fork takes a thousandth, and chaos needs
tens of thousands of processes. They are as real as others: a dscli so born runs `flashd-dscli`'s
own main, leads a session and a process group of its own, talks by pipes or has the terminal that it
is given as its controlling one, and is a child of who asked for it.

Who has threads must not fork. So a flashd asks its midwife, a process without threads that was
forked from it before it had any; and since it is the subreaper of what is born there, the child
becomes its own child as soon as the process in between has ended.
"""

from __future__ import annotations

import ctypes
import fcntl
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import termios
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from flashd.sim import dscli

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_PR_SET_CHILD_SUBREAPER = 36  # of the kernel's prctl.h
_STREAMS = 3
_MOST_ASKED = 1 << 20
_CRASHED = 99


def adopt_orphans() -> None:
    """Become the parent of what descendants leave behind."""
    if ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError("this kernel knows no subreaper")


def born(live: Callable[[], int]) -> int:
    """Fork a process that leads its own group and ends as `live` says; tell its id."""
    sys.stdout.flush()
    sys.stderr.flush()
    if pid := os.fork():
        return pid
    code = _CRASHED
    try:
        os.setsid()
        gc.disable()  # it would copy every page that is shared so far; none lives for long
        code = live()
    except BaseException:  # noqa: BLE001 - it is a whole process: nobody above it prints
        traceback.print_exc()
    finally:
        _end(code)


def _end(code: int) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


@dataclass
class Newborn:
    """As much of a `subprocess.Popen` as flashd uses."""

    pid: int
    stdin: Any
    stdout: Any
    stderr: Any
    returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:  # noqa: ARG002 - Popen's signature
        if self.returncode is None:
            _, status = os.waitpid(self.pid, 0)
            self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


class Midwife:
    """Forks dscli processes for a process that may have threads by then."""

    def __init__(self) -> None:
        adopt_orphans()
        self._ask, answer = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if os.fork() == 0:
            code = _CRASHED
            try:
                self._ask.close()
                _attend(answer)
                code = 0
            finally:
                _end(code)
        answer.close()

    def start(self, argv: Sequence[str], **how: Any) -> Newborn:  # noqa: ANN401 - as Popen has it
        """Stand in for `subprocess.Popen`: for dscli alone, as `flashd.adapters` starts it."""
        if not how["start_new_session"] or how["stdin"] != subprocess.PIPE:
            raise NotImplementedError(f"nothing but dscli is born here, not {argv[0]}")
        ours, theirs = [], []
        for number in range(_STREAMS):
            reading, writing = os.pipe()
            ours.append(writing if number == 0 else reading)
            theirs.append(reading if number == 0 else writing)
        pid = self._bear(argv, how["env"], theirs)
        return Newborn(
            pid,
            stdin=os.fdopen(ours[0], "wb", 0),
            stdout=os.fdopen(ours[1], "rb", 0),
            stderr=os.fdopen(ours[2], "rb", 0),
        )

    def spawn(self, path: str, argv: Sequence[str], env: Mapping[str, str], **how: Any) -> int:  # noqa: ANN401 - as os has it
        """Stand in for `os.posix_spawn`: for dscli alone, on the terminal that it is to open."""
        opened, *copied = how["file_actions"]
        if (
            not how["setsid"]
            or opened[:2] != (os.POSIX_SPAWN_OPEN, 0)
            or len(copied) != _STREAMS - 1
        ):
            raise NotImplementedError(f"nothing but dscli on a terminal is born here, not {path}")
        terminal = os.open(opened[2], opened[3] | os.O_NOCTTY)
        return self._bear(argv, env, [terminal])

    def _bear(self, argv: Sequence[str], env: Mapping[str, str], theirs: Sequence[int]) -> int:
        """Have a dscli born with these streams, one terminal or three pipes; they are its alone."""
        asked = json.dumps([list(argv), dict(env)]).encode()
        socket.send_fds(self._ask, [asked], theirs)
        for descriptor in theirs:
            os.close(descriptor)
        pid = int(self._ask.recv(64) or 0)
        if not pid:
            raise ChildProcessError("the midwife has ended")
        return pid


def nurse() -> None:
    """Have every dscli of this process born by a midwife, whichever way it is started."""
    midwife = Midwife()
    subprocess.Popen = midwife.start  # type: ignore[misc,assignment]
    os.posix_spawn = midwife.spawn  # type: ignore[assignment]


def _attend(requests: socket.socket) -> None:
    """Do what is asked for, until nobody is there to ask."""
    while True:
        asked, descriptors, _, _ = socket.recv_fds(requests, _MOST_ASKED, _STREAMS)
        if not asked:
            return
        argv, environment = json.loads(asked)
        pid = _orphaned(lambda told: _be_dscli(argv, environment, descriptors, told))  # noqa: B023 - called at once
        requests.send(str(pid).encode())
        for descriptor in descriptors:
            os.close(descriptor)


def _orphaned(live: Callable[[int], int]) -> int:
    """Fork a process whose parent ends at once, so that the subreaper has it; tell its id.

    It tells that itself on the descriptor that it is given, once it has its streams: what is told
    of a process that was really started is true of it from the beginning.
    """
    reading, writing = os.pipe()
    between = os.fork()
    if between == 0:
        born(lambda: live(writing))
        os._exit(0)
    os.waitpid(between, 0)
    os.close(writing)
    pid = int(os.read(reading, 64) or 0)
    os.close(reading)
    return pid


def _be_dscli(
    argv: Sequence[str], environment: Mapping[str, str], streams: Sequence[int], told: int
) -> int:
    """Be the client itself: on pipes, or on a terminal that hangs up with who has its other end."""
    for number in range(_STREAMS):
        os.dup2(streams[number % len(streams)], number)
    if len(streams) == 1:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.write(told, str(os.getpid()).encode())
    os.closerange(_STREAMS, 1 << 10)
    os.chdir("/")
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = list(argv)
    sys.stdin = os.fdopen(0, "r", encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        return dscli.main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
