"""The real store, asked only for what has changed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar, cast

from flashd.adapters.stores.seen import Known, Setting, advance, after_failure, after_success
from flashd.adapters.stores.store import SqlStore
from flashd.core.holds import scopes_over
from flashd.errors import StoreError
from flashd.model.agenda import Agenda
from flashd.model.footing import Footing, Past, Say
from flashd.model.lease import FOREIGN_LEASE, Held
from flashd.model.observation import ArrayRecord, Standing
from flashd.model.run import StepKind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    from flashd.adapters.stores.lane import Lane
    from flashd.model.enrolment import Enrolment
    from flashd.model.hold import Hold, Scope
    from flashd.model.lease import Holder
    from flashd.model.observation import Breaker, Sighting, Withdrawal
    from flashd.model.run import Answer, Intent, Outcome, RunRecord
    from flashd.model.volumes import Listing, Pair
    from flashd.ports.host import Host

T = TypeVar("T")

WITHDRAWALS, RUNS, HOLDS, BREAKERS = "withdrawals", "runs", "holds", "breakers"
ENROLMENTS, ENROLMENT = "enrolments", "enrolment"


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
    into leases that nobody else could want. Sightings, standings and leases are kept in memory, by
    the rules of their tables; of the others, what was read is kept until it is written to.
    """

    def __init__(self, writing: Lane, reading: Lane, host: Host) -> None:
        super().__init__(writing, reading, host)
        self._kept = Kept()
        self._known: dict[str, dict[Pair, Known]] = {}
        self._seen: dict[str, ArrayRecord] = {}
        self._standings: dict[str, Standing] = {}
        self._leases: dict[str, Held] = {}
        self.released = asyncio.Event()
        self._renewed: dict[str, datetime] = {}

    async def record_listing(self, listing: Listing, pairs: Iterable[Pair]) -> None:
        """See `Observations`."""
        wanted = tuple(dict.fromkeys(pairs))
        known = self._known.setdefault(listing.array, {})
        opened = {
            one.pair
            for one in await self.withdrawals([listing.array])
            if (seen := known.get(one.pair)) is None
            or seen.sighting.observed_at <= listing.began_at
        }
        if any(pair.target in other.volumes for pair in opened for other in listing.relations):
            self._kept.drop(WITHDRAWALS)
            await super().record_listing(listing, opened)  # closes those there again, or taken
        known |= {
            pair: advance(before, listing, pair)
            for pair in wanted
            if (before := known.get(pair)) is None
            or before.sighting.observed_at <= listing.began_at
        }
        record = self._seen.get(listing.array, ArrayRecord(array=listing.array))
        self._seen[listing.array] = after_success(record, listing)

    async def record_failure(self, record: ArrayRecord) -> None:
        """See `Observations`."""
        before = self._seen.get(record.array, ArrayRecord(array=record.array))
        self._seen[record.array] = after_failure(before, record)

    async def sightings(self, arrays: Iterable[str] | None = None) -> Sequence[Sighting]:
        """See `Observations`."""
        of = sorted(self._known) if arrays is None else sorted(set(arrays))
        return [one.sighting for array in of for one in self._known.get(array, {}).values()]

    async def arrays(self) -> Mapping[str, ArrayRecord]:
        """See `Observations`."""
        return dict(self._seen)

    async def withdrawals(self, arrays: Iterable[str] | None = None) -> Sequence[Withdrawal]:
        """See `Observations`."""
        found = await self._kept.get(WITHDRAWALS, None, lambda: SqlStore.withdrawals(self))
        of = None if arrays is None else set(arrays)
        return found if of is None else [one for one in found if one.array in of]

    async def clock_set(
        self, now: datetime, by: timedelta, zones: Mapping[str, ZoneInfo | None]
    ) -> None:
        """See `Observations`."""
        setting = Setting(now, by, zones)
        self._known = {
            array: {pair: setting.known(one) for pair, one in known.items()}
            for array, known in self._known.items()
        }
        self._seen = {array: setting.record(one) for array, one in self._seen.items()}
        self._kept.drop(WITHDRAWALS)
        await super().clock_set(now, by, zones)  # of those that are in tables

    async def forget_pairs(self, keep: Iterable[tuple[str, Pair]]) -> None:
        """See `Observations`."""
        wanted = set(keep)
        self._known = {
            array: {pair: one for pair, one in known.items() if (array, pair) in wanted}
            for array, known in self._known.items()
        }

    async def open_runs(self) -> Sequence[RunRecord]:
        """See `Runs`."""
        return await self._kept.get(RUNS, None, lambda: SqlStore.open_runs(self))

    async def open_run(self, run: RunRecord) -> None:
        """See `Runs`."""
        self._kept.drop(RUNS)
        await super().open_run(run)

    async def intend(self, intent: Intent, leases: Sequence[str], holder: Holder) -> Hold | None:
        """See `Runs`."""
        self._kept.drop(RUNS)
        if intent.step.kind is StepKind.WITHDRAW:
            self._kept.drop(WITHDRAWALS)
        if lost := [one for one in leases if not self._has(holder, one)]:
            held = self._leases.get(lost[0])
            now = f"{held.by} has it" if held else "nobody has it"
            raise StoreError(f"the lease of {lost[0]} was lost: {now}", "Report it as a bug.")
        return await super().intend(intent, (), holder)

    async def answered(self, run: str, seq: int, answer: Answer) -> None:
        """See `Runs`."""
        self._kept.drop(RUNS)
        await super().answered(run, seq, answer)

    async def unsent(self, run: str, seq: int, reason: str) -> None:
        """See `Runs`."""
        self._kept.drop(RUNS, WITHDRAWALS)
        await super().unsent(run, seq, reason)

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

    async def footing(self, service: str, clones: Sequence[tuple[str, Pair]]) -> Footing:
        """See `Turns`."""
        arrays, enrolment = {array for array, _ in clones}, await self.enrolment(service)
        withdrawn = await self.withdrawals(arrays)
        return Footing(
            holds=await self.covering(service, arrays),
            withdrawals=[one for one in withdrawn if (one.array, one.pair) in clones],
            enrolment=enrolment,
            others={} if enrolment else await self.enrolments(),
        )

    async def past(self, array: str, pairs: Sequence[Pair]) -> Past:
        """See `Turns`."""
        known = self._known.get(array, {})
        return Past(
            sightings=[known[pair].sighting for pair in pairs if pair in known],
            withdrawals=[one for one in await self.withdrawals([array]) if one.pair in pairs],
        )

    async def say(self, service: str, arrays: Sequence[str], leases: Sequence[str]) -> Say:
        """See `Turns`."""
        return Say(
            leases={name: self._leases[name] for name in leases if name in self._leases},
            holds=await self.covering(service, arrays),
            enrolment=await self.enrolment(service),
        )

    async def begin(self, run: RunRecord, leases: Sequence[str], holder: Holder) -> Held | None:
        """See `Turns`."""
        held = await self.acquire(leases, holder, run.started_at)
        if held is None:
            await self.open_run(run)
        return held

    async def answered_last(
        self, run: str, seq: int, answer: Answer, leases: Sequence[str], holder: Holder
    ) -> None:
        """See `Turns`."""
        await self.answered(run, seq, answer)
        await self.release(leases, holder)

    async def enlist(self, services: Iterable[str], now: datetime) -> None:
        """See `Standings`."""
        self._standings = {
            name: self._standings.get(name) or Standing(service=name, look_at=now)
            for name in sorted(set(services))
        }

    async def due(self, now: datetime) -> Sequence[str]:
        """See `Standings`."""
        looks = ((one.look_at, name) for name, one in self._standings.items())
        return [name for _, name in sorted((at, name) for at, name in looks if at and at <= now)]

    async def standings(self, services: Iterable[str] | None = None) -> Mapping[str, Standing]:
        """See `Standings`."""
        if services is None:
            return dict(self._standings)
        return {name: self._standings[name] for name in services if name in self._standings}

    async def stand(self, standings: Iterable[Standing]) -> None:
        """See `Standings`."""
        self._standings |= {one.service: one for one in standings}

    async def look_again(self, now: datetime, services: Iterable[str] | None = None) -> None:
        """See `Standings`."""
        for name in tuple(self._standings if services is None else services):
            one = self._standings.get(name)
            if one is not None and (one.look_at is None or one.look_at > now):
                self._standings[name] = replace(one, look_at=now)

    async def holds(self) -> Mapping[Scope, Hold]:
        """See `Holds`."""
        return await self._kept.get(HOLDS, None, lambda: SqlStore.holds(self))

    async def covering(self, service: str, arrays: Iterable[str]) -> Mapping[Scope, Hold]:
        """See `Holds`."""
        held = await self.holds()
        return {one: held[one] for one in scopes_over(service, arrays) if one in held}

    async def agenda(self, now: datetime) -> Agenda:
        """See `Ticks`."""
        return Agenda(
            due=await self.due(now),
            open_runs=await self.open_runs(),
            ripe=await self.ripe(now),
            arrays=await self.arrays(),
        )

    async def ripe(self, now: datetime) -> Sequence[Hold]:
        """See `Holds`."""
        ends = ((one.until, one.remind_at) for one in (await self.holds()).values())
        ripe = any(at is not None and at <= now for both in ends for at in both)
        return await SqlStore.ripe(self, now) if ripe else []

    async def hold(
        self, holds: Sequence[Hold], services: Iterable[str], now: datetime
    ) -> Sequence[Hold]:
        """See `Holds`."""
        self._kept.drop(HOLDS)
        await self.look_again(now, services)
        return await super().hold(holds, (), now)

    async def lift(
        self, scopes: Iterable[Scope], services: Iterable[str], now: datetime
    ) -> Sequence[Hold]:
        """See `Holds`."""
        self._kept.drop(HOLDS)
        await self.look_again(now, services)
        return await super().lift(scopes, (), now)

    async def lift_ended(self, now: datetime) -> Sequence[Hold]:
        """See `Holds`."""
        self._kept.drop(HOLDS)
        return await super().lift_ended(now)

    async def remind(self, reminders: Sequence[tuple[Hold, datetime | None]]) -> Sequence[Hold]:
        """See `Holds`."""
        self._kept.drop(HOLDS)
        return await super().remind(reminders)

    async def enroll(self, wanted: Sequence[Enrolment], now: datetime) -> Mapping[str, Enrolment]:
        """See `Enrolments`."""
        self._kept.drop(ENROLMENTS, ENROLMENT)
        await self.look_again(now, [one.service for one in wanted])
        return await super().enroll(wanted, now)

    async def enrolment(self, service: str) -> Enrolment | None:
        """See `Enrolments`."""
        return await self._kept.get(ENROLMENT, service, lambda: SqlStore.enrolment(self, service))

    async def enrolments(self) -> Mapping[str, Enrolment]:
        """See `Enrolments`."""
        return await self._kept.get(ENROLMENTS, None, lambda: SqlStore.enrolments(self))

    async def time(self, now: datetime) -> datetime:
        """Tell the time that is told: beside a file it is the caller's."""
        return now

    async def breaker(self, array: str) -> Breaker | None:
        """See `Breakers`."""
        return await self._kept.get(BREAKERS, array, lambda: SqlStore.breaker(self, array))

    async def open_breaker(self, breaker: Breaker) -> None:
        """See `Breakers`."""
        self._kept.drop(BREAKERS)
        await super().open_breaker(breaker)

    async def close_breaker(self, array: str) -> None:
        """See `Breakers`."""
        self._kept.drop(BREAKERS)
        await super().close_breaker(array)

    async def held(self) -> Mapping[str, Held]:
        """See `Leases`."""
        return dict(self._leases)

    async def acquire(self, names: Sequence[str], holder: Holder, now: datetime) -> Held | None:
        """See `Leases`."""
        for name in names:
            if self._in_the_way(name, holder, now):
                return self._leases[name]
        for name in names:
            if not self._has(holder, name):
                self._leases[name] = Held(name, holder, now)
            self._renewed[name] = now
        return None

    async def renew(self, holder: Holder, now: datetime) -> int:
        """See `Leases`."""
        mine = [name for name, held in self._leases.items() if held.by == holder]
        self._renewed |= dict.fromkeys(mine, now)
        return len(mine)

    async def release(self, names: Sequence[str], holder: Holder) -> None:
        """See `Leases`."""
        for name in names:
            if self._has(holder, name):
                del self._leases[name]
        self.released.set()  # who waits now is woken, who comes later waits for the next
        self.released.clear()

    def _has(self, holder: Holder, name: str) -> bool:
        return name in self._leases and self._leases[name].by == holder

    def _in_the_way(self, name: str, holder: Holder, now: datetime) -> bool:
        if name not in self._leases or self._has(holder, name):
            return False
        gone = self._host.gone(self._leases[name].by)
        return now < self._renewed[name] + FOREIGN_LEASE if gone is None else not gone
