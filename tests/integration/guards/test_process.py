"""Real processes of this host, and trees as other kernels and settings show them in /proc."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from flashd.adapters.guards.process import Processes, ProcessGuard, read_processes
from flashd.adapters.guards.shared import Shared
from flashd.adapters.guards.table import asking
from flashd.adapters.remote.made import remote_of
from flashd.config.guards import ProcessOptions
from flashd.config.ssh import SshSettings
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SH = "/bin/sh"
SECRET = uuid4().hex
NOT_READABLE = "/sys/bus/cpu/drivers_probe"  # not even by root
KERNEL_THREAD = 0x00200000
NO_CAPABILITY, ALL_CAPABILITIES = "0000000000000000", "000001ffffffffff"
FIRST_PID, FIRST_USER = "pid:[4026531836]", "user:[4026531837]"


async def look(**options: str) -> Finding:
    return await ProcessGuard(ProcessOptions.model_validate(options)).look()


async def look_at(proc: Path, **options: str) -> Finding:
    return await ProcessGuard(ProcessOptions.model_validate(options), proc).look()


@contextmanager
def started_by(*command: str, goes_on: bool = False) -> Iterator[int]:
    """Start a program that tells the number of a group leader, and end that group afterwards."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout
        pid = int(starter.stdout.readline())
        try:
            if goes_on:  # until its parent has ended it is a process of ours, which is passed over
                starter.wait()
            yield pid
        finally:
            os.killpg(pid, signal.SIGKILL)
            starter.stdout.read()  # its end is theirs


@pytest.fixture
def service() -> Iterator[int]:
    """A process that goes on after its parent, as a service does."""
    script = f"echo $$; sleep 600; : {SECRET}"
    words = ("/usr/bin/setsid", "--fork", SH, "-c", script, "tnslsnr")
    with started_by(*words, goes_on=True) as pid:
        yield pid


async def test_a_process_whose_command_line_matches_is_up(service: int) -> None:
    finding = await look(pattern=rf"sleep \d+; : {SECRET}")
    assert finding.verdict is Verdict.UP
    assert finding.reason.startswith("a process that matches is running: ")
    assert f"sh ({service})" in finding.reason


async def test_no_argument_is_told_since_it_may_be_a_password(service: int) -> None:
    finding = await look(pattern="tnslsnr$|tnslsnr ", user=str(os.getuid()))
    assert f"({service})" in finding.reason
    assert SECRET not in finding.reason + json.dumps(finding.evidence)


async def test_our_user_may_be_named_or_numbered(service: int) -> None:
    for user in (pwd.getpwuid(os.getuid()).pw_name, str(os.getuid())):
        finding = await look(pattern=SECRET, user=user)
        assert f"({service})" in finding.reason


@pytest.mark.usefixtures("service")
async def test_all_that_is_given_must_match() -> None:
    finding = await look(pattern=SECRET, user=str(os.getuid() + 1))
    assert finding.verdict is not Verdict.UP
    finding = await look(pattern=SECRET, name="another")
    assert finding.verdict is not Verdict.UP


async def test_what_we_started_ourselves_is_not_seen() -> None:
    with started_by(SH, "-c", f"exec setsid sh -c 'echo $$; sleep 600; : {SECRET}'"):
        finding = await look(pattern=SECRET)
    assert finding.verdict is not Verdict.UP


@pytest.fixture
def beside_us() -> Iterator[int]:
    """A service that a script without job control started before it started us."""
    script = f"(sh -c 'echo $$; kill -STOP $$; : {SECRET}' &)"
    with subprocess.Popen([SH, "-c", script], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout
        pid = int(starter.stdout.readline())
        try:
            yield pid
        finally:
            os.kill(pid, signal.SIGKILL)
            starter.stdout.read()


async def test_a_service_in_our_process_group_is_seen(beside_us: int) -> None:
    assert os.getpgid(beside_us) == os.getpgrp()
    finding = await look(pattern=f"; : {SECRET}")
    assert f"({beside_us})" in finding.reason


async def test_a_user_that_does_not_exist_is_unknown() -> None:
    finding = await look(user="no-such-user")
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason == "there is no user no-such-user on this host"


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A process as /proc shows it."""

    name: str
    line: str = ""
    uids: str = "0\t0\t0\t0"
    state: str = "S"
    flags: int = 0
    parent: int = 1
    group: int = 7


INIT = Shown(name="systemd", line="/sbin/init")
LISTENER = Shown(name="tnslsnr", line="/u01/bin/tnslsnr\0LISTENER\0", uids="500\t500\t500\t500")


@dataclass(frozen=True)
class Tree:
    """A /proc of our own making; pipes and links in it are real ones."""

    root: Path

    def host(
        self,
        *,
        mount: str = "rw",
        pid_namespace: str = FIRST_PID,
        user_namespace: str = FIRST_USER,
        capabilities: str = NO_CAPABILITY,
    ) -> Tree:
        own = self.root / "self"
        (own / "ns").mkdir(parents=True)
        (own / "ns/pid").symlink_to(pid_namespace)
        (own / "ns/user").symlink_to(user_namespace)
        (own / "status").write_text(f"Name:\tflashd\nCapEff:\t{capabilities}\n")
        (own / "mountinfo").write_text(
            "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
            "21 27 0:20 / /proc rw,hidepid=2 - proc proc rw,hidepid=2\n"
            f"22 27 0:21 / /proc rw,nosuid shared:5 - proc proc {mount}\n"
            "23 22 0:22 / /proc/sys/fs/binfmt_misc rw,hidepid=2 - autofs systemd-1 rw\n"
        )
        return self

    def process(self, pid: int, shown: Shown) -> Tree:
        place = self.root / str(pid)
        place.mkdir()
        (place / "stat").write_text(
            f"{pid} ({shown.name}) {shown.state} {shown.parent} {shown.group} 7 0 -1 {shown.flags}"
            " 0 0 0 0 0 0 0 0 20 0 1 0 991 0 0\n"
        )
        (place / "cmdline").write_text(shown.line)
        (place / "status").write_text(f"Name:\t{shown.name}\nUid:\t{shown.uids}\n")
        return self


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path).process(1, INIT)


async def test_where_all_can_be_seen_and_none_matches_it_is_clear(tree: Tree) -> None:
    finding = await look_at(tree.host().process(7, LISTENER).root, name="pmon")
    assert (finding.verdict, finding.reason) == (Verdict.CLEAR, "no process matches")
    assert finding.evidence == {"found": [], "matching": 0, "looked_at": 2}


HIDING = {
    "shown to all": ({"mount": "rw"}, Verdict.CLEAR),
    "hiding switched off": ({"mount": "rw,hidepid=off"}, Verdict.CLEAR),
    "switched off, as numbers": ({"mount": "rw,hidepid=0"}, Verdict.CLEAR),
    "hidden": ({"mount": "rw,gid=99999,hidepid=invisible"}, Verdict.UNKNOWN),
    "hidden, as numbers": ({"mount": "rw,gid=99999,hidepid=2"}, Verdict.UNKNOWN),
    "not readable": ({"mount": "rw,gid=99999,hidepid=1"}, Verdict.UNKNOWN),
    "hidden, but we may trace": (
        {"mount": "rw,gid=99999,hidepid=2", "capabilities": ALL_CAPABILITIES},
        Verdict.CLEAR,
    ),
    "hidden, and we may trace in a user namespace only": (
        {
            "mount": "rw,gid=99999,hidepid=2",
            "capabilities": ALL_CAPABILITIES,
            "user_namespace": "user:[4026532400]",
        },
        Verdict.UNKNOWN,
    ),
    "hidden, but not from our group": (
        {"mount": f"rw,gid={os.getegid()},hidepid=2"},
        Verdict.CLEAR,
    ),
    "hidden from all groups": ({"mount": f"rw,gid={os.getegid()},hidepid=4"}, Verdict.UNKNOWN),
    "users are not told apart": ({"user_namespace": "user:[4026532400]"}, Verdict.UNKNOWN),
    "a container": ({"pid_namespace": "pid:[4026532401]"}, Verdict.UNKNOWN),
}


@pytest.mark.parametrize(("settings", "verdict"), HIDING.values(), ids=HIDING.keys())
async def test_none_matches_counts_only_where_nobody_is_hidden(
    tree: Tree, settings: dict[str, str], verdict: Verdict
) -> None:
    finding = await look_at(tree.host(**settings).root, name="pmon")
    assert finding.verdict is verdict


async def test_a_match_counts_wherever_somebody_is_hidden(tree: Tree) -> None:
    proc = tree.host(mount="rw,gid=99999,hidepid=2").process(7, LISTENER).root
    assert (await look_at(proc, name="tnslsnr")).verdict is Verdict.UP


async def test_who_looks_at_the_same_moment_reads_it_together(tree: Tree) -> None:
    proc = tree.host().process(7, LISTENER).root
    readings: list[Processes] = []

    async def read() -> Processes:
        readings.append(await read_processes(proc))
        return readings[-1]

    shared = Shared(read).get
    sought = [{"name": "tnslsnr"}, {"pattern": "LISTENER"}, {"user": "500"}, {"name": "pmon"}]
    options = [ProcessOptions.model_validate(one) for one in sought * 5]
    guards = [ProcessGuard(one, proc, reading=shared) for one in options]
    found = await asyncio.gather(*(guard.look() for guard in guards))
    assert [one.verdict for one in found] == [*[Verdict.UP] * 3, Verdict.CLEAR] * 5
    assert len(readings) == 1
    tree.process(8, replace(LISTENER, name="pmon"))
    assert (await guards[3].look()).verdict is Verdict.UP, "a later look reads anew"


async def test_what_a_process_tells_is_read_once_in_a_reading(tree: Tree) -> None:
    processes = await read_processes(tree.process(7, LISTENER).root)
    assert (processes.words(7)[1], processes.uids(7)) == ("LISTENER", {500})
    for name in ("cmdline", "status"):
        (tree.root / "7" / name).unlink()
    assert (processes.words(7)[1], processes.uids(7)) == ("LISTENER", {500})


def test_the_guards_of_one_daemon_share_their_readings() -> None:
    make = asking(remote_of(SshSettings()))["process"]
    one, two = (make(ProcessOptions.model_validate({"name": name})) for name in ("a", "b"))
    assert isinstance(one, ProcessGuard)
    assert isinstance(two, ProcessGuard)
    assert one.reading is not None
    assert one.reading == two.reading


async def test_where_the_first_process_is_hidden_it_is_unknown(tmp_path: Path) -> None:
    finding = await look_at(Tree(tmp_path).host().process(7, LISTENER).root, name="pmon")
    assert finding.verdict is Verdict.UNKNOWN
    assert "process 1 is hidden" in finding.reason


async def test_where_proc_is_something_else_it_is_unknown(tree: Tree) -> None:
    proc = tree.host().root
    (proc / "self/mountinfo").write_text("22 27 0:21 / /proc rw - fuse lxcfs rw\n")
    finding = await look_at(proc, name="pmon")
    assert finding.reason == "no process matches, but how /proc is mounted cannot be told"


MATCHES = {
    "name": (Shown(name="pmon"), {"name": "pmon"}, True),
    "part of a name": (Shown(name="pmon"), {"name": "pmo"}, False),
    "name of the program": (Shown(name="main", line="/u01/bin/pmon\0-d"), {"name": "pmon"}, True),
    "path of the program": (Shown(name="main", line="/u01/pmon"), {"name": "/u01/pmon"}, True),
    "an argument": (Shown(name="vi", line="vi\0pmon"), {"name": "pmon"}, False),
    "name longer than kept": (Shown(name="ora_pmon_PRODUC"), {"name": "ora_pmon_PRODUCTION"}, True),
    "a thread of the kernel": (Shown(name="pmon", flags=KERNEL_THREAD), {"name": "pmon"}, False),
    "a zombie": (Shown(name="pmon", state="Z"), {"name": "pmon"}, False),
    "stuck in the kernel": (Shown(name="pmon", state="D"), {"name": "pmon"}, True),
    "pattern over two words": (
        Shown(name="x", line="java\0-Da=1\0App"),
        {"pattern": "a=1 A"},
        True,
    ),
    "pattern on a wiped line": (Shown(name="pmon"), {"pattern": "^pm"}, True),
    "pattern that is not there": (Shown(name="x", line="java"), {"pattern": "^ava"}, False),
    "real user": (Shown(name="x", uids="500\t0\t0\t0"), {"user": "500"}, True),
    "effective user": (Shown(name="x", uids="0\t500\t0\t0"), {"user": "500"}, True),
    "another user": (Shown(name="x", uids="501\t501\t501\t501"), {"user": "500"}, False),
}


@pytest.mark.parametrize(("shown", "sought", "up"), MATCHES.values(), ids=MATCHES.keys())
async def test_matches(tree: Tree, shown: Shown, sought: dict[str, str], up: object) -> None:
    finding = await look_at(tree.host().process(7, shown).root, **sought)
    assert finding.verdict is (Verdict.UP if up else Verdict.CLEAR)


async def test_our_own_command_line_does_not_count(tree: Tree) -> None:
    ours = Shown(name="flashd", line="flashd\0resync\0pmon")
    proc = tree.host().process(os.getpid(), ours).root
    assert (await look_at(proc, pattern="pmon")).verdict is Verdict.CLEAR


OURS = -1  # stands for our own group, which is known only when the test runs
STARTERS = {
    "sudo": (Shown(name="sudo", line="sudo\0flashd\0resync\0pmon", group=OURS), False),
    "a login": (Shown(name="sshd", line="sshd: pmon", group=8), True),
}


@pytest.mark.parametrize(("starter", "up"), STARTERS.values(), ids=STARTERS.keys())
async def test_who_started_us_does_not_count_in_our_process_group(
    tree: Tree, starter: Shown, up: object
) -> None:
    ours = Shown(name="flashd", parent=8, group=os.getpgrp())
    group = os.getpgrp() if starter.group == OURS else starter.group
    proc = tree.host().process(8, replace(starter, group=group)).process(os.getpid(), ours).root
    finding = await look_at(proc, pattern="pmon")
    assert finding.verdict is (Verdict.UP if up else Verdict.CLEAR)


async def test_a_command_line_need_not_be_text(tree: Tree) -> None:
    proc = tree.host().process(7, Shown(name="x")).root
    (proc / "7/cmdline").write_bytes(b"pm\xffon\0")
    assert (await look_at(proc, pattern=r"pm.*on")).verdict is Verdict.UP


async def test_who_ends_while_being_read_is_nobody(tree: Tree) -> None:
    proc = tree.host().process(7, LISTENER).root
    (proc / "7/cmdline").unlink()
    (proc / "8").mkdir()
    assert (await look_at(proc, name="tnslsnr")).verdict is Verdict.CLEAR


async def test_a_process_that_may_not_be_read_may_be_the_one(tree: Tree) -> None:
    proc = tree.host().process(7, LISTENER).process(8, LISTENER).root
    (proc / "7/cmdline").unlink()
    (proc / "7/cmdline").symlink_to(NOT_READABLE)
    (proc / "8/stat").unlink()
    (proc / "8/stat").symlink_to(NOT_READABLE)
    finding = await look_at(proc, name="tnslsnr")
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason == "no process matches, but 2 could not be read"


async def test_what_is_not_made_as_expected_is_unknown(tree: Tree) -> None:
    proc = tree.host().process(7, LISTENER).root
    (proc / "7/stat").write_text("garbage")
    assert (await look_at(proc, name="tnslsnr")).verdict is Verdict.UNKNOWN


async def test_a_name_cannot_command_a_terminal(tree: Tree) -> None:
    proc = tree.host().process(7, Shown(name="\x1b[2J\n", line="pmon")).root
    finding = await look_at(proc, name="pmon")
    assert finding.reason == r"a process that matches is running: \x1b[2J\n (7)"
