"""What the tests of stores put in, and a host that knows what it is told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from flashd.model.lease import Holder
from flashd.model.run import (
    Account,
    Answer,
    Carrier,
    Intent,
    Marks,
    RunRecord,
    Step,
    StepKind,
    Trigger,
)
from flashd.model.volumes import ArrayTime, Listing, Pair, Relation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flashd.ports.store import Store

NOW = datetime(2026, 11, 22, 2, 0, 0, 123456, tzinfo=UTC)
ARRAY = "IBM.2107-75ABC01"
ONE = Pair.parse("0001:0002")
TWO = Pair.parse("0101:0102")
HERE = "here"


def minute(number: float) -> datetime:
    return NOW + timedelta(minutes=number)


@dataclass
class FakeHost:
    """A host whose processes are those it was told of; it knows nothing of other hosts."""

    ended: set[Holder] = field(default_factory=set)

    def holder(self, token: str) -> Holder:
        return Holder(HERE, "boot", 100, 5, token)

    def gone(self, holder: Holder) -> bool | None:
        return holder in self.ended if holder.host == HERE else None

    def ours(self, carrier: Carrier) -> bool:
        return carrier.host == HERE

    async def end(self, carrier: Carrier) -> bool | None:
        return carrier.host == HERE or None


def array_time(text: str) -> ArrayTime:
    """Make an array's date from `21 00:59:31`, in November 2026."""
    local = datetime.strptime(f"2026-11-{text}", "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - of the array
    return ArrayTime(f"{local:%a %b %d %H:%M:%S} CET {local:%Y}", local, "CET")


FIRST = array_time("20 00:59:31")
SECOND = array_time("21 00:59:31")


def relation(pair: Pair = ONE, synced: ArrayTime | None = FIRST, **others: object) -> Relation:
    usual = Relation(
        pair=pair,
        state="Valid",
        recording=True,
        persistent=True,
        revertible=False,
        source_write_enabled=True,
        target_write_enabled=True,
        background_copy=True,
        out_of_sync_tracks=0,
        created=array_time("01 10:00:00"),
        synced=synced,
        space_efficient_target=None,
    )
    return replace(usual, **others)  # type: ignore[arg-type]  # named by the test


def listing(began: datetime, *relations: Relation, array: str = ARRAY) -> Listing:
    """List for five seconds from `began` on."""
    shown = {one.pair: one for one in relations}
    return Listing(array, began, began + timedelta(seconds=5), shown)


def run(name: str = "RUN1", service: str = "payroll", at: datetime = NOW) -> RunRecord:
    return RunRecord(
        id=name,
        service=service,
        trigger=Trigger.SCHEDULE,
        by="flashd",
        arrays=(ARRAY,),
        started_at=at,
        commands=("rmflash -quiet 0001:0002", "mkflash -nocp 0001:0002"),
        evidence=({"guard": "unit", "seen": {"state": "inactive", "pids": [1, 2]}},),
    )


def intent(
    name: str = "RUN1",
    seq: int = 1,
    kind: StepKind = StepKind.RESYNC,
    before: Mapping[Pair, Marks] | None = None,
) -> Intent:
    step = Step(
        kind=kind,
        resource="sync#1",
        array=ARRAY,
        pairs=(ONE, TWO),
        bgcopy=False,
        space_efficient=True,
    )
    return Intent(
        run=name,
        seq=seq,
        step=step,
        command=f"{kind} 0001:0002 0101:0102",
        carrier=Carrier(HERE, "boot", 4711, 123456789),
        before=before or {ONE: Marks("Mon", "Sun"), TWO: Marks(None, "Sat")},
        at=NOW,
    )


ANSWER = Answer(
    exit_status=None,
    accounts={ONE: Account.ACCEPTED, TWO: Account.SILENT},
    refused=False,
    reason="no word of 0101:0102",
    output="CMUC00168I \udcff \0 é",
)


async def withdraw(store: Store, before: Mapping[Pair, Marks], name: str = "RUN1") -> None:
    """Open a run and write its intent to withdraw the pairs that had these dates."""
    await store.open_run(run(name))
    await store.intend(intent(name, 1, StepKind.WITHDRAW, before), [], FakeHost().holder("me"))
