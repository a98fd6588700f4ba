"""One machine for each worker of the tests; flashd in it is built once for all of them."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.systemd.installed import BIN, Installed
from tests.systemd.machine import Machine, booted, obstacle

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
WHEELS = ROOT / "build" / "wheels"
BUILD_LIMIT = 600
AS_IT_WAS = """\
list() { git -c safe.directory='*' -C "$1" status --ignored --porcelain; }
list "$1" >"$2.before"
"$1/packaging/deb.sh" "$2"
list "$1" >"$2.after"
"""


@pytest.fixture(scope="session")
def able() -> None:
    """Skip where no machine can be booted; fail there in CI, where one has to be."""
    if reason := obstacle():
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


def built(factory: pytest.TempPathFactory, name: str, *command: str) -> Path:
    """Have a command build something at the path that is put after it; once for all workers."""
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    result = shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not result.exists():
            words = [word.replace("RESULT", str(result)) for word in command]
            done = subprocess.run(
                words, capture_output=True, text=True, check=False, timeout=BUILD_LIMIT
            )
            assert done.returncode == 0, done.stdout + done.stderr
    return result


@pytest.fixture(scope="session")
def application(able: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """Build flashd as it stands in this tree, to be run at /opt/flashd by the system's Python."""
    script = str(ROOT / "packaging/environment.sh")
    words = (script, "RESULT", "/opt/flashd", str(WHEELS))
    return built(tmp_path_factory, "application", *words)


@pytest.fixture(scope="session")
def package(able: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """Build the Debian package; beside its folder stands what the tree was before and after."""
    words = ("/bin/sh", "-euc", AS_IT_WAS, "sh", str(ROOT), "RESULT")
    (file,) = built(tmp_path_factory, "package", *words).glob("flashd_*.deb")
    return file


@pytest.fixture(scope="session")
def newer(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a package of a higher version, with the same content."""
    script = (
        'mkdir "$2" && dpkg-deb -R "$1" "$2/tree" && sed -i "s/^Version: .*/Version: 99/" '
        '"$2/tree/DEBIAN/control" && dpkg-deb -Zgzip -z1 -b "$2/tree" "$2/newer.deb"'
    )
    words = ("/bin/sh", "-c", script, "sh", str(package), "RESULT")
    return built(tmp_path_factory, "newer", *words) / "newer.deb"


@pytest.fixture(scope="session")
def machine(application: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A booted machine; a test leaves it as it found it."""
    with booted(tmp_path_factory.mktemp("machine"), application) as machine:
        yield machine


@pytest.fixture
def bare(able: None, tmp_path: Path) -> Iterator[Machine]:  # noqa: ARG001
    """A machine of a test's own, without flashd."""
    (tmp_path / "bare").mkdir()
    with booted(tmp_path / "bare") as machine:
        yield machine


@pytest.fixture(scope="session")
def installation(machine: Machine) -> Installed:
    """The machine with flashd installed in it, by its own command."""
    machine.do(f"{BIN}/flashd", "install", "--apply")
    return Installed(machine)


@pytest.fixture
def flashd(installation: Installed) -> Iterator[Installed]:
    """flashd as it is after the installation, configured and not yet started."""
    installation.reset()
    installation.configure()
    yield installation
    installation.stop()
