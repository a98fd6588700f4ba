"""What one service's turn asks and writes, each in one transaction.

A question costs a change of threads, and a transaction that writes a wait for the disk.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from flashd.adapters.stores.enrolments import enrolments_naming, pinned_of
from flashd.adapters.stores.holds import holds_over
from flashd.adapters.stores.leases import Claim, SqlLeases, acquire, held_of, release
from flashd.adapters.stores.observations import sightings_of, withdrawals_of
from flashd.adapters.stores.runs import answer_step, open_run
from flashd.model.footing import Footing, Past, Say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from flashd.model.lease import Held, Holder
    from flashd.model.run import Answer, RunRecord
    from flashd.model.volumes import Pair
    from flashd.ports.host import Host


class SqlTurns(SqlLeases):
    """`flashd.ports.store.Turns`."""

    async def footing(self, service: str, clones: Sequence[tuple[str, Pair]]) -> Footing:
        """Tell what a turn begins with."""
        return await self._reading.run(partial(_footing, service=service, clones=tuple(clones)))

    async def past(self, array: str, pairs: Sequence[Pair]) -> Past:
        """Tell what is remembered of pairs."""
        return await self._reading.run(partial(_past, array=array, pairs=tuple(pairs)))

    async def say(self, service: str, arrays: Sequence[str], leases: Sequence[str]) -> Say:
        """Tell what has a say in whether a command may leave."""
        return await self._reading.run(
            partial(_say, service=service, arrays=tuple(arrays), leases=tuple(leases))
        )

    async def begin(self, run: RunRecord, leases: Sequence[str], holder: Holder) -> Held | None:
        """Take the leases and write the run's beginning, or tell who stands in the way.

        Cancelled, it gives back what it may have taken; recovery closes the run.
        """
        claim = Claim(tuple(dict.fromkeys(leases)), holder, run.started_at)
        return await self._taking(holder, partial(_begin, run=run, claim=claim, host=self._host))

    async def answered_last(
        self, run: str, seq: int, answer: Answer, leases: Sequence[str], holder: Holder
    ) -> None:
        """Write what came back, and give back the leases."""
        await self._writing.run(
            partial(_end, run=run, seq=seq, answer=answer, leases=leases, holder=holder)
        )


def _footing(connection: Connection, service: str, clones: Sequence[tuple[str, Pair]]) -> Footing:
    arrays = sorted({array for array, _ in clones})
    pairs = {array: [pair for where, pair in clones if where == array] for array in arrays}
    found = [withdrawals_of(connection, array, here) for array, here in pairs.items()]
    enrolment = pinned_of(connection, service)
    targets = [(array, pair.target) for array, pair in clones]
    return Footing(
        holds=holds_over(connection, service, arrays),
        withdrawals=[one for here in found for one in here],
        enrolment=enrolment,
        others={} if enrolment else enrolments_naming(connection, targets),
    )


def _past(connection: Connection, array: str, pairs: Sequence[Pair]) -> Past:
    return Past(
        sightings=sightings_of(connection, array, pairs),
        withdrawals=withdrawals_of(connection, array, pairs),
    )


def _say(connection: Connection, service: str, arrays: Sequence[str], leases: Sequence[str]) -> Say:
    return Say(
        leases=held_of(connection, leases),
        holds=holds_over(connection, service, arrays),
        enrolment=pinned_of(connection, service),
    )


def _begin(
    connection: Connection, run: RunRecord, claim: Claim, host: Host, taken: list[str]
) -> Held | None:
    held = acquire(connection, claim, host, taken)
    if held is None:
        open_run(connection, run)
    return held


def _end(
    connection: Connection,
    run: str,
    seq: int,
    answer: Answer,
    leases: Sequence[str],
    holder: Holder,
) -> None:
    answer_step(connection, run, seq, answer)
    release(connection, leases, holder)
