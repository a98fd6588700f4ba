"""The journal of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, update

from flashd.adapters.stores.sql.codec import (
    answer_from_json,
    answer_to_json,
    intent_from_json,
    intent_to_json,
)
from flashd.adapters.stores.sql.leases import has_all
from flashd.adapters.stores.sql.schema import run, step, withdrawal
from flashd.errors import StoreError
from flashd.model.run import Outcome, RunRecord, StepKind, StepRecord, Trigger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Select

    from flashd.model.lease import Holder
    from flashd.model.run import Answer, Intent
    from flashd.model.volumes import Pair

_NOTHING_SENT = (str(Outcome.REFUSED), str(Outcome.PLANNED))


def open_run(connection: Connection, record: RunRecord) -> None:
    """Write the beginning of a run."""
    connection.execute(
        insert(run).values(
            id=record.id,
            service=record.service,
            trigger=str(record.trigger),
            by=record.by,
            arrays=list(record.arrays),
            started_at=record.started_at,
            ended_at=record.ended_at,
            outcome=str(record.outcome) if record.outcome else None,
            reason=record.reason,
            commands=list(record.commands),
            evidence=[dict(one) for one in record.evidence],
        )
    )


def intend(connection: Connection, intent: Intent, leases: Sequence[str], holder: Holder) -> None:
    """Write what is about to be sent, if the leases are still ours."""
    if not has_all(connection, leases, holder):
        raise StoreError(
            "a lease of this run was lost; nothing was sent",
            "Another process took it over: see whether this host stood still.",
        )
    connection.execute(
        insert(step).values(run=intent.run, seq=intent.seq, intent=intent_to_json(intent))
    )
    if intent.step.kind is StepKind.WITHDRAW:
        service = connection.execute(select(run.c.service).where(run.c.id == intent.run)).scalar()
        for pair in intent.step.pairs:
            _open_withdrawal(connection, intent, pair, str(service))


def _open_withdrawal(connection: Connection, intent: Intent, pair: Pair, service: str) -> None:
    """Remember the dates of the relation; those of an older open withdrawal are the true ones."""
    key = (
        withdrawal.c.array == intent.step.array,
        withdrawal.c.source == str(pair.source),
        withdrawal.c.target == str(pair.target),
    )
    if connection.execute(select(withdrawal.c.run).where(*key)).first():
        return
    marks = intent.before[pair]
    connection.execute(
        insert(withdrawal).values(
            array=intent.step.array,
            source=str(pair.source),
            target=str(pair.target),
            service=service,
            run=intent.run,
            seq=intent.seq,
            synced=marks.synced,
            created=marks.created,
            space_efficient=intent.step.space_efficient,
            at=intent.at,
        )
    )


def answered(connection: Connection, of: str, seq: int, answer: Answer) -> None:
    """Write what came back."""
    connection.execute(
        update(step)
        .where(step.c.run == of, step.c.seq == seq)
        .values(answer=answer_to_json(answer))
    )


def unsent(connection: Connection, of: str, seq: int, reason: str) -> None:
    """Write that a step was not sent, and take its withdrawals back."""
    connection.execute(
        update(step).where(step.c.run == of, step.c.seq == seq).values(unsent=reason)
    )
    connection.execute(delete(withdrawal).where(withdrawal.c.run == of, withdrawal.c.seq == seq))


def close_run(
    connection: Connection,
    of: str,
    ending: tuple[datetime, Outcome, str],
    evidence: Sequence[Mapping[str, object]],
) -> None:
    """Write the end of a run; a closed run stays as it is."""
    row = connection.execute(select(run.c.ended_at, run.c.evidence).where(run.c.id == of)).first()
    if row is None or row.ended_at is not None:
        return
    at, outcome, reason = ending
    connection.execute(
        update(run)
        .where(run.c.id == of)
        .values(
            ended_at=at,
            outcome=str(outcome),
            reason=reason,
            evidence=[*row.evidence, *(dict(one) for one in evidence)],
        )
    )


def open_runs(connection: Connection) -> list[RunRecord]:
    """Tell the runs without an end."""
    return _records(connection, select(run).where(run.c.ended_at.is_(None)).order_by(run.c.id))


def history(connection: Connection, services: Iterable[str] | None, limit: int) -> list[RunRecord]:
    """Tell runs, newest first."""
    query = select(run).order_by(run.c.id.desc()).limit(limit)
    if services is not None:
        query = query.where(run.c.service.in_(list(services)))
    return _records(connection, query)


def last_runs(connection: Connection) -> dict[str, RunRecord]:
    """Tell each service's newest run that was neither refused nor only planned."""
    newest = (
        select(func.max(run.c.id))
        .where(run.c.outcome.is_(None) | run.c.outcome.not_in(_NOTHING_SENT))
        .group_by(run.c.service)
    )
    query = select(run).where(run.c.id.in_(newest))
    return {record.service: record for record in _records(connection, query)}


def _records(connection: Connection, query: Select[Any]) -> list[RunRecord]:
    rows = connection.execute(query).mappings().all()
    steps = _steps(connection, query)
    return [
        RunRecord(
            id=row["id"],
            service=row["service"],
            trigger=Trigger(row["trigger"]),
            by=row["by"],
            arrays=tuple(row["arrays"]),
            started_at=row["started_at"],
            ended_at=row["ended_at"],
            outcome=Outcome(row["outcome"]) if row["outcome"] else None,
            reason=row["reason"],
            commands=tuple(row["commands"]),
            evidence=tuple(row["evidence"]),
            steps=tuple(steps.get(row["id"], ())),
        )
        for row in rows
    ]


def _steps(connection: Connection, runs: Select[Any]) -> dict[str, list[StepRecord]]:
    wanted = runs.with_only_columns(run.c.id).subquery()
    query = select(step).join(wanted, step.c.run == wanted.c.id).order_by(step.c.run, step.c.seq)
    found: dict[str, list[StepRecord]] = {}
    for row in connection.execute(query).mappings():
        record = StepRecord(
            intent=intent_from_json(row["run"], row["seq"], row["intent"]),
            answer=answer_from_json(row["answer"]),
            unsent=row["unsent"],
        )
        found.setdefault(row["run"], []).append(record)
    return found
