"""The journal: what was decided, sent, answered, and how it ended."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, func, insert, select, update

from flashd.adapters.stores import journal
from flashd.adapters.stores.codec import plain_answer, plain_carrier, plain_marks, plain_step
from flashd.adapters.stores.dialect import add_missing, lease_time
from flashd.adapters.stores.holds import holds_over
from flashd.adapters.stores.lane import Lanes
from flashd.adapters.stores.leases import refuse_unless_held
from flashd.adapters.stores.schema import runs, steps, withdrawals
from flashd.core.holds import bindings
from flashd.errors import StoreError
from flashd.model.run import Marks, Outcome, StepKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from sqlalchemy import Connection

    from flashd.model.hold import Hold
    from flashd.model.lease import Holder
    from flashd.model.run import Answer, Intent, RunRecord

_ACTED = frozenset({None, Outcome.DONE, Outcome.FAILED, Outcome.UNKNOWN})
_NO_MARKS = Marks(None, None)

# Statements are made once: to put one together takes longer than to have it done.
_NEXT_NR = select(func.coalesce(func.max(runs.c.nr), 0) + 1).scalar_subquery()
_OPEN = insert(runs).values(nr=_NEXT_NR)
_THIS = runs.c.id == bindparam("this")
_STILL_OPEN = select(runs.c.service, runs.c.arrays).where(_THIS, runs.c.ended_at.is_(None))
_END = select(runs.c.ended_at, runs.c.evidence).where(_THIS)
_CLOSE = update(runs).where(_THIS)
_INTEND = insert(steps)
_UPDATE = update(steps).where(steps.c.run == bindparam("of"), steps.c.seq == bindparam("nth"))


class SqlRuns(Lanes):
    """`flashd.ports.store.Runs`."""

    async def open_run(self, run: RunRecord) -> None:
        """Write the beginning of a run; its steps come by `intend`."""
        await self._writing.run(partial(open_run, run=run))

    async def intend(self, intent: Intent, leases: Sequence[str], holder: Holder) -> Hold | None:
        """Write what is about to be sent, if the leases and the run are the caller's still.

        A hold that stands in the way is looked for in the same transaction: once it is written,
        no intent is that it covers.
        """
        return await self._writing.run(
            partial(_intend, intent=intent, leases=leases, holder=holder)
        )

    async def answered(self, run: str, seq: int, answer: Answer) -> None:
        """Write what came back, the middle of a long output left out."""
        await self._writing.run(partial(answer_step, run=run, seq=seq, answer=answer))

    async def unsent(self, run: str, seq: int, reason: str) -> None:
        """Write that a command was not sent, and take back the withdrawals it opened."""
        await self._writing.run(partial(_unsent, run=run, seq=seq, reason=reason))

    async def close_run(
        self,
        run: str,
        at: datetime,
        outcome: Outcome,
        reason: str,
        evidence: Sequence[Mapping[str, object]],
    ) -> None:
        """Write the end of a run; a closed run stays as it is."""
        ending = {"ended_at": at, "outcome": outcome, "acted": outcome in _ACTED, "reason": reason}
        await self._writing.run(partial(_close_run, run=run, ending=ending, evidence=evidence))

    async def write_ended(self, run: RunRecord) -> None:
        """Write a run with its end, in one transaction."""
        await self._writing.run(partial(open_run, run=run))

    async def open_runs(self) -> Sequence[RunRecord]:
        """Tell the runs without an end, oldest first."""
        return await self._reading.run(journal.still_open)

    async def history(self, services: Iterable[str] | None, limit: int) -> Sequence[RunRecord]:
        """Tell runs in the order in which they were begun, newest first."""
        of = None if services is None else sorted(set(services))
        return await self._reading.run(partial(journal.newest, services=of, limit=limit))


def open_run(connection: Connection, run: RunRecord) -> None:
    """Write the beginning of a run, or all of one that has ended, as part of a transaction."""
    connection.execute(_OPEN, _run_row(run))


def _intend(
    connection: Connection, intent: Intent, leases: Sequence[str], holder: Holder
) -> Hold | None:
    refuse_unless_held(connection, leases, holder)
    service, arrays = _open_or_refuse(connection, intent.run)
    over = holds_over(connection, service, arrays)
    for hold in bindings(over, service, arrays, intent.at):
        return hold
    dated = replace(intent, at=lease_time(connection, intent.at))
    connection.execute(_INTEND, _step_row(dated))
    if intent.step.kind is StepKind.WITHDRAW:
        _open_withdrawals(connection, intent, service)
    return None


def _open_or_refuse(connection: Connection, run: str) -> tuple[str, list[str]]:
    """Tell an open run's service and arrays.

    Recovery looks at open runs only: a command of a closed one would be nobody's.
    """
    row = connection.execute(_STILL_OPEN, {"this": run}).one_or_none()
    if row is None:
        raise StoreError(
            f"run {run} is not open any more",
            "Nothing was sent. Another flashd closed it: look at `flashd history`.",
        )
    return row.service, row.arrays


def _open_withdrawals(connection: Connection, intent: Intent, service: str) -> None:
    """Open those that are not open: the dates of the original relation must survive.

    One of a run that has ended is opened anew: a listing would close it as soon as it shows the
    pair there still, though this withdraw has yet to be carried out.
    """
    pairs = [str(pair) for pair, marks in intent.before.items() if marks != _NO_MARKS]
    ended = select(runs.c.id).where(runs.c.ended_at.is_not(None))
    old = and_(
        withdrawals.c.array == intent.step.array,
        withdrawals.c.pair.in_(pairs),
        withdrawals.c.run.in_(ended),
    )
    connection.execute(delete(withdrawals).where(old))
    rows = [
        {
            "array": intent.step.array,
            "pair": str(pair),
            "service": service,
            "run": intent.run,
            "seq": intent.seq,
            "synced": intent.before.get(pair, _NO_MARKS).synced,
            "created": intent.before.get(pair, _NO_MARKS).created,
            "space_efficient": intent.step.space_efficient,
            "withdrawn_at": intent.at,
        }
        for pair in intent.step.pairs
    ]
    add_missing(connection, withdrawals, rows)


def answer_step(connection: Connection, run: str, seq: int, answer: Answer) -> None:
    """Write what came back, as part of a transaction."""
    _update_step(connection, run, seq, answer=plain_answer(answer))


def _unsent(connection: Connection, run: str, seq: int, reason: str) -> None:
    _update_step(connection, run, seq, unsent=reason)
    opened = (withdrawals.c.run == run, withdrawals.c.seq == seq)
    connection.execute(delete(withdrawals).where(*opened))


def _update_step(connection: Connection, run: str, seq: int, **values: object) -> None:
    if connection.execute(_UPDATE, {"of": run, "nth": seq, **values}).rowcount != 1:
        raise StoreError(f"run {run} has no step {seq}", "Report it as a bug.")


def _close_run(
    connection: Connection,
    run: str,
    ending: Mapping[str, Any],
    evidence: Sequence[Mapping[str, object]],
) -> None:
    row = connection.execute(_END, {"this": run}).one_or_none()
    if row is None:
        raise StoreError(f"there is no run {run}", "Report it as a bug.")
    if row.ended_at is None:
        values = {**ending, "evidence": [*row.evidence, *evidence]}
        connection.execute(_CLOSE, {"this": run, **values})


def _run_row(run: RunRecord) -> dict[str, object]:
    return {
        "id": run.id,
        "service": run.service,
        "asked": run.trigger,
        "asked_by": run.by,
        "arrays": list(run.arrays),
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "outcome": run.outcome,
        "acted": run.outcome in _ACTED,
        "reason": run.reason,
        "commands": list(run.commands),
        "evidence": list(run.evidence),
    }


def _step_row(intent: Intent) -> dict[str, object]:
    return {
        "run": intent.run,
        "seq": intent.seq,
        "step": plain_step(intent.step),
        "command": intent.command,
        "carrier": plain_carrier(intent.carrier),
        "marks": plain_marks(intent.before),
        "intended_at": intent.at,
    }
