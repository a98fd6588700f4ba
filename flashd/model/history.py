"""How much of the past is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long a run is kept after its end, and how many of them; what is needed stays longer."""

    keep: timedelta = timedelta(days=400)
    at_most: int = 500_000


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many runs were taken out of the history, and the latest end of one of them."""

    runs: int
    until: datetime | None


NOTHING_PRUNED = Pruned(0, None)

USUAL = Retention()
