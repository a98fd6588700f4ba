"""The machine that the other tests run in: it reaches nothing outside, and nothing of it stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.systemd.machine import GROUPS, WRITTEN, booted, eventually, hierarchy

if TYPE_CHECKING:
    from tests.systemd.machine import Machine

ROOT = Path(__file__).parents[2]
PLACES = ("/etc/only-inside", "/tmp/only-inside", "/var/tmp/only-inside", "/dev/shm/only-inside")
BOOTS = """
import sys
from pathlib import Path
from tests.systemd.machine import booted
with booted(Path(sys.argv[1])) as machine:
    print(machine.init, flush=True)
    sys.stdin.read()
"""


def groups_of(pid: int) -> list[Path]:
    place = hierarchy()
    assert place is not None
    return list(place.glob(f"{GROUPS}{pid}-*"))


def test_what_is_written_inside_stays_inside(bare: Machine) -> None:
    for place in PLACES:
        bare.write(place, "inside")
    assert [place for place in PLACES if Path(place).exists()] == []
    assert bare.read(f"{WRITTEN}/etc/only-inside") == "inside"
    assert bare.run("touch", f"{WRITTEN}/x").status != 0
    assert bare.run("sysctl", "-w", "kernel.hostname=other").status != 0


def test_nothing_of_the_host_runs_inside(bare: Machine) -> None:
    assert bare.do("cat", "/proc/1/comm") == "systemd\n"
    assert bare.run("ls", f"/proc/{os.getpid()}/root/proc").status != 0
    assert bare.do("ip", "-o", "link").count("\n") == 1, "a loopback of its own"
    assert bare.do("systemctl", "--failed", "--no-legend") == ""


def test_two_at_once(bare: Machine, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    with booted(tmp_path / "second") as second:
        second.write("/etc/only-inside", "second")
        assert bare.run("cat", "/etc/only-inside").status != 0
        assert second.init != bare.init


def test_with_its_block_everything_ends(able: None, tmp_path: Path) -> None:  # noqa: ARG001
    (tmp_path / "one").mkdir()
    with booted(tmp_path / "one") as machine:
        machine.do("systemd-run", "--unit=stubborn", "sh", "-c", "trap '' TERM; sleep infinity")
        init = machine.init
    assert not Path(f"/proc/{init}").exists()
    assert not any("one" in group.name for group in groups_of(os.getpid()))


def test_killed_who_booted_it_nothing_is_left(able: None, tmp_path: Path) -> None:  # noqa: ARG001
    """pytest may be killed at any time."""
    (tmp_path / "killed").mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", BOOTS, str(tmp_path / "killed")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        init = int(process.stdout.readline())
        assert Path(f"/proc/{init}").exists()
        process.kill()
    eventually(lambda: not Path(f"/proc/{init}").exists(), "the end of its first process")
    (tmp_path / "next").mkdir()
    with booted(tmp_path / "next"):
        assert groups_of(process.pid) == [], "what it left is swept up by the next"
