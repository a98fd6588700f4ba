"""flashd sim, as a process."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from flashd.sim.array import Array
from flashd.sim.faults import KINDS
from flashd.sim.switches import SWITCHES

Sim = Callable[..., CompletedProcess[str]]
CODE = "from flashd.sim.cli import sim; sim(prog_name='flashd sim')"


@pytest.fixture
def sim() -> Sim:
    def run(*words: str | Path) -> CompletedProcess[str]:
        command = [sys.executable, "-c", CODE, *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def file(sim: Sim, tmp_path: Path) -> Path:
    path = tmp_path / "made.array"
    words = ("--pair", "1:2", "--pair", "0101:0102", "--source", "5", "--ese", "0102")
    made = sim("make", path, *words, "--hmc", "a", "--hmc", "b", "--synced", "26h ago")
    assert (made.returncode, made.stderr) == (0, "")
    return path


def test_make_makes_what_is_asked_for(file: Path) -> None:
    array = Array.open(file)
    assert [v.id for v in array.volumes()] == ["0001", "0002", "0005", "0101", "0102"]
    assert [v.id for v in array.volumes() if v.space_efficient] == ["0102"]
    assert [(str(r.pair), r.recording) for r in array.relations()] == [
        ("0001:0002", True),
        ("0101:0102", True),
    ]
    assert array.consoles == ("a", "b")
    ages = {round((array.now() - (r.synced_at or 0)) / 3600, 1) for r in array.relations()}
    assert ages == {26.0}


def test_what_make_prints_can_be_run(sim: Sim, tmp_path: Path) -> None:
    path = tmp_path / "x.array"
    *_, _export, manage, use = sim("make", path, "--pair", "1:2").stdout.splitlines()
    bin_directory = Path(sys.executable).parent
    script = f"set -e\n{manage.replace('...', 'opensvc')}\n{use}\n"
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=tmp_path,
        env={"FLASHD_SIM": str(path), "PATH": f"{bin_directory}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "\n0001:0002 00 " in done.stdout


def test_make_leaves_nothing_behind_when_it_fails(sim: Sim, tmp_path: Path) -> None:
    path = tmp_path / "x.array"
    assert sim("make", path, "--pair", "1:2", "--pair", "3:2").returncode == 2
    assert not path.exists()
    assert sim("make", path, "--pair", "1:2", "--bare", "--blocks", "1280").returncode == 0
    assert Array.open(path).relations() == ()
    assert sim("make", path).returncode == 2


def test_show_tells_all_in_words_and_in_json(sim: Sim, file: Path) -> None:
    sim("write", file, "0001")
    sim("switch", file, "on_error", "stop")
    sim("fault", file, "hang", "--command", "mk*", "--seconds", "2")
    text = sim("show", file).stdout
    for part in ("IBM.2107-75ABC01", "0001@1", "0001:0002", "on_error", "hang (before)"):
        assert part in text
    facts = json.loads(sim("show", file, "--json").stdout)
    assert facts["array"]["consoles"] == ["a", "b"]
    assert facts["volumes"][0]["content"] == "0001@1"
    assert facts["relations"][1]["isTgtSE"] == "ESE"
    assert facts["switches"] == {"on_error": "stop"}
    assert facts["faults"][0]["options"] == {"seconds": "2"}


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ("Recording=Disabled", "recording", False),
        ("Persistent=disabled", "persistent", False),
        ("State=Tgt Failed", "state", "Tgt Failed"),
        ("TargetWriteEnabled=Disabled", "target_writable", False),
        ("Revertible=Enabled", "revertible", True),
        ("SequenceNum=0010", "sequence", "0010"),
        ("DateSynced=-", "synced_at", None),
        ("DateSynced=2014-09-18T23:04:04+02:00", "synced_at", 1_411_074_244.0),
    ],
)
def test_a_relation_can_be_put_into_any_state(
    sim: Sim, file: Path, change: str, field: str, value: object
) -> None:
    array = Array.open(file)
    # One that is not persistent lasts only as long as its copy runs.
    assert sim("set-relation", file, "1:2", "OutOfSyncTracks=1", change).stderr == ""
    assert getattr(array.relation("0001:0002"), field) == value


def test_a_relation_can_be_reversed_busy_or_missing(sim: Sim, file: Path) -> None:
    array = Array.open(file)
    sim("set-relation", file, "1:2", "reversed=yes", "OutOfSyncTracks=7")
    assert array.out_of_sync_tracks("0002:0001") == 7
    sim("set-relation", file, "0101:0102", "missing=yes")
    assert [str(r.pair) for r in array.relations()] == ["0002:0001"]


def test_the_clock_can_be_set(sim: Sim, file: Path) -> None:
    array = Array.open(file)
    here = array.now()
    sim("set-clock", file, "--offset", "-1h30m")
    assert -5400 <= array.now() - here < -5400 + 60
    sim("set-clock", file, "--at", "2026-03-29T01:00:00Z", "--stand-still")
    assert [array.now(), array.now()] == [1_774_746_000.0] * 2


def test_a_timer_and_a_code_level_can_be_set(sim: Sim, file: Path, tmp_path: Path) -> None:
    sim("set-timer", file, "0", "60")
    with Array.open(file).inventory() as held:
        assert (held.long_busy("00"), held.long_busy("01")) == (60, 300)
    old = tmp_path / "old.array"
    sim("make", old, "--code-level", "87.51.63.0", "--pair", "0001:0002")
    assert Array.open(old).identity.code_level == "87.51.63.0"


def test_the_journal_shows_commands_in_order(sim: Sim, file: Path) -> None:
    assert json.loads(sim("journal", file, "--json").stdout) == {"logins": [], "commands": []}
    assert sim("journal", file).stdout.startswith("At Session Pid HMC User Phase")


def test_faults_and_switches_are_listed_with_what_is_known(sim: Sim) -> None:
    faults, switches = sim("faults").stdout, sim("switches").stdout
    assert all(f"\n{name} " in faults for name in KINDS)
    assert all(f"\n{name} " in switches for name in SWITCHES)
    assert {switch.tag for switch in SWITCHES.values()} <= set("VCIRU")


def test_the_manual_names_every_fault() -> None:
    manual = (Path(__file__).parents[3] / "docs" / "simulator.md").read_text(encoding="utf-8")
    assert [name for name in KINDS if f"`{name}`" not in manual] == []


def test_faults_are_planned_and_cleared(sim: Sim, file: Path) -> None:
    array = Array.open(file)
    sim("fault", file, "partial", "--pairs", "1", "--silent", "--always", "--nth", "3")
    sim("fault", file, "unreachable", "--hmc", "a", "--times", "2")
    one, other = array.faults()
    assert (one.options, one.times, one.nth) == ({"pairs": "1", "silent": "yes"}, -1, 3)
    assert (other.pattern, other.times) == ("a", 2)
    sim("fault", file, "partial", "--clear")
    assert [fault.name for fault in array.faults()] == ["unreachable"]


@pytest.mark.parametrize(
    "words",
    [
        ("show", "{file}.none"),
        ("write", "{file}", "0FFF"),
        ("write", "{file}"),
        ("set-relation", "{file}", "1:2", "Colour=red"),
        ("set-relation", "{file}", "1:2", "Recording=perhaps"),
        ("set-relation", "{file}", "1:3", "Recording=Enabled"),
        ("set-relation", "{file}", "1:2", "DateSynced=2014-09-18T23:04:04"),
        ("set-clock", "{file}"),
        ("set-timer", "{file}", "000", "60"),
        ("set-timer", "{file}", "00", "-1"),
        ("make", "{file}.none", "--code-level", "8"),
        ("make", "{file}.none", "--code-level", "88.x"),
        ("set-clock", "{file}", "--offset", "soon"),
        ("set-clock", "{file}", "--offset", "1h", "--stand-still"),
        ("fault", "{file}"),
        ("fault", "{file}", "nope"),
        ("fault", "{file}", "lie", "--seconds", "1"),
        ("fault", "{file}", "cut-short", "--bytes", "few"),
        ("fault", "{file}", "lie", "--position", "before"),
        ("fault", "{file}", "unreachable", "--command", "lsflash"),
        ("fault", "{file}", "lie", "--hmc", "a"),
        ("switch", "{file}", "nope", "1"),
        ("switch", "{file}", "on_error", "perhaps"),
        ("switch", "{file}", "copy_rate", "-1"),
        ("switch", "{file}", "date_zone", "Mars/Phobos"),
    ],
)
def test_wrong_use_is_exit_2_with_a_reason(sim: Sim, file: Path, words: tuple[str, ...]) -> None:
    done = sim(*(word.format(file=file) for word in words))
    assert (done.returncode, "Error: " in done.stderr, done.stdout) == (2, True, "")


def test_user_does_what_an_administrator_might(sim: Sim, file: Path) -> None:
    def accounts() -> list[tuple[str, str, bool, bool]]:
        return [(u.name, u.role, u.locked, u.expired) for u in Array.open(file).users()]

    opensvc = ("opensvc", "op_copy_services", False, False)
    assert sim("user", file, "opensvc", "--lock", "--expire").returncode == 0
    assert accounts() == [("opensvc", "op_copy_services", True, True)]
    assert sim("user", file, "opensvc", "--unlock").returncode == 0
    assert accounts() == [("opensvc", "op_copy_services", False, True)]
    assert sim("user", file, "opensvc", "--password", "another9").returncode == 0
    assert accounts() == [opensvc]
    assert sim("user", file, "eve", "--password", "evenever", "--role", "monitor").returncode == 0
    assert accounts() == [("eve", "monitor", False, False), opensvc]
    shown = sim("show", file).stdout
    assert ["eve", "monitor", "0", "no", "no"] in [line.split() for line in shown.splitlines()]


@pytest.mark.parametrize(
    "words",
    [
        ("nobody", "--lock"),
        ("opensvc", "--role", "admin"),
        ("opensvc", "--password", "x", "--role", "king"),
    ],
)
def test_user_refuses_what_cannot_be(sim: Sim, file: Path, words: tuple[str, ...]) -> None:
    assert sim("user", file, *words).returncode == 2
    assert [user.name for user in Array.open(file).users()] == ["opensvc"]


def test_make_makes_pools_and_hosts(sim: Sim, tmp_path: Path) -> None:
    path = tmp_path / "x.array"
    pool = ("--pool", "P1=500", "--place", "P1=0002", "--ese", "2")
    assert sim("make", path, "--pair", "1:2", *pool, "--host", "aix1=2").returncode == 0
    facts = json.loads(sim("show", path, "--json").stdout)
    assert [(p["id"], p["extents"], p["used"]) for p in facts["pools"]] == [
        ("P0", None, 10),
        ("P1", 500, 10),
    ]
    assert [(h["name"], h["volgrp"]) for h in facts["host_connections"]] == [("aix1", "V0")]
    assert facts["volumes"][1]["volgrp"] == "V0"
    for words in (("--pool", "P1"), ("--pool", "P1=x"), ("--host", "a=9"), ("--place", "P1=9")):
        path = tmp_path / "y.array"
        assert (sim("make", path, *words).returncode, path.exists()) == (2, False)


@pytest.mark.parametrize(
    "words",
    [
        ("set-relation", "FILE", "1:2", f"OutOfSyncTracks={10**23}"),
        ("set-relation", "FILE", "1:2", "DateSynced=0001-01-01T00:00:00Z"),
        ("set-timer", "FILE", "00", str(10**20)),
        ("set-clock", "FILE", "--offset", "nan"),
        ("set-clock", "FILE", "--offset", "9999999999d"),
        ("fault", "FILE", "lie", "--nth", str(10**20)),
        ("fault", "FILE", "lie", "--times", str(10**20)),
        ("fault", "FILE", "lie", "--seed", str(-(10**20))),
        ("fault", "FILE", "lie", "--after", "9999999999d"),
        ("fault", "FILE", "hang", "--seconds", str(10**20)),
        ("fault", "FILE", "die-after", "--signal", "99"),
        ("switch", "FILE", "login_seconds", "1e300"),
        ("make", "NEW", "--pair", "1:2", "--pool", f"P1={10**23}"),
        ("make", "NEW", "--pair", "1:2", "--blocks", "0"),
        ("make", "NEW", "--pair", "1:2", "--serial", "75KXA7"),
    ],
)
def test_what_is_out_of_range_is_told_at_once_and_changes_nothing(
    sim: Sim, file: Path, words: tuple[str, ...]
) -> None:
    new = file.with_name("new.array")
    before = sim("show", file).stdout.splitlines()[1:]
    refused = sim(*({"FILE": file, "NEW": new}.get(word, word) for word in words))
    assert (refused.returncode, "Error: " in refused.stderr) == (2, True)
    assert "Traceback" not in refused.stderr
    assert sim("show", file).stdout.splitlines()[1:] == before
    assert not new.exists()


def test_make_completes_a_serial_number(sim: Sim, tmp_path: Path) -> None:
    made = sim("make", tmp_path / "k.array", "--pair", "1:2", "--serial", "75KXA71")
    assert "IBM.2107-75KXA71" in made.stdout
    assert Array.open(tmp_path / "k.array").identity.serial == "IBM.2107-75KXA71"
