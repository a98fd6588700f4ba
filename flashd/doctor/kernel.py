"""Ask the kernel how well its clock is set."""

from __future__ import annotations

import ctypes
from datetime import timedelta

_UNSYNCHRONISED = 0x40  # STA_UNSYNC
_ROOM = 512  # more than any architecture's struct timex


class _Timex(ctypes.Structure):
    """The beginning of `struct timex`; see adjtimex(2)."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("room", ctypes.c_char * _ROOM),
    )


def clock_error() -> timedelta | None:
    """Tell the clock's greatest error; a whole day where it is not synchronised.

    None where the kernel does not say. `timedatectl` knows no more: it asks the same.
    """
    asked = _Timex()  # modes 0: nothing is set
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(asked))
    except (OSError, AttributeError):
        return None
    if state < 0:
        return None
    if asked.status & _UNSYNCHRONISED:
        return timedelta(days=1)
    return timedelta(microseconds=asked.maxerror)
