"""The processes of another host: those of this one, by a real sshd and the real /proc."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from flashd.adapters.guards.command import CommandGuard
from flashd.adapters.guards.listing import read_listing
from flashd.adapters.guards.process import ProcessGuard
from flashd.config.guards import CommandOptions, ProcessOptions
from flashd.model.verdict import Finding, Verdict
from tests.integration.remote.there import HOST, ended

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.remote.there import There

SECRET = "swordfish-in-the-arguments"
WAIT = "import sys; print(flush=True); sys.stdin.read()"


async def look(there: There, **options: Any) -> Finding:  # noqa: ANN401 - options are checked by their model
    limit = timedelta(seconds=25)
    made = ProcessOptions(host=HOST, timeout=limit, **options)
    return await ProcessGuard(made, remote=there.remote()).look()


@contextmanager
def service(*words: str) -> Iterator[int]:
    """Run a process with such arguments."""
    with service_of(sys.executable, "-c", WAIT, *words) as pid:
        yield pid


@contextmanager
def service_of(*command: str) -> Iterator[int]:
    """Run a process that says when it is there, and waits."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.kill()


async def test_a_process_that_matches_there_is_up_and_its_arguments_are_not_told(
    there: There,
) -> None:
    with service("-Dinstance=TST1", SECRET) as pid:
        finding = await look(there, pattern="instance=TST1 ")
    assert finding.verdict is Verdict.UP
    assert f"({pid})" in finding.reason
    assert SECRET not in json.dumps(finding.evidence) + finding.reason


async def test_where_none_matches_it_is_clear_or_it_is_said_why_not(there: There) -> None:
    """This test may run in a container, whose /proc hides what the host runs."""
    finding = await look(there, pattern="no-such-thing-[0-9]{40}")
    assert finding.verdict is Verdict.CLEAR or "no process matches, but" in finding.reason
    assert int(str(finding.evidence["looked_at"])) > 3


async def test_what_another_guard_runs_there_does_not_count(there: There) -> None:
    """It names the service too, as the guards of this host do."""
    os.mkfifo(fifo := f"{there.root}/fifo")
    program = there.allow("db-is-down", f": > {fifo}; read line < {fifo}")
    options = CommandOptions(command=(str(program), "TST7"), down=(0,), up=(1,), host=HOST)
    other = asyncio.create_task(CommandGuard(options, there.remote()).look())
    await asyncio.to_thread(Path(fifo).read_text)
    finding = await look(there, pattern=f"{re.escape(str(program))} TST7")
    assert not other.done()
    other.cancel()
    with suppress(asyncio.CancelledError):
        await other
    assert finding.verdict is not Verdict.UP, finding


async def test_what_is_run_there_by_hand_does_count(there: There) -> None:
    program = there.allow("db-is-down", "echo; read line")
    with service_of(str(program), "TST7"):
        finding = await look(there, pattern=f"{re.escape(str(program))} TST7")
    assert finding.verdict is Verdict.UP


async def test_a_user_who_is_not_there_is_unknown(there: There) -> None:
    finding = await look(there, user="nobody-of-that-name")
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason == "there is no user nobody-of-that-name on that host"


async def test_a_user_is_looked_up_there(there: There) -> None:
    there.program("id", 'case "$*" in "-u ora") echo 4711 ;; *) exec /usr/bin/id "$@" ;; esac')
    finding = await look(there, user="ora")
    assert finding.verdict is not Verdict.UP, finding
    assert "no user" not in finding.reason


async def test_who_is_no_linux_is_refused(there: There) -> None:
    there.calls_itself("tst1", "AIX")
    finding = await look(there, name="pmon")
    assert finding.verdict is Verdict.UNKNOWN
    assert "processes can be listed on Linux only, and this is AIX" in finding.reason


async def test_a_listing_that_is_not_understood_tells_no_argument(there: There) -> None:
    there.lies("$PROBE | sed 's,^==> pids <==,==> pides <==,'")
    with service(SECRET):
        finding = await look(there, name="pmon")
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason == f"the processes of {HOST} cannot be read: KeyError"
    assert SECRET not in json.dumps(finding.evidence)


async def test_a_listing_that_hangs_there_ends_with_the_waiting(there: There) -> None:
    """Its session is over by then, and nobody else would end it."""
    os.mkfifo(fifo := f"{there.root}/fifo")
    there.program("head", f"echo $$ > {fifo}; exec sleep 600")
    made = ProcessOptions(host=HOST, timeout=timedelta(seconds=2), name="pmon")
    looking = asyncio.create_task(ProcessGuard(made, remote=there.remote()).look())
    pid = int(await asyncio.to_thread(Path(fifo).read_text))
    assert (await looking).verdict is Verdict.UNKNOWN
    await ended(pid)


# A listing as a probe tells it; each case below takes it apart.
STAT = "{pid} ({name}) S 1 1 1 0 -1 {flags} 0 0 0 0 0 0 0 0 20 0 1 0 9 0 0\n"
WHOLE = {
    "probe": "9 990 /usr/libexec/flashd-probe\n",
    "groups": "990\n",
    "user": "-\n",
    "self/ns/pid": "pid:[4026531836]\n",
    "self/ns/user": "user:[4026531837]\n",
    "self/mountinfo": "22 27 0:21 / /proc rw - proc proc rw\n",
    "self/status": "Name:\tcat\nCapEff:\t0000000000000000\n",
    "pids": "/proc/1 /proc/7 /proc/9\n",
    "/proc/1/stat": STAT.format(pid=1, name="init", flags=0),
    "/proc/7/stat": STAT.format(pid=7, name="cron", flags=0),
    "/proc/9/stat": STAT.format(pid=9, name="sh", flags=0),
    "/proc/1/cmdline": "/sbin/init\0",
    "/proc/7/cmdline": "/usr/sbin/cron\0-f\0",
    "/proc/9/cmdline": "/bin/sh\0/usr/libexec/flashd-probe\0",
    "uids": "".join(f"/proc/{pid}/status:Uid:\t{uid}\t{uid}\t{uid}\t{uid}\n"
                    for pid, uid in ((1, 0), (7, 0), (9, 990))),
    "after": "/proc/1 /proc/7 /proc/9\n",
    "end": "",
}  # fmt: skip


def listing(**changes: str | None) -> bytes:
    sections = {**WHOLE, **{key.replace("__", "/"): text for key, text in changes.items()}}
    told = (f"\n==> {key} <==\n{text}" for key, text in sections.items() if text is not None)
    return "".join(told).encode()


def judged(told: bytes, **options: object) -> Finding:
    from flashd.adapters.guards.process import _look_through  # noqa: PLC0415 - its inner side

    made = ProcessOptions.model_validate({"name": "pmon", **options})
    return _look_through(made, told)


def test_a_listing_where_none_matches_and_none_is_hidden_is_clear() -> None:
    assert judged(listing()).verdict is Verdict.CLEAR
    assert judged(listing(), name="cron").verdict is Verdict.UP


HIDDEN = {
    "hidepid": ({"self__mountinfo": "22 27 0:21 / /proc rw - proc proc rw,hidepid=2\n"}, "hidepid"),
    "a container": ({"self__ns__pid": "pid:[4026532999]\n"}, "process namespace"),
    "process 1": ({"__proc__1__stat": None}, "process 1 is hidden"),
    "a stat": ({"__proc__7__stat": None}, "1 could not be read"),
    "a command line": ({"__proc__7__cmdline": None}, "1 could not be read"),
}


@pytest.mark.parametrize(("change", "reason"), HIDDEN.values(), ids=HIDDEN.keys())
def test_a_listing_where_some_may_be_hidden_is_unknown(
    change: dict[str, str | None], reason: str
) -> None:
    finding = judged(listing(**change), pattern="pmon", name=None)
    assert finding.verdict is Verdict.UNKNOWN
    assert reason in finding.reason


def test_who_is_in_the_group_that_sees_all_sees_all() -> None:
    mount = "22 27 0:21 / /proc rw - proc proc rw,hidepid=2,gid=990\n"
    assert judged(listing(self__mountinfo=mount)).verdict is Verdict.CLEAR
    assert judged(listing(self__mountinfo=mount, groups="0\n")).verdict is Verdict.UNKNOWN


def test_a_process_that_ended_meanwhile_is_not_hidden() -> None:
    told = listing(__proc__7__stat=None, __proc__7__cmdline=None, after="/proc/1 /proc/9\n")
    assert judged(told).verdict is Verdict.CLEAR


def test_a_probe_counts_where_another_user_runs_it() -> None:
    """Who else could run a program of that name would hide from us."""
    ours = WHOLE["uids"]
    theirs = ours.replace("990", "1001")
    assert judged(listing(), name="sh").verdict is Verdict.CLEAR
    assert judged(listing(uids=theirs), name="sh").verdict is Verdict.UP


BROKEN = {
    "nothing": b"",
    "no second list of processes": listing(after=None),
    "no end": listing(end=None),
    "a second list of processes that is cut": listing()[: -len("/proc/9\n\n==> end <==\n")],
    "something after its end": listing(end="/proc/8\n"),
    "a command line that looks like its end": listing(__proc__7__cmdline="x\0\n==> end <==\n"),
    "a command line that looks like another process": listing(
        __proc__7__cmdline="x\0\n==> /proc/9/cmdline <==\ninnocent\0"
    ),
    "a command line that looks like a process nobody listed": listing(
        __proc__7__cmdline="x\0\n==> /proc/8/cmdline <==\ninnocent\0"
    ),
    "something before it": b"hello" + listing(),
    "users of something else": listing(uids="/proc/7/stat:Uid: 1\n"),
    "no processes": listing(pids="\n"),
}


@pytest.mark.parametrize("told", BROKEN.values(), ids=BROKEN.keys())
def test_a_listing_that_is_made_otherwise_is_none(told: bytes) -> None:
    with pytest.raises((ValueError, LookupError)):
        read_listing(told)
