"""Children are real ones; what the tests wait for is told by them through a pipe."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from flashd.adapters import procfs
from flashd.adapters.processes import MARK, Completed, Ending, lives, run, running, start, vanished
from flashd.adapters.streams import Output

AT_ONCE = timedelta(seconds=0.2)
SOON = timedelta(seconds=1)  # enough to tell a number before
LONG = timedelta(seconds=60)


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """A pipe by name, for a child to tell its test something."""
    os.mkfifo(pipe := tmp_path / "told")
    return pipe


def runs(pid: int) -> bool:
    found = procfs.process(pid)
    return found is not None and found.alive


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def shell(script: str, *arguments: object, limit: timedelta = LONG) -> Completed:
    return await run(["sh", "-c", script, "sh", *map(str, arguments)], limit=limit)


async def test_tells_the_exit_status_and_each_stream_by_itself() -> None:
    done = await shell("echo out; echo err >&2; exit 3")
    assert (done.ending, done.exit_status) == (Ending.EXITED, 3)
    assert (done.output, done.errors) == (b"out\n", b"err\n")


async def test_on_a_kernel_that_gives_no_descriptor_of_a_process_its_end_is_seen_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(os, "pidfd_open")  # as where Python was built before Linux 5.3
    done = await shell("echo out; exit 3")
    assert (done.ending, done.exit_status, done.output) == (Ending.EXITED, 3, b"out\n")
    done = await shell("sleep 600 & echo $!; sleep 600", limit=SOON)
    assert done.ending is Ending.TIMED_OUT
    assert not runs(int(done.output))


async def test_tells_a_signal_as_a_negative_status() -> None:
    done = await shell("kill -TERM $$")
    assert (done.ending, done.exit_status) == (Ending.EXITED, -signal.SIGTERM)


async def test_no_shell_reads_the_arguments() -> None:
    done = await run(["printf", "%s|", "$HOME", "a;b", "*"], limit=LONG)
    assert done.output == b"$HOME|a;b|*|"


async def test_reads_nothing_and_leads_a_group_and_a_session() -> None:
    async with running(["sh", "-c", "readlink /proc/$$/fd/0; exec sleep 600"]) as child:
        assert await child.output.read() == b"/dev/null\n"
        found = procfs.process(child.group)
        assert found is not None
        assert (found.group, found.session) == (child.group, child.group)
        assert found.started == child.started


async def test_the_environment_is_in_c_and_keeps_systemd_to_us(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in (
        "NOTIFY_SOCKET",
        "WATCHDOG_USEC",
        "WATCHDOG_PID",
        "LISTEN_FDS",
        "CREDENTIALS_DIRECTORY",
    ):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    monkeypatch.setenv("KEPT", "yes")
    done = await run(["env"], more_environment={"ADDED": "too"})
    lines = set(done.output.decode().splitlines())
    assert {"LC_ALL=C", "KEPT=yes", "ADDED=too", f"{MARK}=1"} <= lines
    assert not [
        line
        for line in lines
        if line.startswith(("NOTIFY_", "WATCHDOG_", "LISTEN_", "CREDENTIALS_"))
    ]


async def test_at_its_time_limit_the_whole_group_is_killed() -> None:
    done = await shell("sleep 600 & echo $!; sleep 600", limit=SOON)
    assert (done.ending, done.exit_status) == (Ending.TIMED_OUT, None)
    assert not runs(int(done.output))


async def test_a_child_that_ignores_being_asked_is_killed_too() -> None:
    done = await shell("trap '' TERM HUP INT; sleep 600 & echo $!; wait", limit=SOON)
    assert done.ending is Ending.TIMED_OUT
    assert not runs(int(done.output))


async def test_cancelled_the_whole_group_is_killed(told: Path) -> None:
    task = asyncio.create_task(shell('sleep 600 & echo $$ $! > "$1"; wait', told))
    pids = [int(pid) for pid in (await asyncio.to_thread(told.read_text)).split()]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [runs(pid) for pid in pids] == [False, False]


async def test_cancelled_twice_the_whole_group_is_killed(told: Path) -> None:
    task = asyncio.create_task(shell('sleep 600 & echo $$ $! > "$1"; wait', told))
    leader, other = (int(pid) for pid in (await asyncio.to_thread(told.read_text)).split())
    task.cancel()
    asyncio.get_running_loop().call_soon(task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(10):
        await vanished(leader)
    assert [runs(leader), runs(other)] == [False, False]


async def test_what_its_leader_leaves_behind_is_killed() -> None:
    done = await shell("sleep 600 & echo $!")
    assert (done.ending, done.exit_status) == (Ending.EXITED, 0)
    assert not runs(int(done.output))


async def test_who_left_the_group_with_the_pipe_open_is_not_waited_for(told: Path) -> None:
    done = await shell('setsid sh -c \'echo $$ > "$1"; exec sleep 600\' sh "$1" & cat "$1"', told)
    assert done.ending is Ending.EXITED
    os.kill(int(done.output), signal.SIGKILL)


@pytest.mark.parametrize("stream", ["", ">&2"])
async def test_who_writes_too_much_is_killed(stream: str) -> None:
    done = await run(["sh", "-c", f"yes {stream}"], limit=LONG, cap=1000)
    assert (done.ending, done.exit_status) == (Ending.FLOODED, None)
    assert len(done.output + done.errors) == 1000


async def test_who_writes_too_much_and_does_not_mind_is_killed() -> None:
    async with asyncio.timeout(20):
        done = await run(["sh", "-c", "trap '' PIPE; yes; exec sleep 600"], cap=1000)
    assert done.ending is Ending.FLOODED


async def test_what_was_written_can_be_taken_without_waiting_for_the_end() -> None:
    ours, theirs = os.pipe()
    output = Output(ours, cap=100, flood=lambda: None)
    os.write(theirs, b"last words")
    output.drain()
    assert (output.take(), output.open) == (b"last words", False)
    assert await output.read() == b""
    os.close(theirs)


@pytest.mark.parametrize(("size", "ending"), [(1000, Ending.EXITED), (1001, Ending.FLOODED)])
async def test_the_cap_itself_is_not_too_much(size: int, ending: Ending) -> None:
    done = await run(["head", "-c", str(size), "/dev/zero"], limit=LONG, cap=1000)
    assert (done.ending, len(done.output)) == (ending, 1000)


async def test_a_program_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        await run(["/nonexistent/program"])


async def test_a_program_that_cannot_be_executed_is_an_error(tmp_path: Path) -> None:
    (program := tmp_path / "program").write_text("#!/bin/sh\n")
    program.chmod(0o644)
    with pytest.raises(PermissionError):
        await run([str(program)])


async def test_output_can_be_read_while_it_waits_for_input() -> None:
    async with running(["cat"], stdin=subprocess.PIPE) as child:
        for word in (b"one\n", b"two\n"):
            await child.input.write(word)
            assert await child.output.read() == word
        child.input.close()
        assert await child.exit() == 0
        assert await child.output.read() == b""


async def test_input_larger_than_a_pipe_is_written_whole() -> None:
    sent = bytes(range(256)) * 4096
    async with running(["cat"], stdin=subprocess.PIPE, cap=len(sent)) as child:
        writing = asyncio.create_task(child.input.write(sent))
        received = b""
        while len(received) < len(sent):
            received += await child.output.read()
        await writing
    assert received == sent


async def test_without_a_pipe_nobody_reads() -> None:
    async with running(["sleep", "600"]) as child:
        with pytest.raises(BrokenPipeError):
            await child.input.write(b"anybody?")


async def test_writing_to_who_has_ended_is_an_error() -> None:
    async with running(["true"], stdin=subprocess.PIPE) as child:
        await child.exit()
        with pytest.raises(BrokenPipeError):
            await child.input.write(b"anybody?")


async def test_who_waits_to_write_is_told_of_the_end() -> None:
    async with running(["sleep", "600"], stdin=subprocess.PIPE) as child:
        writing = asyncio.create_task(child.input.write(bytes(1 << 20)))
        await asyncio.sleep(0)
        child.kill()
        with pytest.raises(BrokenPipeError):
            await writing


async def test_ending_twice_is_harmless() -> None:
    child = await start(["sleep", "600"])
    assert await child.end()
    assert await child.end()
    assert await child.exit() == -signal.SIGKILL
    assert not lives(child.group)


async def test_a_hundred_at_once_do_not_mix() -> None:
    done = await asyncio.gather(*(run(["echo", str(n)], limit=LONG) for n in range(100)))
    assert [int(d.output) for d in done] == list(range(100))


async def test_no_descriptor_is_left_open() -> None:
    await run(["true"])
    before = open_descriptors()
    for _ in range(3):
        await shell("echo x; exit 1")
        await shell("sleep 600", limit=AT_ONCE)
    assert open_descriptors() == before
