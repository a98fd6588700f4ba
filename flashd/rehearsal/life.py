"""The life of each service: when somebody uses its clones, and what its guards would say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flashd.model.verdict import Finding, Verdict
from flashd.rehearsal.schedules import Remembered
from flashd.rehearsal.spans import Span, Timetable, between, days, openings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from flashd.model.service import GuardSpec, Service
    from flashd.ports.clock import Clock
    from flashd.rehearsal.terms import Terms

_STAYS_ALL_ALONG = 0.5
"""Of those who are still there when a window opens, so many do not leave before it closes."""


@dataclass(frozen=True, slots=True)
class Life:
    """When a service is up, and when a guard of it cannot answer; `windows` are its own."""

    windows: tuple[Span, ...]
    up: Timetable
    unknown: Timetable


def life_of(service: Service, terms: Terms, chance: Random) -> Life:
    """Draw one life: always the same one for the same chance."""
    windows = _windows(service, terms)
    occasions = windows if service.schedule else days(terms.start, terms.end)
    whole = service.schedule is not None
    up = [*_in_use(service, terms, windows), *_drawn(occasions, terms.up, chance, whole=whole)]
    unknown = _drawn(occasions, terms.unknown, chance, whole=whole)
    return Life(tuple(windows), Timetable(up), Timetable(unknown))


def _windows(service: Service, terms: Terms) -> list[Span]:
    if service.schedule is None:
        return [Span(terms.start, terms.end)]
    return list(openings(service.schedule, service.timezone, terms.start, terms.end))


def _in_use(service: Service, terms: Terms, windows: list[Span]) -> list[Span]:
    if terms.in_use is not None:
        return list(openings(terms.in_use, service.timezone, terms.start, terms.end))
    return between(windows, terms.start, max(terms.end, windows[-1].end if windows else terms.end))


def _drawn(
    occasions: Iterable[Span], probability: float, chance: Random, *, whole: bool
) -> list[Span]:
    """Draw a part of some of the occasions: a window's from its begin on, a day's anywhere."""
    found = []
    for one in occasions:
        struck, length, place = (chance.random() for _ in range(3))  # alike for every probability
        if struck >= probability:
            continue
        if whole:
            stays = place < _STAYS_ALL_ALONG
            found.append(one if stays else one.part(0, length))
        else:
            found.append(one.part(place * (1 - length / 2), place * (1 - length / 2) + length / 2))
    return found


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rehearsed guard is about: no other option than whose service it looks at."""

    service: str
    place: int


def subject_of(spec: GuardSpec) -> Subject:
    """Tell what a rehearsed guard is about."""
    if not isinstance(spec.options, Subject):
        raise TypeError(f"guard {spec.name} is not a rehearsed one")
    return spec.options


def rehearsed(service: Service, *, literal: bool) -> Service:
    """Give a service guards that ask its life instead of a host, and a schedule that remembers."""
    guards = tuple(
        replace(spec, options=Subject(service.name, place))
        for place, spec in enumerate(service.guards)
    )
    schedule = service.schedule
    if schedule is not None and not literal:
        schedule = Remembered(schedule)
    return replace(service, guards=guards, schedule=schedule)


@dataclass(frozen=True, slots=True)
class RehearsedGuard:
    """Says what a guard of that kind would see; one of them fails where any does."""

    spec: GuardSpec
    life: Life
    clock: Clock

    async def look(self) -> Finding:
        """Look at the life of the service."""
        now = self.clock.now()
        first = subject_of(self.spec).place == 0
        if first and self.life.unknown.covers(now):
            return Finding(Verdict.UNKNOWN, "no answer (rehearsed)")
        if self.life.up.covers(now):
            return Finding(Verdict.UP, "in use (rehearsed)")
        quiet = Verdict.DOWN if self.spec.proves else Verdict.CLEAR
        return Finding(quiet, "not in use (rehearsed)")
