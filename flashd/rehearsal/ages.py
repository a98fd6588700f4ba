"""How old the clones of a twin are at the start."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from flashd.core.due import refresh_age
from flashd.rehearsal.spans import openings

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

    from flashd.model.service import Service
    from flashd.rehearsal.terms import Terms

_LOOK_BACK = timedelta(days=35)
_FIRST_HOUR = timedelta(hours=1)


def last_sync(service: Service, terms: Terms, chance: Random) -> datetime:
    """Date the last resync as if flashd had always been there.

    In the last window before the start, within its first hour; without windows, or where the age
    counts in them, some time ago that is less than the age at which it is due.
    """
    drawn = chance.random()
    if service.schedule is not None and service.freshness.refresh_after is None:
        begin = terms.start - _LOOK_BACK
        windows = openings(service.schedule, service.timezone, begin, terms.start)
        if windows:
            window = windows[-1]
            length = min(window.length, _FIRST_HOUR, terms.start - window.begin)
            return window.begin + length * drawn
    return terms.start - refresh_age(service.freshness) * drawn
