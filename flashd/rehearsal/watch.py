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
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

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
    look_at: dict[str, datetime | None] = field(default_factory=dict)
    records: dict[str, ArrayRecord] = field(default_factory=dict)
    open_runs: dict[str, RunRecord] = field(default_factory=dict)
    began: dict[str, datetime] = field(default_factory=dict)
    _shown: dict[str, Mapping[Pair, Relation]] = field(default_factory=dict)

    def listed(self, listing: Listing) -> set[str]:
        """Take in a listing; tells the services that may stand otherwise by it."""
        before, now = self._shown.get(listing.array), listing.relations
        failed = self.records.get(listing.array, ArrayRecord(array=listing.array)).failure
        self._shown[listing.array] = now
        self.records[listing.array] = ArrayRecord(array=listing.array, observed_at=listing.began_at)
        if before is None or failed:
            return self._on(listing.array)
        changed = {pair for pair in before.keys() | now.keys() if before.get(pair) != now.get(pair)}
        return {
            service.name
            for service in self.services.values()
            if any(array == listing.array and pair in changed for array, pair in service.clones)
        }

    def failed(self, record: ArrayRecord) -> set[str]:
        """Take in that an array could not be read."""
        known = self.records.get(record.array, record)
        self.records[record.array] = record
        return self._on(record.array) if known.failure != record.failure else set()

    def _on(self, array: str) -> set[str]:
        return {one.name for one in self.services.values() if array in one.arrays}

    def unsure(self, name: str) -> None:
        """Take in that the outcome of a service's run is not known."""
        before = self.stands[name][-1].last if self.stands[name] else None
        reason = "the outcome of its run is not known"
        self.stands[name].append(Stand(self.clock.now(), Status.UNKNOWN, (reason,), before))

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
            last_runs={},
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
        stand = Stand(now, health.status, health.reasons, last)
        stands = self.stands[name]
        if not stands or (stands[-1].status, stands[-1].last) != (stand.status, last):
            stands.append(stand)

    def stood(self, standings: Iterable[Standing]) -> None:
        """Take in when services are to be looked at."""
        self.look_at |= {one.service: one.look_at for one in standings}

    def any_due(self, now: datetime) -> bool:
        """Whether a service is to be looked at by now."""
        return any(look is not None and look <= now for look in self.look_at.values())

    def due_at(self, under_way: Collection[tuple[str, ...]], observe: timedelta) -> datetime:
        """Tell an instant before which no tick can find anything to do.

        A batch that is under way is waited for: another of the same arrays cannot begin.
        """
        now = self.clock.now()
        if any(tuple(sorted(run.arrays)) not in under_way for run in self.open_runs.values()):
            return now
        looks = [
            self._rested(service.arrays, look)
            for name, service in self.services.items()
            if service.arrays not in under_way and (look := self.look_at.get(name)) is not None
        ]
        arrays = {array for service in self.services.values() for array in service.arrays}
        looks += [
            self._rested((array,), self._stale_at(array, observe))
            for array in arrays
            if (array,) not in under_way
        ]
        return min(looks, default=now + MOST)

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
