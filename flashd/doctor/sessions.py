"""Whether this host gives terminals, and what becomes of sessions that are kept on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flashd.adapters.terminals import NoTerminalError, try_one
from flashd.engine.events import Event

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import Enum

    from flashd.ports.events import Events


@dataclass(frozen=True, slots=True)
class Overhearing:
    """Passes events on, and keeps why no session is kept, by array."""

    inner: Events
    doubts: dict[str, str] = field(default_factory=dict)

    def tell(self, event: Enum, message: str, facts: Mapping[str, object]) -> None:
        """See `Events`."""
        if event is Event.SESSION_MODE:
            self.doubts[str(facts["flashd.storage.id"])] = str(facts["event.reason"])
        self.inner.tell(event, message, facts)


def lack_of_terminals() -> str:
    """Say why no terminal is given; empty where one is."""
    try:
        try_one()
    except NoTerminalError as error:
        return (error.strerror or str(error)).lower()
    return ""
