"""A real systemd as the first process of namespaces of its own, over a throw-away root.

Nothing in it reaches the host: its writes go to memory, its network is its own loopback, and with
its first process everything in it ends. That process is killed when the one that booted it ends,
however that happens.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BOOT = Path(__file__).with_name("boot.sh")
BOOT_LIMIT = 60.0
ENOUGH = 60.0
_ORDERLY_END = 5.0
WRITTEN = "/run/written"
"""Where a machine shows what was written to its root since it was booted."""

GROUPS = "flashd-machine-"
PROGRAMS = ("/usr/bin/unshare", "/usr/bin/nsenter", "/usr/bin/setpriv", "/lib/systemd/systemd")
_NAMESPACES = ("--pid", "--mount", "--uts", "--ipc", "--cgroup", "--net")
_CLEAN = (
    "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/root",
    "SYSTEMD_PAGER=cat", "SYSTEMD_COLORS=0", "DEBIAN_FRONTEND=noninteractive",
)  # fmt: skip


@dataclass(frozen=True)
class Done:
    """How a command in the machine ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON is anything
        """The one document on standard output."""
        return json.loads(self.out)


class Refused(Exception):  # noqa: N818 - named for what happened
    """No machine can be booted here, or this one was not."""


@dataclass(frozen=True)
class Machine:
    """A booted machine, known by its first process as the host counts it."""

    init: int
    version: int
    boot_seconds: float

    @property
    def inside(self) -> tuple[str, ...]:
        """What is put before a command to run it in the machine."""
        enter = ("/usr/bin/nsenter", "--target", str(self.init), *_NAMESPACES, "--root", "--wd")
        return (*enter, *_CLEAN)

    def run(self, *words: str, stdin: str | None = None, limit: float = ENOUGH) -> Done:
        """Run a command in the machine, as its root."""
        done = subprocess.run(
            [*self.inside, *words],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def do(self, *words: str, stdin: str | None = None, limit: float = ENOUGH) -> str:
        """Run a command that has to succeed; returns what it wrote."""
        done = self.run(*words, stdin=stdin, limit=limit)
        assert done.status == 0, f"{words}: {done.status}\n{done.out}{done.err}"
        return done.out

    def write(self, path: str, text: str, mode: str = "0644") -> None:
        """Write a file in the machine, and the directories above it."""
        script = 'mkdir -p "$(dirname "$1")" && cat >"$1" && chmod "$2" "$1"'
        self.do("/bin/sh", "-c", script, "sh", path, mode, stdin=text)

    def read(self, path: str) -> str:
        """Read a file in the machine."""
        return self.do("cat", path)

    def copy(self, file: Path, path: str) -> None:
        """Copy a file of the host into the machine."""
        with file.open("rb") as source:
            subprocess.run(
                [*self.inside, "/bin/sh", "-c", 'cat >"$1"', "sh", path],
                stdin=source,
                check=True,
                timeout=ENOUGH,
            )

    def unit(self, name: str, *properties: str) -> dict[str, str]:
        """Ask systemd for properties of a unit."""
        lines = self.do("systemctl", "show", "-p", ",".join(properties), "--", name).splitlines()
        return dict(line.split("=", 1) for line in lines)


def eventually(happened: Callable[[], object], what: str = "it") -> None:
    """Wait until something has become true that another process does."""
    pause, end = threading.Event(), time.monotonic() + ENOUGH
    while not happened():
        assert time.monotonic() < end, f"{what} did not happen"
        pause.wait(0.03)


def obstacle() -> str:
    """Say why no machine can be booted here; empty where one can."""
    if os.geteuid() != 0:
        return "booting a systemd needs root"
    if missing := [program for program in PROGRAMS if not Path(program).exists()]:
        return f"booting a systemd needs {', '.join(missing)}: apt-get install systemd util-linux"
    if (place := hierarchy()) is None:
        return "booting a systemd needs a cgroup2 file system that can be written"
    try:
        group = _make_group(place, "probe")
        group.rmdir()
    except OSError as error:
        return f"no control group can be made below {place}: {error.strerror}"
    return ""


@contextmanager
def booted(work: Path, app: Path | None = None) -> Iterator[Machine]:
    """Boot a machine; whatever happens in the block, nothing of it is left.

    `work` is an empty directory, `app` a directory that is to stand at /opt/flashd.
    """
    place = hierarchy()
    if place is None:
        raise Refused(obstacle())
    _sweep(place)
    group = _make_group(place, work.name)
    console = work / "console.log"
    began = time.monotonic()
    process = _start(work, app, group, console)
    try:
        init = _first_process(process, console)
        _await_boot(Machine(init, 0, 0), process, console)
        words = Machine(init, 0, 0).do("systemctl", "--version").split()
        yield Machine(init, int(words[1]), time.monotonic() - began)
    finally:
        _end(process, group)


def hierarchy() -> Path | None:
    """Find where cgroup2 is mounted."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2" and os.access(place, os.W_OK):
            return Path(place)
    return None


def _make_group(place: Path, name: str) -> Path:
    """Make a control group whose name tells who made it."""
    group = place / f"{GROUPS}{os.getpid()}-{name}"
    group.mkdir(exist_ok=True)
    return group


def _sweep(place: Path) -> None:
    """Remove the empty control groups of earlier runs that were killed."""
    for group in place.glob(f"{GROUPS}*"):
        maker = group.name.removeprefix(GROUPS).partition("-")[0]
        if not Path(f"/proc/{maker}").exists():
            _remove(group)


def _start(work: Path, app: Path | None, group: Path, console: Path) -> subprocess.Popen[bytes]:
    """Start the first process; it dies with us, since the kernel sees to it at both steps."""
    mounts = str(Path("/proc/self/ns/mnt").readlink())
    into = 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"'  # before --cgroup: this is its root
    unshare = ("/usr/bin/unshare", "--fork", "--kill-child=KILL", "--propagation", "private")
    words = (
        *("/usr/bin/setpriv", "--pdeathsig", "KILL"),
        *("/bin/sh", "-euc", into, "sh", str(group)),
        *(*unshare, *_NAMESPACES, str(BOOT), str(work), mounts, str(app or "")),
    )
    with console.open("wb") as out:
        return subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )


def _first_process(process: subprocess.Popen[bytes], console: Path) -> int:
    """Wait for process 1 inside."""
    eventually(lambda: _children(process) or process.poll() is not None, "the fork")
    for child in _children(process):
        return child
    raise Refused(console.read_text("utf-8", "replace"))


def _await_boot(machine: Machine, process: subprocess.Popen[bytes], console: Path) -> None:
    pause, end = threading.Event(), time.monotonic() + BOOT_LIMIT
    while time.monotonic() < end and process.poll() is None:
        # Until systemd has made its socket this may be any program, in mounts half done.
        if Path(f"/proc/{machine.init}/root/run/systemd/private").is_socket():
            state = machine.run("systemctl", "is-system-running", "--wait").out.strip()
            if state in {"running", "degraded"}:
                return
        pause.wait(0.02)
    raise Refused(f"the machine did not boot: {console.read_text('utf-8', 'replace')}")


def _end(process: subprocess.Popen[bytes], group: Path) -> None:
    """Kill the first process inside, and with it all others; then whatever else is in the group."""
    for child in _children(process):
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_ORDERLY_END)  # it waits for its child, so nobody is left for others to reap
    with suppress(OSError):  # from Linux 5.14 on; before, the first process takes all along
        (group / "cgroup.kill").write_text("1")
    process.wait(ENOUGH)
    eventually(lambda: _remove(group), f"the removal of {group}")


def _children(process: subprocess.Popen[bytes]) -> list[int]:
    """List the children of a process: that of `unshare` is process 1 inside."""
    with suppress(OSError):
        place = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        return [int(child) for child in place.read_text().split()]
    return []


def _remove(group: Path) -> bool:
    """Remove a control group and those below it; says whether it is gone."""
    for below in sorted(group.rglob("*/"), reverse=True):
        with suppress(OSError):
            below.rmdir()
    with suppress(OSError):
        group.rmdir()
    return not group.exists()
