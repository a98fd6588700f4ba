"""What flashd has of the host that it runs on: its clock, and who hears of it there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

    from flashd.ports.clock import Clock
    from flashd.ports.events import Events
    from flashd.ports.supervisor import Supervisor

READER = os.geteuid()
"""Who ran this command, and reads what it says; its rights may be given up later."""


def system_clock() -> Clock:
    """Make the clock of this host."""
    from flashd.adapters.clock import SystemClock

    return SystemClock()


def supervisor() -> Supervisor:
    """Make the way to whoever started this process."""
    from flashd.adapters.supervisor import Systemd

    return Systemd(os.environ)


def command_events() -> Events:
    """Make the way of events of a command run by hand: the host's journal or syslog."""
    from flashd.adapters.notifiers.journal import host_events

    return host_events(system_clock())


def daemon_events(out: TextIO, *, console: bool) -> Events:
    """Make the way of the daemon's events, and of its libraries' warnings: a stream."""
    from flashd.adapters.notifiers.log import adopt_standard_logging, goes_to_journal, log_events

    clock, journal = system_clock(), goes_to_journal(out, os.environ)
    adopt_standard_logging(clock, out, journal=journal)
    return log_events(clock, out, console=console, journal=journal)
