"""A simulated array with three incremental pairs, and real flashd-dscli processes to talk to it."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from subprocess import CompletedProcess, Popen

import pytest

from flashd.sim.array import Array
from tests.servers.typist import Typist, seated

DSCLI = Path(sys.executable).with_name("flashd-dscli")
ENOUGH_SECONDS = 30
AGED = 1_411_074_244.0  # Thu Sep 18 23:04:04 CEST 2014

Dscli = Callable[..., CompletedProcess[str]]
Start = Callable[..., Popen[str]]
Sit = Callable[..., Typist]


@pytest.fixture
def array(tmp_path: Path) -> Array:
    array = Array.create(tmp_path / "a.array", consoles=("10.10.10.10", "10.10.10.11"))
    array.add_volumes("0001", "0002", "0003", "0004", "0101", "0102", "0005", "0006", "0007")
    array.add_volumes("0009", space_efficient=True)
    array.establish("0001:0002", "0101:0102", "0003:0004", synced_at=AGED)
    return array


@pytest.fixture
def login(array: Array, tmp_path: Path) -> tuple[str, ...]:
    """Return the global options that log in."""
    path = tmp_path / "a.pwfile"
    array.write_pwfile(path)
    return ("-hmc1", "10.10.10.10", "-user", "opensvc", "-pwfile", str(path))


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    ours = {"FLASHD_SIM": str(tmp_path), "TZ": "Europe/Paris", "PYTHONUNBUFFERED": ""}
    return {**os.environ, **ours}  # unbuffered output would hide an answer that is not flushed


@pytest.fixture
def bare_dscli(environment: dict[str, str]) -> Dscli:
    """Run flashd-dscli with these words and no others."""

    def run(*words: str, stdin: str = "", **env: str) -> CompletedProcess[str]:
        return subprocess.run(
            [DSCLI, *words],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env=environment | env,
            timeout=ENOUGH_SECONDS,
        )

    return run


@pytest.fixture
def dscli(bare_dscli: Dscli, login: tuple[str, ...]) -> Dscli:
    """Run one command, logged in."""

    def run(*words: str, stdin: str = "", **env: str) -> CompletedProcess[str]:
        return bare_dscli(*login, *words, stdin=stdin, **env)

    return run


@pytest.fixture
def stream(dscli: Dscli) -> Dscli:
    """Pipe commands into a session without banners."""

    def run(*lines: str, **env: str) -> CompletedProcess[str]:
        text = "\n".join(("setenv -banner off -header on -format delim", *lines)) + "\n"
        return dscli(stdin=text, **env)

    return run


@pytest.fixture
def start(login: tuple[str, ...], environment: dict[str, str]) -> Iterator[Start]:
    """Start a process in a session of its own; it is ended with the test."""
    started: list[Popen[str]] = []

    def run(*words: str, **env: str) -> Popen[str]:
        process = Popen(
            [DSCLI, *login, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment | env,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        with process:  # closes its pipes and waits
            pass


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], None]:
    """Wait until something has become true that another process does."""

    def wait(happened: Callable[[], object]) -> None:
        tick = threading.Event()
        for _ in range(ENOUGH_SECONDS * 100):
            if happened():
                return
            tick.wait(0.01)
        pytest.fail("it did not happen")

    return wait


@pytest.fixture
def sit(environment: dict[str, str], tmp_path: Path) -> Iterator[Sit]:
    """Start the client on a terminal of its own, with these words and no others."""
    with ExitStack() as seats:

        def start(*words: str, columns: int = 0, **env: str) -> Typist:
            around = environment | {"HOME": str(tmp_path)} | env
            return seats.enter_context(seated(*words, environment=around, columns=columns))

        yield start
