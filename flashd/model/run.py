"""A run: what was decided for one service, what was sent, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from flashd.model.volumes import Pair, VolumeId

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID_ENTROPY_BYTES = 10


class Trigger(StrEnum):
    """Who asked."""

    SCHEDULE = "schedule"
    PERSON = "person"


class Outcome(StrEnum):
    """How a run ended."""

    DONE = "done"
    PLANNED = "planned"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def exit_code(self) -> int:
        """The exit status of a command that ends so."""
        return {"done": 0, "planned": 0, "refused": 4, "failed": 1, "unknown": 5}[self.value]


class StepKind(StrEnum):
    """What a changing command does to the relations it names."""

    RESYNC = "resync"
    WITHDRAW = "withdraw"
    ESTABLISH = "establish"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One changing command, before it is put in words."""

    kind: StepKind
    resource: str
    array: str
    pairs: tuple[Pair, ...]
    bgcopy: bool = True
    space_efficient: bool = False


@dataclass(frozen=True, slots=True)
class Carrier:
    """The dscli process group that carries a command, so that recovery can end it.

    `started` is the start time of the group's leader in clock ticks since boot, as
    /proc/PID/stat has it: a process id alone can have been given to somebody else.
    """

    host: str
    boot_id: str
    group: int
    started: int


class Account(StrEnum):
    """What an answer said about one pair."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant by the store's clock, and `steady` seconds since the boot in which it was seen."""

    at: datetime
    boot_id: str
    steady: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from a changing command; the array alone says what it did.

    `refused` means that dscli or the array said no and that nothing points to an attempt.
    `gone`: when its client was known to be at it no more; None where it would not end, and in what
    an older flashd wrote.
    """

    exit_status: int | None
    accounts: Mapping[Pair, Account]
    refused: bool
    reason: str
    output: str
    gone: Moment | None = None

    @property
    def all_accepted(self) -> bool:
        """Whether every pair was positively acknowledged; silence about all is no such thing."""
        return set(self.accounts.values()) == {Account.ACCEPTED}


@dataclass(frozen=True, slots=True)
class Marks:
    """The dates of a relation as the array printed them; None where there was no relation."""

    synced: str | None
    created: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What is about to be sent, written down before it is."""

    run: str
    seq: int
    step: Step
    command: str
    carrier: Carrier
    before: Mapping[Pair, Marks]
    at: datetime


@dataclass(frozen=True, slots=True)
class Doubt:
    """How long a command without a plain answer may still be carried out.

    `late`: so long after its client was gone. `limit`: so long that client is waited for, which
    counts only as long as nobody has seen its end.
    """

    late: timedelta
    limit: timedelta


NO_DOUBT = Doubt(late=timedelta(0), limit=timedelta(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """An intent and what is known of its end."""

    intent: Intent
    answer: Answer | None = None
    unsent: str | None = None  # why it was never written to dscli


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A run as the store holds it."""

    id: str
    service: str
    trigger: Trigger
    by: str
    arrays: tuple[str, ...]
    started_at: datetime
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    reason: str = ""
    commands: tuple[str, ...] = ()
    evidence: tuple[Mapping[str, object], ...] = ()
    steps: tuple[StepRecord, ...] = field(default=())

    @property
    def open(self) -> bool:
        """Whether nobody has written its end."""
        return self.ended_at is None

    @property
    def volumes(self) -> frozenset[tuple[str, VolumeId]]:
        """Every volume that its commands name, with its array, however it is defined by now."""
        return frozenset(
            (step.intent.step.array, volume)
            for step in self.steps
            for pair in step.intent.step.pairs
            for volume in pair.volumes
        )

    @property
    def sent(self) -> tuple[StepRecord, ...]:
        """What may have been sent: an intent counts unless it is known that it was not."""
        return tuple(step for step in self.steps if step.unsent is None)


def run_id(instant: datetime, entropy: bytes) -> str:
    """Make a ULID: sortable by time, unique without a coordinator.

    See the ULID specification: 48 bits of milliseconds since 1970, 80 bits of entropy.
    """
    if len(entropy) != _ULID_ENTROPY_BYTES:
        raise ValueError("a ULID takes ten bytes of entropy")
    number = (int(instant.timestamp() * 1000) << 80) | int.from_bytes(entropy, "big")
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))
