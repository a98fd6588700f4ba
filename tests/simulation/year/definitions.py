"""What the operator defines, as the oracle knows it: no word of flashd's own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta
    from zoneinfo import ZoneInfo

    from tests.simulation.year.calendars import Calendar


@dataclass(frozen=True)
class Watcher:
    """A guard: whether it proves or can only veto, how long it looks, how often it fails."""

    kind: str
    name: str
    proves: bool
    seconds: float
    fails: float
    tells_starts: bool


@dataclass(frozen=True)
class Clone:
    """A resource: pairs of one array, as `0001:0002`, in their order."""

    id: str
    array: str
    pairs: tuple[str, ...]
    recording: bool
    bgcopy: bool

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(pair.partition(":")[2] for pair in self.pairs)

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(pair.partition(":")[0] for pair in self.pairs)


@dataclass(frozen=True)
class Definition:
    """A service as it is defined for the time being."""

    name: str
    calendar: Calendar | None
    zone: ZoneInfo
    min_delay: timedelta
    max_delay: timedelta
    refresh_after: timedelta | None
    watchers: tuple[Watcher, ...]
    clones: tuple[Clone, ...]

    @cached_property
    def arrays(self) -> frozenset[str]:
        return frozenset(one.array for one in self.clones)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        return tuple((one.array, pair) for one in self.clones for pair in one.pairs)


@dataclass(frozen=True)
class Regime:
    """All definitions that are in force at one time, and what is protected."""

    services: dict[str, Definition]
    protected: frozenset[tuple[str, str]] = frozenset()

    @cached_property
    def sources(self) -> frozenset[tuple[str, str]]:
        return frozenset(
            (clone.array, source)
            for one in self.services.values()
            for clone in one.clones
            for source in clone.sources
        )
