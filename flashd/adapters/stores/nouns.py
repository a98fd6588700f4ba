"""From rows to nouns, whatever has read the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from flashd.adapters.stores.codec import (
    answer_of,
    carrier_of,
    marks_of,
    pair_of,
    relation_of,
    step_of,
)
from flashd.model.enrolment import Enrolment, Fact
from flashd.model.hold import Hold, Kind, Scope
from flashd.model.observation import ArrayRecord, Sighting, Standing, Withdrawal
from flashd.model.run import Intent, Outcome, RunRecord, StepRecord, Trigger

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Row(Protocol):
    """The values of a row by the names of their columns, those of instants and JSON read."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - of whatever the column holds
        """Tell a value."""


def sighting_of(row: Row) -> Sighting:
    """Read what was seen of a pair."""
    pair = pair_of(row.pair)
    return Sighting(
        array=row.array,
        pair=pair,
        relation=None if row.relation is None else relation_of(pair, row.relation),
        observed_at=row.observed_at,
        before_at=row.before_at,
        since_at=row.since_at,
    )


def array_of(row: Row) -> ArrayRecord:
    """Read how reading an array went."""
    return ArrayRecord(
        array=row.array,
        observed_at=row.observed_at,
        failed_at=row.failed_at,
        failure=row.failure,
        failures=row.failures,
        retry_at=row.retry_at,
    )


def withdrawal_of(row: Row) -> Withdrawal:
    """Read an open withdrawal."""
    return Withdrawal(
        array=row.array,
        pair=pair_of(row.pair),
        service=row.service,
        run=row.run,
        synced=row.synced,
        created=row.created,
        space_efficient=row.space_efficient,
        at=row.withdrawn_at,
    )


def standing_of(row: Row) -> Standing:
    """Read where a service stands."""
    return Standing(
        service=row.service,
        decision=row.decision,
        reason=row.reason,
        since=row.since_at,
        look_at=row.look_at,
        failures=row.failures,
        retry_at=row.retry_at,
    )


def hold_of(row: Row) -> Hold:
    """Read a hold."""
    return Hold(
        scope=Scope(Kind(row.kind), row.name),
        reason=row.reason,
        by=row.held_by,
        since=row.since_at,
        until=row.until_at,
        remind_at=row.remind_at,
    )


def enrolment_of(row: Row) -> Enrolment:
    """Read what was pinned of a service."""
    facts = tuple(_fact_of(one) for one in row.facts)
    return Enrolment(service=row.service, at=row.enrolled_at, by=row.enrolled_by, facts=facts)


def _fact_of(plain: Sequence[str]) -> Fact:
    if not isinstance(plain, list) or not all(isinstance(one, str) for one in plain):
        raise TypeError(f"{plain!r} is no fact")
    array, subject, aspect, value = plain
    return Fact(array, subject, aspect, value)


def runs_of(rows: Iterable[Row]) -> list[RunRecord]:
    """Read runs of rows that have a run and a step of it, or none; in the order of the rows."""
    rows_of: dict[int, list[Row]] = {}
    for row in rows:
        rows_of.setdefault(row.nr, []).append(row)
    return [_run_of(those) for those in rows_of.values()]


def _run_of(rows: Sequence[Row]) -> RunRecord:
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
        steps=tuple(_step_of(one) for one in rows if one.seq is not None),
    )


def _step_of(row: Row) -> StepRecord:
    return StepRecord(
        intent=_intent_of(row),
        answer=None if row.answer is None else answer_of(row.answer),
        unsent=row.unsent,
    )


def _intent_of(row: Row) -> Intent:
    return Intent(
        run=row.id,
        seq=row.seq,
        step=step_of(row.step),
        command=row.command,
        carrier=carrier_of(row.carrier),
        before=marks_of(row.marks),
        at=row.intended_at,
    )
