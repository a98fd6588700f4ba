"""A database server whose clock the tests set: it judges leases by its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import text

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from flashd.adapters.stores.store import SqlStore
    from flashd.ports.store import Store

# In front of the server's own function of that name.
CLOCK = (
    "CREATE TABLE IF NOT EXISTS hands (at timestamptz NOT NULL)",
    """CREATE OR REPLACE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
       'SELECT coalesce((SELECT max(at) FROM hands), pg_catalog.clock_timestamp())'""",
)


async def at_the_server(store: SqlStore) -> Store:
    """Have a server's clock show what the caller of a lease says; a file has no clock."""
    if await store._reading.run(lambda connection: connection.dialect.name) == "sqlite":
        return store
    await store._writing.run(_prepare)
    return cast("Store", _Told(store))


def _prepare(connection: Connection) -> None:
    for statement in CLOCK:
        connection.execute(text(statement))


class _Told:
    """A store before whose leases are asked for, the server's clock is set."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    async def acquire(self, names: Any, holder: Any, now: datetime) -> object:  # noqa: ANN401
        await set_clock(self._store, now)
        return await self._store.acquire(names, holder, now)

    async def renew(self, holder: Any, now: datetime) -> int:  # noqa: ANN401
        await set_clock(self._store, now)
        return await self._store.renew(holder, now)

    def __getattr__(self, name: str) -> object:
        found: object = getattr(self._store, name)
        return found


async def set_clock(store: SqlStore, now: datetime) -> None:
    """Set the server's clock."""

    def turn(connection: Connection) -> None:
        connection.execute(text("DELETE FROM hands"))
        connection.execute(text("INSERT INTO hands VALUES (:now)"), {"now": now})

    await store._writing.run(turn)
