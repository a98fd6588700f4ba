"""Who listens at every instant of a flashd and its dscli processes, and strikes at one of them."""

from __future__ import annotations

import os
import selectors
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from flashd.adapters import procfs

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 60.0
"""Seconds without any instant after which a process counts as hung."""

ORPHANS_TIME = 0.5
"""Seconds that an orphan has to end by itself before flashd is started again."""

QUIET_TIME = 1.0
"""Seconds without any instant after which a dscli has got as far as it will."""

GO_ON, STOP = b".", b"s"
"""What is answered at an instant."""

_AT_REST = "dscli input: waiting"


class Blow(StrEnum):
    """What is killed with SIGKILL.

    Who is frozen goes on when another has taken over; who is told to stop waits for nothing more.
    """

    NONE = "none"
    ALL = "all"
    DAEMON = "daemon"
    STUCK = "daemon, its dscli standing still"
    DSCLI = "dscli"
    FROZEN = "daemon, frozen"
    STOPPED = "daemon, told to stop"


@dataclass(frozen=True, order=True)
class Instant:
    """The `nth` time at which an instant of that name is come to."""

    name: str
    nth: int

    def __str__(self) -> str:
        return f"{self.name}#{self.nth}"


@dataclass(frozen=True)
class Seen:
    """An instant, and how it was just then.

    `dscli`: whether one was alive; `intended`: whether an intent was written that it is to carry;
    `stoppable`: whether a dscli can stand still there, since an intent names it or it is kept, and
    does not keep the array's file from everybody else.
    """

    instant: Instant
    dscli: bool
    intended: bool
    stoppable: bool


@dataclass
class Watch:
    """Listens to one flashd, `daemon`, until it has ended; strikes at an instant."""

    root: Path
    at: Instant | None = None
    blow: Blow = Blow.NONE
    kept: bool = False
    seen: list[Seen] = field(default_factory=list)
    struck: bool = False
    daemon: int = 0
    _counts: dict[str, int] = field(default_factory=dict)
    _clients: dict[int, socket.socket] = field(default_factory=dict)
    _partly: dict[socket.socket, bytes] = field(default_factory=dict)
    _carrying: bool = False
    _last: dict[int, str] = field(default_factory=dict)
    _locking: set[int] = field(default_factory=set)

    def __enter__(self) -> Self:
        self._server = socket.socket(socket.AF_UNIX)
        (self.root / "instants").unlink(missing_ok=True)
        self._server.bind(str(self.root / "instants"))
        self._server.listen(16)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._server, selectors.EVENT_READ)
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self._selector.close()

    @property
    def frozen(self) -> bool:
        """Whether the daemon stands still, alive."""
        return self.struck and self.blow is Blow.FROZEN

    def release(self) -> None:
        """Let whoever still stands at an instant go on by himself."""
        self._server.close()
        for one in (*self._clients.values(), *self._partly):
            one.close()
        self._clients.clear()
        self._partly.clear()

    def until_ended(self) -> int | None:
        """Answer at every instant but the one; tell how the daemon ended; None: it is frozen."""
        ended = os.pidfd_open(self.daemon)
        self._selector.register(ended, selectors.EVENT_READ)
        try:
            while True:
                ready = self._selector.select(LIMIT)
                if not ready:
                    os.killpg(self.daemon, signal.SIGKILL)
                    raise TimeoutError(f"hung after {self.seen[-1].instant}")
                keys = [key.fileobj for key, _ in ready]
                if ended in keys:
                    break
                for one in keys:
                    self._hear(one)
                if self.frozen:
                    self._leave_alone()
                    return None
        finally:
            self._selector.unregister(ended)
            os.close(ended)
        _, status = os.waitpid(self.daemon, 0)
        return os.waitstatus_to_exitcode(status)

    def _leave_alone(self) -> None:
        """Let each dscli go on until it waits for input, or has ended; the daemon stands still."""
        while any(self._last[pid] != _AT_REST for pid in self._clients):
            ready = self._selector.select(QUIET_TIME)
            if not ready:
                break
            for key, _ in ready:
                self._hear(key.fileobj)
        for one in self._clients.copy().values():
            self._forget(one)
        (self.root / "instants").unlink()  # the frozen one was born with it, and keeps it open
        self._selector.unregister(self._server)
        self._server.close()

    def _hear(self, one: object) -> None:
        if one is self._server:
            accepted, _ = self._server.accept()
            self._partly[accepted] = b""
            self._selector.register(accepted, selectors.EVENT_READ)
            return
        if not isinstance(one, socket.socket) or one not in self._partly:
            return
        try:
            data = one.recv(4096)
        except OSError:
            data = b""
        if not data:
            self._forget(one)
            return
        self._partly[one] += data
        if self._partly[one].endswith(b"\n"):
            pid, _, name = self._partly[one].decode().strip().partition(" ")
            self._partly[one] = b""
            self._at(int(pid), name, one)

    def _forget(self, one: socket.socket) -> None:
        self._selector.unregister(one)
        self._partly.pop(one, None)
        self._clients = {pid: it for pid, it in self._clients.items() if it is not one}
        one.close()

    def _at(self, pid: int, name: str, one: socket.socket) -> None:
        if pid != self.daemon:
            self._clients[pid] = one
            name = f"dscli {name}"
        elif name == "after store.intend":
            self._carrying = True
        elif name == "after leaving array.session":
            self._carrying = False
        self._last[pid] = name
        self._counts[name] = nth = self._counts.get(name, 0) + 1
        instant = Instant(name, nth)
        self._note_lock(pid, name)
        stoppable = (self._carrying or self.kept) and bool(self._clients) and not self._locking
        self.seen.append(Seen(instant, bool(self._clients), self._carrying, stoppable))
        word = GO_ON
        if instant == self.at and not self.struck:
            self.struck = True
            if self.blow is Blow.STOPPED:
                word = STOP
            elif not self._strike(pid):
                return
        with suppress(OSError):
            one.sendall(word)

    def _note_lock(self, pid: int, name: str) -> None:
        if name == "dscli array: changing":
            self._locking.add(pid)
        elif name == "dscli array: changed":
            self._locking.discard(pid)
        self._locking &= set(self._clients)

    def _strike(self, pid: int) -> bool:
        """Kill; whether who has come to this instant goes on."""
        clients = dict(self._clients)
        if self.blow is Blow.FROZEN:
            return False
        if self.blow is Blow.DSCLI:
            for client in clients:
                _kill_group(client)
            return pid == self.daemon
        if self.blow is Blow.ALL:
            _kill_group(self.daemon)
            for client in clients:
                _kill_group(client)
            for client in orphans():
                _kill_group(client)
            return False
        os.kill(self.daemon, signal.SIGKILL)
        _gone(self.daemon)
        return self.blow is Blow.DAEMON and pid != self.daemon


def orphans() -> list[int]:
    """Tell the groups of the living processes that have this one as their parent by now."""
    me = os.getpid()
    return [one.group for one in procfs.processes() if one.parent == me and one.alive]


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _gone(pid: int) -> None:
    """Wait until a child is a zombie, and leave it to be reaped."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def until_orphans_end(limit: float) -> bool:
    """Reap what was left behind; whether all of it ended in time."""
    with selectors.DefaultSelector() as waiting:
        for process in procfs.processes():
            if process.parent == os.getpid() and process.alive:
                waiting.register(os.pidfd_open(process.pid), selectors.EVENT_READ)
        while waiting.get_map():
            ready = waiting.select(limit)
            if not ready:
                break
            for key, _ in ready:
                waiting.unregister(key.fileobj)
                os.close(key.fd)
        left = bool(waiting.get_map())
        for key in list(waiting.get_map().values()):
            os.close(key.fd)
    _reap()
    return not left


def end_orphans() -> None:
    """Kill what is left behind, so that one case leaves nothing to the next."""
    for group in set(orphans()):
        _kill_group(group)
    until_orphans_end(LIMIT)


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
