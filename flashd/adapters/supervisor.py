"""systemd, told by datagrams: the protocol of sd_notify(3), which needs no library."""

from __future__ import annotations

import os
import re
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_MICROSECONDS = 1e6
_LONGEST_STATUS = 1000
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_LEAST_PATIENCE = 0.1  # seconds: a sign of life costs something too
_PATIENCE = 0.5  # seconds for a place in systemd's queue; READY is worth them


class Systemd:
    """`flashd.ports.supervisor.Supervisor`; where nobody listens, nothing is told."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self.listens = bool(self._address)
        self.patience = _patience(environ) if self.listens else None

    def ready(self, status: str) -> None:
        """Tell READY."""
        self._tell("READY=1", _status(status))

    def reloading(self) -> None:
        """Tell RELOADING with the time of CLOCK_MONOTONIC.

        By it `Type=notify-reload` knows that this reload is the one it asked for.
        """
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, status: str) -> None:
        """Tell STOPPING."""
        self._tell("STOPPING=1", _status(status))

    def status(self, status: str) -> None:
        """Tell STATUS, which `systemctl status` shows."""
        self._tell(_status(status))

    def alive(self) -> None:
        """Feed the watchdog."""
        self._tell("WATCHDOG=1")

    def _tell(self, *assignments: str) -> None:
        """Send one datagram; systemd that cannot be told must not stop the daemon."""
        if not self._address:
            return
        with (
            suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender,
        ):
            sender.settimeout(_PATIENCE)
            sender.sendto("\n".join(assignments).encode(errors="replace"), self._address)


def _address(name: str) -> str:
    """Read the address of the socket: a path, or with `@` a name of the abstract namespace."""
    return f"\0{name[1:]}" if name.startswith("@") else name


def _patience(environ: Mapping[str, str]) -> float | None:
    """Read `WatchdogSec=`, unless it is meant for another process."""
    meant_for = environ.get("WATCHDOG_PID", str(os.getpid()))
    microseconds = environ.get("WATCHDOG_USEC", "")
    if meant_for != str(os.getpid()) or not _NUMBER.fullmatch(microseconds):
        return None
    return max(int(microseconds) / _MICROSECONDS, _LEAST_PATIENCE)


def _status(status: str) -> str:
    line = " ".join(status.split())
    return f"STATUS={line[:_LONGEST_STATUS]}"
