"""What must be remembered. Every method raises `StoreError` where the store fails.

Each call is one transaction and is durable when it returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from flashd.model.agenda import Agenda
    from flashd.model.backup import Backup, Busy, Restored, Unsaid
    from flashd.model.enrolment import Enrolment
    from flashd.model.footing import Footing, Past, Say
    from flashd.model.history import Pruned, Retention
    from flashd.model.hold import Hold, Scope
    from flashd.model.lease import Held, Holder
    from flashd.model.observation import ArrayRecord, Breaker, Sighting, Standing, Withdrawal
    from flashd.model.run import Answer, Intent, Outcome, RunRecord
    from flashd.model.volumes import Listing, Pair


class Observations(Protocol):
    """What was seen of the arrays."""

    async def record_listing(self, listing: Listing, pairs: Iterable[Pair]) -> None:
        """Remember what a whole listing showed of the configured `pairs`.

        A pair of them that the listing lacks is remembered as missing. Clears the array's
        failure, and closes the withdrawal of every pair that is there again: with another
        relation than the withdrawn one, or after the run that withdrew it has ended; and that of
        every pair whose target is in another relation.
        """

    async def record_failure(self, record: ArrayRecord) -> None:
        """Remember that reading an array failed; what was seen before stays."""

    async def sightings(self, arrays: Iterable[str] | None = None) -> Sequence[Sighting]:
        """Tell the last sightings, of these arrays or of all."""

    async def arrays(self) -> Mapping[str, ArrayRecord]:
        """Tell how reading each array went last."""

    async def withdrawals(self, arrays: Iterable[str] | None = None) -> Sequence[Withdrawal]:
        """Tell the open withdrawals."""

    async def clock_set(
        self, now: datetime, by: timedelta, zones: Mapping[str, ZoneInfo | None]
    ) -> None:
        """Bound anew what was seen: the wall clock was set by `by` since, and shows `now`.

        What passed since is the same by both clocks, so that all of it counts as so much later,
        or earlier. But a host that its hypervisor stopped for as long looks like one whose clock
        was set forward: so what was seen to be still so does not count as later, and nothing
        counts as later than `now`. Until then an array's date (read in its zone of `zones`) was
        compared with the clock of before, and so it goes into the bounds that are set.
        """

    async def forget_pairs(self, keep: Iterable[tuple[str, Pair]]) -> None:
        """Drop the sightings of pairs that no definition names any more."""


class Runs(Protocol):
    """The journal: what was decided, sent, answered, and how it ended."""

    async def open_run(self, run: RunRecord) -> None:
        """Write the beginning of a run."""

    async def intend(self, intent: Intent, leases: Sequence[str], holder: Holder) -> Hold | None:
        """Write what is about to be sent, provided that `holder` still has all `leases`.

        Writes nothing where a hold binds the run's service at that time, and tells that hold.
        For a withdraw, opens a withdrawal of each of its pairs. Raises `StoreError` where a
        lease was lost, or the run was closed by somebody else.
        """

    async def answered(self, run: str, seq: int, answer: Answer) -> None:
        """Write what came back."""

    async def unsent(self, run: str, seq: int, reason: str) -> None:
        """Write that an intended command was not sent after all.

        Takes back the withdrawals that the intent of this very step opened.
        """

    async def close_run(
        self,
        run: str,
        at: datetime,
        outcome: Outcome,
        reason: str,
        evidence: Sequence[Mapping[str, object]],
    ) -> None:
        """Write the end of a run, adding `evidence` to what it has; a closed run stays as it is."""

    async def write_ended(self, run: RunRecord) -> None:
        """Write a run that ended as it began, nothing having been intended, with its end."""

    async def open_runs(self) -> Sequence[RunRecord]:
        """Tell the runs without an end, with their steps, oldest first."""

    async def history(self, services: Iterable[str] | None, limit: int) -> Sequence[RunRecord]:
        """Tell past and present runs, newest first."""


class Turns(Protocol):
    """What one service's turn asks and writes: each of it once, and of one instant."""

    async def footing(self, service: str, clones: Sequence[tuple[str, Pair]]) -> Footing:
        """Tell what a turn begins with; `clones` are all pairs of the service, by their arrays."""

    async def past(self, array: str, pairs: Sequence[Pair]) -> Past:
        """Tell what is remembered of these pairs of an array."""

    async def say(self, service: str, arrays: Sequence[str], leases: Sequence[str]) -> Say:
        """Tell who has these leases, and what else may stand in a command's way."""

    async def begin(self, run: RunRecord, leases: Sequence[str], holder: Holder) -> Held | None:
        """Take all of `leases`, as `acquire` does, and write the beginning of a run.

        Nothing is written where somebody stands in the way, who is told.
        """

    async def answered_last(
        self, run: str, seq: int, answer: Answer, leases: Sequence[str], holder: Holder
    ) -> None:
        """Write what came back to a run's last command, and give back its leases."""


class History(Protocol):
    """How the journal is kept within bounds."""

    async def prune(self, retention: Retention, now: datetime, most: int) -> Pruned:
        """Take out `most` runs at most that are too old, or too many; the oldest first.

        None that is open, or whose withdrawal of a pair is; and of no service the last run, nor
        the last one that was neither refused nor only planned.
        """


class Leases(Protocol):
    """One at a time, across threads, processes and nodes."""

    async def acquire(self, names: Sequence[str], holder: Holder, now: datetime) -> Held | None:
        """Take all of `names` or none; tell who stands in the way.

        A lease of a holder that is gone from this host is void at once, one of a holder on
        another host 30 s after its last renewal.
        """

    async def renew(self, holder: Holder, now: datetime) -> int:
        """Keep what `holder` has; returns how many leases that is."""

    async def release(self, names: Sequence[str], holder: Holder) -> None:
        """Give back."""

    async def held(self) -> Mapping[str, Held]:
        """Tell all leases that are held, valid or not."""


class Standings(Protocol):
    """Where each service stands, and when to look at it again."""

    async def enlist(self, services: Iterable[str], now: datetime) -> None:
        """Make the standings those of exactly these services; a new one is looked at `now`."""

    async def due(self, now: datetime) -> Sequence[str]:
        """Tell the services to look at, in one query, the longest overdue first."""

    async def standings(self, services: Iterable[str] | None = None) -> Mapping[str, Standing]:
        """Tell those of these services or of all; one that is not enlisted has none."""

    async def stand(self, standings: Iterable[Standing]) -> None:
        """Write these standings."""

    async def look_again(self, now: datetime, services: Iterable[str] | None = None) -> None:
        """Have these services looked at `now`, or every one."""


class Holds(Protocol):
    """What people want left alone, by scope; there may be rows that bind no more."""

    async def holds(self) -> Mapping[Scope, Hold]:
        """Tell all."""

    async def covering(self, service: str, arrays: Iterable[str]) -> Mapping[Scope, Hold]:
        """Tell those over one service with clones on these arrays."""

    async def ripe(self, now: datetime) -> Sequence[Hold]:
        """Tell, in one query, those that have ended or are to be reminded of."""

    async def hold(
        self, holds: Sequence[Hold], services: Iterable[str], now: datetime
    ) -> Sequence[Hold]:
        """Write all of them, each in place of one of the same scope; tells what they replaced.

        From then on no intent of theirs is written. Has `services` looked at `now`.
        """

    async def lift(
        self, scopes: Iterable[Scope], services: Iterable[str], now: datetime
    ) -> Sequence[Hold]:
        """Remove the holds of these scopes and tell them; has `services` looked at `now`."""

    async def lift_ended(self, now: datetime) -> Sequence[Hold]:
        """Remove those that have ended by `now`, and tell them."""

    async def remind(self, reminders: Sequence[tuple[Hold, datetime | None]]) -> Sequence[Hold]:
        """Write when to remind of each hold next, but for those that are others by now.

        Tells those for which it was written: of two who remind of a hold, one is told it.
        """


class Enrolments(Protocol):
    """What people pinned of services; the daemon only reads it."""

    async def enroll(self, wanted: Sequence[Enrolment], now: datetime) -> Mapping[str, Enrolment]:
        """Write all of them, each in place of the service's former one; tells those, by service.

        Has the services looked at `now`.
        """

    async def enrolment(self, service: str) -> Enrolment | None:
        """Tell what was pinned of one service."""

    async def enrolments(self) -> Mapping[str, Enrolment]:
        """Tell all, by service; also of services that are defined no more."""


class Breakers(Protocol):
    """Logins that must not be tried again."""

    async def breaker(self, array: str) -> Breaker | None:
        """Tell the open breaker of an array."""

    async def open_breaker(self, breaker: Breaker) -> None:
        """Stop logins."""

    async def close_breaker(self, array: str) -> None:
        """Allow logins again."""


class LoginStore(Breakers, Leases, Protocol):
    """What it takes to let one login through at a time, and none after a refusal."""


class Accepted(Protocol):
    """The last configuration that was good."""

    async def accept(self, files: Mapping[str, str], at: datetime) -> None:
        """Remember these files as accepted."""

    async def accepted(self) -> tuple[Mapping[str, str], datetime] | None:
        """Tell the last accepted files, if any ever were."""


class Ticks(Protocol):
    """What is asked each second."""

    async def agenda(self, now: datetime) -> Agenda:
        """Tell, by one question, all that a tick goes by."""


class Copies(Protocol):
    """Taking all of it elsewhere, and back."""

    async def back_up(self, file: Path, at: datetime, *, replace: bool) -> Backup:
        """Write what is known at one instant to a file: whole and verified, or not at all.

        Raises `ConfigError` where the file exists and may not be replaced.
        """

    async def restore(
        self, file: Path, at: datetime, *, nothing_ran: bool | None
    ) -> Restored | Busy | Unsaid:
        """Add what a backup has and this store lacks, all or nothing; what is known now stays.

        `nothing_ran`: whether a person says that no flashd ran since the backup was taken. Nothing
        is restored where open withdrawals hang on that, and nobody said it (None).
        """


class Memory(Protocol):
    """What is remembered, for who only looks; see the parts of `Store` for what is told."""

    async def sightings(self, arrays: Iterable[str] | None = None) -> Sequence[Sighting]:
        """See `Observations`."""

    async def arrays(self) -> Mapping[str, ArrayRecord]:
        """See `Observations`."""

    async def withdrawals(self, arrays: Iterable[str] | None = None) -> Sequence[Withdrawal]:
        """See `Observations`."""

    async def open_runs(self) -> Sequence[RunRecord]:
        """See `Runs`."""

    async def history(self, services: Iterable[str] | None, limit: int) -> Sequence[RunRecord]:
        """See `Runs`."""

    async def standings(self, services: Iterable[str] | None = None) -> Mapping[str, Standing]:
        """See `Standings`."""

    async def holds(self) -> Mapping[Scope, Hold]:
        """See `Holds`."""

    async def enrolments(self) -> Mapping[str, Enrolment]:
        """See `Enrolments`."""

    async def close(self) -> None:
        """Let go."""


class Store(
    Observations,
    Runs,
    Turns,
    History,
    Leases,
    Standings,
    Holds,
    Enrolments,
    Breakers,
    Accepted,
    Ticks,
    Protocol,
):
    """All of it in one place."""

    async def time(self, now: datetime) -> datetime:
        """Tell the time by which intents are dated: `now`, or that of a server that hosts share."""

    async def answers(self) -> None:
        """Go once through each of its workers; returns when all of them have answered."""

    async def close(self) -> None:
        """Let go of the store."""
