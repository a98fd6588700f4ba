"""Is a resync due, and why; if not, when the answer can change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from flashd.model.health import Bounds
    from flashd.model.hold import Hold
    from flashd.model.service import Freshness, Service, Windows

DEFAULT_REFRESH = 0.8
"""Without a schedule and `refresh_after`, a clone is due at this part of `sync_max_delay`."""

LATE_START = timedelta(seconds=60)
"""How long after the end of a window a turn may begin that was due inside it."""

_MOST_OBSTACLES = 32


class Reason(StrEnum):
    """Why a resync is due, or is not."""

    NEVER_SYNCED = "never-synced"
    AGE_UNKNOWN = "age-unknown"
    STALE = "stale"
    WINDOW = "window"
    REFRESHABLE = "refreshable"
    ASKED = "asked"
    OUTSIDE_WINDOW = "outside-window"
    HAD_THIS_WINDOW = "had-this-window"
    SPREAD = "spread"
    NO_WINDOW = "no-window"
    TOO_SOON = "too-soon"
    FRESH = "fresh"
    BACKOFF = "backoff"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Due:
    """Resync now."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class NotDue:
    """Leave the clone alone.

    The answer cannot change before `until`; `None`: it changes only with what is known of the
    clone, or with the definition.
    """

    reason: Reason
    until: datetime | None


def decide(
    service: Service,
    last: Bounds | None,
    now: datetime,
    retry_at: datetime | None = None,
    hold: Hold | None = None,
) -> Due | NotDue:
    """Say whether the daemon shall resync at `now`, and why.

    `last` bounds the resync of the oldest pair (None: a pair holds no copy); age counts from
    its earliest instant, delays from its latest. A stale clone does not force a window open:
    the window is a promise to the people who use the target. `hold` is the one that binds
    longest.
    """
    if hold is not None and hold.binds(now):
        return NotDue(Reason.HELD, hold.until)
    if retry_at is not None and now < retry_at:
        return NotDue(Reason.BACKOFF, retry_at)
    freshness = service.freshness
    if obstacle := _window(service, last, now) or _delay(last, freshness, now):
        return obstacle
    return _age(service, last, now)


def decide_asked(
    last: Bounds | None,
    freshness: Freshness,
    now: datetime,
    hold: Hold | None = None,
    *,
    force: bool,
) -> Due | NotDue:
    """Say whether a person may resync at `now`: windows and backoff bind the daemon only."""
    if hold is not None and hold.binds(now):
        return NotDue(Reason.HELD, hold.until)
    if not force and (obstacle := _delay(last, freshness, now)):
        return obstacle
    return Due(Reason.ASKED)


def in_time(service: Service, decided_at: datetime, now: datetime) -> bool:
    """Say whether a turn that was due at `decided_at` may still be taken at `now`.

    A window may be as short as a second and logging in takes several, so a turn that was due
    inside a window may begin a little after its end; one that waited longer must not.
    """
    if service.schedule is None:
        return True
    end = service.schedule.window_end(decided_at.astimezone(service.timezone))
    return end is None or now - end.astimezone(UTC) <= LATE_START


def next_due(
    service: Service,
    last: Bounds | None,
    now: datetime,
    retry_at: datetime | None = None,
    hold: Hold | None = None,
) -> tuple[datetime, Reason] | None:
    """Tell when the next resync is due and what it then waited for last; None: never.

    The reason of one that is due already is why it is due.
    """
    at, waited = now, None
    for _ in range(_MOST_OBSTACLES):
        match decide(service, last, at, retry_at, hold):
            case Due(reason):
                return at, waited or reason
            case NotDue(_, None):
                return None
            case NotDue(reason, until) if until is not None:
                at, waited = until, reason
    return at, waited or Reason.OUTSIDE_WINDOW


def refresh_age(freshness: Freshness) -> timedelta:
    """Tell the age at which a clone is due."""
    if freshness.refresh_after is None:
        return freshness.max_delay * DEFAULT_REFRESH
    return freshness.refresh_after


def _age(service: Service, last: Bounds | None, now: datetime) -> Due | NotDue:
    freshness = service.freshness
    if last is None:
        return Due(Reason.NEVER_SYNCED)
    if last.earliest is None:
        return Due(Reason.AGE_UNKNOWN)
    by_age = service.schedule is None or freshness.refresh_after is not None
    if by_age and now < (refresh_at := last.earliest + refresh_age(freshness)):
        return NotDue(Reason.FRESH, refresh_at)
    if now - last.earliest > freshness.max_delay:
        return Due(Reason.STALE)
    return Due(Reason.REFRESHABLE if by_age else Reason.WINDOW)


def _delay(last: Bounds | None, freshness: Freshness, now: datetime) -> NotDue | None:
    if last is None or last.latest is None or not freshness.min_delay:
        return None
    if now < (earliest := last.latest + freshness.min_delay):
        return NotDue(Reason.TOO_SOON, earliest)
    return None


def _window(service: Service, last: Bounds | None, now: datetime) -> NotDue | None:
    if service.schedule is None:
        return None
    once = service.freshness.refresh_after is None
    ran = last.latest if last else None
    start = _start(service, service.schedule, (now, ran), once=once)
    if start is None:
        return NotDue(Reason.NO_WINDOW, None)
    if start <= now:
        return None
    local = now.astimezone(service.timezone)
    if not service.schedule.open_at(local):
        return NotDue(Reason.OUTSIDE_WINDOW, start)
    had = not service.schedule.allows(local, _local(ran, service.timezone), default_interval=once)
    return NotDue(Reason.HAD_THIS_WINDOW if had else Reason.SPREAD, start)


def _start(
    service: Service,
    schedule: Windows,
    instants: tuple[datetime, datetime | None],
    *,
    once: bool,
) -> datetime | None:
    """Find the next start of a schedule; `refresh_after` stands in for "once per window"."""
    now, ran = instants
    start = schedule.next_start(
        now.astimezone(service.timezone),
        _local(ran, service.timezone),
        seed=service.name,
        default_interval=once,
    )
    return start.astimezone(UTC) if start is not None else None


def _local(instant: datetime | None, zone: ZoneInfo) -> datetime | None:
    return instant.astimezone(zone) if instant is not None else None
