"""Reading the journal: each question is one query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

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


def _with_steps(chosen: Select[Any], order: ColumnElement[Any]) -> Select[Any]:
    """Ask for the chosen runs with their steps, by one query."""
    return (
        select(runs, steps)
        .join(steps, steps.c.run == runs.c.id, isouter=True)
        .where(runs.c.nr.in_(chosen))
        .order_by(order, steps.c.seq)
    )


_STILL_OPEN = _with_steps(select(runs.c.nr).where(runs.c.ended_at.is_(None)), runs.c.nr.asc())
