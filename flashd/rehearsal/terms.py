"""What is asked of a rehearsal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from pathlib import Path

    from flashd.model.service import Windows


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The span, the costs, and what chance may do.

    `in_use` is when the clones are in use; None: whenever a service's own window is closed.
    `up`, `unknown` are chances for each window (each day without a schedule), `faults` one for
    each login and command. `copy_rate` is in tracks a second; None: no copy takes any time.
    `literal` leaves nothing out that is known to come to the same: ticks, listings, searches.
    """

    start: datetime
    span: timedelta
    seed: int = 1
    arrays: tuple[Path, ...] = ()
    in_use: Windows | None = None
    up: float = 0.0
    unknown: float = 0.0
    faults: float = 0.0
    copy_rate: float | None = None
    login_seconds: float = 3.4
    command_seconds: float = 1.0
    literal: bool = False

    @property
    def end(self) -> datetime:
        """When it is over."""
        return self.start + self.span
