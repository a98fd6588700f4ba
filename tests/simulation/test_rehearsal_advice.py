"""What a rehearsal advises where a schedule is not as usual, and what its command says."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from flashd.rehearsal.terms import Terms
from flashd.rehearsal.whole import rehearse
from flashd.sim.array import Array
from flashd.wiring import Home

if TYPE_CHECKING:
    from pathlib import Path

    from flashd.rehearsal.report import ServiceReport

A, C = "IBM.2107-75AAA01", "IBM.2107-75CCC01"
GUARD = "guards: [{type: command, command: [/bin/false], down: 0, up: 1}]"
SYNC = f"sync: {{sync#1: {{array: {A}, pairs: '0001:0002'}}}}"
MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
FLASHD = [sys.executable, "-c", "from flashd.cli.main import main; main()"]


@dataclass(frozen=True)
class Place:
    """A configuration directory."""

    directory: Path

    def write(self, rest: str) -> Place:
        (self.directory / "services.d").mkdir()
        text = f"services:\n  only: {{{rest}, {GUARD}, {SYNC}}}\n"
        (self.directory / "services.d" / "all.yaml").write_text(text)
        (self.directory / "flashd.yaml").write_text("timezone: Europe/Paris\n")
        return self

    def play(self, days: float, start: datetime = MONDAY, **more: Any) -> ServiceReport:  # noqa: ANN401
        terms = Terms(start=start, span=timedelta(days=days), **more)
        configuration = Home(self.directory).configuration
        return rehearse(configuration, terms, lambda _part: None).services[0]

    def words(self, *more: str) -> list[str]:
        return [*FLASHD, "--config-dir", str(self.directory), "rehearse", "--jobs", "1", *more]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "etc").mkdir()
    return Place(tmp_path / "etc")


@pytest.mark.parametrize("schedule", ["*", "@4h", "@1d", "20:00-06:00@2h", "@1d mon-fri"])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_schedule_of_many_runs_starts_with_a_clone_of_its_last_run(
    place: Place, schedule: str, seed: int
) -> None:
    limit = "4d" if "mon" in schedule else "30h"
    found = place.write(f'schedule: "{schedule}", sync_max_delay: {limit}').play(2, seed=seed)
    assert found.well
    assert not found.breaches
    assert found.runs["done"] >= 2


def test_a_schedule_without_a_window_is_told_as_such(place: Place) -> None:
    found = place.write('schedule: "", sync_max_delay: 25h').play(2)
    assert found.breaches
    assert found.advice == ("its schedule never lets a resync start: give it a window",)


def test_a_window_after_the_end_is_named(place: Place) -> None:
    found = place.write('schedule: "22:00-23:00 :31 * jan", sync_max_delay: 25h').play(2)
    assert found.advice == ("its schedule lets no resync start before Sun 2027-01-31T22:00+01:00",)


@pytest.mark.parametrize(
    ("start", "days"),
    [(datetime(2026, 11, 30, 1, tzinfo=UTC), 0.9), (datetime(2026, 11, 29, 12, tzinfo=UTC), 1.6)],
)
def test_a_gap_is_found_that_reaches_beyond_the_span(
    place: Place, start: datetime, days: float
) -> None:
    place.write('schedule: ["01:00-05:00", "! * *:last"], sync_max_delay: 25h')
    found = place.play(days, start)
    assert found.breaches
    (advice,) = found.advice
    assert advice == (
        "from one window to the next it is up to 2d (after Sun 2026-11-29T01:00+01:00),"
        " and sync_max_delay is 1d1h: raise it above 2d, or add a window between"
    )


def test_what_a_limit_has_to_be_raised_to_is_rounded_up(place: Place) -> None:
    rest = 'schedule: ["22:00-23:00 mon", "04:30-05:00 wed"], sync_max_delay: 25h'
    found = place.write(rest).play(9)
    assert "up to 5d17h (after Wed 2026-11-18T04:30+01:00)" in found.advice[0]
    assert "raise it above 5d18h" in found.advice[0]


def test_without_another_obstacle_the_greatest_age_is_told(place: Place) -> None:
    found = place.write("refresh_after: 25h, sync_max_delay: 25h").play(3)
    assert found.breaches
    assert re.fullmatch(
        r"its clone is 1d1h old \w{3} 2026-11-2\dT..:..\+01:00,"
        r" and sync_max_delay is 1d1h: raise it above 1d2h",
        found.advice[0],
    )


def test_a_window_shorter_than_a_login_is_told_as_such(place: Place) -> None:
    found = place.write('schedule: "03:00", sync_max_delay: 25h').play(3)
    assert found.advice[0] == (
        "3 of 3 windows went by: its window is open for 2s, and a login with a look at the"
        " guards takes 5s: write a range"
    )
    assert not any("see that it ends earlier" in text for text in found.advice)


def test_a_report_for_people_has_their_zone_and_never_points_at_nothing(place: Place) -> None:
    place.write('schedule: ""')
    words = place.words("--days", "2", "--start", "2026-11-23T12:00")
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 3
    first = "from 2026-11-23T13:00:00+01:00 to 2026-11-25T13:00:00+01:00, seed 1"
    assert done.stdout.splitlines()[0] == first
    assert "see above" not in done.stdout
    assert done.stderr == ""


def test_a_file_for_the_commands_is_tried_before_anything_is_played(
    place: Place, tmp_path: Path
) -> None:
    place.write("refresh_after: 4h")
    words = place.words("--days", "3660", "--commands", str(tmp_path / "none" / "x"))
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "cannot write" in done.stderr
    file = tmp_path / "commands"
    words = place.words("--days", "1", "--commands", str(file))
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0
    assert " resyncflash " in file.read_text()


def test_a_foreign_array_is_refused_with_those_that_are_named(place: Place, tmp_path: Path) -> None:
    place.write("refresh_after: 4h")
    file = tmp_path / "other.array"
    Array.create(file, C)
    words = place.words("--array", str(file))
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert f"no service has a clone on {C}" in done.stderr
    assert f"The configuration names {A}: " in done.stderr


def test_a_terminal_sees_the_days_and_an_interrupt_has_words_of_its_own(place: Place) -> None:
    place.write("refresh_after: 4h")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(place.words("--days", "3660"), stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""
    while b"day 3 of 3660" not in seen:
        seen += os.read(ours, 4096)
    process.send_signal(signal.SIGINT)
    while b"interrupted" not in seen or not seen.endswith(b"\n"):
        seen += os.read(ours, 4096)
    assert process.wait(60) == 130
    os.close(ours)
    assert b"flashd: interrupted; a rehearsal sends nothing" in seen
    assert b"day 1 of 3660" in seen
    assert b"what was sent" not in seen
