"""What the operator wants: services, their clones, and who must be down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Hashable
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    from flashd.model.volumes import Pair, VolumeId


class Windows(Protocol):
    """When a resync may run, as the engine asks it; `core.schedule` implements it."""

    def open_at(self, now: datetime) -> bool:
        """Whether `now` lies in a window, whatever ran before."""

    def allows(
        self, now: datetime, last: datetime | None, *, default_interval: bool = True
    ) -> bool:
        """Whether a run may start at `now`, the last one having been at `last`."""

    def next_start(
        self,
        now: datetime,
        last: datetime | None,
        *,
        seed: str = "",
        default_interval: bool = True,
    ) -> datetime | None:
        """Find the first instant at or after `now` at which a run may start, if there is one."""

    def next_open(self, now: datetime) -> datetime | None:
        """Find the first instant at or after `now` that lies in a window, if there is one."""

    def window_end(self, now: datetime) -> datetime | None:
        """Find the last second of the window open at `now`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How old a clone may be, and how soon it may be refreshed again."""

    min_delay: timedelta
    max_delay: timedelta
    refresh_after: timedelta | None = None

    def __post_init__(self) -> None:
        if self.min_delay >= self.max_delay:
            raise ValueError("sync_min_delay must be less than sync_max_delay")


@dataclass(frozen=True, slots=True)
class GuardSpec:
    """One way to learn whether the dependent service is down.

    `options` are the validated settings of that guard type. A guard that cannot prove can
    only veto: quiet is not down. `facts` are the settings in words, key by key, as they are pinned
    by an enrolment. `wwids` are the volumes that it looks at on a host, where it names any.
    """

    type: str
    name: str
    options: Hashable
    proves: bool
    facts: tuple[tuple[str, str], ...] = ()
    wwids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Pairs of one array that are brought to one point in time by one command.

    `hosts` are patterns of the host connections that may be mapped to the targets; None: any.
    """

    id: str
    array: str
    pairs: tuple[Pair, ...]
    recording: bool = True
    bgcopy: bool = True
    hosts: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A dependent service and the clones that it uses.

    `arrays` are those that a run needs, in the order of their leases; `clones` every pair with its
    array, in configured order; `sources` the volumes that are copied, with theirs. Each decision
    asks for them, so they are made once, with the service.
    """

    name: str
    description: str = ""
    freshness: Freshness
    schedule: Windows | None
    timezone: ZoneInfo
    guards: tuple[GuardSpec, ...]
    resources: tuple[Resource, ...]
    origin: str = field(default="", compare=False)
    arrays: tuple[str, ...] = field(init=False, compare=False, repr=False)
    clones: tuple[tuple[str, Pair], ...] = field(init=False, compare=False, repr=False)
    sources: frozenset[tuple[str, str]] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        arrays = tuple(sorted({resource.array for resource in self.resources}))
        clones = tuple((r.array, pair) for r in self.resources for pair in r.pairs)
        object.__setattr__(self, "arrays", arrays)
        object.__setattr__(self, "clones", clones)
        sources = frozenset((array, str(pair.source)) for array, pair in clones)
        object.__setattr__(self, "sources", sources)

    @property
    def volumes(self) -> frozenset[tuple[str, VolumeId]]:
        """Every volume a run touches, source or target, with its array."""
        return frozenset((array, volume) for array, pair in self.clones for volume in pair.volumes)
