"""Arguments that several commands take, and how instants and durations are written."""

import math
import re
from datetime import datetime
from pathlib import Path

import click

from flashd.sim import bounds
from flashd.sim.array import Array
from flashd.sim.errors import SimError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[smhdw])+")
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")


def _open(_: click.Context, __: click.Parameter, value: Path) -> Array:
    return Array.open(value)


array_file = click.argument(
    "array", metavar="FILE", type=click.Path(path_type=Path), callback=_open
)
NUMBER = click.IntRange(-bounds.LARGEST, bounds.LARGEST)
"""A whole number that an array file can hold."""
as_json = click.option("--json", "as_json", is_flag=True, help="As one JSON object.")


def seconds(text: str) -> float:
    """Read `90`, `1h30m` or `-2d` as seconds, a hundred years at most."""
    sign = -1 if text.startswith("-") else 1
    length = _length(text.lstrip("+-"))
    if math.isnan(length):
        raise SimError(f"{text[:40]!r} is not a duration; write 90s, 1h30m or 2d")
    if not bounds.is_duration(length):
        raise SimError(f"{text[:40]!r} is too long; the longest is 100 years")
    return sign * length


def _length(bare: str) -> float:
    """Read a duration without its sign; what is none is no number."""
    if _DURATION.fullmatch(bare):
        return sum(float(n) * _SECONDS[unit] for n, unit in _PART.findall(bare))
    try:
        return float(bare)
    except ValueError:
        return math.nan


def instant(text: str, now: float) -> float:
    """Read `26h ago`, or an ISO 8601 instant with its offset, as seconds since the epoch."""
    duration, ago, rest = text.strip().rpartition("ago")
    at = now - seconds(duration.strip()) if ago and not rest else _written(text.strip())
    if not bounds.is_instant(at):
        raise SimError(f"{text[:40]!r} is not between the years 1900 and 2200")
    return at


def _written(text: str) -> float:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise SimError(f"{text[:40]!r} is not an instant; write '26h ago' or 2026-03-29T01:30:00Z")
    return at.timestamp()
