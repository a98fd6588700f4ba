"""`make servers` where it can install nothing."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from subprocess import CompletedProcess

SCRIPT = Path(__file__).parents[1] / "setup" / "servers.sh"
NEEDED = ("dirname", "sed")


def servers(path: Path, packages: str, uid: int, **environment: str) -> CompletedProcess[str]:
    """Run the script on a host that has only these programs, and no package of the list."""
    programs = path / "bin"
    programs.mkdir()
    for name in NEEDED:
        (programs / name).symlink_to(str(shutil.which(name)))
    says = {"id": f"echo {uid}", "dpkg-query": "[ $4 != there ] || echo installed"}
    if uid:
        says["apt-get"] = "exit 100"
    for name, line in says.items():
        (programs / name).write_text(f"#!/bin/sh\n{line}\n")
        (programs / name).chmod(0o755)
    shutil.copy(SCRIPT, path)
    (path / "packages.txt").write_text(packages)
    return subprocess.run(
        ["/bin/sh", str(path / SCRIPT.name)],
        env={"PATH": str(programs), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(("uid", "why"), [(1000, "only root can install"), (0, "no apt-get here")])
def test_it_says_what_is_missing_and_how_to_get_it(tmp_path: Path, uid: int, why: str) -> None:
    done = servers(tmp_path, "there\npostgresql  # a database\nzsh\n", uid)
    assert done.returncode == 0
    assert why in done.stderr
    assert "apt-get install --yes --no-install-recommends postgresql zsh\n" in done.stderr


@pytest.mark.parametrize("uid", [1000, 0])
def test_in_ci_it_fails(tmp_path: Path, uid: int) -> None:
    assert servers(tmp_path, "postgresql\n", uid, CI="true").returncode == 1


@pytest.mark.parametrize("ci", ["true", ""])
def test_where_all_is_there_it_says_nothing(tmp_path: Path, ci: str) -> None:
    done = servers(tmp_path, "# nothing else\nthere\n", 1000, CI=ci)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
