"""What a restored record may be believed to say: never more than is safe."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flashd.model.lease import DAEMON_LEASE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from flashd.model.lease import Held
    from flashd.model.run import RunRecord


def at_work(runs: Iterable[RunRecord], leases: Iterable[Held]) -> str | None:
    """Say who is in the middle of something; the daemon as such is not.

    `leases` are the valid ones. What an open run did is decided by the array's next reading,
    beside what was remembered before it: that must not change in between.
    """
    for run in runs:
        since = f"{run.started_at:%Y-%m-%dT%H:%M:%SZ}"
        return f"run {run.id} of {run.service} is open since {since}, begun by {run.by}"
    for held in leases:
        if held.name != DAEMON_LEASE:
            return f"{held.by} is at work on {held.name} since {held.since:%Y-%m-%dT%H:%M:%SZ}"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What is known of the time after a backup was taken, as it bears on one withdrawal."""

    nothing_ran: bool | None  # whether a person says that no flashd ran since; None: nobody asked
    last_run: datetime | None  # the beginning of the newest run that the present store knows
    run_known: bool  # the present store knows the run that withdrew the pair
    pair_seen: bool  # a reading since the backup showed the pair


def disbelief(made_at: datetime, since: Since) -> str | None:
    """Say why a restored withdrawal gives no right to establish its pair; None: it does.

    A withdrawal lets flashd make a relation where there is none. In the time that no record
    covers the pair may have been established by flashd and removed by a person, who needs the
    target for something else. So it takes a person's word that nothing ran, and nothing known
    may contradict it.
    """
    if since.run_known:
        return "this store knows its run, and that it does not count any more"
    if since.pair_seen:
        return "the pair was seen since the backup was taken"
    if since.last_run is not None and since.last_run >= made_at:
        return "a run began since the backup was taken"
    if not since.nothing_ran:
        return "flashd may have run since the backup was taken"
    return None


def hangs_on_a_word(made_at: datetime, since: Since) -> bool:
    """Whether it takes a person to say if a withdrawal counts, and nobody did."""
    said = replace(since, nothing_ran=True)
    return since.nothing_ran is None and disbelief(made_at, said) is None


def newest_first(started_at: datetime, newest: datetime | None) -> bool:
    """Whether a restored run counts as newer than all that the present store knows."""
    return newest is not None and started_at > newest
