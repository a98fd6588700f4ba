"""What flashd has of the host that it runs on: its clock, and who hears of it there."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

    from flashd.ports.clock import Clock
    from flashd.ports.events import Events
    from flashd.ports.supervisor import Supervisor

READER = os.geteuid()
"""Who ran this command, and reads what it says; its rights may be given up later."""

_FILES = 8192
"""Descriptors that are enough for all looks that may be under way, and what is beside them."""

_OTHERS = 256
_OF_A_LOOK = 9
"""Three guards that are processes: a number of theirs, what they say, and their errors."""


def room_for_looks() -> int:
    """Take as many files as are needed, and tell how many looks of one habit may hang at once.

    Many systems start a program with 1,024 and allow it more: without them a fleet of guards that
    hang would leave none for dscli or the store.
    """
    from flashd.engine.places import OF_ONE_HABIT, PLACES, Habit

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return OF_ONE_HABIT
    return max(PLACES, min(OF_ONE_HABIT, (soft - _OTHERS) // (_OF_A_LOOK * len(Habit))))


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
