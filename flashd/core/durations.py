"""Durations in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_SHOWN = 2


def spell(duration: timedelta) -> str:
    """Write a duration as its two largest units, rounded down: `1d2h`, `1m30s`, `0s`."""
    left = int(abs(duration).total_seconds())
    parts: list[str] = []
    for unit, seconds in _UNITS:
        count, rest = divmod(left, seconds)
        if count or parts:
            parts.append(f"{count}{unit}" if count else "")
            left = rest
        if len(parts) == _SHOWN:
            break
    return "".join(parts) or "0s"
