"""How each service stood all the time, and when an array has to be looked at next."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from flashd.core.health import assess
from flashd.core.retry import MOST
from flashd.model.health import Status
from flashd.model.observation import ArrayRecord, Picture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from collections.abc import Set as AbstractSet
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from flashd.engine.cycle import Cycle
    from flashd.model.health import Bounds
    from flashd.model.observation import Sighting, Standing, Withdrawal
    from flashd.model.run import RunRecord
    from flashd.model.service import Service
    from flashd.model.volumes import Listing, Pair, Relation
    from flashd.ports.clock import Clock

_NEXT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Stand:
    """How a service stood from `at` on, its age left out; `last` bounds its last resync."""

    at: datetime
    status: Status
    reasons: tuple[str, ...]
    last: Bounds | None


@dataclass(slots=True)
class Watch:
    """Follows what is written to the store, so that nothing has to be asked for it."""

    services: Mapping[str, Service]
    zones: Mapping[str, ZoneInfo | None]
    clock: Clock
    stands: dict[str, list[Stand]] = field(default_factory=lambda: defaultdict(list))
    records: dict[str, ArrayRecord] = field(default_factory=dict)
    open_runs: dict[str, RunRecord] = field(default_factory=dict)
    began: dict[str, datetime] = field(default_factory=dict)
    backoff_ended: Callable[[], None] = lambda: None
    _shown: dict[str, Mapping[Pair, Relation]] = field(default_factory=dict)
    _arrays_of: dict[str, tuple[str, ...]] = field(init=False)
    _services_on: dict[str, set[str]] = field(init=False)

    def __post_init__(self) -> None:
        self._arrays_of = {name: one.arrays for name, one in self.services.items()}
        self._services_on = defaultdict(set)
        for name, arrays in self._arrays_of.items():
            for array in arrays:
                self._services_on[array].add(name)

    def listed(self, listing: Listing) -> AbstractSet[str]:
        """Take in a listing; tells the services that may stand otherwise by it."""
        before, now = self._shown.get(listing.array), listing.relations
        failed = self.records.get(listing.array, ArrayRecord(array=listing.array)).failure
        self._shown[listing.array] = now
        self.records[listing.array] = ArrayRecord(array=listing.array, observed_at=listing.began_at)
        if failed:  # it was told when to be tried next, and is no more
            self.backoff_ended()
        if before is None or failed:
            return self._on(listing.array)
        changed = {pair for pair in before.keys() | now.keys() if before.get(pair) != now.get(pair)}
        return {
            name
            for name in (self._on(listing.array) if changed else ())
            for array, pair in self.services[name].clones
            if array == listing.array and pair in changed
        }

    def failed(self, record: ArrayRecord) -> AbstractSet[str]:
        """Take in that an array could not be read."""
        known = self.records.get(record.array, record)
        self.records[record.array] = record
        return self._on(record.array) if known.failure != record.failure else set()

    def _on(self, array: str) -> AbstractSet[str]:
        return self._services_on[array]

    def unsure(self, name: str) -> None:
        """Take in that the outcome of a service's run is not known."""
        before = self.stands[name][-1].last if self.stands[name] else None
        reason = "the outcome of its run is not known"
        self._stands(name, Stand(self.clock.now(), Status.UNKNOWN, (reason,), before))

    def judge(
        self,
        names: Iterable[str],
        sightings: Iterable[Sighting],
        withdrawals: Iterable[Withdrawal],
    ) -> None:
        """Note how these services stand now; one that has a run under way is left for its end."""
        busy = {run.service for run in self.open_runs.values()}
        picture = Picture(
            sightings={(one.array, one.pair): one for one in sightings},
            arrays=self.records,
            withdrawals={(one.array, one.pair): one for one in withdrawals},
            open_runs={},
            standings={},
            zones=self.zones,
        )
        for name in sorted(set(names) - busy):
            self._note(name, picture)

    def _note(self, name: str, picture: Picture) -> None:
        now = self.clock.now()
        health = assess(self.services[name], picture, now)
        last = health.last_resync
        if last is not None and last.earliest is not None:
            health = assess(self.services[name], picture, last.earliest)  # its age comes by itself
        self._stands(name, Stand(now, health.status, health.reasons, last))

    def _stands(self, name: str, stand: Stand) -> None:
        """Note how a service stands from now on.

        What it was for no time at all is nothing: which of two arrays answers first that answer at
        one instant, chance decides.
        """
        stands = self.stands[name]
        if stands and stands[-1].at == stand.at:
            stands.pop()
        if not stands or (stands[-1].status, stands[-1].last) != (stand.status, stand.last):
            stands.append(stand)

    def due_at(self, cycle: Cycle, standings: Mapping[str, Standing]) -> datetime:
        """Tell an instant before which no tick can find anything to do.

        A batch that is under way is waited for: another of the same arrays cannot begin.
        """
        pace, under_way = cycle.world.pace, cycle.under_way
        looks = [
            self._rested(arrays, max(look, self._on_wall(cycle.free_at(arrays))))
            for name, arrays in self._arrays_of.items()
            if arrays not in under_way
            and (standing := standings.get(name))
            and (look := standing.look_at) is not None
        ]
        idle: dict[tuple[str, ...], datetime] = {
            (one,): self._stale_at(one, pace.observe_interval) for one in self._services_on
        }
        idle |= {tuple(sorted(run.arrays)): self.clock.now() for run in self.open_runs.values()}
        looks += [
            self._rested(arrays, max(at, self._on_wall(cycle.rested_at(arrays))))
            for arrays, at in idle.items()
            if arrays not in under_way
        ]
        return min(looks, default=self.clock.now() + MOST)

    def _on_wall(self, steady: float) -> datetime:
        """Tell an instant of the monotonic clock by the other; what is over is now."""
        now, ahead = self.clock.now(), steady - self.clock.monotonic()
        return now + timedelta(seconds=ahead) - _NEXT if ahead > 0 else now

    def _stale_at(self, array: str, observe: timedelta) -> datetime:
        record = self.records.get(array)
        seen = record.observed_at if record else None
        return self.clock.now() if seen is None else seen + observe + _NEXT

    def _rested(self, arrays: Iterable[str], at: datetime) -> datetime:
        now = self.clock.now()
        for array in arrays:
            record = self.records.get(array)
            retry_at = record.retry_at if record else None
            if retry_at is not None and now < retry_at <= now + MOST:
                at = max(at, retry_at)
        return at
