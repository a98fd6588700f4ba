"""Putting in words what a guard saw."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from flashd.model.printable import harmless
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from flashd.adapters.processes import Completed

__all__ = ["account", "cause", "excerpt", "harmless", "late", "unknown", "witnessed"]

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


def witnessed(finding: Finding, answers: Mapping[str, str | bytes]) -> Finding:
    """Add what was asked, each question with the SHA-256 of all that was answered to it.

    So an answer that somebody keeps, or gets again, can be known for the one that was judged.
    """
    texts = {
        question: answer.encode("utf-8", "surrogateescape") if isinstance(answer, str) else answer
        for question, answer in answers.items()
    }
    asked = {question: sha256(text).hexdigest() for question, text in texts.items()}
    return replace(finding, evidence={**finding.evidence, "asked": asked})


def excerpt(said: bytes) -> list[str]:
    """Take the first lines of an output."""
    lines = said[: _LINES * _WIDTH * 4].decode("utf-8", "backslashreplace").split("\n")
    return [harmless(line.rstrip("\r")[:_WIDTH]) for line in lines if line.strip()][:_LINES]
