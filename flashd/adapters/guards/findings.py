"""Putting in words what a guard saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flashd.model.printable import harmless
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from flashd.adapters.processes import Completed

__all__ = ["account", "cause", "excerpt", "harmless", "late", "unknown"]

_LINES = 5
_WIDTH = 200


def unknown(reason: str, evidence: Mapping[str, object] | None = None) -> Finding:
    """Find nothing that proves anything."""
    return Finding(Verdict.UNKNOWN, reason, evidence or {})


def late(what: str, limit: timedelta) -> Finding:
    """Find nothing in time."""
    return unknown(f"{what} within {limit.total_seconds():g} s")


def cause(error: Exception) -> str:
    """Put an error in the words of the system, in lower case."""
    words = str(getattr(error, "strerror", None) or error)
    return words[:1].lower() + words[1:]


def account(done: Completed) -> dict[str, object]:
    """Tell of a program that was run: what, how it ended, the first of what it said."""
    return {
        "command": list(done.argv),
        "ending": done.ending.value,
        "exit_status": done.exit_status,
        "output": excerpt(done.output),
        "errors": excerpt(done.errors),
    }


def excerpt(said: bytes) -> list[str]:
    """Take the first lines of an output."""
    lines = said[: _LINES * _WIDTH * 4].decode("utf-8", "backslashreplace").split("\n")
    return [harmless(line.rstrip("\r")[:_WIDTH]) for line in lines if line.strip()][:_LINES]
