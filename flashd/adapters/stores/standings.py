"""Where each service stands, and when to look at it again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, or_, select, update

from flashd.adapters.stores.dialect import add_missing, upsert
from flashd.adapters.stores.lane import Lanes
from flashd.adapters.stores.nouns import standing_of
from flashd.adapters.stores.schema import standings
from flashd.model.observation import Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection


# Made once: it is asked each second.
_DUE = (
    select(standings.c.service)
    .where(standings.c.look_at <= bindparam("now"))
    .order_by(standings.c.look_at, standings.c.service)
)

AT_ONCE = 1000
"""Of so many services at most one query asks: a database takes so many values and no more."""

_THESE = select(standings).where(standings.c.service.in_(bindparam("names", expanding=True)))


class SqlStandings(Lanes):
    """`flashd.ports.store.Standings`."""

    async def enlist(self, services: Iterable[str], now: datetime) -> None:
        """Make the standings those of exactly these services; those that stay keep theirs."""
        await self._writing.run(partial(_enlist, services=frozenset(services), now=now))

    async def due(self, now: datetime) -> Sequence[str]:
        """Tell the services to look at, the longest overdue first."""
        return await self._reading.run(partial(due_services, now=now))

    async def standings(self, services: Iterable[str] | None = None) -> Mapping[str, Standing]:
        """Tell those of these services, or all."""
        of = None if services is None else sorted(set(services))
        return await self._reading.run(partial(stored_standings, services=of))

    async def stand(self, standings: Iterable[Standing]) -> None:
        """Write these standings."""
        rows = [_row(standing) for standing in standings]
        if rows:  # after most listings nothing stands otherwise than before
            await self._writing.run(partial(_stand, rows=rows))

    async def look_again(self, now: datetime, services: Iterable[str] | None = None) -> None:
        """Have these services looked at `now`, or every one; one that is overdue keeps its turn."""
        of = None if services is None else tuple(services)
        await self._writing.run(partial(look_again, now=now, services=of))


def _enlist(connection: Connection, services: frozenset[str], now: datetime) -> None:
    there = set(connection.scalars(select(standings.c.service)))
    gone = [{"gone": service} for service in sorted(there - services)]
    if gone:
        connection.execute(delete(standings).where(standings.c.service == bindparam("gone")), gone)
    new = [_row(Standing(service=name, look_at=now)) for name in sorted(services - there)]
    add_missing(connection, standings, new)


def due_services(connection: Connection, now: datetime) -> list[str]:
    """Tell the services to look at, as part of a transaction."""
    return list(connection.scalars(_DUE, {"now": now}))


def stored_standings(
    connection: Connection, services: Sequence[str] | None = None
) -> dict[str, Standing]:
    """Tell those of these services, or all, as part of a transaction."""
    if services is None:
        return {row.service: standing_of(row) for row in connection.execute(select(standings))}
    some = (services[at : at + AT_ONCE] for at in range(0, len(services), AT_ONCE))
    rows = (row for names in some for row in connection.execute(_THESE, {"names": names}))
    return {row.service: standing_of(row) for row in rows}


def _stand(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    upsert(connection, standings, rows)


def look_again(connection: Connection, now: datetime, services: Iterable[str] | None) -> None:
    """Have these services looked at `now`, or every one, as part of a transaction."""
    later = or_(standings.c.look_at.is_(None), standings.c.look_at > now)
    change = update(standings).where(later).values(look_at=now)
    if services is None:
        connection.execute(change)
    elif of := [{"of": service} for service in services]:
        connection.execute(change.where(standings.c.service == bindparam("of")), of)


def _row(standing: Standing) -> dict[str, object]:
    return {
        "service": standing.service,
        "decision": standing.decision,
        "reason": standing.reason,
        "since_at": standing.since,
        "look_at": standing.look_at,
        "failures": standing.failures,
        "retry_at": standing.retry_at,
    }
