"""Another host: a real sshd on loopback, with the probe as its forced command.

What systemctl, om and uname say there are programs of the test's own, on the probe's path.
"""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import signal
import socket
import subprocess
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import flashd.adapters.remote
from flashd.adapters import procfs
from flashd.adapters.remote.ssh import SshRemote
from flashd.adapters.remote.turns import Turns
from flashd.config.ssh import HostPin, SshSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "tst1.example.net"
MACHINE = "0123456789abcdef0123456789abcdef"
PROBE = Path(flashd.adapters.remote.__file__).with_name("probe.sh")
SHELL = "/bin/sh"

# The key exchange is a cheap one: it is a matter of ssh's, and most of the time of a test.
# With SHLVL bash takes itself for one that another one started, and leaves out the start-up files
# of whoever runs the tests: there may stand what takes a lock, and keeps it when it is killed.
CONFIG = """\
KexAlgorithms curve25519-sha256
Port {port}
ListenAddress 127.0.0.1
HostKey {root}/host_key
PidFile none
AuthorizedKeysFile {root}/authorized_keys
StrictModes no
SetEnv {mark} SHLVL=1
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
LogLevel ERROR
{more}
"""
UNAME = """\
#!/bin/sh
case $1 in -s) echo {system} ;; -n) echo {name} ;; -m) echo 00F6A7C54C00 ;; esac
"""


def needed(name: str) -> str:
    """Find a server that the test needs; without it the test fails in CI, and is skipped else."""
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if found is None:
        why = f"there is no {name}; run make servers"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    return found


@dataclass
class There:
    """The other host, below one directory."""

    root: Path
    port: int = 0
    server: int = 0
    shell: str = SHELL
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for directory in (self.programs, self.allowed):
            directory.mkdir(parents=True)
        for key in ("host_key", "probe.key"):
            make_key(self.root / key)
        self.program("flashd-probe", PROBE.read_text(), self.root)
        self.commands.write_text("# what may be run here\n")
        self.calls_itself("tst1")
        self.forced(self.probe)
        self.knows("host_key")

    @property
    def programs(self) -> Path:
        """What is on the probe's path."""
        return self.root / "programs"

    @property
    def allowed(self) -> Path:
        return self.root / "allowed"

    @property
    def commands(self) -> Path:
        return self.root / "commands"

    @property
    def known_hosts(self) -> Path:
        return self.root / "known_hosts"

    @property
    def probe(self) -> str:
        """The forced command, as an administrator may write it."""
        path = f"{self.programs}:/usr/bin:/bin"
        return f"{self.shell} {self.root}/flashd-probe -c {self.commands} -p {path}"

    def program(self, name: str, text: str, directory: Path | None = None) -> Path:
        """Install a program."""
        path = (directory or self.programs) / name
        path.write_text(text if text.startswith("#!") else f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    def allow(self, name: str, text: str) -> Path:
        """Install a program of the operator's, and allow it."""
        path = self.program(name, text, self.allowed)
        with self.commands.open("a") as commands:
            commands.write(f"{path}\n")
        return path

    def calls_itself(self, name: str, system: str = "Linux") -> None:
        self.program("uname", UNAME.format(name=name, system=system))

    def forced(self, command: str | None) -> None:
        """Say what runs for the probe's key, whatever is asked."""
        public = (self.root / "probe.key.pub").read_text()
        forced = f'restrict,command="{command}" ' if command else "restrict "
        (self.root / "authorized_keys").write_text(forced + public)

    def lies(self, text: str) -> None:
        """Put a script in front of the probe, which it can run as $PROBE."""
        liar = self.program("liar", f"PROBE='{self.probe}'\n{text}", self.root)
        self.forced(str(liar))

    def knows(self, key: str, name: str = HOST) -> None:
        """Say which host key this host is known by."""
        kind, public, *_ = (self.root / f"{key}.pub").read_text().split()
        self.known_hosts.write_text(f"{name} {kind} {public}\n")

    def settings(self, **pin: object) -> SshSettings:
        """Make the section of flashd.yaml that leads here."""
        where = {"address": "127.0.0.1", "port": self.port, "user": getpass.getuser()}
        told = {
            "key": self.root / "probe.key",
            "known_hosts": self.known_hosts,
            "hosts": {HOST: HostPin.model_validate(where | pin)},
        }
        return SshSettings.model_validate(told | self.options)

    def remote(self, **pin: object) -> SshRemote:
        """Make the way here."""
        settings = self.settings(**pin)
        turns = Turns(settings.per_host, settings.total)
        return SshRemote(settings=settings, key=settings.key, turns=turns)

    @contextmanager
    def sshd(self, more: str = "") -> Iterator[int]:
        """Run the server, and tell its process; all that it started ends with it."""
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        with started(needed("sshd"), self.root, more) as (process, port):
            self.server, self.port = process, port
            try:
                yield process
            finally:
                sessions = descendants(process)
                os.kill(process, signal.SIGKILL)
                kill(sessions)
        while left := self.left():
            kill(left)

    def left(self) -> set[int]:
        """Tell what was started by a session; it may be nobody's child, its session being over."""
        mark = mark_of(self.root).encode()
        return {one.pid for one in procfs.processes() if one.alive and mark in environment(one.pid)}


def mark_of(root: Path) -> str:
    """Write the variable that all processes of this other host have."""
    return f"FLASHD_TEST_THERE={root}"


def environment(pid: int) -> list[bytes]:
    with suppress(OSError):
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return []


def kill(pids: set[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def make_key(file: Path) -> None:
    subprocess.run(
        [needed("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(file)], check=True
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(sshd: str, root: Path, more: str) -> Iterator[tuple[int, int]]:
    """Start an sshd on a port that is free; somebody may take it first, so try again."""
    for _ in range(5):
        port = free_port()
        (root / "sshd_config").write_text(
            CONFIG.format(root=root, port=port, more=more, mark=mark_of(root))
        )
        with subprocess.Popen(
            [sshd, "-D", "-e", "-o", "LogLevel=INFO", "-f", str(root / "sshd_config")],
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            told: list[str] = []
            try:
                if listening(process, told):
                    reader = threading.Thread(target=drain, args=(process, told))
                    reader.start()
                    yield process.pid, port
                    return
            finally:
                process.kill()
        assert any("in use" in line for line in told), told
    raise AssertionError("no free port")


def listening(process: subprocess.Popen[str], told: list[str]) -> bool:
    for line in process.stderr or ():
        told.append(line)
        if "Server listening" in line:
            return True
    return False


def drain(process: subprocess.Popen[str], told: list[str]) -> None:
    with suppress(ValueError):
        told.extend(process.stderr or ())


async def ended(pid: int) -> None:
    """Wait for the end of a process that is not ours."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, over.set)
    try:
        async with asyncio.timeout(30):
            await over.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def descendants(root: int) -> set[int]:
    parents = {one.pid: one.parent for one in procfs.processes()}
    found, before = {root}, 0
    while before != len(found):
        before = len(found)
        found |= {pid for pid, parent in parents.items() if parent in found}
    return found - {root}
