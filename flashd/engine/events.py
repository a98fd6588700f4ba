"""The closed list of what flashd tells: a log line, and later a metric and a notification each.

`docs/events.md` has a line for every member; a test compares them. Codes are stable: FD-1nnn
daemon and configuration, FD-2nnn runs and decisions, FD-3nnn arrays and commands.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Kind:
    """The fixed part of an event, in the words of the Elastic Common Schema."""

    action: str
    code: str
    level: str
    type: str
    outcome: str


class Event(Enum):
    """Everything that is told."""

    DAEMON_STARTED = Kind("daemon-started", "FD-1001", "info", "start", "success")
    DAEMON_DRAINING = Kind("daemon-draining", "FD-1002", "info", "info", "unknown")
    DAEMON_STOPPED = Kind("daemon-stopped", "FD-1003", "info", "end", "success")
    DAEMON_FAILED = Kind("daemon-failed", "FD-1004", "error", "error", "failure")
    DAEMON_STALLED = Kind("daemon-stalled", "FD-1005", "error", "error", "failure")
    CONFIGURATION_ACCEPTED = Kind("configuration-accepted", "FD-1010", "info", "info", "success")
    CONFIGURATION_REFUSED = Kind("configuration-refused", "FD-1011", "error", "error", "failure")
    CONFIGURATION_DEGRADED = Kind("configuration-degraded", "FD-1012", "error", "info", "failure")
    CONFIGURATION_HINT = Kind("configuration-hint", "FD-1013", "warning", "info", "success")
    CONFIGURATION_RELOADED = Kind("configuration-reloaded", "FD-1014", "info", "info", "success")
    DEFINITION_CHANGED = Kind("definition-changed", "FD-1015", "info", "info", "success")
    RELOAD_REFUSED = Kind("reload-refused", "FD-1016", "error", "error", "failure")
    CLOCK_JUMPED = Kind("clock-jumped", "FD-1020", "warning", "info", "unknown")
    STORE_FAILED = Kind("store-failed", "FD-1030", "error", "error", "failure")
    TASK_FAILED = Kind("task-failed", "FD-1031", "error", "error", "failure")
    STATE_BACKED_UP = Kind("state-backed-up", "FD-1032", "info", "info", "success")
    STATE_RESTORED = Kind("state-restored", "FD-1033", "warning", "info", "success")
    HISTORY_PRUNED = Kind("history-pruned", "FD-1034", "info", "deletion", "success")

    DECISION_CHANGED = Kind("decision-changed", "FD-2001", "info", "info", "success")
    RESYNC_STARTED = Kind("resync-started", "FD-2002", "info", "start", "unknown")
    RESYNC_REFUSED = Kind("resync-refused", "FD-2003", "warning", "start", "failure")
    RESYNC_COMPLETED = Kind("resync-completed", "FD-2004", "info", "end", "success")
    RESYNC_FAILED = Kind("resync-failed", "FD-2005", "error", "end", "failure")
    RESYNC_UNKNOWN = Kind("resync-unknown", "FD-2006", "error", "info", "unknown")
    RESYNC_PLANNED = Kind("resync-planned", "FD-2007", "info", "info", "success")
    GUARD_UNKNOWN = Kind("guard-unknown", "FD-2010", "error", "info", "failure")
    GUARD_READ = Kind("guard-read", "FD-2011", "info", "info", "success")
    RUN_RECOVERED = Kind("run-recovered", "FD-2020", "warning", "end", "unknown")
    CARRIER_ENDED = Kind("carrier-ended", "FD-2021", "warning", "info", "success")
    LEASE_WAITED_FOR = Kind("lease-waited-for", "FD-2030", "info", "info", "unknown")

    HOLD_SET = Kind("hold-set", "FD-2040", "info", "start", "success")
    HOLD_RELEASED = Kind("hold-released", "FD-2041", "info", "end", "success")
    HOLD_LIFTED = Kind("hold-lifted", "FD-2042", "info", "end", "success")
    HOLD_REMINDED = Kind("hold-reminded", "FD-2043", "warning", "info", "unknown")

    SERVICE_ENROLLED = Kind("service-enrolled", "FD-2050", "info", "info", "success")

    COMMAND_SENT = Kind("command-sent", "FD-3001", "info", "start", "unknown")
    COMMAND_ANSWERED = Kind("command-answered", "FD-3002", "info", "end", "unknown")
    COMMAND_STOPPED = Kind("command-stopped", "FD-3003", "error", "info", "failure")
    ARRAY_UNREADABLE = Kind("array-unreadable", "FD-3010", "error", "error", "failure")
    ARRAY_READABLE = Kind("array-readable", "FD-3011", "info", "info", "success")
    LOGINS_STOPPED = Kind("logins-stopped", "FD-3012", "error", "error", "failure")
    SESSION_MODE = Kind("session-mode", "FD-3013", "warning", "info", "success")
    SESSION_KEPT = Kind("session-kept", "FD-3014", "info", "info", "success")
    CONSOLE_SECOND = Kind("console-second", "FD-3015", "warning", "info", "success")
    CONSOLE_FIRST = Kind("console-first", "FD-3016", "info", "info", "success")
