"""What people want left alone."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, or_, select, update

from flashd.adapters.stores.dialect import upsert
from flashd.adapters.stores.lane import Lanes
from flashd.adapters.stores.nouns import hold_of
from flashd.adapters.stores.schema import holds
from flashd.adapters.stores.standings import look_again
from flashd.core.holds import scopes_over

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Select

    from flashd.model.hold import Hold, Scope


# Made once: it is asked each second.
_RIPE = select(holds).where(
    or_(holds.c.until_at <= bindparam("now"), holds.c.remind_at <= bindparam("now"))
)


class SqlHolds(Lanes):
    """`flashd.ports.store.Holds`."""

    async def holds(self) -> Mapping[Scope, Hold]:
        """Tell all, by scope."""
        return await self._reading.run(stored_holds)

    async def covering(self, service: str, arrays: Iterable[str]) -> Mapping[Scope, Hold]:
        """Tell those over one service."""
        over = tuple(arrays)
        return await self._reading.run(partial(holds_over, service=service, arrays=over))

    async def ripe(self, now: datetime) -> Sequence[Hold]:
        """Tell those that have ended or are to be reminded of, by two indexes."""
        return await self._reading.run(partial(ripe_holds, now=now))

    async def hold(
        self, holds: Sequence[Hold], services: Iterable[str], now: datetime
    ) -> Sequence[Hold]:
        """Write all of them or none; tells what they replaced."""
        work = partial(_hold, wanted=tuple(holds), services=tuple(services), now=now)
        return await self._writing.run(work)

    async def lift(
        self, scopes: Iterable[Scope], services: Iterable[str], now: datetime
    ) -> Sequence[Hold]:
        """Remove the holds of these scopes; of two who do so, one is told them."""
        work = partial(_lift, scopes=tuple(scopes), services=tuple(services), now=now)
        return await self._writing.run(work)

    async def lift_ended(self, now: datetime) -> Sequence[Hold]:
        """Remove those that have ended; one that was prolonged stays."""
        return await self._writing.run(partial(_lift_ended, now=now))

    async def remind(self, reminders: Sequence[tuple[Hold, datetime | None]]) -> Sequence[Hold]:
        """Write when to remind of each hold next, unless it was changed meanwhile."""
        return await self._writing.run(partial(_remind, reminders=tuple(reminders)))


def holds_over(connection: Connection, service: str, arrays: Iterable[str]) -> dict[Scope, Hold]:
    """Tell the holds over one service, as part of a transaction."""
    scopes = scopes_over(service, arrays)
    named = {f"kind{n}": str(one.kind) for n, one in enumerate(scopes)}
    named |= {f"name{n}": one.name for n, one in enumerate(scopes)}
    return _found(connection, _any_of(len(scopes)), named)


def stored_holds(connection: Connection) -> dict[Scope, Hold]:
    """Tell all, as part of a transaction."""
    return _found(connection, select(holds).order_by(holds.c.kind, holds.c.name))


def ripe_holds(connection: Connection, now: datetime) -> list[Hold]:
    """Tell the holds that have ended or are to be reminded of, as part of a transaction."""
    return list(_found(connection, _RIPE, {"now": now}).values())


def _hold(
    connection: Connection, wanted: Sequence[Hold], services: Sequence[str], now: datetime
) -> list[Hold]:
    replaced = [found for one in wanted for found in _one(connection, one.scope)]
    upsert(connection, holds, [row_of(one) for one in wanted])
    look_again(connection, now, services)
    return replaced


def _lift(
    connection: Connection, scopes: Sequence[Scope], services: Sequence[str], now: datetime
) -> list[Hold]:
    lifted = [found for scope in scopes for found in _one(connection, scope)]
    _remove(connection, lifted)
    look_again(connection, now, services)
    return lifted


def _lift_ended(connection: Connection, now: datetime) -> list[Hold]:
    ended = list(_found(connection, select(holds).where(holds.c.until_at <= now)).values())
    _remove(connection, ended)
    return ended


def _remind(
    connection: Connection, reminders: Sequence[tuple[Hold, datetime | None]]
) -> list[Hold]:
    return [hold for hold, at in reminders if _remind_of(connection, hold, at)]


def _remind_of(connection: Connection, hold: Hold, at: datetime | None) -> bool:
    same = (
        _is(hold.scope),
        holds.c.since_at == hold.since,
        holds.c.remind_at.is_not_distinct_from(hold.remind_at),
    )
    return connection.execute(update(holds).where(*same).values(remind_at=at)).rowcount == 1


def _one(connection: Connection, scope: Scope) -> Iterable[Hold]:
    return _found(connection, select(holds).where(_is(scope))).values()


def _remove(connection: Connection, lifted: Sequence[Hold]) -> None:
    this = and_(holds.c.kind == bindparam("of"), holds.c.name == bindparam("named"))
    gone = [{"of": one.scope.kind, "named": one.scope.name} for one in lifted]
    if gone:
        connection.execute(delete(holds).where(this), gone)


def _found(
    connection: Connection, query: Select[Any], named: Mapping[str, object] | None = None
) -> dict[Scope, Hold]:
    found = (hold_of(row) for row in connection.execute(query, named))
    return {hold.scope: hold for hold in found}


@cache
def _any_of(number: int) -> Select[Any]:
    """Ask for the holds of so many scopes."""
    return select(holds).where(
        or_(
            *(
                and_(holds.c.kind == bindparam(f"kind{n}"), holds.c.name == bindparam(f"name{n}"))
                for n in range(number)
            )
        )
    )


def _is(scope: Scope) -> ColumnElement[bool]:
    return and_(holds.c.kind == scope.kind, holds.c.name == scope.name)


def row_of(hold: Hold) -> dict[str, object]:
    """Write a hold as its table has it."""
    return {
        "kind": hold.scope.kind,
        "name": hold.scope.name,
        "reason": hold.reason,
        "held_by": hold.by,
        "since_at": hold.since,
        "until_at": hold.until,
        "remind_at": hold.remind_at,
    }
