"""A schedule that remembers says what the schedule says, and asks it seldom."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from flashd.core.schedule import parse
from flashd.rehearsal.schedules import Remembered

if TYPE_CHECKING:
    from flashd.model.service import Windows

PARIS = ZoneInfo("Europe/Paris")
START = datetime(2026, 11, 23, 12, tzinfo=UTC)
STEP = timedelta(hours=5)


@dataclass
class Counted:
    """A schedule that counts the costly questions."""

    inner: Windows
    asked: list[str] = field(default_factory=list)

    def open_at(self, now: datetime) -> bool:
        self.asked.append("open_at")
        return self.inner.open_at(now)

    def window_end(self, now: datetime) -> datetime | None:
        self.asked.append("window_end")
        return self.inner.window_end(now)

    def next_open(self, now: datetime) -> datetime | None:
        return self.inner.next_open(now)

    def next_start(
        self,
        now: datetime,
        last: datetime | None,
        *,
        seed: str = "",
        default_interval: bool = True,
    ) -> datetime | None:
        return self.inner.next_start(now, last, seed=seed, default_interval=default_interval)

    def allows(
        self, now: datetime, last: datetime | None, *, default_interval: bool = True
    ) -> bool:
        return self.inner.allows(now, last, default_interval=default_interval)


@pytest.mark.parametrize(
    "expressions",
    [["*"], ["@4h"], ["00:00-12:00", "12:00-00:00"], ["22:00-04:00"], ["* mon-fri", "! 3:00-4:00"]],
)
def test_it_says_what_the_schedule_says(expressions: list[str]) -> None:
    plain = parse(expressions)
    remembered = Remembered(plain)
    for number in range(60):
        now = (START + number * STEP).astimezone(PARIS)
        assert remembered.window_end(now) == plain.window_end(now)
        assert remembered.open_at(now) == plain.open_at(now)


@pytest.mark.parametrize("expressions", [["*"], ["00:00-12:00", "12:00-00:00"]])
def test_what_never_closes_is_asked_once(expressions: list[str]) -> None:
    counted = Counted(parse(expressions))
    remembered = Remembered(counted)
    for number in range(60):
        now = (START + number * STEP).astimezone(PARIS)
        assert remembered.open_at(now)
        assert remembered.window_end(now) is None
    assert counted.asked.count("window_end") == 1
    assert counted.asked.count("open_at") <= 2
