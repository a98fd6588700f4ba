"""Which holds bind a service, until when, and what they leave behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from flashd.model.hold import Kind, Scope
from flashd.model.run import StepKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flashd.model.health import Bounds
    from flashd.model.hold import Hold
    from flashd.model.run import RunRecord
    from flashd.model.service import Service

_FOR_EVER = datetime.max.replace(tzinfo=UTC)


def scopes_over(service: str, arrays: Iterable[str]) -> tuple[Scope, ...]:
    """Tell every scope that covers a service of that name, with clones on these arrays."""
    on_arrays = (Scope(Kind.ARRAY, array) for array in arrays)
    return Scope(Kind.SERVICE, service), *on_arrays, Scope(Kind.ALL)


def bindings(
    holds: Mapping[Scope, Hold], service: str, arrays: Iterable[str], now: datetime
) -> tuple[Hold, ...]:
    """Tell the holds that bind a service at `now`, the one that binds longest first."""
    over = (holds.get(scope) for scope in scopes_over(service, arrays))
    bound = [hold for hold in over if hold is not None and hold.binds(now)]
    return tuple(sorted(bound, key=lambda hold: hold.until or _FOR_EVER, reverse=True))


def binding(holds: Mapping[Scope, Hold], service: Service, now: datetime) -> Hold | None:
    """Tell the hold that binds a service longest: when it ends, no present one is left."""
    if not holds:
        return None
    return next(iter(bindings(holds, service.name, service.arrays, now)), None)


def words(hold: Hold) -> str:
    """Put a hold in words that stay the same as long as it does."""
    until = f"until {_utc(hold.until)}" if hold.until else "until it is released"
    return f"held by {hold.by} {until} ({hold.scope}): {hold.reason}"


def covered(scope: Scope, services: Mapping[str, Service]) -> list[Service]:
    """Tell the services, of these by their names, that a hold of this scope binds."""
    if scope.kind is Kind.SERVICE:
        return [services[scope.name]] if scope.name in services else []
    return [one for one in services.values() if scope.covers(one.name, one.arrays)]


def reminder(hold: Hold, services: Mapping[str, Service], after: datetime) -> datetime | None:
    """Tell when to remind of a hold next, later than `after`; None: it binds no service.

    That is each time when it has lasted once more as long as the shortest `sync_max_delay` of
    the services that it binds.
    """
    spans = [one.freshness.max_delay for one in covered(hold.scope, services)]
    if not spans:
        return None
    passed = max(timedelta(0), after - hold.since)
    return hold.since + (passed // min(spans) + 1) * min(spans)


def outlasted(hold: Hold, services: Mapping[str, Service], now: datetime) -> list[Service]:
    """Tell the services that are held for longer by now than their clones may grow old."""
    lasted = now - hold.since
    return [one for one in covered(hold.scope, services) if lasted >= one.freshness.max_delay]


def stale_before_the_end(hold: Hold, service: Service, last: Bounds | None) -> datetime | None:
    """Tell when a service's clone grows too old, if the hold can outlast that."""
    if last is None or last.earliest is None:
        return None
    stale_at = last.earliest + service.freshness.max_delay
    return stale_at if hold.until is None or stale_at < hold.until else None


def what_goes_on(run: RunRecord) -> str:
    """Say what an open run may still do, a hold having come in between."""
    if any(step.answer is None and step.unsent is None for step in run.steps):
        return "has sent its command or is about to, and goes on to its end"
    sent = [step for step in run.steps if step.unsent is None]
    if not sent:
        return "has sent nothing, and is refused before it does"
    if sent[-1].intent.step.kind is StepKind.WITHDRAW:
        pairs = ", ".join(str(pair) for pair in sent[-1].intent.step.pairs)
        return f"has withdrawn {pairs}, and is refused before it establishes them again"
    return "has sent its command, and ends when the array is read"


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
