"""What keeps a service from its turn before any guard is asked, and who goes first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flashd.core.due import Reason
from flashd.core.durations import spell
from flashd.core.health import last_resync_of
from flashd.core.holds import binding, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flashd.core.due import NotDue
    from flashd.model.observation import Picture
    from flashd.model.run import RunRecord
    from flashd.model.service import Service


def breach(service: Service, known: Picture) -> datetime:
    """Tell when a service's clone becomes, or became, too old."""
    last = last_resync_of(service, known.sightings, known.zones)
    if last is None or last.earliest is None:
        return datetime.min.replace(tzinfo=UTC)
    return last.earliest + service.freshness.max_delay


def in_the_way(service: Service, left: Iterable[RunRecord]) -> RunRecord | None:
    """Find an open run that may still act on one of a service's volumes, or that is its own.

    What counts is what its commands name: a reload may have defined its service otherwise since.
    """
    for run in left:
        if run.service == service.name or service.volumes & run.volumes:
            return run
    return None


def obstacle(service: Service, answer: NotDue, known: Picture, now: datetime) -> str:
    """Say why a resync is not due, to who asks for it."""
    hold = binding(known.holds, service, now)
    if answer.reason is Reason.HELD and hold is not None:
        return words(hold)
    limit = spell(service.freshness.min_delay)
    if answer.until is None:
        return f"not before sync_min_delay {limit}"
    return (
        f"the last resync is less than sync_min_delay {limit} ago; "
        f"allowed in {spell(answer.until - now)}, at {answer.until:%Y-%m-%dT%H:%M:%SZ}"
    )
