"""Who may touch a volume or an array, one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FOREIGN_LEASE = timedelta(seconds=30)
"""How long a lease outlives the last sign of a holder on another host."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that holds leases; `token` tells its several runs apart."""

    host: str
    boot_id: str
    pid: int
    started: int
    token: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody else has the lease."""

    name: str
    by: Holder
    since: datetime


def array_lease(array: str) -> str:
    """Name the lease that orders the batches of an array."""
    return f"array {array}"


def volume_lease(array: str, volume: str) -> str:
    """Name the lease under which a run touches a volume."""
    return f"volume {array}/{volume}"


DAEMON_LEASE = "daemon"
