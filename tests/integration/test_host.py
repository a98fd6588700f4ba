"""Who is alive on this host, asked of real processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from flashd.adapters import procfs
from flashd.adapters.host import LinuxHost
from flashd.adapters.processes import MARK, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flashd.model.run import Carrier

    Machine = Callable[..., LinuxHost]

SH = "/bin/sh"
SLEEPS_IN_BACKGROUND = [SH, "-c", "sleep 600 & echo $!"]


@pytest.fixture
def host() -> LinuxHost:
    return LinuxHost()


ONE, OTHER = "0123456789abcdef0123456789abcdef\n", "0123456789abcdef0123456789abcde0\n"
CONTAINED = "pid:[4026532211]"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Make a host of this name with that machine id, in no container unless it is said."""

    def make(machine_id: str | bytes | None, namespace: str = "pid:[4026531836]") -> LinuxHost:
        file, link = tmp_path / "machine-id", tmp_path / "pid"
        file.unlink(missing_ok=True)
        link.unlink(missing_ok=True)
        if machine_id is not None:
            file.write_bytes(machine_id if isinstance(machine_id, bytes) else machine_id.encode())
        link.symlink_to(namespace)
        return LinuxHost(file, link)

    return make


NO_MACHINE = [
    pytest.param(None, id="no-file"),
    pytest.param("", id="empty"),
    pytest.param("\n", id="an-empty-line"),
    pytest.param("uninitialized\n", id="before-the-first-boot"),
    pytest.param("0" * 32 + "\n", id="null"),
    pytest.param(ONE[:31], id="cut"),
    pytest.param(ONE + ONE, id="two"),
    pytest.param(b"\xff" * 32, id="no-text"),
]


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([SH, "-c", "exec sleep 600"], start_new_session=True) as process:
        yield process
        process.kill()


def started(pid: int) -> int:
    found = procfs.process(pid)
    assert found is not None
    return found.started


def alive(pid: int) -> bool:
    found = procfs.process(pid)
    return found is not None and found.alive


def wait_for_end(process: subprocess.Popen[bytes]) -> None:
    """Wait, and leave a zombie."""
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)


@pytest.mark.parametrize("name", ["sleep", "a b", "(sd-pam)", ") S 1 2 (", "a) b\tc("])
def test_a_name_may_contain_anything(name: str) -> None:
    stat = f"42 ({name}) R 7 42 41 0 -1 2097152 0 0 0 0 0 0 0 0 20 0 3 0 991 0 0\n"
    found = procfs.parse(stat)
    assert (found.pid, found.name, found.state, found.parent) == (42, name, "R", 7)
    assert (found.group, found.session, found.threads, found.started) == (42, 41, 3, 991)
    assert found.of_kernel


def test_a_real_process_may_have_such_a_name() -> None:
    script = "printf ') Z 0 (' > /proc/$$/comm; echo; read wait"
    with subprocess.Popen(
        [SH, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as shell:
        assert shell.stdout
        assert shell.stdin
        shell.stdout.readline()
        found = procfs.process(shell.pid)
        shell.stdin.close()
    assert found is not None
    assert (found.name, found.parent, found.alive) == (") Z 0 (", os.getpid(), True)


@pytest.mark.parametrize(
    ("state", "threads", "is_alive"),
    [("R", 1, True), ("D", 1, True), ("Z", 1, False), ("X", 0, False), ("Z", 2, True)],
)
def test_a_zombie_lives_only_while_other_threads_of_it_do(
    state: str, threads: int, is_alive: object
) -> None:
    stat = f"42 (java) {state} 7 42 41 0 -1 0 0 0 0 0 0 0 0 0 20 0 {threads} 0 991 0 0"
    assert procfs.parse(stat).alive is is_alive


def test_we_are_not_gone(host: LinuxHost) -> None:
    holder = host.holder("token")
    assert (holder.pid, holder.token) == (os.getpid(), "token")
    assert host.gone(holder) is False


def test_who_is_on_another_host_cannot_be_known(host: LinuxHost) -> None:
    assert host.gone(replace(host.holder(""), host="elsewhere")) is None


def test_who_was_there_before_the_boot_is_gone(machine: Machine) -> None:
    host = machine(ONE)
    assert host.gone(replace(host.holder(""), boot_id="another")) is True


def test_a_machine_is_known_by_its_name_and_its_id(machine: Machine) -> None:
    one, again, other = machine(ONE), machine(ONE.strip()), machine(OTHER)
    assert one.name == again.name
    assert one.name != other.name
    assert str(one.holder("")).startswith(f"process {os.getpid()} on {socket.gethostname()}/")
    assert ONE.strip() not in one.name


def test_another_machine_of_the_same_name_is_another_host(machine: Machine) -> None:
    theirs = replace(machine(OTHER).holder(""), boot_id="another")
    assert machine(ONE).gone(theirs) is None


@pytest.mark.parametrize("machine_id", NO_MACHINE)
def test_without_a_machine_id_another_boot_may_be_another_machine(
    machine: Machine, machine_id: str | bytes | None
) -> None:
    host = machine(machine_id)
    assert host.name == socket.gethostname()
    assert host.gone(host.holder("")) is False
    assert host.gone(replace(host.holder(""), boot_id="another")) is None


@pytest.mark.parametrize("machine_id", [ONE, None])
def test_in_a_container_another_boot_may_be_another_machine(
    machine: Machine, machine_id: str | None
) -> None:
    """Its machine id may be that of the image, and its namespace has a number of that boot."""
    host = machine(machine_id, CONTAINED)
    assert host.name.endswith(f"/{CONTAINED}")
    assert host.name != machine(machine_id).name
    assert host.gone(host.holder("")) is False
    assert host.gone(replace(host.holder(""), boot_id="another")) is None


def test_whose_number_belongs_to_another_is_gone(host: LinuxHost) -> None:
    holder = host.holder("")
    assert host.gone(replace(holder, started=holder.started - 1)) is True


def test_who_ended_is_gone_before_and_after_being_reaped(
    host: LinuxHost, sleeper: subprocess.Popen[bytes]
) -> None:
    holder = replace(host.holder(""), pid=sleeper.pid, started=started(sleeper.pid))
    assert host.gone(holder) is False
    sleeper.kill()
    wait_for_end(sleeper)
    assert host.gone(holder) is True
    sleeper.wait()
    assert host.gone(holder) is True


def carrier_of(host: LinuxHost, process: subprocess.Popen[bytes]) -> Carrier:
    return host.carrier(process.pid, started(process.pid))


async def test_ends_a_group_that_lives(host: LinuxHost, sleeper: subprocess.Popen[bytes]) -> None:
    assert await host.end(carrier_of(host, sleeper)) is True
    assert not alive(sleeper.pid)


async def test_a_group_on_another_host_is_not_ours_to_end(
    host: LinuxHost, sleeper: subprocess.Popen[bytes]
) -> None:
    assert await host.end(replace(carrier_of(host, sleeper), host="elsewhere")) is None
    assert alive(sleeper.pid)


async def test_a_group_of_another_machine_of_the_same_name_is_not_ours_to_end(
    machine: Machine, sleeper: subprocess.Popen[bytes]
) -> None:
    theirs = carrier_of(machine(OTHER), sleeper)
    assert await machine(ONE).end(theirs) is None
    assert await machine(ONE).end(replace(theirs, boot_id="another")) is None
    assert alive(sleeper.pid)


@pytest.mark.parametrize("machine_id", NO_MACHINE)
async def test_without_a_machine_id_a_group_of_another_boot_may_live_elsewhere(
    machine: Machine, sleeper: subprocess.Popen[bytes], machine_id: str | bytes | None
) -> None:
    host = machine(machine_id)
    assert await host.end(replace(carrier_of(host, sleeper), boot_id="another")) is None
    assert alive(sleeper.pid)
    assert await host.end(carrier_of(host, sleeper)) is True


async def test_a_group_before_the_boot_is_gone_and_nobody_is_killed(
    machine: Machine, sleeper: subprocess.Popen[bytes]
) -> None:
    host = machine(ONE)
    assert await host.end(replace(carrier_of(host, sleeper), boot_id="another")) is True
    assert alive(sleeper.pid)


@pytest.mark.parametrize("shift", [-1, 1])
async def test_a_group_whose_number_belongs_to_another_is_gone_and_nobody_is_killed(
    host: LinuxHost, sleeper: subprocess.Popen[bytes], shift: int
) -> None:
    carrier = carrier_of(host, sleeper)
    assert await host.end(replace(carrier, started=carrier.started + shift)) is True
    assert alive(sleeper.pid)


def orphan(env: dict[str, str]) -> tuple[int, int, int]:
    """Start a group whose leader is gone; tell its number, its start, and who lives in it."""
    with subprocess.Popen(
        SLEEPS_IN_BACKGROUND, stdout=subprocess.PIPE, start_new_session=True, env=env
    ) as leader:
        began = started(leader.pid)
        assert leader.stdout
        left = int(leader.stdout.readline())
    return leader.pid, began, left


async def test_ends_what_outlived_its_leader(host: LinuxHost) -> None:
    group, began, left = orphan(environment())
    assert alive(left)
    assert await host.end(host.carrier(group, began)) is True
    assert not alive(left)


async def test_what_outlived_its_leader_and_is_not_marked_is_left_alone(host: LinuxHost) -> None:
    unmarked = {key: value for key, value in environment().items() if key != MARK}
    group, began, left = orphan(unmarked)
    try:
        assert await host.end(host.carrier(group, began)) is False
        assert alive(left)
    finally:
        os.kill(left, signal.SIGKILL)


@pytest.fixture
def unreaped() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A leader that is a zombie, and who lives in its group."""
    with subprocess.Popen(
        SLEEPS_IN_BACKGROUND, stdout=subprocess.PIPE, start_new_session=True
    ) as leader:
        assert leader.stdout
        left = int(leader.stdout.readline())
        wait_for_end(leader)
        yield leader, left


async def test_ends_the_others_of_a_leader_that_nobody_reaped(
    host: LinuxHost, unreaped: tuple[subprocess.Popen[bytes], int]
) -> None:
    leader, left = unreaped
    assert alive(left)
    assert await host.end(carrier_of(host, leader)) is True
    assert not alive(left)


async def test_a_group_that_is_gone_is_gone(
    host: LinuxHost, sleeper: subprocess.Popen[bytes]
) -> None:
    carrier = carrier_of(host, sleeper)
    sleeper.kill()
    wait_for_end(sleeper)
    assert await host.end(carrier) is True
    sleeper.wait()
    assert await host.end(carrier) is True


@pytest.mark.parametrize("group", [0, 1, -1])
async def test_a_number_that_means_many_is_never_killed(host: LinuxHost, group: int) -> None:
    assert await host.end(host.carrier(group, 1)) is False


@contextmanager
def leading() -> Iterator[tuple[int, int]]:
    """Lead a process group; tell its number, and when its leader began."""
    before = os.getpgrp()
    with suppress(PermissionError):
        os.setpgid(0, 0)
    try:
        yield os.getpgrp(), started(os.getpgrp())
    finally:
        with suppress(PermissionError):
            os.setpgid(0, before)


async def test_we_do_not_kill_ourselves(host: LinuxHost) -> None:
    with leading() as (group, began):
        assert await host.end(host.carrier(group, began)) is False


@pytest.mark.parametrize("shift", [-1, 1])
async def test_a_group_whose_number_is_ours_by_now_is_gone(host: LinuxHost, shift: int) -> None:
    """Else a run stayed open for as long as a flashd lives that was given its dscli's number."""
    with leading() as (group, began):
        assert await host.end(host.carrier(group, began + shift)) is True
