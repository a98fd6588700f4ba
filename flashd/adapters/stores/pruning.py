"""Taking old runs out of the journal, so that it does not grow without end."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, case, delete, exists, select, true

from flashd.adapters.stores.lane import Lanes
from flashd.adapters.stores.schema import runs, steps, withdrawals
from flashd.model.history import NOTHING_PRUNED, Pruned

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import BindParameter, ColumnElement, Connection, Select

    from flashd.model.history import Retention

_LATER = runs.alias("later")
_LATER_OF_SERVICE = and_(_LATER.c.service == runs.c.service, _LATER.c.nr > runs.c.nr)
_CLOSED = and_(
    runs.c.ended_at.is_not(None), runs.c.id.not_in(select(withdrawals.c.run).correlate(None))
)


def _superseded() -> ColumnElement[bool]:
    """Whether a later run of its service says all that anybody still asks of it.

    Asked are a service's last run, and its last one that was neither refused nor only planned.
    A CASE and no OR: for an OR, SQLite would read all runs by other indexes than the one that
    has the oldest first.
    """
    acted = exists().where(_LATER.c.acted.is_(true()), _LATER_OF_SERVICE)
    return case((runs.c.acted, acted), else_=exists().where(_LATER_OF_SERVICE))


def _expendable(which: ColumnElement[bool], order: ColumnElement[Any]) -> Select[Any]:
    most = bindparam("most", type_=runs.c.nr.type)
    return select(runs.c.id).where(which, _CLOSED, _superseded()).order_by(order).limit(most)


_SURPLUS = (
    select(runs.c.nr)
    .order_by(runs.c.nr.desc())
    .offset(bindparam("kept", type_=runs.c.nr.type))
    .limit(1)
)
_TOO_MANY = _expendable(runs.c.nr <= bindparam("surplus"), runs.c.nr)
_TOO_OLD = _expendable(runs.c.ended_at < bindparam("before"), runs.c.ended_at)

_THESE: BindParameter[str] = bindparam("these", expanding=True)
_STILL_CLOSED = select(runs.c.id, runs.c.ended_at).where(runs.c.id.in_(_THESE), _CLOSED)
_DROP_STEPS = delete(steps).where(steps.c.run.in_(_THESE))
_DROP_RUNS = delete(runs).where(runs.c.id.in_(_THESE))


class SqlPruning(Lanes):
    """`flashd.ports.store.History`."""

    async def prune(self, retention: Retention, now: datetime, most: int) -> Pruned:
        """Take out so many runs at most; they are looked for where nobody waits to write."""
        look = partial(_superfluous, retention=retention, now=now, most=most)
        if found := await self._reading.run(look):
            return await self._writing.run(partial(_drop, found=found))
        return NOTHING_PRUNED


def _superfluous(
    connection: Connection, retention: Retention, now: datetime, most: int
) -> list[str]:
    """Find runs that are too many, or too old, and that nobody needs."""
    found: list[str] = []
    surplus = connection.execute(_SURPLUS, {"kept": retention.at_most}).scalar_one_or_none()
    if surplus is not None:
        found += connection.scalars(_TOO_MANY, {"surplus": surplus, "most": most})
    if len(found) < most:
        found += connection.scalars(_TOO_OLD, {"before": now - retention.keep, "most": most})
    return list(dict.fromkeys(found))[:most]


def _drop(connection: Connection, found: Sequence[str]) -> Pruned:
    """Drop those that are closed still; a later run of its service can only have been added."""
    ends = {row.id: row.ended_at for row in connection.execute(_STILL_CLOSED, {"these": found})}
    if not ends:
        return NOTHING_PRUNED
    connection.execute(_DROP_STEPS, {"these": list(ends)})
    connection.execute(_DROP_RUNS, {"these": list(ends)})
    return Pruned(len(ends), max(ends.values()))
