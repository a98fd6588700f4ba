"""A schedule that remembers its answers for as long as they hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flashd.model.service import Windows

_SECOND = timedelta(seconds=1)
_NEVER = datetime.max.replace(tzinfo=UTC)
_FAR = timedelta(days=300)
"""What does not close for a year (`Schedule.window_end`) is open for so long, without asking."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """The first instant at or after `asked` is `found`: so it is for whoever asks in between."""

    last: datetime | None
    asked: datetime
    found: datetime | None
    until: datetime

    def holds(self, now: datetime, last: datetime | None) -> bool:
        return last == self.last and self.asked <= now <= self.until


@dataclass(slots=True, eq=False)
class Remembered:
    """Windows (`flashd.model.service.Windows`), each search done once.

    A rehearsal asks after each listing for each service, and mostly nothing has changed.
    """

    inner: Windows
    _starts: dict[tuple[str, bool], _Answer] = field(default_factory=dict)
    _opens: _Answer | None = None
    _open: tuple[datetime, datetime] | None = None
    _endless: tuple[datetime, datetime] | None = None

    def next_start(
        self,
        now: datetime,
        last: datetime | None,
        *,
        seed: str = "",
        default_interval: bool = True,
    ) -> datetime | None:
        """See `Windows`."""
        at, ran = now.astimezone(UTC), last.astimezone(UTC) if last else None
        known = self._starts.get((seed, default_interval))
        if known is None or not known.holds(at, ran):
            found = self.inner.next_start(now, last, seed=seed, default_interval=default_interval)
            known = _Answer(ran, at, found, _until(found))
            self._starts[seed, default_interval] = known
        return known.found

    def next_open(self, now: datetime) -> datetime | None:
        """See `Windows`."""
        at = now.astimezone(UTC)
        if self._opens is None or not self._opens.holds(at, None):
            found = self.inner.next_open(now)
            self._opens = _Answer(None, at, found, _until(found))
        return self._opens.found

    def open_at(self, now: datetime) -> bool:
        """See `Windows`."""
        at = now.astimezone(UTC)
        if self._open is not None and self._open[0] <= at < self._open[1]:
            return True
        opens = self.next_open(now)
        if opens is None or at < opens.astimezone(UTC).replace(microsecond=0):
            return False
        if not self.inner.open_at(now):
            return False
        self.window_end(now)
        return True

    def window_end(self, now: datetime) -> datetime | None:
        """See `Windows`."""
        at = now.astimezone(UTC)
        if self._endless is not None and self._endless[0] <= at < self._endless[1]:
            return None
        end = self.inner.window_end(now)
        if end is not None:
            self._open = (at, end.astimezone(UTC) + _SECOND)
        elif self.inner.open_at(now):
            self._open = self._endless = (at, at + _FAR)
        return end

    def allows(
        self, now: datetime, last: datetime | None, *, default_interval: bool = True
    ) -> bool:
        """See `Windows`."""
        return self.inner.allows(now, last, default_interval=default_interval)


def _until(found: datetime | None) -> datetime:
    return _NEVER if found is None else found.astimezone(UTC)
