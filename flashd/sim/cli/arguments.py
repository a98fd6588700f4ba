"""Arguments that several commands take, and how instants and durations are written."""

import re
from datetime import datetime
from pathlib import Path

import click

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
as_json = click.option("--json", "as_json", is_flag=True, help="As one JSON object.")


def seconds(text: str) -> float:
    """Read `90`, `1h30m` or `-2d` as seconds."""
    sign = -1 if text.startswith("-") else 1
    bare = text.lstrip("+-")
    if _DURATION.fullmatch(bare):
        return sign * sum(float(n) * _SECONDS[unit] for n, unit in _PART.findall(bare))
    try:
        return sign * float(bare)
    except ValueError:
        raise SimError(f"{text!r} is not a duration; write 90s, 1h30m or 2d") from None


def instant(text: str, now: float) -> float:
    """Read `26h ago`, or an ISO 8601 instant with its offset, as seconds since the epoch."""
    duration, ago, rest = text.strip().rpartition("ago")
    if ago and not rest:
        return now - seconds(duration.strip())
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise SimError(f"{text!r} is not an instant; write '26h ago' or 2026-03-29T01:30:00Z")
    return at.timestamp()
