"""Spans of time: when a schedule is open, and what is left between."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from flashd.model.service import Service, Windows

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `begin` until just before `end`."""

    begin: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.begin

    def part(self, begins: float, ends: float) -> Span:
        """Tell a part of it, given where that begins and ends between 0 and 1."""
        return Span(self.begin + self.length * begins, self.begin + self.length * ends)


def openings(schedule: Windows, zone: ZoneInfo, begin: datetime, end: datetime) -> tuple[Span, ...]:
    """Tell when a schedule is open from `begin` to `end`; the last may end later."""
    return _found_once(cast("Hashable", schedule), zone, begin, end)


@lru_cache(maxsize=1024)
def _found_once(
    schedule: Any,  # noqa: ANN401 - `Windows` that are hashable; many services share a schedule
    zone: ZoneInfo,
    begin: datetime,
    end: datetime,
) -> tuple[Span, ...]:
    return tuple(_openings(schedule, zone, begin, end))


def _openings(schedule: Windows, zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[Span]:
    at = begin
    while at < end:
        opens = schedule.next_open(at.astimezone(zone))
        if opens is None or (opened := opens.astimezone(UTC)) >= end:
            return
        last = schedule.window_end(opens)
        closes = end if last is None else last.astimezone(UTC) + SECOND
        yield Span(opened, closes)
        at = max(closes, opened + SECOND)


def step(service: Service, instant: datetime) -> timedelta | None:
    """Tell after how long a service has its next run that has one at an instant; None: never."""
    if service.schedule is None:
        return None
    ran = instant.astimezone(service.timezone)
    after = (instant + SECOND).astimezone(service.timezone)
    starts = service.schedule.next_start(after, ran)
    return None if starts is None else starts.astimezone(UTC) - instant


def between(spans: Sequence[Span], begin: datetime, end: datetime) -> list[Span]:
    """Tell what `spans` leave of the time from `begin` to `end`."""
    edges = [begin, *(edge for one in spans for edge in (one.begin, one.end)), end]
    gaps = zip(edges[::2], edges[1::2], strict=True)
    return [Span(first, last) for first, last in gaps if first < last]


def merged(spans: Iterable[Span]) -> list[Span]:
    """Join spans that touch."""
    found: list[Span] = []
    for one in sorted(spans):
        if found and one.begin <= found[-1].end:
            found[-1] = Span(found[-1].begin, max(found[-1].end, one.end))
        else:
            found.append(one)
    return found


def days(begin: datetime, end: datetime) -> list[Span]:
    """Cut a time into days."""
    count = -(-(end - begin) // timedelta(days=1))
    edges = [begin + timedelta(days=number) for number in range(count)] + [end]
    return [Span(first, last) for first, last in pairwise(edges)]


class Timetable:
    """Spans that are asked which of them an instant lies in."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.spans = tuple(merged(spans))
        self._begins = [one.begin for one in self.spans]

    def covers(self, instant: datetime) -> bool:
        """Whether an instant lies in one of them."""
        number = bisect_right(self._begins, instant) - 1
        return number >= 0 and instant < self.spans[number].end
