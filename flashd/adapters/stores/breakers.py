"""Logins that must not be tried again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from flashd.adapters.stores.dialect import upsert
from flashd.adapters.stores.lane import Lanes
from flashd.adapters.stores.schema import breakers
from flashd.model.observation import Breaker

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row


class SqlBreakers(Lanes):
    """`flashd.ports.store.Breakers`."""

    async def breaker(self, array: str) -> Breaker | None:
        """Tell the open breaker of an array."""
        return await self._reading.run(partial(_breaker, array=array))

    async def open_breaker(self, breaker: Breaker) -> None:
        """Stop logins; a later refusal replaces an earlier one."""
        await self._writing.run(partial(_open, breaker=breaker))

    async def close_breaker(self, array: str) -> None:
        """Allow logins again."""
        await self._writing.run(partial(_close, array=array))


def _breaker(connection: Connection, array: str) -> Breaker | None:
    return stored_breakers(connection).get(array)


def stored_breakers(connection: Connection) -> dict[str, Breaker]:
    """Tell all, as part of a transaction: there are as many as there are arrays, at most."""
    return {row.array: _read(row) for row in connection.execute(select(breakers))}


def _read(row: Row[Any]) -> Breaker:
    return Breaker(
        array=row.array,
        username=row.username,
        pwfile=row.pwfile,
        opened_at=row.opened_at,
        reason=row.reason,
    )


def _open(connection: Connection, breaker: Breaker) -> None:
    row = {
        "array": breaker.array,
        "username": breaker.username,
        "pwfile": breaker.pwfile,
        "opened_at": breaker.opened_at,
        "reason": breaker.reason,
    }
    upsert(connection, breakers, [row])


def _close(connection: Connection, array: str) -> None:
    connection.execute(delete(breakers).where(breakers.c.array == array))
