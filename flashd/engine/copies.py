"""Take a backup of what is remembered, or restore one, and tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flashd.core.holds import words
from flashd.engine.events import Event
from flashd.engine.holds import tell_hold
from flashd.model.backup import Restored

if TYPE_CHECKING:
    from pathlib import Path

    from flashd.model.backup import Backup, Busy, Unsaid
    from flashd.ports.clock import Clock
    from flashd.ports.events import Events
    from flashd.ports.store import Copies


async def back_up(
    copies: Copies, file: Path, clock: Clock, events: Events, *, replace: bool
) -> Backup:
    """Write a backup; it is dated before the first row is read."""
    backup = await copies.back_up(file, clock.now(), replace=replace)
    events.tell(
        Event.STATE_BACKED_UP,
        f"the state store was backed up to {file}",
        {"file.path": str(file), "flashd.backup.rows": dict(backup.rows)},
    )
    return backup


async def restore(
    copies: Copies, file: Path, clock: Clock, events: Events, *, nothing_ran: bool | None
) -> Restored | Busy | Unsaid:
    """Restore a backup, unless somebody is at work; tell what binds again by it."""
    found = await copies.restore(file, clock.now(), nothing_ran=nothing_ran)
    if isinstance(found, Restored):
        for hold in found.holds:
            tell_hold(events, Event.HOLD_SET, hold, f"restored: {words(hold)}")
        events.tell(
            Event.STATE_RESTORED,
            f"the backup {file} of {found.backup.made_at:%Y-%m-%dT%H:%M:%SZ} was restored",
            {
                "file.path": str(file),
                "flashd.backup.made_at": found.backup.made_at.isoformat(),
                "flashd.backup.rows": dict(found.taken),
                "flashd.backup.disbelieved": [
                    f"{one.array} {one.pair}: {one.reason}" for one in found.disbelieved
                ],
            },
        )
    return found
