"""When a service was due, and what came of it: a resync in time, or a window missed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from flashd.core.due import LATE_START, next_due

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from flashd.model.health import Bounds
    from flashd.model.service import Service
    from flashd.rehearsal.notes import End
    from flashd.rehearsal.watch import Stand

_SECOND = timedelta(seconds=1)
NOT_ITS_TURN = "its turn did not come before the window closed"


@dataclass(frozen=True, slots=True)
class Occasion:
    """A resync that was due at `due`; `closes` ends its window, `done` tells the copy's date."""

    due: datetime
    closes: datetime | None
    done: datetime | None

    @property
    def lateness(self) -> timedelta | None:
        """How long after it was due it was done."""
        return None if self.done is None else max(self.done - self.due, timedelta(0))


def occasions(
    service: Service, stands: Sequence[Stand], begin: datetime, end: datetime
) -> Iterator[Occasion]:
    """Walk from one resync to the next and tell what was due in between, by flashd's own rules."""
    copies = _copies(stands)
    if not copies:
        return
    last, at = copies[0], begin
    for copy in [*copies[1:], None]:
        done = end if copy is None or copy.earliest is None else copy.earliest
        yield from _until(service, last, at, done, final=copy is None)
        if copy is None:
            return
        last, at = copy, max(at, done)


def _copies(stands: Iterable[Stand]) -> list[Bounds]:
    found: list[Bounds] = []
    for stand in stands:
        if stand.last is not None and (not found or found[-1] != stand.last):
            found.append(stand.last)
    return found


def _until(
    service: Service, last: Bounds, at: datetime, done: datetime, *, final: bool
) -> Iterator[Occasion]:
    """Tell the occasions between two copies; `final`: no copy followed, the span ended."""
    while (found := next_due(service, last, at)) and found[0] <= done:
        due = found[0]
        closes = _closes(service, due)
        in_time = closes is None or done <= closes + LATE_START
        if in_time and not final:
            yield Occasion(due, closes, done)
            return
        if closes is None or (final and closes > done):
            return  # it may still come
        yield Occasion(due, closes, None)
        at = max(closes, due + _SECOND)


def _closes(service: Service, due: datetime) -> datetime | None:
    if service.schedule is None:
        return None
    last = service.schedule.window_end(due.astimezone(service.timezone))
    return None if last is None else last.astimezone(UTC) + _SECOND


def why_missed(occasion: Occasion, ends: Iterable[End], unreadable: Iterable[datetime]) -> str:
    """Tell the nearest reason why a window went by: the last that was told in it."""
    closes = (occasion.closes or occasion.due) + LATE_START
    told = [one for one in ends if occasion.due <= one.at <= closes and one.outcome != "done"]
    if told:
        return f"{told[-1].outcome}: {told[-1].reason}"
    if any(occasion.due - timedelta(minutes=31) <= at <= closes for at in unreadable):
        return "the array could not be read"
    return NOT_ITS_TURN


def most_common(reasons: Iterable[str]) -> dict[str, int]:
    """Count reasons, the most frequent first."""
    return dict(Counter(reasons).most_common())
