"""Events of commands run by hand: to the journal, else to syslog.

So a resync by hand reaches the SIEM by the same road as the daemon's.
"""

from __future__ import annotations

import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.adapters.notifiers import ecs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from enum import Enum

    from flashd.ports.clock import Clock

JOURNAL = Path("/run/systemd/journal/socket")
SYSLOG = Path("/dev/log")

_FACILITY_DAEMON = 3
_IDENTIFIER = "flashd"


@dataclass(frozen=True, slots=True)
class SocketEvents:
    """The events port over a datagram socket; an event that cannot be delivered is dropped.

    The store keeps the history in any case.
    """

    path: Path
    encode: Callable[[Mapping[str, str], str], bytes]
    clock: Clock

    def tell(self, event: Enum, message: str, facts: Mapping[str, object]) -> None:
        """Send one event."""
        kind = asdict(event.value)
        document = ecs.line(ecs.document(kind, message, facts, self.clock.now()))
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to:
                to.setblocking(False)
                to.sendto(self.encode(kind, document), str(self.path))
        except OSError:
            return


@dataclass(frozen=True, slots=True)
class NoEvents:
    """The events port where there is neither journal nor syslog."""

    def tell(self, event: Enum, message: str, facts: Mapping[str, object]) -> None:
        """Drop it: what happened stands in the store's history."""


def host_events(
    clock: Clock, journal: Path = JOURNAL, syslog: Path = SYSLOG
) -> SocketEvents | NoEvents:
    """Choose the host's log."""
    if journal.is_socket():
        return SocketEvents(journal, for_journal, clock)
    if syslog.is_socket():
        return SocketEvents(syslog, for_syslog, clock)
    return NoEvents()


def for_journal(kind: Mapping[str, str], document: str) -> bytes:
    """Encode for journald's native protocol, with fields to search by."""
    fields = {
        "PRIORITY": str(_priority(kind)),
        "SYSLOG_IDENTIFIER": _IDENTIFIER,
        "EVENT_ACTION": kind["action"],
        "EVENT_CODE": kind["code"],
        "MESSAGE": document,
    }
    return "".join(f"{name}={value}\n" for name, value in fields.items()).encode()


def for_syslog(kind: Mapping[str, str], document: str) -> bytes:
    """Encode for the local syslog socket (RFC 3164, as syslog(3) writes it)."""
    return f"<{_FACILITY_DAEMON * 8 + _priority(kind)}>{_IDENTIFIER}: {document}".encode()


def _priority(kind: Mapping[str, str]) -> int:
    return ecs.SEVERITY[kind["level"]]
