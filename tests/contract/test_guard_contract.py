"""What every guard promises, whatever it looks at: the same suite over the whole table.

Each kind of guard is put before the same worlds: one where nothing runs, one where the service
does, one that never answers, one that answers nonsense.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from flashd.adapters import procfs
from flashd.adapters.guards.process import ProcessGuard
from flashd.adapters.guards.table import BUILT_IN
from flashd.config.guards import (
    BUILT_IN_GUARDS,
    CommandOptions,
    GuardOptions,
    ProcessOptions,
    SystemdOptions,
    TcpOptions,
)
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flashd.ports.guard import Guard

AT_ONCE, LONG = timedelta(seconds=0.2), timedelta(seconds=30)

UNIT = (
    "printf '%s\\n' Id=db.service LoadState=loaded ActiveState={state} SubState={sub} MainPID=0"
    " ControlPID=0 Job= ControlGroup= TasksCurrent=0 TriggeredBy= UnitFileState= InvocationID="
)
HANGS = "sleep 600 & echo $$ $! > '{told}'; wait"


@dataclass(frozen=True)
class Worlds:
    """Makes a guard of any type in a world of the test's choice."""

    root: Path
    stack: ExitStack
    told: Path

    def program(self, name: str, text: str) -> str:
        path = self.root / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return str(path)

    def systemd(self, world: str, limit: timedelta) -> SystemdOptions:
        texts = {
            "down": UNIT.format(state="inactive", sub="dead"),
            "up": UNIT.format(state="active", sub="running"),
            "hangs": HANGS.format(told=self.told),
            "nonsense": "echo ActiveState=inactif",
        }
        self.program("systemctl", texts[world])
        return SystemdOptions(unit="db.service", timeout=limit)

    def command(self, world: str, limit: timedelta) -> CommandOptions:
        texts = {
            "down": "exit 0",
            "up": "exit 1",
            "hangs": HANGS.format(told=self.told),
            "nonsense": "exit 99",
        }
        program = self.program("db-is-down", texts[world])
        return CommandOptions(command=(program,), down=(0,), up=(1,), timeout=limit)

    def tcp(self, world: str, limit: timedelta) -> TcpOptions:
        listener = self.stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        if world in {"up", "hangs"}:
            listener.listen(8 if world == "up" else 0)
        for _ in range(3 if world == "hangs" else 0):  # a full queue: the kernel drops the rest
            client = self.stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        host = "no-such-host.invalid" if world == "nonsense" else "127.0.0.1"
        return TcpOptions(host=host, port=listener.getsockname()[1], timeout=limit)

    def process(self, world: str, limit: timedelta) -> ProcessOptions:
        del world  # is made in the guard's /proc
        return ProcessOptions(name="pmon", timeout=limit)

    def proc(self, world: str) -> Path:
        proc = self.root / "proc"
        (proc / "self/ns").mkdir(parents=True)
        (proc / "self/ns/pid").symlink_to("pid:[4026531836]")
        (proc / "self/ns/user").symlink_to("user:[4026531837]")
        (proc / "self/mountinfo").write_text("22 27 0:21 / /proc rw - proc proc rw\n")
        for pid, name in ((1, "init"), (7, "pmon" if world == "up" else "cron")):
            (proc / str(pid)).mkdir()
            stat = f"{pid} ({name}) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 9 0 0\n"
            (proc / str(pid) / "stat").write_text("nonsense" if world == "nonsense" else stat)
            (proc / str(pid) / "cmdline").write_text(name)
        if world == "hangs":
            (proc / "7/stat").unlink()
            os.mkfifo(proc / "7/stat")
        return proc

    def guard(self, kind: str, world: str, limit: timedelta = LONG) -> Guard:
        options: GuardOptions = getattr(self, kind)(world, limit)
        guard = BUILT_IN[kind](options)
        return replace(guard, proc=self.proc(world)) if isinstance(guard, ProcessGuard) else guard


@pytest.fixture
def worlds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worlds]:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    os.mkfifo(told := tmp_path / "told")
    with ExitStack() as stack:
        yield Worlds(tmp_path, stack, told)


every_guard = pytest.mark.parametrize("kind", sorted(BUILT_IN))
every_prover = pytest.mark.parametrize("kind", ["command", "systemd"])
every_child = every_prover  # the others start no process


def speaks_plainly(finding: Finding) -> bool:
    """Whether the reason reads as one of ours, and the evidence can be stored."""
    json.dumps(finding.evidence, allow_nan=False)
    reason = finding.reason
    return bool(reason) and not reason[0].isupper() and not reason.endswith(".")


def test_every_type_that_can_be_configured_can_be_made() -> None:
    assert set(BUILT_IN) == set(BUILT_IN_GUARDS)


@every_guard
async def test_where_nothing_runs_a_proof_says_down_and_a_veto_clear(
    worlds: Worlds, kind: str
) -> None:
    finding = await worlds.guard(kind, "down").look()
    proves = BUILT_IN_GUARDS[kind].proves
    assert finding.verdict is (Verdict.DOWN if proves else Verdict.CLEAR)
    assert speaks_plainly(finding)


@every_guard
async def test_where_the_service_runs_it_says_up(worlds: Worlds, kind: str) -> None:
    finding = await worlds.guard(kind, "up").look()
    assert finding.verdict is Verdict.UP
    assert speaks_plainly(finding)


@every_guard
async def test_nonsense_is_unknown(worlds: Worlds, kind: str) -> None:
    finding = await worlds.guard(kind, "nonsense").look()
    assert finding.verdict is Verdict.UNKNOWN
    assert speaks_plainly(finding)


@pytest.fixture
def ending_with_the_test(worlds: Worlds) -> Iterator[None]:
    """Let a thread that hangs in our /proc go on, once the test is over."""
    yield
    if (stuck := worlds.root / "proc/7/stat").is_fifo():
        os.close(os.open(stuck, os.O_RDWR | os.O_NONBLOCK))


@every_guard
@pytest.mark.usefixtures("ending_with_the_test")
async def test_no_answer_in_time_is_unknown(worlds: Worlds, kind: str) -> None:
    guard = worlds.guard(kind, "hangs", AT_ONCE)
    async with asyncio.timeout(10):
        finding = await guard.look()
    assert finding.verdict is Verdict.UNKNOWN
    assert speaks_plainly(finding)


@every_guard
@pytest.mark.usefixtures("ending_with_the_test")
async def test_cancelled_it_says_nothing(worlds: Worlds, kind: str) -> None:
    task = asyncio.create_task(worlds.guard(kind, "hangs").look())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@every_child
async def test_cancelled_it_ends_every_process_it_started(worlds: Worlds, kind: str) -> None:
    task = asyncio.create_task(worlds.guard(kind, "hangs").look())
    started = [int(pid) for pid in (await asyncio.to_thread(worlds.told.read_text)).split()]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(started) == 2
    left = [found for pid in started if (found := procfs.process(pid)) and found.alive]
    assert left == []


@pytest.mark.parametrize("kind", ["systemd", "process", "command"])
async def test_another_host_is_not_looked_at(worlds: Worlds, kind: str) -> None:
    options: GuardOptions = getattr(worlds, kind)("down", LONG)
    make: Callable[[Any], Guard] = BUILT_IN[kind]
    finding = await make(options.model_copy(update={"host": "tst1.invalid"})).look()
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason.startswith("this version looks at its own host only")
