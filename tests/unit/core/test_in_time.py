"""Whether a turn that was due may still be taken when it comes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from flashd.core.due import LATE_START, in_time
from flashd.core.schedule import parse
from flashd.model.service import Freshness, Resource, Service
from flashd.model.volumes import Pair

FRESHNESS = Freshness(min_delay=timedelta(0), max_delay=timedelta(hours=25))
OPENED = datetime(2026, 11, 22, 9, 0, 0, 400_000, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def service(schedule: str | None) -> Service:
    return Service(
        name="s",
        freshness=FRESHNESS,
        schedule=parse(schedule) if schedule else None,
        timezone=ZoneInfo("UTC"),
        guards=(),
        resources=(Resource(id="r", array="IBM.2107-75ABC01", pairs=(Pair.parse("1000:1001"),)),),
    )


@pytest.mark.parametrize("later", [timedelta(0), timedelta(days=1)])
def test_without_a_schedule_a_turn_is_never_late(later: timedelta) -> None:
    assert in_time(service(None), OPENED, OPENED + later)


def test_a_window_of_a_second_leaves_time_to_log_in() -> None:
    assert in_time(service("09:00"), OPENED, OPENED + 10 * SECOND)


def test_a_turn_that_waited_past_the_end_is_not_taken() -> None:
    assert not in_time(service("09:00"), OPENED, OPENED + LATE_START + 5 * SECOND)


@pytest.mark.parametrize(("late", "taken"), [(0, True), (59, True), (62, False), (3600, False)])
def test_the_grace_counts_from_the_windows_end(late: int, taken: bool) -> None:  # noqa: FBT001
    end = datetime(2026, 11, 22, 9, 20, tzinfo=UTC)
    assert in_time(service("09:00-09:20"), OPENED, end + late * SECOND) is taken


def test_inside_the_window_any_delay_is_in_time() -> None:
    assert in_time(service("09:00-18:00"), OPENED, OPENED + timedelta(hours=8))
