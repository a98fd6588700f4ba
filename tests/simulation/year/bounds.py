"""Whether each service that stayed allowed was refreshed in time: arithmetic, once all is over."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.simulation.year.calendars import Opening, ended, joined, openings, without

if TYPE_CHECKING:
    from datetime import datetime

    from tests.simulation.year.definitions import Definition

LATE = timedelta(minutes=4)
"""A turn that was due in a window may end so long after it."""

NO_SCHEDULE = 0.8
"""Without a window and an age of its own, a clone is due at this part of its limit."""

SLACK = timedelta(minutes=2)
"""By so much an age may be told too low or a delay too long: what was not seen is bounded."""


@dataclass
class Ledger:
    """What kept services from being refreshed, and when each was; instants are true ones.

    What is over is looked at after `interval` at most, so each trouble lasts as much longer.
    """

    interval: timedelta
    troubles: dict[str, list[tuple[datetime, datetime]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    refreshes: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    reigns: dict[str, list[tuple[datetime, Definition]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    ends: dict[str, datetime] = field(default_factory=dict)

    def trouble(self, whom: str, begin: datetime, length: timedelta) -> None:
        """Excuse a service, an array, or `all`, for a while."""
        self.troubles[whom].append((begin, begin + length + self.interval))

    def refreshed(self, name: str, at: datetime) -> None:
        """Note a refresh."""
        self.refreshes[name].append(at)


@dataclass(frozen=True)
class Wait:
    """A service was wanted and allowed from `begin` on, for as long as `lasted`."""

    service: str
    begin: datetime
    lasted: timedelta


def longest_waits(
    ledger: Ledger, ups: dict[str, list[tuple[datetime, datetime]]], end: datetime
) -> list[Wait]:
    """Tell, for each time between two refreshes, how long a service waited though allowed."""
    found = []
    for name, reigns in sorted(ledger.reigns.items()):
        until = [at for at, _ in reigns[1:]] + [ledger.ends.get(name, end)]
        for (begin, definition), stop in zip(reigns, until, strict=True):
            if begin < stop:
                found += _waits(ledger, definition, ups.get(name, []), (begin, stop))
    return found


def _waits(
    ledger: Ledger,
    definition: Definition,
    up: list[tuple[datetime, datetime]],
    reign: tuple[datetime, datetime],
) -> list[Wait]:
    begin, stop = reign
    whom = (definition.name, *definition.arrays, "all")
    holes = joined([*up, *(span for one in whom for span in ledger.troubles[one])])
    times = [at for at in ledger.refreshes[definition.name] if at < stop]
    edges = [*[at for at in times if at >= begin], stop]
    before = [at for at in times if at < begin][-1:]
    waits, last = [], before[0] if before else None
    spans = _windows(definition, begin, stop)
    for edge in edges:
        between = (max(begin, last or begin), edge)
        for piece in _wanted(definition, spans, last, between):
            left = without(piece, holes)
            if not _spread(definition) or left == [piece]:
                waits += [Wait(definition.name, first, final - first) for first, final in left]
        last = edge
    return waits


def _windows(definition: Definition, begin: datetime, stop: datetime) -> list[Opening]:
    if definition.calendar is None:
        return [Opening(begin, stop)]
    return list(openings(definition.calendar, definition.zone, begin, stop))


def _wanted(
    definition: Definition,
    spans: list[Opening],
    last: datetime | None,
    between: tuple[datetime, datetime],
) -> list[tuple[datetime, datetime]]:
    """Tell when a refresh is wanted between the last one and the next."""
    begin, stop = between
    calendar, least = definition.calendar, timedelta(0)
    once = calendar is not None and calendar.every is None and definition.refresh_after is None
    if last is not None and not once:
        every = calendar.every if calendar and calendar.every else timedelta(0)
        age = definition.refresh_after or (
            timedelta(0) if calendar else definition.max_delay * NO_SCHEDULE
        )
        least = max(every + (timedelta(hours=1) if every >= timedelta(days=1) else SLACK), age)
    if last is not None:
        begin = max(begin, last + max(least, definition.min_delay) + SLACK)
    found = []
    for one in spans:
        if one.end <= begin or one.begin >= stop or not one.sure:
            continue
        opens = max(begin, one.begin)
        if once and last is not None:
            if one.begin <= last <= one.end + LATE:
                continue
            opens = max(opens, ended(last, one.length, definition.zone) + SLACK)
            if opens >= one.end:
                continue  # somebody else refreshed it shortly before: so says docs/schedule.md
        if _spread(definition) and not (begin <= one.begin and one.end + LATE < stop):
            continue  # its own second may be any: only a window that goes by is one too many
        if opens < stop:
            found.append((opens, min(stop, one.end)))
    return found


def _spread(definition: Definition) -> bool:
    return definition.calendar is not None and definition.calendar.spread
