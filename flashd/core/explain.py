"""The whole chain of a present decision: what lets a resync run, what holds it back, until when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.core.counting import counted
from flashd.core.due import Due, NotDue, Reason, decide, next_due, refresh_age
from flashd.core.durations import spell
from flashd.core.enrolment import barred
from flashd.core.health import last_resync_of
from flashd.core.holds import binding, bindings, words
from flashd.core.plan import Refused, plan
from flashd.core.verify import in_doubt_until, unconfirmed
from flashd.model.printable import harmless
from flashd.model.run import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from flashd.model.health import Bounds
    from flashd.model.observation import ArrayRecord, Picture, Standing
    from flashd.model.run import RunRecord
    from flashd.model.service import Service

WORDS = {
    Reason.NEVER_SYNCED: "a pair holds no copy",
    Reason.AGE_UNKNOWN: "the time of the last resync is not known",
    Reason.STALE: "the clone is older than sync_max_delay",
    Reason.WINDOW: "a window is open in which no resync ran yet",
    Reason.REFRESHABLE: "the clone has reached the age at which it is refreshed",
    Reason.ASKED: "a person asked for it",
    Reason.OUTSIDE_WINDOW: "no window is open",
    Reason.HAD_THIS_WINDOW: "the last resync is less than the interval of this window ago",
    Reason.SPREAD: "the start is spread inside the window",
    Reason.NO_WINDOW: "the schedule opens no window any more",
    Reason.TOO_SOON: "the last resync is less than sync_min_delay ago",
    Reason.FRESH: "the clone is younger than the age at which it is refreshed",
    Reason.BACKOFF: "the last run failed; the next try waits",
    Reason.HELD: "somebody holds it",
}

NEXT_WORDS = {
    Reason.OUTSIDE_WINDOW: "window",
    Reason.HAD_THIS_WINDOW: "window",
    Reason.SPREAD: "window",
    Reason.WINDOW: "window",
    Reason.FRESH: "age",
    Reason.REFRESHABLE: "age",
    Reason.TOO_SOON: "sync_min_delay",
    Reason.BACKOFF: "backoff",
    Reason.HELD: "hold",
}


@dataclass(frozen=True, slots=True)
class Link:
    """One thing on which the decision hangs; `lets` tells whether it stands in the way."""

    name: str
    lets: bool
    words: str


def explain(service: Service, picture: Picture, now: datetime) -> tuple[Link, ...]:
    """Put the chain in the order in which the daemon goes through it."""
    last = last_resync_of(service, picture.sightings, picture.zones)
    return (
        *_holds(service, picture, now),
        *_arrays(service, picture, now),
        *_open_run(picture, picture.open_runs.get(service.name), now),
        _due(service, picture, last, now),
        _relations(service, picture),
        *_enrolment(service, picture),
        *_last_turn(picture.standings.get(service.name)),
    )


def next_chance(service: Service, picture: Picture, now: datetime) -> tuple[datetime, str] | None:
    """Tell when the daemon will want to resync next, and what it waits for until then."""
    last = last_resync_of(service, picture.sightings, picture.zones)
    standing = picture.standings.get(service.name)
    hold = binding(picture.holds, service, now)
    found = next_due(service, last, now, standing.retry_at if standing else None, hold)
    if found is None:
        return None
    at, reason = found
    blocked = [
        record.retry_at
        for array in service.arrays
        if (record := picture.arrays.get(array)) and record.retry_at and record.retry_at > at
    ]
    if blocked:
        return max(blocked), "array"
    return at, NEXT_WORDS.get(reason, str(reason))


def setback(service: Service, picture: Picture, now: datetime) -> str | None:
    """Say why a service is not refreshed though the daemon wants to: how its last turn ended.

    None where nothing was refused that is still wanted, and nothing failed.
    """
    standing = picture.standings.get(service.name)
    if standing is None:
        return None
    if standing.decision == str(Outcome.FAILED):
        return f"last turn failed: {standing.reason}"
    chance = next_chance(service, picture, now) if standing.refused else None
    wanted = chance is not None and chance[0] <= now
    return f"last turn refused: {standing.reason}" if wanted else None


def looks_since(
    standing: Standing | None, run: RunRecord | None, now: datetime, interval: timedelta
) -> str:
    """Say when guards were looked at after the last run told what they say: only news make a run.

    A service that is refused is looked at again one check `interval` after each look. Says nothing
    where another thing than that run's reason holds the service now.
    """
    if run is None or standing is None or not standing.refused or standing.look_at is None:
        return ""
    if standing.reason != run.reason or standing.look_at > now + interval:
        return ""
    if standing.look_at <= now:
        return f"; the next look is due since {standing.look_at:%Y-%m-%dT%H:%M:%SZ}"
    return f"; last looked at {spell(now + interval - standing.look_at)} ago, with the same outcome"


def _holds(service: Service, picture: Picture, now: datetime) -> Iterable[Link]:
    for hold in bindings(picture.holds, service.name, service.arrays, now):
        yield Link("hold", False, words(hold))


def _arrays(service: Service, picture: Picture, now: datetime) -> Iterable[Link]:
    for array in service.arrays:
        record = picture.arrays.get(array)
        if record is None or (record.observed_at is None and record.failure is None):
            yield Link(f"array {array}", False, "never read so far")
        elif record.failure is not None:
            yield Link(
                f"array {array}", False, f"could not be read: {record.failure}{_again(record, now)}"
            )
        elif record.observed_at is not None:
            yield Link(f"array {array}", True, f"was read {spell(now - record.observed_at)} ago")


def _again(record: ArrayRecord, now: datetime) -> str:
    if record.retry_at is None or record.retry_at <= now:
        return ""
    return f"; looked at again in {spell(record.retry_at - now)}"


def _open_run(picture: Picture, run: RunRecord | None, now: datetime) -> Iterable[Link]:
    if run is not None and run.open:
        until = in_doubt_until(run, picture.doubt)
        doubt = unconfirmed(until) if until and now <= until else "the array is read first"
        yield Link("open run", False, f"run {run.id} has no end yet; {doubt}")


def _due(service: Service, picture: Picture, last: Bounds | None, now: datetime) -> Link:
    standing = picture.standings.get(service.name)
    age = (
        f"last resync {spell(now - last.earliest)} ago, refreshed from "
        f"{_from(service)} on, stale after {spell(service.freshness.max_delay)}"
        if last and last.earliest
        else "no proved resync"
    )
    match decide(service, last, now, standing.retry_at if standing else None):
        case Due(reason):
            return Link("due", True, f"{WORDS[reason]}; {age}")
        case NotDue(reason, until):
            when = f"until {until:%Y-%m-%dT%H:%M:%SZ}" if until else "for good"
            return Link("due", False, f"{WORDS[reason]}, {when}; {age}")


def _enrolment(service: Service, picture: Picture) -> Iterable[Link]:
    """Hold the definition to what was enrolled; what arrays have now, a turn asks them."""
    enrolment = picture.enrolments.get(service.name)
    demanded = picture.demands_enrolment
    refusal = barred(service, enrolment, picture.enrolments, (), required=demanded)
    if refusal is not None:
        yield Link("enrolment", False, harmless(refusal.reason))
    elif enrolment is not None:
        words = f"defined as {enrolment.by} enrolled it at {enrolment.at:%Y-%m-%dT%H:%M:%SZ}"
        yield Link("enrolment", True, harmless(words))


def _last_turn(standing: Standing | None) -> Iterable[Link]:
    """Say what refused the last turn, whoever took it: the history has only what was news."""
    if standing is not None and standing.refused:
        yield Link("last turn", False, f"refused: {standing.reason}")


def _from(service: Service) -> str:
    if service.schedule is not None and service.freshness.refresh_after is None:
        return "each window"
    return spell(refresh_age(service.freshness))


def _relations(service: Service, picture: Picture) -> Link:
    unseen = [pair for array, pair in service.clones if (array, pair) not in picture.sightings]
    if unseen:
        return Link(
            "relations", False, f"{counted(len(unseen), 'pair was', 'pairs were')} never observed"
        )
    match plan(service, picture.relations_of(service), picture.withdrawals.values()):
        case Refused() as refused:
            return Link("relations", False, refused.reason)
        case _:
            return Link("relations", True, f"{counted(len(service.clones), 'pair')} as configured")
