"""Reading the journal: each question is one query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, true

from flashd.adapters.stores.nouns import runs_of
from flashd.adapters.stores.schema import runs, steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, Select

    from flashd.model.run import RunRecord

_NEWEST_FIRST = runs.c.nr.desc()


def still_open(connection: Connection) -> list[RunRecord]:
    """Tell the runs without an end, oldest first."""
    return runs_of(connection.execute(_STILL_OPEN))


def newest(connection: Connection, services: Sequence[str] | None, limit: int) -> list[RunRecord]:
    """Tell the newest runs, newest first."""
    chosen = select(runs.c.nr).order_by(_NEWEST_FIRST).limit(limit)
    if services is not None:
        chosen = chosen.where(runs.c.service.in_(services))
    return runs_of(connection.execute(_with_steps(chosen, _NEWEST_FIRST)))


def last_of_each(connection: Connection) -> dict[str, RunRecord]:
    """Tell each service's newest run that acted."""
    return {run.service: run for run in runs_of(connection.execute(_LAST_OF_EACH))}


def _last_of_each() -> Select[Any]:
    """Choose by two look-ups in the index a service, however long the history is.

    Neither SQLite nor PostgreSQL skips through an index for a GROUP BY; both do it for a query
    that asks for the next service after the last one found.
    """
    acted = runs.c.acted.is_(true())
    found = select(func.min(runs.c.service).label("service")).where(acted).cte(recursive=True)
    following = select(func.min(runs.c.service)).where(acted, runs.c.service > found.c.service)
    found = found.union_all(select(following.scalar_subquery()).where(found.c.service.is_not(None)))
    last = select(func.max(runs.c.nr)).where(acted, runs.c.service == found.c.service)
    return select(last.scalar_subquery()).where(found.c.service.is_not(None))


def _with_steps(chosen: Select[Any], order: ColumnElement[Any]) -> Select[Any]:
    """Ask for the chosen runs with their steps, by one query."""
    return (
        select(runs, steps)
        .join(steps, steps.c.run == runs.c.id, isouter=True)
        .where(runs.c.nr.in_(chosen))
        .order_by(order, steps.c.seq)
    )


_STILL_OPEN = _with_steps(select(runs.c.nr).where(runs.c.ended_at.is_(None)), runs.c.nr.asc())
_LAST_OF_EACH = _with_steps(_last_of_each(), _NEWEST_FIRST)
