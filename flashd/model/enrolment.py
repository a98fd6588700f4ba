"""An enrolment: what a service was when a person looked at it and said that this is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.model.printable import harmless

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is so: of an array, or of the definition where `array` is empty."""

    array: str
    subject: str
    aspect: str
    value: str

    @property
    def about(self) -> str:
        """Name what it is about."""
        return f"{self.subject} of {self.array}" if self.array else self.subject

    def __str__(self) -> str:
        return harmless(f"{self.about}: {self.aspect} {self.value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What was pinned of a service, when and by whom."""

    service: str
    at: datetime
    by: str
    facts: tuple[Fact, ...]
