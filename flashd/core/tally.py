"""All services in one line: how many stand how, and which resync comes next."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.core.explain import next_chance
from flashd.core.health import assess
from flashd.model.health import Status

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from flashd.model.observation import Picture
    from flashd.model.service import Service


@dataclass(frozen=True, slots=True)
class Tally:
    """How many services are up, warn and unknown; the next resync, if there is one."""

    up: int
    warn: int
    unknown: int
    next_at: datetime | None
    next_service: str

    def __str__(self) -> str:
        counts = f"{self.up} up, {self.warn} warn, {self.unknown} unknown"
        if self.next_at is None:
            return f"{counts}; no next run"
        return f"{counts}; next run {self.next_service} at {self.next_at:%Y-%m-%dT%H:%M:%SZ}"


def tally(services: Iterable[Service], picture: Picture, now: datetime) -> Tally:
    """Count, and find the next run; one that is due already is due `now`."""
    counts: Counter[Status] = Counter()
    chances: list[tuple[datetime, str]] = []
    for service in services:
        counts[assess(service, picture, now).status] += 1
        if chance := next_chance(service, picture, now):
            chances.append((chance[0], service.name))
    at, name = min(chances, default=(None, ""))
    return Tally(counts[Status.UP], counts[Status.WARN], counts[Status.UNKNOWN], at, name)
