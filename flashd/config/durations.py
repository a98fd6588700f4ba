"""Spans of time as users write them."""

from __future__ import annotations

import re
from datetime import timedelta

LONGEST = timedelta(days=3650)
PATTERN = r"^([0-9]{1,9}|(?=[0-9])([0-9]{1,9}d)?([0-9]{1,9}h)?([0-9]{1,9}m)?([0-9]{1,9}s)?)$"

_SHAPE = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)
_MINUTES = re.compile(r"\d{1,9}", re.ASCII)
_WRITE = "write a number of minutes, or such as 90s, 30m, 25h, 1d, 1d3h"


def parse_duration(text: str) -> timedelta:
    """Read a duration: a bare integer is minutes, else days, hours, minutes, seconds."""
    if _MINUTES.fullmatch(text):
        span = timedelta(minutes=int(text))
    elif text and (found := _SHAPE.fullmatch(text)):
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    else:
        raise ValueError(f"{text!r} is not a duration; {_advice(text)}")
    if span > LONGEST:
        raise ValueError(f"{text} is longer than {LONGEST.days}d")
    return span


def format_duration(span: timedelta) -> str:
    """Write a duration as `parse_duration` reads it, to the second."""
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


def _advice(text: str) -> str:
    if weeks := re.fullmatch(r"([0-9]{1,4})w", text):
        return f"write {int(weeks[1]) * 7}d"
    if text != text.lower() and _SHAPE.fullmatch(text.lower()):
        return f"write {text.lower()}"
    if (joined := "".join(text.split())) != text and joined and _SHAPE.fullmatch(joined):
        return f"write {joined}"
    return _WRITE
