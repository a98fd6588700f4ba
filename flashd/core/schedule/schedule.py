"""When runs may start: the answers that a list of expressions gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flashd.core.schedule.grammar import read
from flashd.core.schedule.hints import hints
from flashd.core.schedule.openings import Openings
from flashd.core.schedule.search import Question, first_start, open_until, starts_now
from flashd.core.schedule.windows import contains
from flashd.core.schedule.zone import SECOND, Zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from flashd.core.schedule.windows import Exclusion, Window

YEAR = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A parsed schedule.

    Instants are naive, and then the schedule's own local time without any clock change, or
    aware: `now` brings the zone of the windows, `last` may be in any.
    """

    expressions: tuple[str, ...]
    _openings: tuple[Openings, ...] = field(compare=False, repr=False)
    _exclusions: tuple[Exclusion, ...] = field(compare=False, repr=False)

    def allows(
        self, now: datetime, last: datetime | None, *, default_interval: bool = True
    ) -> bool:
        """Say whether a run may start at `now`, given when the last one did."""
        question = _question(now, last, default_interval=default_interval)
        return any(starts_now(openings, question) for openings in self._openings)

    def open_at(self, now: datetime) -> bool:
        """Say whether `now` is inside a window and not excluded, whatever the intervals."""
        return self.allows(now, None)

    def next_start(
        self,
        now: datetime,
        last: datetime | None,
        *,
        seed: str = "",
        default_interval: bool = True,
    ) -> datetime | None:
        """Return the first instant from `now` on at which a run may start; None: never again.

        `seed` tells those apart whose start `~` spreads over the window. The answer is in the
        zone of `now`; Python compares two moments of one zone by their wall time, so turn
        them into UTC before comparing.
        """
        question = _question(now, last, default_interval=default_interval)
        starts = (first_start(openings, question, seed=seed) for openings in self._openings)
        first = min((start for start in starts if start is not None), default=None)
        return None if first is None else question.zone.moment(first)

    def next_open(self, now: datetime) -> datetime | None:
        """Return the first instant from `now` on inside a window; None: never again.

        Like `next_start` it is in the zone of `now`; no start is spread.
        """
        question = _question(now, None, default_interval=False)
        starts = (first_start(openings, question) for openings in self._openings)
        first = min((start for start in starts if start is not None), default=None)
        return None if first is None else question.zone.moment(first)

    def starts(
        self,
        now: datetime,
        last: datetime | None,
        *,
        seed: str = "",
        default_interval: bool = True,
    ) -> Iterator[datetime]:
        """Yield the successive starts, each taken as a run at its instant."""
        start = self.next_start(now, last, seed=seed, default_interval=default_interval)
        while start is not None:
            yield start
            zone = Zone(now.tzinfo)
            after = zone.moment(zone.instant(start) + SECOND)
            start = self.next_start(after, start, seed=seed, default_interval=default_interval)

    def window_end(self, now: datetime) -> datetime | None:
        """Return the last second of the time that is open at `now`.

        None if it is closed at `now`, or does not close for a year.
        """
        if any(openings.always for openings in self._openings):
            return None
        zone = Zone(now.tzinfo)
        begin = instant = zone.instant(now)
        while (closes := self._open_until(instant, zone)) is not None:
            instant = closes
            if instant - begin > YEAR:
                return None
        return None if instant == begin else zone.moment(instant - SECOND)

    def _open_until(self, instant: datetime, zone: Zone) -> datetime | None:
        closings = (open_until(openings, instant, zone) for openings in self._openings)
        return max((closing for closing in closings if closing is not None), default=None)

    @property
    def intervals(self) -> tuple[timedelta, ...]:
        """The intervals between runs of all windows, each once, the shortest first."""
        return tuple(
            timedelta(seconds=seconds)
            for seconds in sorted({openings.window.interval for openings in self._openings})
        )

    def describe(self) -> str:
        """Say the schedule in words."""
        return ", ".join(f'"{expression}"' for expression in self.expressions) or "no schedule"

    def describe_window(self, now: datetime) -> str:
        """Say which window is open at `now` and until when, or why none is."""
        zone = Zone(now.tzinfo)
        instant = zone.instant(now)
        open_now = [o.window for o in self._openings if open_until(o, instant, zone) is not None]
        if open_now:
            return f"open by {_quoted(open_now)}{_until(self.window_end(now))}"
        wall = zone.wall(instant)
        exclusions = [exclusion for exclusion in self._exclusions if contains(exclusion, wall)]
        closed = "outside every window"
        if exclusions and any(contains(openings.window, wall) for openings in self._openings):
            closed = f"excluded by {_quoted(exclusions)}"
        return f"{closed}{_until(self.next_start(now, None))}"

    def hints(self) -> list[str]:
        """Return what a user may not expect of what he wrote, a sentence each."""
        return list(dict.fromkeys(hints(self._openings, self._exclusions)))


def parse(expressions: str | Sequence[str]) -> Schedule:
    """Read one expression or a list of them; a ScheduleError tells the first mistake."""
    texts = (expressions,) if isinstance(expressions, str) else tuple(expressions)
    members = [read(text) for text in texts]
    exclusions = tuple(exclusion for member in members for exclusion in member.exclusions)
    windows = (window for member in members for window in member.windows)
    return Schedule(texts, tuple(Openings(window, exclusions) for window in windows), exclusions)


def _question(now: datetime, last: datetime | None, *, default_interval: bool) -> Question:
    zone = Zone(now.tzinfo)
    return Question(
        now=zone.instant(now),
        last=None if last is None else zone.instant(last),
        zone=zone,
        default_interval=default_interval,
    )


def _quoted(stated: Iterable[Window | Exclusion]) -> str:
    return " and ".join(dict.fromkeys(f'"{each.expression}"' for each in stated))


def _until(moment: datetime | None) -> str:
    return "" if moment is None else f" until {moment:%Y-%m-%d %H:%M:%S}"
