"""Rehearsals of small configurations: what they find, and that they touch nothing."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from flashd.core.schedule import parse
from flashd.model.verdict import Finding, Verdict
from flashd.rehearsal.clocks import run_virtually
from flashd.rehearsal.report import report
from flashd.rehearsal.show import command_lines, document
from flashd.rehearsal.stage import Stage
from flashd.rehearsal.terms import Terms
from flashd.rehearsal.whole import rehearse
from flashd.sim.array import Array
from flashd.wiring import Home

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flashd.model.service import GuardSpec
    from flashd.ports.guard import Guard
    from flashd.rehearsal.report import Report

A, B = "IBM.2107-75AAA01", "IBM.2107-75BBB01"
GUARD = "guards: [{type: command, command: [/bin/false], down: 0, up: 1}]"
MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Place:
    """A configuration directory."""

    directory: Path

    def write(self, *services: str, settings: str = "") -> Place:
        (self.directory / "services.d").mkdir(exist_ok=True)
        text = "services:\n" + "".join(f"  {one}\n" for one in services)
        (self.directory / "services.d" / "all.yaml").write_text(text)
        (self.directory / "flashd.yaml").write_text(f"timezone: Europe/Paris\n{settings}\n")
        return self

    def play(
        self,
        terms: Terms,
        *,
        jobs: int = 1,
        progress: Callable[[float], None] = lambda _part: None,
    ) -> Report:
        home = Home(self.directory)
        return rehearse(home.configuration, terms, progress, jobs=jobs)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "etc").mkdir()
    return Place(tmp_path / "etc")


def service(
    name: str, rest: str = "", *, array: str = A, pairs: str = "0001:0002 0003:0004"
) -> str:
    comma = ", " if rest else ""
    sync = f"sync: {{sync#1: {{array: {array}, pairs: '{pairs}'}}}}"
    return f"{name}: {{{rest}{comma}{GUARD}, {sync}}}"


def for_days(days: float, start: datetime = MONDAY, **more: Any) -> Terms:  # noqa: ANN401
    return Terms(start=start, span=days * DAY, **more)


CHANGING = ("resyncflash", "rmflash", "mkflash")


def changing(report: Report) -> list[str]:
    lines = command_lines(report)
    return [line for line in lines if any(f" {verb} " in line for verb in CHANGING)]


def test_a_nightly_service_has_one_resync_a_night(place: Place) -> None:
    place.write(service("nightly", 'schedule: "22:00-04:00"'))
    report = place.play(for_days(3))
    found = report.services[0]
    assert (found.due, found.missed, found.runs) == (3, {}, {"done": 3})
    assert report.exit_code == 0
    assert [line.split()[0] for line in changing(report)] == [
        "2026-11-23T21:00:15Z",
        "2026-11-24T21:00:15Z",
        "2026-11-25T21:00:15Z",
    ]
    assert changing(report)[0].endswith(
        f"{A} nightly acted 0 - resyncflash -dev {A} -persist -record -cp 0001:0002 0003:0004"
    )


@pytest.mark.parametrize("faults", [0.0, 0.9])
def test_where_enrolment_is_required_a_rehearsal_enrolls_first(place: Place, faults: float) -> None:
    """A fault that struck while it does would have everything refused to the end."""
    place.write(service("nightly", 'schedule: "22:00-04:00"'), settings="require_enrolment: true")
    found = place.play(for_days(1, faults=faults)).services[0]
    assert not any("enrolled" in reason for reason in found.refused)
    assert faults or found.runs == {"done": 1}


def test_a_breach_that_the_windows_make_is_foretold_with_its_cause(place: Place) -> None:
    place.write(service("weekdays", 'schedule: "22:00-04:00 mon-fri", sync_max_delay: 25h'))
    report = place.play(for_days(5, datetime(2026, 11, 27, 12, tzinfo=UTC)))
    found = report.services[0]
    assert found.breaches
    assert found.warn > DAY / 2
    assert "sync_max_delay is 1d1h" in found.advice[0]
    assert report.exit_code == 3


def test_a_window_too_short_for_all_is_foretold_with_figures(place: Place) -> None:
    pairs = [f"{n:02X}00:{n:02X}01" for n in range(8)]
    names = [f"s{n}" for n in range(8)]
    short = 'schedule: "22:00-22:01", sync_max_delay: 25h'
    place.write(*(service(n, short, pairs=p) for n, p in zip(names, pairs, strict=True)))
    report = place.play(for_days(2, login_seconds=30.0))
    missed = [one for one in report.services if one.missed]
    assert missed
    assert any("window too short: 8 due resyncs need" in one.advice[0] for one in missed)
    assert report.exit_code == 3


def test_who_is_still_there_is_never_overwritten_and_told_as_refused(place: Place) -> None:
    place.write(service("nightly", 'schedule: "22:00-22:30"'), service("b", array=B))
    report = place.play(for_days(5, up=0.8))
    nightly = report.services[1]
    assert nightly.name == "nightly"
    assert any("in use (rehearsed)" in reason for reason in nightly.refused)
    assert nightly.missed
    assert all(reason.startswith("refused: ") for reason in nightly.missed)
    assert report.harm == ()


def test_a_guard_that_cannot_answer_refuses(place: Place) -> None:
    place.write(service("nightly", 'schedule: "22:00-22:20"'))
    found = place.play(for_days(2, unknown=1.0)).services[0]
    assert any("no answer (rehearsed)" in reason for reason in found.refused)


class Blind:
    """A guard that says of everything that it is down."""

    async def look(self) -> Finding:
        return Finding(Verdict.DOWN, "blind")


class BlindStage(Stage):
    """One on which nobody looks whether a clone is in use."""

    def _guard(self, spec: GuardSpec) -> Guard:  # noqa: ARG002 - as that of the stage
        return Blind()


def test_the_oracle_sees_the_harm_that_a_blind_guard_does(place: Place, tmp_path: Path) -> None:
    """The hosts find it in the volumes: what is broken here says that all is well."""
    place.write(service("always", "refresh_after: 4h"))
    configuration = Home(place.directory).configuration
    terms = for_days(2, in_use=parse("08:00-20:00"))
    stage = BlindStage(configuration, configuration.services, {}, terms, tmp_path)
    run_virtually(stage.clock, stage.run(lambda _part: None))
    found = report(stage.played(), terms)
    assert found.harm
    assert found.harm[0].service == "always"
    assert found.exit_code == 1


def test_a_client_says_at_its_login_what_one_of_the_array_does(
    place: Place, tmp_path: Path
) -> None:
    """However many have logged in before: a month of them would be drowned in banners."""
    place.write(service("often", "refresh_after: 2h"))
    configuration = Home(place.directory).configuration
    stage = Stage(configuration, configuration.services, {}, for_days(1), tmp_path)
    run_virtually(stage.clock, stage.run(lambda _part: None))
    (twin,) = stage.played().twins.values()
    assert sum(one.changes for one in twin.told) > 8
    assert twin.replays.greeting.count("Date/Time:") == 1


def test_faults_are_met_and_nothing_is_lost(place: Place) -> None:
    place.write(service("often", "refresh_after: 2h, sync_max_delay: 1d"))
    report = place.play(for_days(3, faults=0.15))
    found = report.services[0]
    assert sum(report.faults.values()) > 10
    assert found.runs.get("failed", 0) + found.runs.get("unknown", 0) > 0
    assert found.runs["done"] > 8
    assert report.harm == ()
    assert report.troubles == ()


def test_the_same_seed_is_the_same_rehearsal_whatever_runs_beside(place: Place) -> None:
    terms = for_days(2, up=0.4, unknown=0.2, faults=0.05)
    place.write(service("a", 'schedule: "22:00-22:30"'), service("b", array=B))
    once, again = place.play(terms), place.play(terms, jobs=2)
    assert list(command_lines(once)) == list(command_lines(again))
    assert document(once, terms) == document(again, terms)
    other = place.play(replace(terms, seed=2))
    assert list(command_lines(once)) != list(command_lines(other))


@pytest.mark.parametrize("settings", ["", "check_interval: 2h", "observe_interval: 2m"])
def test_what_is_left_out_comes_to_the_same(place: Place, settings: str) -> None:
    """Ticks that find nothing, listings that say the same, searches that were done before."""
    place.write(
        service("nightly", 'schedule: "22:00-22:30", sync_min_delay: 6h'),
        service("often", "refresh_after: 40m", pairs="0101:0102"),
        service("other", "refresh_after: 3h", array=B),
        f"both: {{refresh_after: 50m, {GUARD}, sync: {{"
        f"sync#1: {{array: {A}, pairs: '0201:0202', recording: false}}, "
        f"sync#2: {{array: {B}, pairs: '0201:0202'}}}}}}",
        settings=settings,
    )
    terms = for_days(0.2, MONDAY + timedelta(hours=8), up=0.5, faults=0.1)
    short, literal = place.play(terms), place.play(replace(terms, literal=True))
    assert list(command_lines(short)) == list(command_lines(literal))
    assert document(short, terms) == document(literal, terms)


@pytest.mark.parametrize("settings", ["", "check_interval: 2h", "observe_interval: 3h"])
def test_a_tick_at_which_nothing_can_be_due_is_left_out(place: Place, settings: str) -> None:
    """Also where an array is stale, and is left alone until the check interval is over."""
    ticks: list[float] = []  # of each tick it is told how far it got
    place.write(service("often", "refresh_after: 4h"), service("b", array=B), settings=settings)
    report = place.play(for_days(1, faults=0.05), progress=ticks.append)
    sessions = sum(one.sessions for one in report.arrays)
    assert 20 < len(ticks) < 3 * sessions


def test_a_service_on_two_arrays_has_a_command_for_each(place: Place) -> None:
    place.write(
        f"both: {{schedule: '22:00-04:00', {GUARD}, sync: {{"
        f"sync#1: {{array: {A}, pairs: '0001:0002'}}, "
        f"sync#2: {{array: {B}, pairs: '0001:0002'}}}}}}"
    )
    report = place.play(for_days(1))
    assert [line.split()[1] for line in changing(report)] == [A, B]
    assert report.exit_code == 0


def test_a_full_copy_is_withdrawn_and_established(place: Place) -> None:
    place.write(
        f"full: {{schedule: '22:00-04:00', {GUARD}, sync: {{"
        f"sync#1: {{array: {A}, pairs: '0001:0002', recording: false}}}}}}"
    )
    report = place.play(for_days(2))
    assert [line.split()[6] for line in changing(report)] == ["rmflash", "mkflash"] * 2
    assert report.services[0].runs == {"done": 2}


def test_the_clocks_change_within_the_span(place: Place) -> None:
    place.write(service("nightly", 'schedule: "02:00-03:00", sync_max_delay: 2d'))
    report = place.play(for_days(3, datetime(2026, 10, 24, 12, tzinfo=UTC)))
    assert [line.split()[0][:13] for line in changing(report)] == [
        "2026-10-25T00",
        "2026-10-26T01",
        "2026-10-27T01",
    ]
    assert report.exit_code == 0


def test_an_array_of_the_users_with_an_unexpected_relation_is_refused_all_along(
    place: Place, tmp_path: Path
) -> None:
    place.write(service("nightly", 'schedule: "22:00-22:10"'))
    file = tmp_path / "mine.array"
    array = Array.create(file, A)
    array.add_volumes("0001", "0002", "0003", "0004")
    array.establish("0001:0002", "0003:0004", synced_at=MONDAY.timestamp() - 3600)
    array.set_relation("0003:0004", target_writable=False)
    before = hashlib.sha256(file.read_bytes()).digest(), file.stat().st_mtime_ns
    report = place.play(for_days(3, arrays=(file,)))
    found = report.services[0]
    assert "done" not in found.runs
    assert changing(report) == []
    assert sum(found.missed.values()) == 3
    assert any("0003:0004" in text for text in found.advice)
    assert found.warn > 2 * DAY
    assert before == (hashlib.sha256(file.read_bytes()).digest(), file.stat().st_mtime_ns)


WATCHED = """
import sys
seen = []
def hook(event, args):
    if event in {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.fork",
                 "socket.connect", "socket.bind", "socket.getaddrinfo"}:
        seen.append(event)
sys.addaudithook(hook)
sys.argv = ["flashd", *sys.argv[1:]]
from flashd.cli.main import main
try:
    main()
except SystemExit as end:
    code = end.code
assert not seen, seen
sys.exit(code)
"""


def rehearsed(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WATCHED, *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **(env or {})},
    )


def test_nothing_of_the_users_is_touched_or_asked(place: Place, tmp_path: Path) -> None:
    """Neither store, dscli and guards, which do not exist, nor a process or a network."""
    place.write(service("nightly", 'schedule: "22:00-04:00"'))
    where = tmp_path / "tmp"
    where.mkdir()
    state = tmp_path / "state"
    (place.directory / "flashd.yaml").write_text(
        f"state: sqlite:///{state}/flashd.db\npwfiles: {state}\nauth: {state}/auth.conf\n"
    )
    before = {path: path.stat().st_mtime_ns for path in place.directory.rglob("*")}
    done = rehearsed(
        *("--config-dir", str(place.directory), "rehearse", "--days", "2", "--jobs", "1"),
        *("--start", "2026-11-23T12:00", "--json"),
        env={"TMPDIR": str(where)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["version"] == 1
    assert found["totals"]["done"] == 2
    assert found["totals"]["harm"] == 0
    assert before == {path: path.stat().st_mtime_ns for path in place.directory.rglob("*")}
    assert not state.exists()
    assert list(where.iterdir()) == []


def test_commands_are_printed_one_a_line_and_a_bad_configuration_ends_it(place: Place) -> None:
    place.write(service("nightly", 'schedule: "22:00-04:00"'))
    words = ("--config-dir", str(place.directory), "rehearse", "--days", "1", "--jobs", "1")
    done = rehearsed(*words, "--start", "2026-11-23T12:00", "--commands", "-")
    assert done.returncode == 0
    assert len([one for one in done.stdout.splitlines() if " resyncflash " in one]) == 1
    place.write(service("nightly", 'schedule: "nonsense"'))
    bad = rehearsed(*words)
    assert bad.returncode == 2
    assert "all.yaml:2:" in bad.stderr


STOPPED = """
import os, signal, sys
here, todo = os.getpid(), [int(sys.argv[1])]
def hook(event, args):
    if todo and event == "sqlite3.connect" and str(args[0]).endswith(".db"):
        assert os.listdir(os.environ["TMPDIR"])
        os.kill(here, todo.pop())
sys.addaudithook(hook)
sys.argv = ["flashd", *sys.argv[2:]]
from flashd.cli.main import main
main()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("jobs", [1, 2])
def test_whoever_is_ended_leaves_nothing_behind(
    place: Place, tmp_path: Path, jobs: int, number: signal.Signals
) -> None:
    place.write(service("a"), service("b", array=B))
    where = tmp_path / "tmp"
    where.mkdir()
    words = ("--config-dir", str(place.directory), "rehearse", "--days", "3660")
    done = subprocess.run(
        [sys.executable, "-c", STOPPED, str(int(number)), *words, "--jobs", str(jobs)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "TMPDIR": str(where)},
    )
    assert done.returncode == (130 if number is signal.SIGINT else 128 + number), done.stderr
    assert list(where.iterdir()) == []
