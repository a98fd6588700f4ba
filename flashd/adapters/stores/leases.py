"""One at a time, across threads, processes and nodes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, select, update

from flashd.adapters.stores.dialect import lease_time, upsert
from flashd.adapters.stores.lane import Lanes
from flashd.adapters.stores.schema import leases
from flashd.errors import StoreError
from flashd.model.lease import FOREIGN_LEASE, Held, Holder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from flashd.adapters.stores.lane import Lane
    from flashd.ports.host import Host


# Statements are made once: to put one together takes longer than to have it done.
_AMONG = leases.c.name.in_(bindparam("names", expanding=True))
_NAMED = select(leases).where(_AMONG)
_HIS = and_(
    leases.c.host == bindparam("of_host"),
    leases.c.boot_id == bindparam("of_boot"),
    leases.c.pid == bindparam("of_pid"),
    leases.c.started == bindparam("of_start"),
    leases.c.token == bindparam("of_token"),
)
_RELEASE = delete(leases).where(_AMONG, _HIS)
_RENEW = update(leases).where(_HIS)


@dataclass(frozen=True, slots=True)
class Claim:
    """Leases that are asked for, by whom, and when."""

    names: Sequence[str]
    holder: Holder
    now: datetime


class SqlLeases(Lanes):
    """`flashd.ports.store.Leases`."""

    def __init__(self, writing: Lane, reading: Lane, host: Host) -> None:
        super().__init__(writing, reading)
        self._host = host

    async def acquire(self, names: Sequence[str], holder: Holder, now: datetime) -> Held | None:
        """Take all of `names` or none; who has some of them already keeps those."""
        claim = Claim(tuple(dict.fromkeys(names)), holder, now)
        return await self._taking(holder, partial(acquire, claim=claim, host=self._host))

    async def _taking(self, holder: Holder, work: Callable[..., Held | None]) -> Held | None:
        """Do `work`, which notes in `taken` what leases it takes.

        Cancelled, it gives back what it may have taken: nobody would know of it.
        """
        taken: list[str] = []
        try:
            return await self._writing.run(partial(work, taken=taken))
        except asyncio.CancelledError:
            self._writing.later(partial(release, names=taken, holder=holder))
            raise

    async def renew(self, holder: Holder, now: datetime) -> int:
        """Keep what `holder` has."""
        return await self._writing.run(partial(_renew, holder=holder, now=now))

    async def release(self, names: Sequence[str], holder: Holder) -> None:
        """Give back; a lease that somebody else has by now is left alone."""
        await self._writing.run(partial(release, names=names, holder=holder))

    async def held(self) -> Mapping[str, Held]:
        """Tell all leases."""
        return await self._reading.run(_held)


def refuse_unless_held(connection: Connection, names: Iterable[str], holder: Holder) -> None:
    """Raise unless `holder` has every one of these leases."""
    wanted = dict.fromkeys(names)
    theirs = {row.name: row for row in _rows(connection, wanted)} if wanted else {}
    for name in wanted:
        row = theirs.get(name)
        if row is None or _holder(row) != holder:
            now = f"{_holder(row)} has it" if row else "nobody has it"
            raise StoreError(
                f"the lease of {name} was lost: {now}",
                "Nothing was sent. Another flashd took over: look at `flashd history`.",
            )


def acquire(connection: Connection, claim: Claim, host: Host, taken: list[str]) -> Held | None:
    """Take what is claimed and add it to `taken`, or tell who is in the way."""
    claim = replace(claim, now=lease_time(connection, claim.now))
    there = {row.name: row for row in _rows(connection, claim.names)}
    for name in claim.names:
        row = there.get(name)
        if row and _in_the_way(row, claim, host):
            return Held(name, _holder(row), row.since_at)
    kept = {name: row.since_at for name, row in there.items() if _holder(row) == claim.holder}
    rows = [_row(name, claim, kept.get(name, claim.now)) for name in claim.names]
    upsert(connection, leases, rows)
    taken += [name for name in claim.names if name not in kept]
    return None


def valid(connection: Connection, host: Host, now: datetime) -> list[Held]:
    """Tell the leases that are in anybody's way."""
    now = lease_time(connection, now)
    rows = connection.execute(select(leases).order_by(leases.c.name))
    return [Held(row.name, _holder(row), row.since_at) for row in rows if _valid(row, host, now)]


def _in_the_way(row: Row[Any], claim: Claim, host: Host) -> bool:
    return _holder(row) != claim.holder and _valid(row, host, claim.now)


def _valid(row: Row[Any], host: Host, now: datetime) -> bool:
    gone = host.gone(_holder(row))
    if gone is None:
        return bool(now < row.renewed_at + FOREIGN_LEASE)
    return not gone


def _renew(connection: Connection, holder: Holder, now: datetime) -> int:
    now = lease_time(connection, now)
    kept = connection.execute(_RENEW, {"renewed_at": now, **_of(holder)})
    return kept.rowcount


def release(connection: Connection, names: Sequence[str], holder: Holder) -> None:
    """Give back those that are the holder's still, as part of a transaction."""
    connection.execute(_RELEASE, {"names": list(names), **_of(holder)})


def _held(connection: Connection) -> dict[str, Held]:
    rows = connection.execute(select(leases).order_by(leases.c.name))
    return {row.name: Held(row.name, _holder(row), row.since_at) for row in rows}


def held_of(connection: Connection, names: Iterable[str]) -> dict[str, Held]:
    """Tell who has which of these, as part of a transaction."""
    return {
        row.name: Held(row.name, _holder(row), row.since_at) for row in _rows(connection, names)
    }


def _rows(connection: Connection, names: Iterable[str]) -> Iterable[Row[Any]]:
    return connection.execute(_NAMED, {"names": list(names)})


def _of(holder: Holder) -> dict[str, object]:
    return {
        "of_host": holder.host,
        "of_boot": holder.boot_id,
        "of_pid": holder.pid,
        "of_start": holder.started,
        "of_token": holder.token,
    }


def _holder(row: Row[Any]) -> Holder:
    return Holder(row.host, row.boot_id, row.pid, row.started, row.token)


def _row(name: str, claim: Claim, since: datetime) -> dict[str, object]:
    holder = claim.holder
    return {
        "name": name,
        "host": holder.host,
        "boot_id": holder.boot_id,
        "pid": holder.pid,
        "started": holder.started,
        "token": holder.token,
        "since_at": since,
        "renewed_at": claim.now,
    }
