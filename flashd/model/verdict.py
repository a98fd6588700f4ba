"""What a guard saw."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from flashd.model.masking import without_any, without_secrets
from flashd.model.printable import harmless

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Verdict(StrEnum):
    """Whether the dependent service is down, as far as one guard can tell."""

    DOWN = "down"
    UP = "up"
    UNKNOWN = "unknown"
    CLEAR = "clear"  # nothing speaks against it; a guard that can only veto says no more


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer of a guard, with its evidence.

    `incarnation` identifies the run of the dependent service that was seen, such as systemd's
    InvocationID: where it changes between two looks, something was started in between. The reason
    often quotes what was answered, so what could command a terminal is spelled out, and what stands
    behind a word for a password is blanked, in the evidence too: both go into the history.
    """

    verdict: Verdict
    reason: str
    evidence: Mapping[str, object] = field(default_factory=dict)
    incarnation: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", harmless(without_secrets(self.reason)))
        object.__setattr__(self, "evidence", without_any(self.evidence))


@dataclass(frozen=True, slots=True)
class Reading:
    """A finding, who found it, and when the look began.

    `began` is in seconds of the monotonic clock, so that no change of the wall clock makes a
    reading look younger than it is; `took` is how many of them it took.
    """

    guard: str
    type: str
    proves: bool
    finding: Finding
    at: datetime
    began: float
    took: float = field(default=0.0, compare=False)

    @property
    def verdict(self) -> Verdict:
        """What it says."""
        return self.finding.verdict
