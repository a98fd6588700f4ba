"""The store port: each call a transaction, in the one thread that touches the database."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from flashd.adapters.stores.sql import leases, observations, runs, standings
from flashd.adapters.stores.sql.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from flashd.model.lease import Held, Holder
    from flashd.model.observation import ArrayRecord, Breaker, Sighting, Standing, Withdrawal
    from flashd.model.run import Answer, Intent, Outcome, RunRecord
    from flashd.model.volumes import Listing, Pair
    from flashd.ports.host import Host

P = ParamSpec("P")
T = TypeVar("T")


class SqlStore:
    """A state store; `open_store` makes one."""

    def __init__(self, database: Database, host: Host) -> None:
        self._database = database
        self._host = host
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    async def _do(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do something in a transaction; begun, it is finished even if nobody waits any more."""
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(
            self._thread, lambda: self._database.transact(lambda c: act(c, *args, **kwargs))
        )
        return await asyncio.shield(work)

    async def record_listing(self, listing: Listing, pairs: Iterable[Pair]) -> None:
        """See `Observations`."""
        await self._do(observations.record_listing, listing, list(pairs))

    async def record_failure(self, record: ArrayRecord) -> None:
        """See `Observations`."""
        await self._do(observations.record_failure, record)

    async def sightings(self, arrays: Iterable[str] | None = None) -> Sequence[Sighting]:
        """See `Observations`."""
        return await self._do(observations.sightings, arrays)

    async def arrays(self) -> Mapping[str, ArrayRecord]:
        """See `Observations`."""
        return await self._do(observations.arrays)

    async def withdrawals(self, arrays: Iterable[str] | None = None) -> Sequence[Withdrawal]:
        """See `Observations`."""
        return await self._do(observations.withdrawals, arrays)

    async def forget_pairs(self, keep: Iterable[tuple[str, Pair]]) -> None:
        """See `Observations`."""
        await self._do(observations.forget_pairs, list(keep))

    async def open_run(self, run: RunRecord) -> None:
        """See `Runs`."""
        await self._do(runs.open_run, run)

    async def intend(self, intent: Intent, leases: Sequence[str], holder: Holder) -> None:
        """See `Runs`."""
        await self._do(runs.intend, intent, leases, holder)

    async def answered(self, run: str, seq: int, answer: Answer) -> None:
        """See `Runs`."""
        await self._do(runs.answered, run, seq, answer)

    async def unsent(self, run: str, seq: int, reason: str) -> None:
        """See `Runs`."""
        await self._do(runs.unsent, run, seq, reason)

    async def close_run(
        self,
        run: str,
        at: datetime,
        outcome: Outcome,
        reason: str,
        evidence: Sequence[Mapping[str, object]],
    ) -> None:
        """See `Runs`."""
        await self._do(runs.close_run, run, (at, outcome, reason), evidence)

    async def open_runs(self) -> Sequence[RunRecord]:
        """See `Runs`."""
        return await self._do(runs.open_runs)

    async def history(self, services: Iterable[str] | None, limit: int) -> Sequence[RunRecord]:
        """See `Runs`."""
        return await self._do(runs.history, services, limit)

    async def last_runs(self) -> Mapping[str, RunRecord]:
        """See `Runs`."""
        return await self._do(runs.last_runs)

    async def acquire(self, names: Sequence[str], holder: Holder, now: datetime) -> Held | None:
        """See `Leases`."""
        return await self._do(leases.acquire, names, holder, now, self._host.gone)

    async def renew(self, holder: Holder, now: datetime) -> int:
        """See `Leases`."""
        return await self._do(leases.renew, holder, now)

    async def release(self, names: Sequence[str], holder: Holder) -> None:
        """See `Leases`."""
        await self._do(leases.release, names, holder)

    async def held(self) -> Mapping[str, Held]:
        """See `Leases`."""
        return await self._do(leases.held)

    async def enlist(self, services: Iterable[str], now: datetime) -> None:
        """See `Standings`."""
        await self._do(standings.enlist, list(services), now)

    async def due(self, now: datetime) -> Sequence[str]:
        """See `Standings`."""
        return await self._do(standings.due, now)

    async def standings(self) -> Mapping[str, Standing]:
        """See `Standings`."""
        return await self._do(standings.standings)

    async def stand(self, standings_: Iterable[Standing]) -> None:
        """See `Standings`."""
        await self._do(standings.stand, list(standings_))

    async def look_again(self, now: datetime) -> None:
        """See `Standings`."""
        await self._do(standings.look_again, now)

    async def breaker(self, array: str) -> Breaker | None:
        """See `Breakers`."""
        return await self._do(standings.find_breaker, array)

    async def open_breaker(self, breaker: Breaker) -> None:
        """See `Breakers`."""
        await self._do(standings.open_breaker, breaker)

    async def close_breaker(self, array: str) -> None:
        """See `Breakers`."""
        await self._do(standings.close_breaker, array)

    async def accept(self, files: Mapping[str, str], at: datetime) -> None:
        """See `Accepted`."""
        await self._do(standings.accept, files, at)

    async def accepted(self) -> tuple[Mapping[str, str], datetime] | None:
        """See `Accepted`."""
        return await self._do(standings.last_accepted)

    async def close(self) -> None:
        """Let go of the database."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._database.close)
        self._thread.shutdown()


async def open_store(url: str, host: Host) -> SqlStore:
    """Open the store at `url`, making or migrating it; raises `StoreError`."""
    store = SqlStore(Database(url), host)
    try:
        await asyncio.get_running_loop().run_in_executor(store._thread, store._database.prepare)  # noqa: SLF001 - its maker
    except BaseException:
        await store.close()
        raise
    return store
