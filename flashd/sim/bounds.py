"""How large numbers and how far instants may be: what an array file and a date can hold.

Nothing real comes near; a mistyped number is told at once and not when it is used.
"""

from datetime import UTC, datetime

from flashd.sim.errors import SimError

CENTURY = 100 * 366 * 86_400.0
"""The longest duration, in seconds."""
MOST = 2**48
"""The largest count: as tracks of as many GiB it still is an integer of 63 bits."""
LARGEST = 2**63 - 1
"""The largest integer of an array file."""
_FIRST = datetime(1900, 1, 1, tzinfo=UTC).timestamp()
_LAST = datetime(2200, 1, 1, tzinfo=UTC).timestamp()
_DIGITS = len(str(MOST))


def is_duration(seconds: float) -> bool:
    """Say whether a number of seconds is one that can pass, forwards or backwards."""
    return -CENTURY <= seconds <= CENTURY


def is_instant(at: float) -> bool:
    """Say whether an instant is one that a date can show, years of moved clocks later too."""
    return _FIRST <= at <= _LAST


def count(text: str, what: str) -> int:
    """Read a whole number, not below zero."""
    if not (text.isascii() and text.isdecimal()):
        raise SimError(f"{what} {text[:40]!r} is no number")
    bare = text.lstrip("0") or "0"
    if len(bare) > _DIGITS or int(bare) > MOST:
        raise SimError(f"{what} {text[:40]!r} is too large; the largest is {MOST}")
    return int(bare)
