"""How old the clones of a twin are at the start."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from flashd.core.due import refresh_age
from flashd.rehearsal.spans import openings, step

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

    from flashd.model.service import Service
    from flashd.rehearsal.spans import Span
    from flashd.rehearsal.terms import Terms

LOOK_BACK = timedelta(days=35)
_FIRST_HOUR = timedelta(hours=1)


def last_sync(service: Service, terms: Terms, chance: Random) -> datetime:
    """Date the last resync as if flashd had always been there.

    In the last window before the start; without windows, or where the age counts in them, some
    time ago that is less than the age at which it is due.
    """
    drawn = chance.random()
    if service.schedule is not None and service.freshness.refresh_after is None:
        begin = terms.start - LOOK_BACK
        windows = openings(service.schedule, service.timezone, begin, terms.start)
        if windows:
            return _in_window(service, windows[-1], terms.start, drawn)
    return terms.start - refresh_age(service.freshness) * drawn


def _in_window(service: Service, window: Span, start: datetime, drawn: float) -> datetime:
    """Date it within the first hour; or, in a window of several runs, within the last step."""
    end = min(window.end, start)
    between = step(service, window.begin) or refresh_age(service.freshness)
    if between < window.length or window.begin <= start - LOOK_BACK:
        begin = max(window.begin, end - between)
        return begin + (end - begin) * drawn
    return window.begin + min(end - window.begin, _FIRST_HOUR) * drawn
