"""One at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, insert, select, update

from flashd.adapters.stores.sql.schema import lease
from flashd.model.lease import FOREIGN_LEASE, Held, Holder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, RowMapping


def acquire(
    connection: Connection,
    names: Sequence[str],
    holder: Holder,
    now: datetime,
    gone: Callable[[Holder], bool | None],
) -> Held | None:
    """Take all of `names`, or none and tell who stands in the way."""
    rows = {
        row["name"]: row
        for row in connection.execute(select(lease).where(lease.c.name.in_(names))).mappings()
    }
    for name in names:
        if (row := rows.get(name)) and not _free(row, holder, now, gone):
            return _held(row)
    mine = [name for name, row in rows.items() if _holder(row) == holder]
    wanted = [name for name in dict.fromkeys(names) if name not in mine]
    if wanted:
        connection.execute(delete(lease).where(lease.c.name.in_(wanted)))
        connection.execute(insert(lease), [_row(name, holder, now) for name in wanted])
    return None


def _free(
    row: RowMapping, holder: Holder, now: datetime, gone: Callable[[Holder], bool | None]
) -> bool:
    other = _holder(row)
    if other == holder:
        return True
    match gone(other):
        case True:
            return True
        case False:
            return False
        case _:
            return bool(now - row["renewed_at"] > FOREIGN_LEASE)


def has_all(connection: Connection, names: Sequence[str], holder: Holder) -> bool:
    """Whether a holder still has all of its leases."""
    query = select(lease.c.name).where(lease.c.name.in_(names), _is(holder))
    return set(connection.execute(query).scalars()) == set(names)


def renew(connection: Connection, holder: Holder, now: datetime) -> int:
    """Keep what a holder has; tells how many leases that is."""
    result = connection.execute(update(lease).where(_is(holder)).values(renewed_at=now))
    return result.rowcount


def release(connection: Connection, names: Sequence[str], holder: Holder) -> None:
    """Give back."""
    connection.execute(delete(lease).where(lease.c.name.in_(names), _is(holder)))


def held(connection: Connection) -> Mapping[str, Held]:
    """Tell all leases."""
    rows = connection.execute(select(lease)).mappings()
    return {row["name"]: _held(row) for row in rows}


def _is(holder: Holder) -> ColumnElement[bool]:
    return and_(
        lease.c.host == holder.host,
        lease.c.boot_id == holder.boot_id,
        lease.c.pid == holder.pid,
        lease.c.started == holder.started,
        lease.c.token == holder.token,
    )


def _holder(row: RowMapping) -> Holder:
    return Holder(row["host"], row["boot_id"], row["pid"], row["started"], row["token"])


def _held(row: RowMapping) -> Held:
    return Held(row["name"], _holder(row), row["since"])


def _row(name: str, holder: Holder, now: datetime) -> dict[str, object]:
    return {
        "name": name,
        "host": holder.host,
        "boot_id": holder.boot_id,
        "pid": holder.pid,
        "started": holder.started,
        "token": holder.token,
        "since": now,
        "renewed_at": now,
    }
