"""Where each service stands after it was looked at, and when to look again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flashd.core.due import Due, NotDue, Reason, decide
from flashd.core.health import last_resync_of
from flashd.core.holds import binding
from flashd.core.retry import MOST, backoff
from flashd.engine.events import Event
from flashd.engine.observe import picture
from flashd.model.observation import Standing
from flashd.model.run import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta

    from flashd.engine.request import Request, Result
    from flashd.engine.world import World
    from flashd.model.observation import Picture
    from flashd.model.service import Service


async def reassess(
    world: World,
    arrays: Sequence[str],
    results: Iterable[Result],
    request: Request,
    only: Iterable[Service] | None = None,
) -> None:
    """Write anew where every service on these arrays stands, or `only` some of them.

    A change of decision is told.

    Services that had no turn are assessed too: somebody else may have resynced their clones.
    What a reload has defined otherwise since the batch began stands as it is defined now.
    """
    world = world.newest
    here = _services_on(world, arrays)
    if only is not None:
        wanted = {service.name for service in only}
        here = [service for service in here if service.name in wanted]
    names = [service.name for service in here]
    known = await picture(world, set(arrays).union(*(one.arrays for one in here)), names)
    ended = {result.service: result for result in results}
    changed = []
    for service in here:
        before = known.standings.get(service.name, Standing(service=service.name))
        after = _assess(world, service, known, ended.get(service.name), request)
        if after != before:
            changed.append((before, after))
    await world.store.stand([after for _, after in changed])
    for before, after in changed:  # what is told stands there already, whatever comes between
        _tell(world, before, after, request)
    if await world.store.holds() != known.holds:  # who changed them had all looked at before this
        await world.store.look_again(world.clock.now(), names)


def _services_on(world: World, arrays: Sequence[str]) -> list[Service]:
    wanted = set(arrays)
    return [one for one in world.services.values() if not wanted.isdisjoint(one.arrays)]


def _assess(
    world: World, service: Service, known: Picture, result: Result | None, request: Request
) -> Standing:
    now = world.clock.now()
    before = known.standings.get(service.name, Standing(service=service.name))
    failures, retry_at = _failures(before, result, now)
    last = last_resync_of(service, known.sightings, known.zones)
    answer = decide(service, last, now, retry_at, binding(known.holds, service, now))
    decision, reason = _decision(before, answer, result, request)
    look_at = _look_at(before, answer, result, now, world.pace.check_interval)
    since = before.since if (decision, reason) == (before.decision, before.reason) else now
    return Standing(
        service=service.name,
        decision=decision,
        reason=reason,
        since=since,
        look_at=look_at,
        failures=failures,
        retry_at=retry_at,
    )


def _look_at(
    before: Standing, answer: Due | NotDue, result: Result | None, now: datetime, again: timedelta
) -> datetime | None:
    """Tell when to look: what just had its turn and is due still, after the check interval.

    That stays so when another batch of its array ends meanwhile: two batches would else have each
    other's services looked at without a pause.
    """
    if isinstance(answer, NotDue):
        return answer.until
    if result is not None:
        return now + again
    waits = before.refused and before.look_at is not None and now < before.look_at <= now + again
    return before.look_at if waits else now


def _decision(
    before: Standing, answer: Due | NotDue, result: Result | None, request: Request
) -> tuple[str, str]:
    """Name the present decision: how the last turn ended where it did not end well.

    Until what failed or was refused is tried again it stays so, whoever lists the array meanwhile:
    else the same failure would be news each time.
    """
    if result is not None and result.outcome is not Outcome.DONE:
        return request.decision_on(result.outcome), result.reason
    waits = isinstance(answer, NotDue) and answer.reason is Reason.BACKOFF
    if waits and before.decision == str(Outcome.FAILED):
        return before.decision, before.reason
    if result is None and isinstance(answer, Due) and before.refused:
        return before.decision, before.reason
    reason = str(getattr(answer, "reason", ""))
    return ("due" if isinstance(answer, Due) else "not-due"), reason


def _failures(
    before: Standing, result: Result | None, now: datetime
) -> tuple[int, datetime | None]:
    """Count the turns that failed in a row; a refusal is no failure and has no backoff.

    A turn that did not come, since the array could not be read, is none: the array has its own.
    """
    came = result is not None and (result.run is not None or result.tried)
    if result is None or not came or result.outcome is Outcome.REFUSED:
        retry_at = before.retry_at  # later than any backoff: the clock was set back
        return before.failures, retry_at if retry_at and retry_at <= now + MOST else None
    if result.outcome in {Outcome.FAILED, Outcome.UNKNOWN}:
        failures = before.failures + 1
        return failures, now + backoff(failures)
    return 0, None


def _tell(world: World, before: Standing, after: Standing, request: Request) -> None:
    if (after.decision, after.reason) == (before.decision, before.reason):
        return
    world.events.tell(
        Event.DECISION_CHANGED,
        f"{after.service}: {after.decision}, {after.reason}",
        {
            "flashd.service.name": after.service,
            "flashd.decision.now": after.decision,
            "flashd.decision.before": before.decision,
            "flashd.decision.look_at": after.look_at.isoformat() if after.look_at else None,
            "flashd.trigger": str(request.trigger),
            "event.reason": after.reason,
        },
    )
