"""Reading the journal: each question is one query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, true

from flashd.adapters.stores.codec import answer_of, carrier_of, marks_of, step_of
from flashd.adapters.stores.schema import runs, steps
from flashd.model.run import Intent, Outcome, RunRecord, StepRecord, Trigger

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection, Row, Select

_NEWEST_FIRST = runs.c.nr.desc()


def still_open(connection: Connection) -> list[RunRecord]:
    """Tell the runs without an end, oldest first."""
    return _records(connection, _STILL_OPEN)


def newest(connection: Connection, services: Sequence[str] | None, limit: int) -> list[RunRecord]:
    """Tell the newest runs, newest first."""
    chosen = select(runs.c.nr).order_by(_NEWEST_FIRST).limit(limit)
    if services is not None:
        chosen = chosen.where(runs.c.service.in_(services))
    return _records(connection, _with_steps(chosen, _NEWEST_FIRST))


def last_of_each(connection: Connection) -> dict[str, RunRecord]:
    """Tell each service's newest run that acted."""
    return {run.service: run for run in _records(connection, _LAST_OF_EACH)}


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


def _records(connection: Connection, query: Select[Any]) -> list[RunRecord]:
    rows_of: dict[int, list[Row[Any]]] = {}
    for row in connection.execute(query):
        rows_of.setdefault(row.nr, []).append(row)
    return [_record(rows) for rows in rows_of.values()]


def _record(rows: Sequence[Row[Any]]) -> RunRecord:
    row = rows[0]
    return RunRecord(
        id=row.id,
        service=row.service,
        trigger=Trigger(row.asked),
        by=row.asked_by,
        arrays=tuple(row.arrays),
        started_at=row.started_at,
        ended_at=row.ended_at,
        outcome=None if row.outcome is None else Outcome(row.outcome),
        reason=row.reason,
        commands=tuple(row.commands),
        evidence=tuple(row.evidence),
        steps=tuple(_steps(rows)),
    )


def _steps(rows: Iterable[Row[Any]]) -> Iterable[StepRecord]:
    for row in rows:
        if row.seq is not None:
            yield StepRecord(
                intent=_intent(row),
                answer=None if row.answer is None else answer_of(row.answer),
                unsent=row.unsent,
            )


def _intent(row: Row[Any]) -> Intent:
    return Intent(
        run=row.id,
        seq=row.seq,
        step=step_of(row.step),
        command=row.command,
        carrier=carrier_of(row.carrier),
        before=marks_of(row.marks),
        at=row.intended_at,
    )
