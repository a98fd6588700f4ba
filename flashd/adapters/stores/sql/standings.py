"""Where services stand, which logins are stopped, and what was accepted."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from flashd.adapters.stores.sql.schema import accepted, breaker, standing
from flashd.model.observation import Breaker, Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

_CHUNK = 500


def enlist(connection: Connection, services: Iterable[str], now: datetime) -> None:
    """Make the standings those of exactly these services."""
    wanted = set(services)
    known = set(connection.execute(select(standing.c.service)).scalars())
    _remove(connection, sorted(known - wanted))
    if new := [Standing(service=name, look_at=now) for name in sorted(wanted - known)]:
        connection.execute(insert(standing), [asdict(one) for one in new])


def due(connection: Connection, now: datetime) -> list[str]:
    """Tell the services to look at, the longest overdue first."""
    query = select(standing.c.service).where(standing.c.look_at <= now).order_by(standing.c.look_at)
    return list(connection.execute(query).scalars())


def standings(connection: Connection) -> dict[str, Standing]:
    """Tell all."""
    rows = connection.execute(select(standing)).mappings()
    return {row["service"]: Standing(**row) for row in rows}


def stand(connection: Connection, of: Iterable[Standing]) -> None:
    """Write these standings; of a service that is not enlisted any more there is none."""
    known = set(connection.execute(select(standing.c.service)).scalars())
    rows = [asdict(one) for one in of if one.service in known]
    _remove(connection, [str(row["service"]) for row in rows])
    if rows:
        connection.execute(insert(standing), rows)


def look_again(connection: Connection, now: datetime) -> None:
    """Have every service looked at."""
    connection.execute(update(standing).values(look_at=now))


def _remove(connection: Connection, names: list[str]) -> None:
    for start in range(0, len(names), _CHUNK):
        chunk = names[start : start + _CHUNK]
        connection.execute(delete(standing).where(standing.c.service.in_(chunk)))


def find_breaker(connection: Connection, array: str) -> Breaker | None:
    """Tell the open breaker of an array."""
    row = connection.execute(select(breaker).where(breaker.c.array == array)).mappings().first()
    return Breaker(**row) if row else None


def open_breaker(connection: Connection, of: Breaker) -> None:
    """Stop logins."""
    close_breaker(connection, of.array)
    connection.execute(insert(breaker).values(**asdict(of)))


def close_breaker(connection: Connection, array: str) -> None:
    """Allow logins again."""
    connection.execute(delete(breaker).where(breaker.c.array == array))


def accept(connection: Connection, files: Mapping[str, str], at: datetime) -> None:
    """Remember these files as the last accepted ones."""
    connection.execute(delete(accepted))
    connection.execute(insert(accepted).values(id=1, files=dict(files), at=at))


def last_accepted(connection: Connection) -> tuple[Mapping[str, str], datetime] | None:
    """Tell the last accepted files."""
    row = connection.execute(select(accepted.c.files, accepted.c.at)).first()
    return (dict(row.files), row.at) if row else None
