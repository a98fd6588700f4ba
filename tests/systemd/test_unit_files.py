"""The files of `systemd/`, judged by systemd's own tools."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flashd.daemon.service import DRAIN_LIMIT

if TYPE_CHECKING:
    from tests.systemd.installed import Installed

FOLDER = Path(__file__).parents[2] / "systemd"
UNIT = FOLDER / "flashd.service"
EXAMPLES = sorted((FOLDER / "flashd.service.d").glob("*.example"))
NEWER = "notify-reload.conf.example"  # for systemd 253 and later; earlier ones complain
OLDER = [file for file in EXAMPLES if file.name != NEWER]
ANALYZE = "/usr/bin/systemd-analyze"
HIGHEST_EXPOSURE = "15"  # of 100: 1.5 as it is printed


@pytest.fixture
def analyze() -> str:
    """Skip without systemd's own judge; fail there in CI, where it has to be."""
    if shutil.which(ANALYZE) is None:
        reason = "needs systemd-analyze: apt-get install systemd"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return ANALYZE


def unit_with(directory: Path, *drop_ins: Path) -> Path:
    """Put the unit and drop-ins where systemd-analyze finds them; commented lines count."""
    (directory / "flashd.service.d").mkdir()
    for file in drop_ins:
        text = re.sub(r"^#(?=[A-Z]\w+=)", "", file.read_text(), flags=re.MULTILINE)
        (directory / "flashd.service.d" / file.name.removesuffix(".example")).write_text(text)
    return Path(shutil.copy(UNIT, directory))


@pytest.mark.parametrize("examples", [[], OLDER], ids=["as shipped", "with every drop-in"])
def test_the_sandbox_is_tight(analyze: str, tmp_path: Path, examples: list[Path]) -> None:
    unit = unit_with(tmp_path, *examples)
    done = subprocess.run(
        [analyze, "security", "--offline=true", f"--threshold={HIGHEST_EXPOSURE}", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def settings(file: Path) -> dict[str, str]:
    lines = file.read_text().splitlines()
    pairs = (line.partition("=") for line in lines if not line.startswith(("#", "[")))
    return {key: value for key, _, value in pairs if key}


def test_it_may_stop_longer_than_it_drains() -> None:
    limit = settings(UNIT)["TimeoutStopSec"]
    assert float(limit.removesuffix("s")) >= DRAIN_LIMIT + 15


def test_what_local_guards_need_is_left_open() -> None:
    """In a user namespace every other user is "nobody": a guard for a user would see none."""
    found = settings(UNIT)
    assert (found["ProtectProc"], found["ProcSubset"]) == ("default", "all")
    assert found.keys().isdisjoint({"PrivateUsers", "DynamicUser", "PrivateNetwork", "PrivatePIDs"})


def test_each_example_says_where_it_goes() -> None:
    for file in EXAMPLES:
        assert file.read_text().startswith("# "), file


def test_systemd_has_nothing_to_say_about_the_unit(flashd: Installed) -> None:
    """It ends with 0 on most mistakes: every word is one."""
    verify(flashd)


def test_systemd_has_nothing_to_say_about_the_examples(flashd: Installed) -> None:
    for file in EXAMPLES:
        if file.name != NEWER or flashd.machine.version >= 253:
            text = re.sub(r"^#(?=[A-Z]\w+=)", "", file.read_text(), flags=re.MULTILINE)
            flashd.drop_in(file.name.removesuffix(".conf.example"), text)
    assert len(flashd.unit("DropInPaths").split()) >= 2
    verify(flashd)


def verify(flashd: Installed) -> None:
    done = flashd.machine.run(ANALYZE, "verify", "--man=no", "flashd.service")
    assert (done.status, done.out, done.err) == (0, "", "")


def test_the_user_and_its_directories(flashd: Installed) -> None:
    account = flashd.machine.do("getent", "passwd", "flashd").strip().split(":")
    assert account[5:] == ["/var/lib/flashd", "/usr/sbin/nologin"]
    listed = flashd.machine.do("stat", "-c", "%n %a %U %G", "/etc/flashd", "/var/lib/flashd")
    assert listed.splitlines() == [
        "/etc/flashd 755 root root",
        "/var/lib/flashd 700 flashd flashd",
    ]
