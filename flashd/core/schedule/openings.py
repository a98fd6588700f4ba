"""When a window is open: its occurrences on the wall clock, and their real time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import chain
from typing import TYPE_CHECKING

from flashd.core.schedule.days import all_kinds, marked_days
from flashd.core.schedule.spans import joined, without
from flashd.core.schedule.windows import DAY, Exclusion, Seconds, Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flashd.core.schedule.days import YearKind
    from flashd.core.schedule.zone import Zone

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A window on one day of the calendar, in wall time, as the exclusions leave it."""

    begin: datetime
    pieces: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Openings:
    """A window and all that is excluded from it."""

    window: Window
    exclusions: tuple[Exclusion, ...]
    _bits: dict[YearKind, int] = field(default_factory=dict, init=False, compare=False, repr=False)

    def open_days(self, kind: YearKind) -> int:
        """Return the days of a year of that kind that have a second left to run in."""
        if not self.exclusions:
            return self.window.rule.bits(kind)
        if kind not in self._bits:
            self._bits[kind] = self._compute(kind)
        return self._bits[kind]

    def _compute(self, kind: YearKind) -> int:
        """Mark the days that have a first free second.

        There is no other place for it than the begin of a part of the window, or the end
        of an exclusion.
        """
        if not (days := self.window.rule.bits(kind)):
            return 0
        taken = self._taken(days, kind)
        ends = {stop for _, stop in taken}
        marks = 0
        for begin, stop in (self.window.hours.first_day, self.window.hours.second_day):
            for second in (begin, *ends):
                if begin <= second < stop and marks != days:
                    marks |= days & ~_covering(taken, second)
        return marks

    def _taken(self, days: int, kind: YearKind) -> dict[Seconds, int]:
        """Return the excluded parts of a day, each with the days on which it is excluded."""
        taken: dict[Seconds, int] = {}
        for exclusion in self.exclusions:
            if common := days & exclusion.rule.bits(kind):
                for part in (exclusion.hours.first_day, exclusion.hours.second_day):
                    taken[part] = taken.get(part, 0) | common
        return taken

    @property
    def never(self) -> bool:
        """Whether no day of any year has a second left to run in."""
        return not any(self.open_days(kind) for kind in all_kinds())

    @property
    def always(self) -> bool:
        """Whether it is open all day, every day, without exclusion."""
        hours, rule = self.window.hours, self.window.rule
        return not self.exclusions and hours.length >= DAY and rule.every_day

    def occurrences(self, first: int, last: int | None) -> Iterator[Occurrence]:
        """Yield in order the occurrences with a piece on a day from `first` to `last`."""
        if last is None and self.never:
            return
        latest = 0
        for day in marked_days(self.open_days, first, last):
            for begin in (day - 1, day) if self.window.hours.wraps else (day,):
                if begin > latest:
                    latest = begin
                    yield self._occurrence(begin)

    def _occurrence(self, day: int) -> Occurrence:
        hours = self.window.hours
        pieces = [
            *self._free(day, hours.first_day),
            *((begin + DAY, stop + DAY) for begin, stop in self._free(day + 1, hours.second_day)),
        ]
        return Occurrence(
            _wall(day, hours.begin),
            tuple((_wall(day, begin), _wall(day, stop)) for begin, stop in joined(pieces)),
        )

    def _free(self, day: int, part: Seconds) -> list[Seconds]:
        if part[0] == part[1] or not self.window.rule.includes(day):
            return []
        return without(part, self._excluded(day))

    def _excluded(self, day: int) -> Iterator[Seconds]:
        for exclusion in self.exclusions:
            if exclusion.rule.includes(day):
                yield exclusion.hours.first_day
                yield exclusion.hours.second_day

    def spans(self, occurrence: Occurrence, zone: Zone) -> list[Span]:
        """Return the real time in which an occurrence is open, in instants."""
        return joined(chain.from_iterable(self._real(*piece, zone) for piece in occurrence.pieces))

    def _real(self, begin: datetime, stop: datetime, zone: Zone) -> Iterator[Span]:
        change = zone.change_near(begin)
        yield from change.spans(begin, stop)
        if overtime := change.overtime(begin, stop):
            for begins, stops in self._not_excluded(overtime):
                yield begins - change.after, stops - change.after

    def _not_excluded(self, span: Span) -> list[Span]:
        days = range(span[0].toordinal(), span[1].toordinal() + 1)
        holes = (
            (_wall(day, begin), _wall(day, stop))
            for day in days
            for begin, stop in self._excluded(day)
        )
        return without(span, holes)


def _wall(day: int, second: int) -> datetime:
    return datetime.combine(date.fromordinal(day), time()) + timedelta(seconds=second)


def _covering(taken: dict[Seconds, int], second: int) -> int:
    days = 0
    for (begin, stop), common in taken.items():
        if begin <= second < stop:
            days |= common
    return days
