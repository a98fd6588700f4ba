"""A PostgreSQL server of the tests' own, on loopback, thrown away at the end.

It is run by nobody of importance, since it refuses to be run by root, and dies with who started
it. A test gets a schema of its own, which costs a few milliseconds.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "sesame-canary-of-the-store"
NOBODY = 65534
_ROLES = (
    "CREATE ROLE flashd LOGIN",
    "CREATE DATABASE flashd OWNER flashd",
    f"CREATE ROLE locked LOGIN PASSWORD '{PASSWORD}'",
    "CREATE ROLE reader LOGIN",
    "CREATE ROLE rejected LOGIN",
    "CREATE ROLE peered LOGIN",
    "CREATE ROLE crowded LOGIN CONNECTION LIMIT 1",
)
_HBA = """\
local all peered peer map=us
local all all trust
host all locked 127.0.0.1/32 scram-sha-256
host all rejected 127.0.0.1/32 reject
host all all 127.0.0.1/32 trust
host replication owner 127.0.0.1/32 trust
"""
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",  # nothing here outlives the tests
    "max_connections": "100",
    "lc_messages": "C",
    "shared_buffers": "16MB",
    "max_wal_senders": "2",
    "wal_keep_size": "64",
    "autovacuum": "off",
}


def program(name: str) -> str | None:
    """Find a program of the newest server that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=_release)
    return str(found[-1]) if found else shutil.which(name)


def _release(path: Path) -> float:
    return float(path.parts[4])


def required() -> None:
    """Skip where there is no server; in CI fail."""
    if program("initdb") is None:
        assert "CI" not in os.environ, "the tests need Debian's package postgresql"
        pytest.skip("no PostgreSQL server: install Debian's package postgresql")


@dataclass
class Server:
    """One server in a directory."""

    directory: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    schemas: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def data(self) -> Path:
        return self.directory / "data"

    def admin(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="owner", dbname="postgres", autocommit=True
        )

    def ask(self, statement: str, database: str = "flashd") -> list[tuple[object, ...]]:
        """Run a statement as the owner of all."""
        with psycopg.connect(
            host="127.0.0.1", port=self.port, user="owner", dbname=database, autocommit=True
        ) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def schema(self, owner: str = "flashd") -> str:
        """Make an empty schema."""
        name = f"t{next(self.schemas)}"
        self.ask(f"CREATE SCHEMA {name} AUTHORIZATION {owner}")
        return name

    def url(self, schema: str, *, user: str = "flashd", port: int | None = None) -> str:
        """Name a schema as `state` does."""
        options = f"options=-csearch_path%3D{schema},pg_catalog"
        return f"postgresql+psycopg://{user}@127.0.0.1:{port or self.port}/flashd?{options}"

    def start(self) -> None:
        """Start, and wait until it answers."""
        postgres = program("postgres")
        assert postgres
        settings = [f"-c{name}={value}" for name, value in _SETTINGS.items()]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *as_nobody(),
                    *(postgres, "-D", str(self.data), "-k", str(self.directory)),
                    *(f"-p{self.port}", *settings),
                ],
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C is the tests', not the server's
            )
        self._wait()

    def _wait(self) -> None:
        end, pause = time.monotonic() + 30, threading.Event()
        while True:
            try:
                return self.admin().close()
            except psycopg.OperationalError:
                assert self.process
                assert self.process.poll() is None, (self.directory / "log").read_text()
                assert time.monotonic() < end, "the server does not start"
                pause.wait(0.02)

    def send(self, number: int) -> None:
        """Send a signal to the server's first process."""
        assert self.process
        self.process.send_signal(number)

    def stop(self, number: int = signal.SIGINT) -> None:
        """End: SIGINT is a fast shutdown, SIGQUIT an immediate one, SIGKILL none at all."""
        assert self.process
        children = _children(self.process.pid)
        self.process.send_signal(number)
        self.process.wait(30)
        for child in children:  # without their postmaster they end by themselves, but not at once
            _gone(child)

    @contextmanager
    def frozen(self, *, also: tuple[int, ...] = ()) -> Iterator[None]:
        """Have sessions, and the server that makes new ones, stand still."""
        assert self.process
        pids = (self.process.pid, *also)
        try:
            for pid in pids:
                _signal(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in pids:
                _signal(pid, signal.SIGCONT)


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):  # sessions come and go
        os.kill(pid, number)


def _gone(pid: int) -> None:
    end, pause = time.monotonic() + 30, threading.Event()
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        pause.wait(0.01)


def as_nobody() -> tuple[str, ...]:
    """Lead a command to be run without root's rights, and to die with us."""
    setpriv = shutil.which("setpriv")
    assert setpriv, "the tests need setpriv of util-linux"
    lead = (setpriv, "--pdeathsig", "QUIT")
    if os.getuid() != 0:
        return lead
    return (*lead, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _make(directory: Path) -> Server:
    initdb = program("initdb")
    assert initdb
    server = Server(directory, free_port())
    subprocess.run(
        [
            *as_nobody(),
            *(initdb, "-D", str(server.data), "-U", "owner", "--auth=trust", "--no-sync"),
            *("-E", "UTF8", "--locale=C"),
        ],
        check=True,
        capture_output=True,
    )
    (server.data / "pg_hba.conf").write_text(_HBA)
    (server.data / "pg_ident.conf").write_text(f"us {_me()} peered\n")
    server.start()
    for statement in _ROLES:
        server.ask(statement, "postgres")
    server.ask("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    return server


def _me() -> str:
    import pwd  # noqa: PLC0415 - of this one line

    return pwd.getpwuid(os.getuid()).pw_name


@contextmanager
def standby(primary: Server) -> Iterator[Server]:
    """Run a copy of a server, that follows it and can only be read."""
    copy = program("pg_basebackup")
    assert copy
    with _directory() as directory:
        follower = Server(directory, free_port())
        subprocess.run(
            [
                *as_nobody(),
                *(copy, "-D", str(follower.data), "-R", "-c", "fast", "-U", "owner"),
                *("-h", "127.0.0.1", "-p", str(primary.port)),
            ],
            check=True,
            capture_output=True,
            timeout=60,
        )
        follower.start()
        try:
            yield follower
        finally:
            follower.stop(signal.SIGQUIT)


@contextmanager
def _directory() -> Iterator[Path]:
    directory = Path(mkdtemp(prefix="flashd-pg-"))
    if os.getuid() == 0:
        os.chown(directory, NOBODY, NOBODY)
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


@contextmanager
def running() -> Iterator[Server]:
    """Run a server of one's own."""
    with _directory() as directory:
        server = _make(directory)
        try:
            yield server
        finally:
            if server.process and server.process.poll() is None:
                server.stop(signal.SIGQUIT)
