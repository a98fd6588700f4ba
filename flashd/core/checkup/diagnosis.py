"""What one check says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

NO_SERVICE = "no service is known: none is defined, or the configuration has a mistake"
"""Why nothing can be said about services; that none is ill would read as if all were well."""


class State(StrEnum):
    """How a check ended. What was not seen is neither well nor ill."""

    OK = "ok"
    HINT = "hint"
    PROBLEM = "problem"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One line: which check, how it ended, in words; `hint` is a sentence that says what to do."""

    check: str
    state: State
    words: str
    hint: str = ""


def ok(check: str, words: str) -> Diagnosis:
    """Say that it is well."""
    return Diagnosis(check, State.OK, words)


def hint(check: str, words: str, what_to_do: str) -> Diagnosis:
    """Say that somebody may want to do something about it."""
    return Diagnosis(check, State.HINT, words, what_to_do)


def problem(check: str, words: str, what_to_do: str) -> Diagnosis:
    """Say that flashd cannot do its work so."""
    return Diagnosis(check, State.PROBLEM, words, what_to_do)


def unseen(check: str, words: str, what_to_do: str = "") -> Diagnosis:
    """Say that it was not looked at, and why."""
    return Diagnosis(check, State.UNSEEN, words, what_to_do)
