"""The Debian package: installed, upgraded, removed, purged."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flashd import __version__
from tests.systemd.installed import AUTH, ETC, STATE, Installed

if TYPE_CHECKING:
    from tests.systemd.machine import Machine

ROOT = Path(__file__).parents[2]
DOCUMENTS = "/usr/share/doc/flashd"
CHANGED = "check_interval: 1s\n# changed by its administrator\n"
OF_TOOLS = r"(__pycache__|_cache|\.hypothesis|\.coverage[^/]*|build)/?$"
"""What other tests make while the package is built, and the wheels that are kept."""

CONSENT = "flashd flashd/delete-all boolean true\n"


@pytest.fixture
def installed(bare: Machine, package: Path) -> Installed:
    """flashd as the package leaves it."""
    install(bare, package)
    return Installed(bare, bin="/usr/bin")


def install(machine: Machine, package: Path) -> str:
    machine.copy(package, "/srv/flashd.deb")
    return machine.do("dpkg", "--install", "/srv/flashd.deb")


def run_it(flashd: Installed) -> None:
    """Configure it, start it, and see a resync."""
    flashd.reset()
    flashd.configure()
    flashd.define()
    flashd.start()
    flashd.until("resync-completed")
    assert flashd.fresh


def test_it_is_enabled_and_not_started(installed: Installed) -> None:
    machine = installed.machine
    assert machine.run("systemctl", "is-enabled", "flashd").out == "enabled\n"
    assert machine.run("systemctl", "is-active", "flashd").out == "inactive\n"
    assert machine.do("flashd", "--version") == f"flashd, version {__version__}\n"
    listed = machine.do("stat", "-c", "%n %a %U", f"{ETC}/auth.conf", f"{ETC}/flashd.yaml", STATE)
    assert listed.splitlines() == [
        f"{ETC}/auth.conf 600 root",
        f"{ETC}/flashd.yaml 644 root",
        f"{STATE} 700 flashd",
    ]
    assert machine.do("dpkg", "--verify", "flashd") == ""
    shells = {"bash-completion/completions/flashd", "zsh/vendor-completions/_flashd"}
    shells.add("fish/vendor_completions.d/flashd.fish")
    files = set(machine.do("dpkg", "--listfiles", "flashd").splitlines())
    assert {f"/usr/share/{file}" for file in shells} <= files
    assert {f"{DOCUMENTS}/docs/{file.name}" for file in (ROOT / "docs").glob("*.md")} <= files
    documented = installed.unit("Documentation").removeprefix("file:")
    assert machine.read(documented) == (ROOT / "docs/operations.md").read_text()
    assert machine.read(f"{DOCUMENTS}/README.md") == (ROOT / "README.md").read_text()
    assert machine.do("systemd-analyze", "verify", "--man=no", "flashd.service") == ""


def test_it_brings_along_what_a_store_in_postgresql_needs(installed: Installed) -> None:
    """The library too: the machine has none of its own that counts."""
    script = "import psycopg; print(psycopg.pq.__impl__)"
    python = ("runuser", "-u", "flashd", "--", "/usr/lib/flashd/bin/python", "-c", script)
    assert installed.machine.do(*python) == "binary\n"
    nobody_listens = "postgresql+psycopg://flashd@127.0.0.1:1/flashd"
    told = installed.flashd("--state", nobody_listens, "status")
    assert told.status == 1
    assert "needs the Python module" not in told.err
    assert "cannot be reached" in told.err


def test_started_before_it_is_configured_it_says_what_is_missing(installed: Installed) -> None:
    installed.define()
    done = installed.machine.run("systemctl", "start", "flashd")
    assert done.status != 0
    assert "add a section [IBM.2107-75ABC01] there" in installed.unit("StatusText")
    checked = installed.flashd("check")
    assert checked.status == 2
    assert f"{ETC}/auth.conf; add a section [IBM.2107-75ABC01] there" in checked.err
    installed.machine.write(f"{ETC}/auth.conf", AUTH, "0600")
    told = installed.flashd("check")
    assert told.status == 0
    assert f"/opt/ibm/dscli/dscli managepwfile -action add -mc1 10.10.10.10 -pwfile {STATE}" in (
        told.err
    )


def test_it_resyncs_is_upgraded_and_removed(
    installed: Installed, newer: Path, package: Path
) -> None:
    machine = installed.machine
    run_it(installed)
    settings = machine.read(f"{ETC}/flashd.yaml") + "\n# changed by its administrator\n"
    machine.write(f"{ETC}/flashd.yaml", settings)
    before = installed.unit("MainPID")

    install(machine, newer)
    assert machine.do("dpkg-query", "-W", "-f", "${Version}", "flashd") == "99"
    assert machine.read(f"{ETC}/flashd.yaml") == settings
    assert installed.unit("ActiveState") == "active"
    assert installed.unit("MainPID") not in {before, "0"}
    assert "daemon-stopped" in installed.actions(), "it was not torn down"

    machine.do("systemctl", "stop", "flashd")
    machine.do("apt-get", "install", "--yes", "--reinstall", "/srv/flashd.deb")
    assert installed.unit("ActiveState") == "inactive", "what did not run is not started"

    machine.do("systemctl", "start", "flashd")
    machine.do("apt-get", "remove", "--yes", "flashd")
    assert installed.unit("LoadState") in {"not-found", "masked"}
    assert machine.run("pgrep", "-u", "flashd").out == ""
    assert machine.read(f"{ETC}/flashd.yaml") == settings
    assert machine.do("ls", f"{STATE}/flashd.db")

    install(machine, package)
    assert machine.read(f"{ETC}/flashd.yaml") == settings
    assert machine.read(f"{ETC}/auth.conf") == AUTH
    runs = installed.flashd("history", "--json").json["runs"]
    assert [run["outcome"] for run in runs] == ["done"]


def purge(machine: Machine, *, answer: str = "") -> str:
    """Purge the package; with an answer somebody sits at the terminal."""
    if not answer:
        done = machine.run("dpkg", "--purge", "flashd")
        assert done.status == 0, done.err
        return done.out + done.err
    command = "DEBIAN_FRONTEND=readline TERM=dumb dpkg --purge flashd"
    return machine.do("script", "-qec", command, "/dev/null", stdin=f"{answer}\n")


@pytest.mark.parametrize("debconf", ["has nobody to ask", "is gone"])
def test_a_purge_that_can_ask_nobody_keeps_everything(installed: Installed, debconf: str) -> None:
    machine = installed.machine
    if debconf == "is gone":
        machine.do("mv", "/usr/share/debconf", "/usr/share/debconf.gone")
    installed.define()
    machine.write(f"{STATE}/flashd.db", "history")
    assert "/var/lib/flashd and /etc/flashd were kept" in purge(machine)
    assert machine.do("dpkg-query", "-W", "-f", "${Package}\n").find("flashd\n") == -1
    assert machine.read(f"{STATE}/flashd.db") == "history"
    kept = machine.do("ls", ETC, f"{ETC}/services.d").split()
    assert {"auth.conf", "flashd.yaml", "db.yaml"} <= set(kept)


def test_a_purge_with_consent_deletes_all(installed: Installed) -> None:
    machine = installed.machine
    machine.do("debconf-set-selections", stdin=CONSENT)
    purge(machine)
    assert machine.run("ls", ETC).status != 0
    assert machine.run("ls", STATE).status != 0


@pytest.mark.parametrize(("answer", "kept"), [("yes", False), ("", True)])
def test_a_purge_asks_who_is_there(installed: Installed, answer: str, kept: object) -> None:
    asked = purge(installed.machine, answer=answer or " ")
    assert "Delete what flashd knows and its configuration?" in asked
    assert (installed.machine.run("ls", ETC).status == 0) is kept
    assert (installed.machine.run("ls", STATE).status == 0) is kept


def test_its_version_is_flashd_s() -> None:
    first = (ROOT / "debian/changelog").read_text().splitlines()[0]
    assert re.match(r"flashd \((\S+)\)", first)[1] == __version__  # type: ignore[index]


def test_building_it_leaves_the_tree_as_it_was(package: Path) -> None:
    """Ignored files count too: a `debian/flashd` that stays behind is one."""
    folder = package.parent
    before, after = (
        {line for line in file.read_text().splitlines() if not re.search(OF_TOOLS, line)}
        for file in (folder.with_suffix(".before"), folder.with_suffix(".after"))
    )
    assert after == before
