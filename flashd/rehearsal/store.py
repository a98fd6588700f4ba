"""The real store, watched as it is written to, and asked only for what has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from flashd.adapters.stores.seen import Known, advance
from flashd.adapters.stores.store import SqlStore
from flashd.errors import StoreError
from flashd.model.lease import Held
from flashd.model.observation import ArrayRecord

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from flashd.adapters.stores.lane import Lane
    from flashd.model.hold import Hold, Scope
    from flashd.model.lease import Holder
    from flashd.model.observation import Breaker, Sighting, Standing, Withdrawal
    from flashd.model.run import Answer, Intent, Outcome, RunRecord
    from flashd.model.volumes import Listing, Pair
    from flashd.ports.host import Host
    from flashd.rehearsal.watch import Watch

T = TypeVar("T")

WITHDRAWALS, RUNS = "withdrawals", "runs"
STANDINGS, HOLDS, BREAKERS = "standings", "holds", "breakers"


class Kept:
    """Answers of the store that hold until something is written to their table."""

    def __init__(self) -> None:
        self._answers: dict[str, dict[object, object]] = {}

    async def get(self, table: str, key: object, ask: Callable[[], Awaitable[T]]) -> T:
        """Tell what was answered before, or ask."""
        answers = self._answers.setdefault(table, {})
        if key not in answers:
            answers[key] = await ask()
        return cast("T", answers[key])

    def drop(self, *tables: str) -> None:
        """Forget: something was written."""
        for table in tables:
            self._answers.pop(table, None)


class KeepingStore(SqlStore):
    """The store of one process alone: what nobody has written since need not be read again.

    Most of a month's time would go into reading the same rows for every listing of an array, and
    into leases that nobody else could want: these are kept in memory.
    """

    def __init__(self, writing: Lane, reading: Lane, host: Host) -> None:
        super().__init__(writing, reading, host)
        self._kept = Kept()
        self._known: dict[str, dict[Pair, Known]] = {}
        self._seen: dict[str, ArrayRecord] = {}
        self._leases: dict[str, Held] = {}

    async def record_listing(self, listing: Listing, pairs: Iterable[Pair]) -> None:
        """See `Observations`; what was seen is kept in memory, by the rule of the table."""
        wanted = tuple(sorted(set(pairs)))
        if await self.withdrawals([listing.array]):
            self._kept.drop(WITHDRAWALS)
            await super().record_listing(listing, wanted)  # closes those that are there again
        before = self._known.get(listing.array, {})
        known = {pair: advance(before.get(pair), listing, pair) for pair in wanted}
        self._known[listing.array] = known
        self._seen[listing.array] = ArrayRecord(array=listing.array, observed_at=listing.began_at)

    async def record_failure(self, record: ArrayRecord) -> None:
        """See `Observations`."""
        self._seen[record.array] = record

    async def sightings(self, arrays: Iterable[str] | None = None) -> Sequence[Sighting]:
        """See `Observations`."""
        of = sorted(self._known) if arrays is None else sorted(set(arrays))
        return [one.sighting for array in of for one in self._known.get(array, {}).values()]

    async def arrays(self) -> Mapping[str, ArrayRecord]:
        """See `Observations`."""
        return dict(self._seen)

    async def withdrawals(self, arrays: Iterable[str] | None = None) -> Sequence[Withdrawal]:
        """See `Observations`."""
        of = None if arrays is None else tuple(sorted(set(arrays)))
        return await self._kept.get(WITHDRAWALS, of, lambda: SqlStore.withdrawals(self, of))

    async def open_runs(self) -> Sequence[RunRecord]:
        """See `Runs`."""
        return await self._kept.get(RUNS, None, lambda: SqlStore.open_runs(self))

    async def standings(self) -> Mapping[str, Standing]:
        """See `Standings`."""
        return await self._kept.get(STANDINGS, None, lambda: SqlStore.standings(self))

    async def holds(self) -> Mapping[Scope, Hold]:
        """See `Holds`."""
        return await self._kept.get(HOLDS, None, lambda: SqlStore.holds(self))

    async def covering(self, service: str, arrays: Iterable[str]) -> Mapping[Scope, Hold]:
        """See `Holds`: there is none, since nobody holds in a rehearsal."""
        return await SqlStore.covering(self, service, arrays) if await self.holds() else {}

    async def ripe(self, now: datetime) -> Sequence[Hold]:
        """See `Holds`."""
        return await SqlStore.ripe(self, now) if await self.holds() else ()

    async def breaker(self, array: str) -> Breaker | None:
        """See `Breakers`."""
        return await self._kept.get(BREAKERS, array, lambda: SqlStore.breaker(self, array))

    async def held(self) -> Mapping[str, Held]:
        """See `Leases`."""
        return dict(self._leases)

    async def forget_pairs(self, keep: Iterable[tuple[str, Pair]]) -> None:
        """See `Observations`."""
        wanted = set(keep)
        self._known = {
            array: {pair: one for pair, one in known.items() if (array, pair) in wanted}
            for array, known in self._known.items()
        }

    async def intend(self, intent: Intent, leases: Sequence[str], holder: Holder) -> Hold | None:
        """See `Runs`."""
        self._kept.drop(RUNS, WITHDRAWALS)
        if lost := [one for one in leases if not self._has(holder, one)]:
            raise StoreError(f"the lease of {lost[0]} was lost", "Report it as a bug.")
        return await super().intend(intent, (), holder)

    async def answered(self, run: str, seq: int, answer: Answer) -> None:
        """See `Runs`."""
        self._kept.drop(RUNS)
        await super().answered(run, seq, answer)

    async def unsent(self, run: str, seq: int, reason: str) -> None:
        """See `Runs`."""
        self._kept.drop(RUNS, WITHDRAWALS)
        await super().unsent(run, seq, reason)

    async def acquire(self, names: Sequence[str], holder: Holder, now: datetime) -> Held | None:
        """See `Leases`."""
        for name in names:
            if name in self._leases and not self._has(holder, name):
                return self._leases[name]
        self._leases |= {name: self._leases.get(name) or Held(name, holder, now) for name in names}
        return None

    async def renew(self, holder: Holder, now: datetime) -> int:  # noqa: ARG002 - see `Leases`
        """See `Leases`: what one has does not get old where nobody else is."""
        return sum(one.by == holder for one in self._leases.values())

    async def release(self, names: Sequence[str], holder: Holder) -> None:
        """See `Leases`."""
        for name in names:
            if self._has(holder, name):
                del self._leases[name]

    def _has(self, holder: Holder, name: str) -> bool:
        return name in self._leases and self._leases[name].by == holder

    async def open_breaker(self, breaker: Breaker) -> None:
        """See `Breakers`."""
        self._kept.drop(BREAKERS)
        await super().open_breaker(breaker)

    async def close_breaker(self, array: str) -> None:
        """See `Breakers`."""
        self._kept.drop(BREAKERS)
        await super().close_breaker(array)


class WatchedStore(KeepingStore):
    """Writes as any store does, and tells `watch`."""

    watch: Watch

    async def record_listing(self, listing: Listing, pairs: Iterable[Pair]) -> None:
        """See `Observations`."""
        await super().record_listing(listing, pairs)
        await self._judge(self.watch.listed(listing))

    async def record_failure(self, record: ArrayRecord) -> None:
        """See `Observations`."""
        await super().record_failure(record)
        await self._judge(self.watch.failed(record))

    async def open_run(self, run: RunRecord) -> None:
        """See `Runs`."""
        self._kept.drop(RUNS)
        await super().open_run(run)
        self.watch.open_runs[run.id] = run

    async def close_run(
        self,
        run: str,
        at: datetime,
        outcome: Outcome,
        reason: str,
        evidence: Sequence[Mapping[str, object]],
    ) -> None:
        """See `Runs`."""
        self._kept.drop(RUNS)
        await super().close_run(run, at, outcome, reason, evidence)
        if (known := self.watch.open_runs.pop(run, None)) and outcome != "refused":
            await self._judge({known.service})

    async def due(self, now: datetime) -> Sequence[str]:
        """See `Standings`."""
        if not self.watch.any_due(now):
            return ()
        return await super().due(now)

    async def enlist(self, services: Iterable[str], now: datetime) -> None:
        """See `Standings`."""
        self._kept.drop(STANDINGS)
        names = tuple(services)
        await super().enlist(names, now)
        self.watch.look_at = dict.fromkeys(names, now)

    async def stand(self, standings: Iterable[Standing]) -> None:
        """See `Standings`."""
        self._kept.drop(STANDINGS)
        written = tuple(standings)
        await super().stand(written)
        self.watch.stood(written)

    async def look_again(self, now: datetime, services: Iterable[str] | None = None) -> None:
        """See `Standings`."""
        self._kept.drop(STANDINGS)
        names = None if services is None else tuple(services)
        await super().look_again(now, names)
        for name in self.watch.look_at if names is None else names:
            look = self.watch.look_at.get(name)
            self.watch.look_at[name] = now if look is None else min(look, now)

    async def _judge(self, names: set[str]) -> None:
        if names:
            arrays = {array for name in names for array in self.watch.services[name].arrays}
            self.watch.judge(names, await self.sightings(arrays), await self.withdrawals(arrays))
