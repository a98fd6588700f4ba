"""A fleet: thousands of services on ten simulated arrays, and the real daemon on it, watched."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.adapters.clock import SystemClock
from flashd.sim.array import Array

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BIN = Path(sys.executable).parent
ARRAYS = 10
A_FILE = 100
"""Services a file: who has thousands has them generated."""

SIGN = 1.0
"""Seconds between two signs of life: the watchdog's patience is four times as long."""

SHIPPED_SIGN = 30.0
"""The same by `WatchdogSec=` of the unit that is shipped."""

ENOUGH = 120.0
LITTLE = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
"""The environment that systemd gives is small; each process that is started gets a copy."""

_TICKS = os.sysconf("SC_CLK_TCK")

UP = "{type: command, command: [/bin/false], down: 0, up: 1}"
"""A guard that says that the service is up, so that nothing is ever sent. A process each: all
guards that can prove something but `hosts` and `kubernetes` start one, here or by ssh."""


def now() -> float:
    """Tell the wall clock, in seconds."""
    return SystemClock().now().timestamp()


@dataclass(frozen=True)
class Fleet:
    """One installation of so many services; `due_at` is when all of them become due."""

    root: Path
    services: int
    due_at: float
    refresh_after: int

    @classmethod
    def make(cls, root: Path, services: int, lead: float) -> Fleet:
        """Make arrays and configuration; all are due `lead` seconds from the end of the making."""
        (root / "etc" / "services.d").mkdir(parents=True)
        synced = int(now()) - 3600
        logins = [_array(root, number, services, synced) for number in range(ARRAYS)]
        auth = root / "etc" / "auth.conf"
        auth.touch(mode=0o600)
        auth.write_text("".join(logins))
        (root / "etc" / "flashd.yaml").write_text(
            f"state: sqlite:///{root}/flashd.db\npwfiles: {root}\ntimezone: UTC\n"
            f"dscli: {{path: {BIN}/flashd-dscli, mode: oneshot, env: {{FLASHD_SIM: {root}}}}}\n"
        )
        due_at = int(now() + lead)
        fleet = cls(root, services, due_at, due_at - synced)
        for first in range(0, services, A_FILE):
            fleet.write(first)
        return fleet

    def write(self, first: int, changed: int | None = None) -> None:
        """Write the file of the services from this one on, one of them changed."""
        lines = [
            f"  s{number:05d}:\n    refresh_after: {self.refresh_after}s\n"
            f"    sync_max_delay: {26 if number == changed else 25}h\n"
            f"    guards: [{UP}]\n"
            f"    sync:\n      sync#1:\n        array: {_name(number % ARRAYS)}\n"
            f"        pairs: ['{_pair(number // ARRAYS)}']\n"
            for number in range(first, min(first + A_FILE, self.services))
        ]
        path = self.root / "etc" / "services.d" / f"{first // A_FILE:03d}.yaml"
        path.write_text("services:\n" + "".join(lines))

    @contextmanager
    def daemon(self, sign: float = SIGN) -> Iterator[Watched]:
        """Start the daemon as systemd would, and watch it; a sign of life is due each `sign` s."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(str(self.root / "notify"))
            environment = {
                **LITTLE,
                "NOTIFY_SOCKET": str(self.root / "notify"),
                "WATCHDOG_USEC": str(int(4 * sign * 1e6)),
            }
            environment.pop("WATCHDOG_PID", None)
            command = [str(BIN / "flashd"), "--config-dir", str(self.root / "etc"), "run"]
            with subprocess.Popen(
                command, stdout=subprocess.PIPE, text=True, env=environment
            ) as process:
                watched = Watched(process, listener, sign)
                try:
                    yield watched
                finally:
                    process.send_signal(signal.SIGTERM)
                    process.wait(ENOUGH)


def _array(root: Path, number: int, services: int, synced: int) -> str:
    name, console = _name(number), f"10.10.10.{number + 10}"
    array = Array.create(root / f"{name}.array", name, consoles=(console,))
    array.write_pwfile(root / f"{name}.pwfile")
    pairs = [_pair(place) for place in range(-(-(services - number) // ARRAYS))]
    array.add_volumes(*(volume for pair in pairs for volume in pair.split(":")))
    array.establish(*pairs, synced_at=synced)
    return f"[{name}]\ntype = ibmds\nhmc1 = {console}\nusername = opensvc\n"


def _name(number: int) -> str:
    return f"IBM.2107-75BEN{number:02X}"


def _pair(place: int) -> str:
    return f"{place:04X}:{place + 0x4000:04X}"


@dataclass
class Watched:
    """A running daemon; instants are those of the wall clock, in seconds."""

    process: subprocess.Popen[str]
    listener: socket.socket
    sign: float = SIGN
    started: float = field(default_factory=now)
    lines: list[tuple[float, str]] = field(default_factory=list)
    told: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for work in (self._read, self._listen):
            threading.Thread(target=work, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.lines.append((now(), line))

    def _listen(self) -> None:
        while self.process.poll() is None:
            text = self.listener.recv(1 << 16).decode()
            self.told.append((now(), text))

    def ready(self, after: float = 0) -> float:
        """Wait for READY, and tell when it came."""
        return _wait(lambda: _first(self.told, "READY=1", after))

    def event(self, action: str, after: float = 0) -> float:
        """Wait for an event, and tell when it came."""
        return _wait(lambda: _first(self.lines, f'"action":"{action}"', after))

    def events(self, action: str, after: float = 0) -> list[tuple[float, str]]:
        """Tell the events of a kind so far, and when each came."""
        mark = f'"action":"{action}"'
        return [(at, line) for at, line in list(self.lines) if at > after and mark in line]

    def until(self, action: str, count: int, after: float) -> None:
        """Wait until so many events of a kind have come, but not for ever."""
        end = now() + ENOUGH
        while now() < end and len(self.events(action, after)) < count:
            self.rest(0.5)

    def reload(self) -> tuple[float, float]:
        """Reload; tells how long it took, and the longest time without a sign of life."""
        began = now()
        self.process.send_signal(signal.SIGHUP)
        ended = self.event("configuration-reloaded", began)
        self.ready(began)
        self.rest(2 * SIGN)
        return ended - began, self.longest_silence(began, ended)

    def longest_silence(self, since: float, until: float) -> float:
        """Tell for how long no sign of life was given that was due, in seconds.

        One is given each `sign` seconds, if ticks end and the store answers.
        """
        signs = [at for at, text in list(self.told) if text == "WATCHDOG=1"]
        spans = [
            later - earlier
            for earlier, later in pairwise(signs)
            if later > since and earlier < until
        ]
        return max(spans, default=self.sign) - self.sign

    def cpu(self) -> tuple[float, float]:
        """Tell the CPU seconds of the daemon so far, and those of its children that have ended."""
        fields = _proc(self.process.pid, "stat").rpartition(")")[2].split()
        own, children = (sum(map(int, fields[at : at + 2])) for at in (11, 13))
        return own / _TICKS, children / _TICKS

    def mebibytes(self, key: str = "VmRSS") -> float:
        """Tell what the daemon has in memory; `VmHWM`: at most so far."""
        for line in _proc(self.process.pid, "status").splitlines():
            if line.startswith(f"{key}:"):
                return int(line.split()[1]) / 1024
        raise LookupError(key)

    def share(self, seconds: float) -> float:
        """Tell the share of one core that the daemon takes in so many seconds from now, in %."""
        before = sum(self.cpu())
        self.rest(seconds)
        return (sum(self.cpu()) - before) / seconds * 100

    def settled(self, quiet: float = 3 * SIGN) -> None:
        """Wait until nothing has been told for a while."""
        _wait(lambda: now() if now() - self.lines[-1][0] > quiet else None)

    @staticmethod
    def rest(seconds: float) -> None:
        """Let time pass."""
        threading.Event().wait(seconds)


def _proc(pid: int, name: str) -> str:
    return Path("/proc", str(pid), name).read_text()


def _first(heard: list[tuple[float, str]], mark: str, after: float) -> float | None:
    return next((at for at, text in list(heard) if at > after and mark in text), None)


def _wait(look: Callable[[], float | None]) -> float:
    end = now() + ENOUGH
    while now() < end:
        if (found := look()) is not None:
            return found
        Watched.rest(0.02)
    raise TimeoutError("it did not happen")
