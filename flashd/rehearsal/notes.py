"""What the daemon told, as far as the report is made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flashd.engine.events import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from enum import Enum

    from flashd.ports.clock import Clock

ENDS = {
    Event.RESYNC_COMPLETED: "done",
    Event.RESYNC_REFUSED: "refused",
    Event.RESYNC_FAILED: "failed",
    Event.RESYNC_UNKNOWN: "unknown",
}
_OWN_ERRORS = frozenset({Event.TASK_FAILED, Event.STORE_FAILED, Event.COMMAND_STOPPED})


@dataclass(frozen=True, slots=True)
class End:
    """How a run of a service ended, or that it was refused, and why."""

    at: datetime
    service: str
    outcome: str
    reason: str


@dataclass(slots=True)
class Notes:
    """Takes events (`flashd.ports.events.Events`); `unsure` is told whose outcome is not known."""

    clock: Clock
    unsure: Callable[[str], None]
    ends: list[End] = field(default_factory=list)
    troubles: list[tuple[datetime, str]] = field(default_factory=list)
    unreadable: list[tuple[datetime, str, str]] = field(default_factory=list)

    def tell(self, event: Enum, message: str, facts: Mapping[str, object]) -> None:
        """Keep what matters."""
        if event in ENDS:
            end = End(
                self.clock.now(),
                str(facts["flashd.service.name"]),
                ENDS[event],
                str(facts.get("event.reason", "")),
            )
            self.ends.append(end)
            if event is Event.RESYNC_UNKNOWN:
                self.unsure(end.service)
        elif event is Event.ARRAY_UNREADABLE:
            found = str(facts["flashd.storage.id"]), str(facts["error.message"])
            self.unreadable.append((self.clock.now(), *found))
        elif event in _OWN_ERRORS:
            self.troubles.append((self.clock.now(), message))
