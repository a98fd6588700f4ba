"""The ports in memory, in virtual time: a year takes seconds."""

from __future__ import annotations

import asyncio
import heapq
from collections import defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from flashd.adapters.stores.seen import Known, advance
from flashd.core.holds import bindings
from flashd.errors import ArrayUnreachable, StoreError
from flashd.model.inventory import Inventory, Volume
from flashd.model.lease import Held, Holder
from flashd.model.observation import ArrayRecord, Standing, Withdrawal
from flashd.model.run import (
    Account,
    Answer,
    Carrier,
    Outcome,
    RunRecord,
    StepKind,
    StepRecord,
)
from flashd.model.volumes import ArrayTime, Listing, Pair, Relation, VolumeId

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
    from enum import Enum
    from random import Random

    from flashd.core.firewall import Cleared
    from flashd.model.enrolment import Enrolment
    from flashd.model.hold import Hold, Scope
    from flashd.model.observation import Breaker, Sighting
    from flashd.model.run import Intent
    from flashd.ports.array import Session, Witness


class VirtualClock:
    """Stands still until somebody moves it; who sleeps wakes when it gets there."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._steady = 1000.0
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._steady

    async def sleep(self, seconds: float) -> None:
        waking = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._steady + seconds, next(self._order), waking))
        await waking

    def move(self, by: timedelta) -> None:
        """Let time pass."""
        self._now += by
        self._steady += by.total_seconds()
        while self._sleepers and self._sleepers[0][0] <= self._steady:
            waking = heapq.heappop(self._sleepers)[2]
            if not waking.done():
                waking.set_result(None)

    def skip(self) -> None:
        """Go to where the next sleeper wakes."""
        self._sleepers = [one for one in self._sleepers if not one[2].done()]
        heapq.heapify(self._sleepers)
        assert self._sleepers, "all wait, and nobody for time"
        self.move(timedelta(seconds=self._sleepers[0][0] - self._steady + 1e-6))


class Silence:
    """Events that nobody hears."""

    def tell(self, event: Enum, message: str, facts: Mapping[str, object]) -> None:
        """Forget it."""


class MemoryHost:
    """A host on which every process of another life is gone."""

    def __init__(self) -> None:
        self.life = 1

    def holder(self, token: str) -> Holder:
        return Holder("host", "boot", self.life, self.life, token)

    def gone(self, holder: Holder) -> bool | None:
        return holder.pid != self.life

    def ours(self, carrier: Carrier) -> bool:  # noqa: ARG002 - the port's
        return False

    async def end(self, carrier: Carrier) -> bool | None:
        return carrier.host == "host" or None


@dataclass
class MemoryArray:
    """An array that tells its dates in whole seconds of UTC; trouble strikes by chance.

    `acted` is told each time the array brought pairs to a new point in time, `sent` each time a
    changing command comes in.
    """

    name: str
    clock: VirtualClock
    chance: Random
    sent: Callable[[str, Sequence[Pair]], None]
    acted: Callable[[str, Sequence[Pair]], None]
    trouble: Callable[[str], None]
    calm: bool = False
    copies: dict[Pair, tuple[datetime, datetime]] = field(default_factory=dict)
    crashing: bool = False
    made: set[Pair] = field(default_factory=set)

    async def observe(self, witness: Witness) -> Listing:  # noqa: ARG002 - the port's
        began = self.clock.now()
        self.made |= self.copies.keys()
        if self._strikes(0.002):
            self.trouble(self.name)
            raise ArrayUnreachable("the management console does not answer")
        self.clock.move(timedelta(seconds=1))
        relations = {pair: relation(pair, *dates) for pair, dates in self.copies.items()}
        return Listing(self.name, began, self.clock.now(), relations)

    async def inventory(self, witness: Witness) -> Inventory:  # noqa: ARG002 - the port's
        began = self.clock.now()
        self.clock.move(timedelta(seconds=1))
        return Inventory(
            array=self.name,
            wwnn="5005076303FFC111",
            began_at=began,
            ended_at=self.clock.now(),
            volumes={one: _volume(one) for pair in self.made for one in pair.volumes},
            groups={},
            connections=(),
            mirrored=frozenset(),
        )

    @asynccontextmanager
    async def session(self, witness: Witness) -> AsyncIterator[Session]:  # noqa: ARG002
        self.clock.move(timedelta(seconds=3))
        if self._strikes(0.01):
            self.trouble(self.name)
            raise ArrayUnreachable("no login")
        yield self

    @property
    def carrier(self) -> Carrier:
        return Carrier("host", "boot", 4711, 1)

    async def change(self, command: Cleared, pairs: Sequence[Pair], not_after: float) -> Answer:  # noqa: ARG002 - the port
        self.sent(self.name, pairs)
        verb = command.text.split()[0]
        self.clock.move(timedelta(seconds=1))
        kind = self.chance.choices(
            ["done", "lost", "dead", "refused", "crash before", "crash after"],
            [1, 0, 0, 0, 0, 0] if self.calm else [90, 3, 2, 2, 1, 2],
        )[0]
        if kind != "done":
            self.trouble(self.name)
        if kind in {"done", "lost", "crash after"}:
            self._act(verb, pairs)
        if kind.startswith("crash"):
            self.crashing = True
            await asyncio.Event().wait()
        said = {"done": Account.ACCEPTED, "refused": Account.REJECTED}.get(kind, Account.SILENT)
        return Answer(0, dict.fromkeys(pairs, said), kind == "refused", kind, "")

    def _act(self, verb: str, pairs: Sequence[Pair]) -> None:
        now = self.clock.now()
        for pair in pairs:
            if verb == "rmflash":
                del self.copies[pair]
            elif verb == "mkflash":
                self.copies[pair] = (now, now)
            else:
                self.copies[pair] = (self.copies[pair][0], now)
        if verb != "rmflash":
            self.acted(self.name, pairs)

    def _strikes(self, part: float) -> bool:
        return not self.calm and self.chance.random() < part


def _volume(name: VolumeId) -> Volume:
    return Volume(
        id=name,
        name="-",
        datatype="FB 512",
        blocks=2**21,
        groups=(),
        states=("Online", "Normal", "Normal"),
    )


def relation(
    pair: Pair, created: datetime, synced: datetime, *, recording: bool = True
) -> Relation:
    recording = not str(pair.source).startswith("F")
    return Relation(
        pair=pair,
        state="Valid",
        recording=recording,
        persistent=True,
        revertible=False,
        source_write_enabled=True,
        target_write_enabled=True,
        background_copy=True,
        out_of_sync_tracks=0,
        created=array_time(created),
        synced=array_time(synced),
        space_efficient_target=False,
    )


def array_time(instant: datetime) -> ArrayTime:
    whole = instant.astimezone(UTC).replace(microsecond=0, tzinfo=None)
    return ArrayTime(f"{whole:%a %b} {whole.day} {whole:%H:%M:%S} UTC {whole:%Y}", whole, "UTC")


class MemoryStore:
    """The store port in dictionaries; it outlives its daemons."""

    def __init__(self, host: MemoryHost) -> None:
        self._host = host
        self._known: dict[tuple[str, Pair], Known] = {}
        self._arrays: dict[str, ArrayRecord] = {}
        self._withdrawals: dict[tuple[str, Pair], tuple[Withdrawal, int]] = {}
        self._open: dict[str, RunRecord] = {}
        self._last: dict[str, RunRecord] = {}
        self._leases: dict[str, Held] = {}
        self._standings: dict[str, Standing] = {}
        self._holds: dict[Scope, Hold] = {}
        self._enrolments: dict[str, Enrolment] = {}
        self.ended: dict[str, list[RunRecord]] = defaultdict(list)

    async def record_listing(self, listing: Listing, pairs: Iterable[Pair]) -> None:
        for pair in pairs:
            clone = (listing.array, pair)
            self._known[clone] = advance(self._known.get(clone), listing, pair)
            withdrawal = self._withdrawals.get(clone)
            if withdrawal and listing.relations.get(pair) and self._over(withdrawal[0], listing):
                del self._withdrawals[clone]
        self._arrays[listing.array] = ArrayRecord(array=listing.array, observed_at=listing.began_at)

    def _over(self, withdrawal: Withdrawal, listing: Listing) -> bool:
        found = listing.relations[withdrawal.pair].created
        return withdrawal.run not in self._open or (
            found is not None and found.text != withdrawal.created
        )

    async def record_failure(self, record: ArrayRecord) -> None:
        self._arrays[record.array] = record

    async def sightings(self, arrays: Iterable[str] | None = None) -> Sequence[Sighting]:
        of = None if arrays is None else set(arrays)
        return [k.sighting for (array, _), k in self._known.items() if of is None or array in of]

    async def arrays(self) -> Mapping[str, ArrayRecord]:
        return dict(self._arrays)

    async def withdrawals(self, arrays: Iterable[str] | None = None) -> Sequence[Withdrawal]:
        of = None if arrays is None else set(arrays)
        return [w for w, _ in self._withdrawals.values() if of is None or w.array in of]

    async def forget_pairs(self, keep: Iterable[tuple[str, Pair]]) -> None:
        wanted = set(keep)
        self._known = {clone: one for clone, one in self._known.items() if clone in wanted}

    async def open_run(self, run: RunRecord) -> None:
        self._open[run.id] = run

    async def intend(self, intent: Intent, leases: Sequence[str], holder: Holder) -> Hold | None:
        if any(self._leases[name].by != holder for name in leases):
            raise StoreError("a lease was lost")
        run = self._open[intent.run]
        for hold in bindings(self._holds, run.service, run.arrays, intent.at):
            return hold
        self._open[run.id] = replace(run, steps=(*run.steps, StepRecord(intent=intent)))
        if intent.step.kind is StepKind.WITHDRAW:
            for pair in intent.step.pairs:
                withdrawal = Withdrawal(
                    array=intent.step.array,
                    pair=pair,
                    service=run.service,
                    run=run.id,
                    synced=intent.before[pair].synced,
                    created=intent.before[pair].created,
                    space_efficient=intent.step.space_efficient,
                    at=intent.at,
                )
                clone = (intent.step.array, pair)
                self._withdrawals.setdefault(clone, (withdrawal, intent.seq))
        return None

    async def answered(self, run: str, seq: int, answer: Answer) -> None:
        self._step(run, seq, answer=answer)

    async def unsent(self, run: str, seq: int, reason: str) -> None:
        self._step(run, seq, unsent=reason)
        for clone, (withdrawal, opened) in list(self._withdrawals.items()):
            if (withdrawal.run, opened) == (run, seq):
                del self._withdrawals[clone]

    def _step(self, run: str, seq: int, **changes: object) -> None:
        record = self._open[run]
        steps = [
            replace(step, **changes) if step.intent.seq == seq else step  # type: ignore[arg-type]
            for step in record.steps
        ]
        self._open[run] = replace(record, steps=tuple(steps))

    async def close_run(
        self,
        run: str,
        at: datetime,
        outcome: Outcome,
        reason: str,
        evidence: Sequence[Mapping[str, object]],  # noqa: ARG002 - the port's
    ) -> None:
        if record := self._open.pop(run, None):
            ended = replace(record, ended_at=at, outcome=outcome, reason=reason)
            self.ended[record.service].append(ended)
            if outcome is not Outcome.REFUSED:
                self._last[record.service] = ended

    async def open_runs(self) -> Sequence[RunRecord]:
        return list(self._open.values())

    async def history(self, services: Iterable[str] | None, limit: int) -> Sequence[RunRecord]:
        found = [run for name in services or self.ended for run in self.ended[name]]
        return sorted(found, key=lambda run: run.id, reverse=True)[:limit]

    async def last_runs(self) -> Mapping[str, RunRecord]:
        return self._last | {run.service: run for run in self._open.values()}

    async def acquire(self, names: Sequence[str], holder: Holder, now: datetime) -> Held | None:
        for name in names:
            held = self._leases.get(name)
            if held and held.by != holder and self._host.gone(held.by) is not True:
                return held
        self._leases |= {name: Held(name, holder, now) for name in names}
        return None

    async def renew(self, holder: Holder, now: datetime) -> int:  # noqa: ARG002 - the port's
        return sum(held.by == holder for held in self._leases.values())

    async def release(self, names: Sequence[str], holder: Holder) -> None:
        for name in names:
            if (held := self._leases.get(name)) and held.by == holder:
                del self._leases[name]

    async def held(self) -> Mapping[str, Held]:
        return dict(self._leases)

    async def enlist(self, services: Iterable[str], now: datetime) -> None:
        self._standings = {
            name: self._standings.get(name, Standing(service=name, look_at=now))
            for name in services
        }

    async def due(self, now: datetime) -> Sequence[str]:
        found = [(one.look_at, one.service) for one in self._standings.values() if one.look_at]
        return [name for at, name in sorted(found) if at <= now]

    async def standings(self) -> Mapping[str, Standing]:
        return dict(self._standings)

    async def stand(self, standings: Iterable[Standing]) -> None:
        self._standings |= {one.service: one for one in standings}

    async def look_again(self, now: datetime, services: Iterable[str] | None = None) -> None:
        of = set(self._standings if services is None else services) & set(self._standings)
        self._standings |= {n: replace(self._standings[n], look_at=now) for n in of}

    async def enrolment(self, service: str) -> Enrolment | None:
        return self._enrolments.get(service)

    async def enrolments(self) -> Mapping[str, Enrolment]:
        return dict(self._enrolments)

    async def enroll(self, wanted: Sequence[Enrolment], now: datetime) -> Mapping[str, Enrolment]:
        before = {k: v for k, v in self._enrolments.items() if k in {one.service for one in wanted}}
        self._enrolments |= {one.service: one for one in wanted}
        await self.look_again(now, [one.service for one in wanted])
        return before

    async def holds(self) -> Mapping[Scope, Hold]:
        return dict(self._holds)

    async def covering(self, service: str, arrays: Iterable[str]) -> Mapping[Scope, Hold]:
        over = tuple(arrays)
        return {s: hold for s, hold in self._holds.items() if s.covers(service, over)}

    async def ripe(self, now: datetime) -> Sequence[Hold]:
        found = self._holds.values()
        return [
            one for one in found if not one.binds(now) or (one.remind_at and one.remind_at <= now)
        ]

    async def hold(
        self, holds: Sequence[Hold], services: Iterable[str], now: datetime
    ) -> Sequence[Hold]:
        replaced = [self._holds[one.scope] for one in holds if one.scope in self._holds]
        self._holds |= {one.scope: one for one in holds}
        await self.look_again(now, services)
        return replaced

    async def lift(
        self, scopes: Iterable[Scope], services: Iterable[str], now: datetime
    ) -> Sequence[Hold]:
        await self.look_again(now, services)
        return [self._holds.pop(scope) for scope in scopes if scope in self._holds]

    async def lift_ended(self, now: datetime) -> Sequence[Hold]:
        ended = [one for one in self._holds.values() if not one.binds(now)]
        return [self._holds.pop(one.scope) for one in ended]

    async def remind(self, reminders: Sequence[tuple[Hold, datetime | None]]) -> Sequence[Hold]:
        same = [(one, at) for one, at in reminders if self._holds.get(one.scope) == one]
        self._holds |= {one.scope: replace(one, remind_at=at) for one, at in same}
        return [one for one, _ in same]

    async def breaker(self, array: str) -> Breaker | None:  # noqa: ARG002 - the port's
        return None

    async def open_breaker(self, breaker: Breaker) -> None:
        raise NotImplementedError

    async def close_breaker(self, array: str) -> None:
        raise NotImplementedError

    async def accept(self, files: Mapping[str, str], at: datetime) -> None:
        raise NotImplementedError

    async def accepted(self) -> tuple[Mapping[str, str], datetime] | None:
        return None

    async def time(self, now: datetime) -> datetime:
        return now

    async def answers(self) -> None:
        """There are no workers."""

    async def close(self) -> None:
        """Keep everything."""
