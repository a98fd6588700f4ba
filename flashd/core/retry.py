"""When to try again after a failure."""

from __future__ import annotations

from datetime import timedelta

FIRST = timedelta(minutes=1)
MOST = timedelta(minutes=30)
_DOUBLINGS = 10


def backoff(failures: int) -> timedelta:
    """Tell how long to leave an array or a service alone after so many failures in a row.

    It doubles from one minute to half an hour: soon enough after a console's restart, seldom
    enough not to fill a log in a night.
    """
    if failures < 1:
        return timedelta(0)
    doublings: int = min(failures - 1, _DOUBLINGS)
    return min(FIRST * (1 << doublings), MOST)
