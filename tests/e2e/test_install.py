"""`flashd install` into a directory that stands for a root."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from subprocess import CompletedProcess

ROOT = Path(__file__).parents[2]
FLASHD = Path(sys.executable).with_name("flashd")
UNIT = "usr/local/lib/systemd/system/flashd.service"
NOBODY = 65534


def flashd(*words: str, umask: int = 0o022) -> CompletedProcess[str]:
    return subprocess.run(
        [FLASHD, "install", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        umask=umask,
    )


def tree(root: Path) -> dict[str, tuple[int, str]]:
    return {
        str(file.relative_to(root)): (file.stat().st_mode & 0o7777, file.read_text())
        for file in sorted(root.rglob("*"))
        if file.is_file()
    }


def actions(done: CompletedProcess[str]) -> set[str]:
    return {line.split()[0] for line in done.stdout.splitlines()}


def test_a_plan_changes_nothing(tmp_path: Path) -> None:
    done = flashd("--root", str(tmp_path))
    assert (done.returncode, actions(done)) == (0, {"write"})
    assert "--apply" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_into_an_empty_directory(tmp_path: Path) -> None:
    done = flashd("--root", str(tmp_path), "--apply", umask=0o077)
    assert done.returncode == 0, done.stderr
    assert "systemctl enable --now flashd" in done.stderr
    found = tree(tmp_path)
    modes = {path: mode for path, (mode, _) in found.items()}
    assert modes.pop("etc/flashd/auth.conf") == 0o600
    assert set(modes.values()) == {0o644}
    assert all(place.stat().st_mode & 0o777 == 0o755 for place in tmp_path.rglob("*/"))
    assert f"\nExecStart={FLASHD} run\n" in found[UNIT][1]
    assert "usr/local/lib/sysusers.d/flashd.conf" in found
    assert "usr/local/lib/tmpfiles.d/flashd.conf" in found
    assert "usr/local/share/doc/flashd/examples/services.d/reporting.yaml" in found
    assert not any(path.startswith("etc/flashd/services.d/") for path in found), "none is in force"


def test_the_documents_are_where_messages_and_the_unit_name_them(tmp_path: Path) -> None:
    flashd("--root", str(tmp_path), "--apply", "--prefix", "/usr")
    folder = tmp_path / "usr/share/doc/flashd"
    shipped = {file.relative_to(folder).as_posix() for file in folder.rglob("*.md")}
    assert {f"docs/{file.name}" for file in (ROOT / "docs").glob("*.md")} < shipped
    assert (folder / "docs/guards.md").read_text() == (ROOT / "docs/guards.md").read_text()
    unit = (tmp_path / "usr/lib/systemd/system/flashd.service").read_text()
    (named,) = re.findall(r"^Documentation=file:/(\S+)$", unit, re.MULTILINE)
    assert (tmp_path / named).is_file()
    for name in shipped:
        page = folder / name
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{name}: {target}"


def test_what_it_writes_is_a_configuration_without_a_mistake(tmp_path: Path) -> None:
    flashd("--root", str(tmp_path), "--apply")
    words = [str(FLASHD), "--config-dir", str(tmp_path / "etc/flashd"), "check"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0
    assert [line.rpartition(": ")[2] for line in done.stderr.splitlines()] == [
        "no service is defined (hint)"
    ]


def test_twice_is_once(tmp_path: Path) -> None:
    flashd("--root", str(tmp_path), "--apply")
    before = tree(tmp_path)
    done = flashd("--root", str(tmp_path), "--apply")
    assert (done.returncode, actions(done)) == (0, {"keep"})
    assert tree(tmp_path) == before


def test_what_was_changed_stays(tmp_path: Path) -> None:
    flashd("--root", str(tmp_path), "--apply")
    unit, settings = tmp_path / UNIT, tmp_path / "etc/flashd/flashd.yaml"
    shipped = unit.read_text()
    unit.write_text(shipped.replace("WatchdogSec=2min", "WatchdogSec=9min"))
    settings.write_text("check_interval: 5m\n")
    before = tree(tmp_path)
    for _ in range(2):
        done = flashd("--root", str(tmp_path), "--apply")
        assert done.returncode == 0
        assert f"{unit}.new" in done.stdout
        assert tree(tmp_path) == {**before, f"{UNIT}.new": (0o644, shipped)}


def test_another_program_replaces_the_unit_that_nobody_changed(tmp_path: Path) -> None:
    flashd("--root", str(tmp_path), "--apply")
    done = flashd("--root", str(tmp_path), "--apply", "--program", "/usr/bin/flashd")
    assert "replace" in actions(done)
    assert "\nExecStart=/usr/bin/flashd run\n" in (tmp_path / UNIT).read_text()
    assert list(tmp_path.rglob("*.new")) == []


def test_a_prefix(tmp_path: Path) -> None:
    assert flashd("--root", str(tmp_path), "--apply", "--prefix", "/usr").returncode == 0
    assert (tmp_path / "usr/lib/systemd/system/flashd.service").exists()
    assert not (tmp_path / "usr/local").exists()
    assert flashd("--root", str(tmp_path), "--prefix", "usr").returncode == 2


@pytest.mark.parametrize(
    ("prefix", "places"),
    [
        (
            "/usr/local",
            {
                "usr/local/share/bash-completion/completions/flashd",
                "usr/local/share/zsh/site-functions/_flashd",
                "etc/fish/completions/flashd.fish",
            },
        ),
        (
            "/usr",
            {
                "usr/share/bash-completion/completions/flashd",
                "usr/share/zsh/site-functions/_flashd",
                "usr/share/fish/vendor_completions.d/flashd.fish",
            },
        ),
    ],
)
def test_completion_is_where_shells_look_by_themselves(
    tmp_path: Path, prefix: str, places: set[str]
) -> None:
    flashd("--root", str(tmp_path), "--apply", "--prefix", prefix)
    shells = ("bash-completion", "zsh", "fish")
    found = {path for path in tree(tmp_path) if any(f"/{shell}/" in path for shell in shells)}
    assert found == places


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "etc").write_text("in the way")
    done = flashd("--root", str(tmp_path), "--apply")
    assert done.returncode == 1
    assert f"cannot read {tmp_path}/etc/flashd/flashd.yaml: not a directory" in done.stderr


def test_a_directory_of_somebody_else(tmp_path: Path) -> None:
    done = as_nobody("--root", "/usr", "--apply")
    assert done.returncode == 1
    assert "cannot write /usr/usr/local/lib/systemd/system/flashd.service" in done.stderr
    assert "permission denied" in done.stderr
    assert list(tmp_path.iterdir()) == []


def as_nobody(*words: str) -> CompletedProcess[str]:
    """Run the command as a user without rights; he may not be able to enter our environment."""
    if os.geteuid() != 0:
        return flashd(*words)
    script = (
        "import os, sys, tempfile\n"
        "from flashd.cli.main import cli, main\n"
        "cli.main(['install', '--root', '/nowhere'], standalone_mode=False)\n"  # loads it all
        f"sys.argv = ['flashd', 'install', *{list(words)!r}]\n"
        f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        "main()\n"
    )
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )


def test_only_root_installs_on_this_host() -> None:
    done = as_nobody("--apply")
    assert done.returncode == 1
    assert "only root can install flashd on this host" in done.stderr
    assert "--root" in done.stderr


def test_the_plan_as_json(tmp_path: Path) -> None:
    document = json.loads(flashd("--root", str(tmp_path), "--json").stdout)
    assert (document["version"], document["applied"], document["commands"]) == (1, False, [])
    assert {"path", "action", "mode", "reason"} == set(document["files"][0])
    done = flashd("--root", str(tmp_path), "--apply", "--json")
    assert json.loads(done.stdout)["applied"] is True
    assert done.stderr == ""
    assert tree(tmp_path)


@pytest.mark.parametrize("name", ["usr/local/lib/systemd/system", "etc/systemd/system"])
def test_a_unit_that_stands_before_it_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir(parents=True)
    (tmp_path / name / "flashd.service").write_text("[Service]\n")
    done = flashd("--root", str(tmp_path))
    assert ("stands before" in done.stderr) is name.startswith("etc")


def test_a_link_that_leads_nowhere_is_somebody_s(tmp_path: Path) -> None:
    (tmp_path / "etc/flashd").mkdir(parents=True)
    link = tmp_path / "etc/flashd/auth.conf"
    link.symlink_to("/nowhere")
    assert flashd("--root", str(tmp_path), "--apply").returncode == 0
    assert link.is_symlink()


@pytest.mark.parametrize("link", ["usr", "usr/local/lib/systemd", "etc"])
def test_a_link_that_leads_out_of_the_root_is_refused(tmp_path: Path, link: str) -> None:
    """Images have absolute links, and a packager is root: what is outside is the host's."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / link).parent.mkdir(parents=True)
    outside.mkdir()
    (root / link).symlink_to(outside)
    done = flashd("--apply", "--root", str(root))
    assert done.returncode == 1
    assert f"leads out of {root}" in done.stderr
    assert list(outside.iterdir()) == []


def test_a_fifo_in_the_place_of_a_file_keeps_nobody_waiting(tmp_path: Path) -> None:
    (tmp_path / "etc/flashd").mkdir(parents=True)
    os.mkfifo(tmp_path / "etc/flashd/flashd.yaml")
    assert flashd("--root", str(tmp_path)).returncode == 0
