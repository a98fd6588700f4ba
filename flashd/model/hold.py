"""A hold: no resync until it ends, by anyone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from flashd.model.printable import harmless

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime


class Kind(StrEnum):
    """What a hold is laid on."""

    SERVICE = "service"
    ARRAY = "array"
    ALL = "all"


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """Which services are held: one by its name, those with a clone on an array, or all."""

    kind: Kind
    name: str = ""

    def __post_init__(self) -> None:
        if bool(self.name) is (self.kind is Kind.ALL):
            raise ValueError("a service or an array has a name, and all of them have none")

    def covers(self, service: str, arrays: Collection[str]) -> bool:
        """Whether a service of that name, with clones on these arrays, is held."""
        match self.kind:
            case Kind.SERVICE:
                return self.name == service
            case Kind.ARRAY:
                return self.name in arrays
            case Kind.ALL:
                return True

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Somebody wants no resync until `until`; `None`: until it is released.

    `remind_at` is when to tell next that it still binds; `None`: never. What people wrote is
    kept so that it cannot command a terminal or begin a line of its own.
    """

    scope: Scope
    reason: str
    by: str
    since: datetime
    until: datetime | None = None
    remind_at: datetime | None = None

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("a hold has a reason")
        object.__setattr__(self, "reason", harmless(self.reason.strip()))
        object.__setattr__(self, "by", harmless(self.by))

    def binds(self, now: datetime) -> bool:
        """Whether it holds at `now`: by the clock, whether anybody removed it or not."""
        return self.until is None or now < self.until
