"""Which of two consoles answers, by real connections: told once for each change."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.arrays.consoles import Consoles, console_among, peers_of
from flashd.engine.events import Event
from flashd.wiring import Home
from tests.contract.arrays import Heard
from tests.e2e.home import ARRAY, AUTH, BIN, make_home
from tests.integration.engine.house import Told, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIRST, SECOND, OTHER = "127.0.0.2", "127.0.0.3", "127.0.0.4"

CLIENT = """
import socket, sys
kept = []
for word in sys.argv[2:]:
    kept.append(socket.create_connection((word, int(sys.argv[1]))))
print("connected", flush=True)
sys.stdin.read()
"""

DSCLI = """#!{python}
import os, socket, sys
words = sys.argv[1:]
for name in ("-hmc1", "-hmc2"):
    place = words.index(name)
    try:
        connection = socket.create_connection((words[place + 1], {port}))
    except OSError:
        continue
    break
connection.set_inheritable(True)
del words[place:place + 2]
for name in {{"-hmc1", "-hmc2"}} & set(words):
    del words[words.index(name):words.index(name) + 2]
os.execv({dscli!r}, [{dscli!r}, "-hmc1", "10.10.10.10", *words])
"""


@contextmanager
def listening(address: str, port: int = 0) -> Iterator[int]:
    """Take connections at an address; tells the port."""
    with socket.create_server((address, port)) as server:
        yield int(server.getsockname()[1])


@contextmanager
def connected(port: int, *addresses: str) -> Iterator[int]:
    """Have a process connect with these; tells its group."""
    argv = (sys.executable, "-c", CLIENT, str(port), *addresses)
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"connected\n"
        yield process.pid
        process.communicate()


SEEN = {
    "the first": ((FIRST,), (FIRST, SECOND), FIRST),
    "the second": ((SECOND,), (FIRST, SECOND), SECOND),
    "the second, by the newer protocol": ((f"::ffff:{SECOND}",), (FIRST, SECOND), SECOND),
    "both": ((FIRST, SECOND), (FIRST, SECOND), None),
    "neither": ((OTHER,), (FIRST, SECOND), None),
    "two names of one": ((FIRST,), (FIRST, FIRST), None),
    "one whose name nobody knows": ((SECOND,), ("no.such.invalid", SECOND), SECOND),
}


@pytest.mark.parametrize(("with_whom", "consoles", "found"), SEEN.values(), ids=SEEN.keys())
def test_tells_the_one_that_a_client_is_connected_with(
    with_whom: tuple[str, ...], consoles: tuple[str, ...], found: str | None
) -> None:
    with listening(FIRST) as port, listening(SECOND, port), listening(OTHER, port):  # noqa: SIM117 - they are listened to first
        with connected(port, *with_whom) as group:
            assert console_among(peers_of(group), consoles) == found


def test_the_connections_of_others_are_not_a_client_s() -> None:
    with listening(FIRST) as port, connected(port, FIRST):
        assert console_among(peers_of(os.getpgid(0)), (FIRST, SECOND)) is None


async def test_where_nothing_can_be_seen_the_login_goes_on() -> None:
    """As where this process has no descriptor left."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    told: list[tuple[str, bool]] = []
    try:
        await Consoles().see(("127.0.0.1", "::1"), lambda *it: told.append(it), os.getpgrp())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert told == []


@pytest.mark.parametrize("mode", ["oneshot", "interactive"])
async def test_a_change_of_the_console_is_told_once(tmp_path: Path, mode: str) -> None:
    told, made = Told(), make_home(tmp_path)
    made.service("db", "0001:0002")
    made.auth(AUTH.replace("10.10.10.10", FIRST).replace("hmc2 =", f"hmc2 = {SECOND}"))
    with listening(SECOND) as port:
        dscli = tmp_path / "dscli"
        dscli.write_text(
            DSCLI.format(python=sys.executable, port=port, dscli=str(BIN / "flashd-dscli"))
        )
        dscli.chmod(0o755)
        made.settings(path=str(dscli), mode=mode)

        async def observe() -> None:
            home = Home(made.etc)
            home.common.consoles.update(followed)
            async with home.world(home.configuration, home.auth(home.configuration), told) as world:
                await world.arrays(ARRAY).observe(Heard())
                followed.update(home.common.consoles)
                await until(lambda: not followed[ARRAY].looks)

        followed: dict[str, Consoles] = {}
        with listening(FIRST, port):
            await observe()
            assert changes(told) == []
        for _ in range(2):
            await observe()
            assert changes(told) == [(Event.CONSOLE_SECOND, SECOND)]
        with listening(FIRST, port):
            for _ in range(2):
                await observe()
                assert changes(told)[1:] == [(Event.CONSOLE_FIRST, FIRST)]


def changes(told: Told) -> list[tuple[object, object]]:
    kinds = (Event.CONSOLE_SECOND, Event.CONSOLE_FIRST)
    found = [(event, facts) for event, _, facts in told.events if event in kinds]
    return [(event, facts["flashd.storage.hmc"]) for event, facts in found]
