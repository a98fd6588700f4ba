"""Half-open spans `(begin, stop)`, of seconds in a day or of instants."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

Point = TypeVar("Point", int, datetime)


def joined(spans: Iterable[tuple[Point, Point]]) -> list[tuple[Point, Point]]:
    """Order `spans`, drop the empty ones and make one of those that touch."""
    result: list[tuple[Point, Point]] = []
    for begin, stop in sorted(span for span in spans if span[0] < span[1]):
        if result and begin <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], stop))
        else:
            result.append((begin, stop))
    return result


def without(
    span: tuple[Point, Point], holes: Iterable[tuple[Point, Point]]
) -> list[tuple[Point, Point]]:
    """Return what `holes` leave of `span`, in order."""
    begin, stop = span
    rest: list[tuple[Point, Point]] = []
    for hole_begin, hole_stop in joined(holes):
        rest.append((begin, min(stop, hole_begin)))
        begin = max(begin, hole_stop)
    rest.append((begin, stop))
    return joined(rest)
