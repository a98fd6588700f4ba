"""Several processes at once, and processes that are killed."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from subprocess import CompletedProcess, Popen

import pytest

from flashd.sim.array import Array

Dscli = Callable[..., CompletedProcess[str]]
Start = Callable[..., Popen[str]]
Eventually = Callable[[Callable[[], object]], None]

RESYNC = "resyncflash -persist -record 0001:0002 0003:0004 0101:0102\n"


def test_processes_at_once_lose_nothing(start: Start, array: Array) -> None:
    clients, rounds = 6, 10
    processes = [start() for _ in range(clients)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write((RESYNC + "lsflash -l 0000-FFFF\n") * rounds)
        process.stdin.close()
    for process in processes:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read().count("successfully resynchronized.") == 3 * rounds
        assert (process.stderr.read(), process.wait()) == ("", 0)
    resyncs = array.journal("resyncflash")
    assert [e.phase for e in resyncs] == ["acted"] * clients * rounds
    assert len({e.pid for e in resyncs}) == clients
    assert array.volume("0002").writes == clients * rounds + 1


def test_a_kill_at_any_moment_leaves_all_of_a_command_or_nothing(
    start: Start, array: Array
) -> None:
    dice = random.Random(1)  # noqa: S311 - only moments are drawn
    for _ in range(25):
        process = start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(RESYNC * 20)
        process.stdin.flush()
        for _ in range(dice.randrange(1, 12)):
            process.stdout.readline()
        process.kill()
        process.wait()
        assert len({r.synced_at for r in array.relations()}) == 1
    acted = [e for e in array.journal() if e.phase == "acted"]
    assert array.volume("0002").writes == len(acted) + 1
    with array.file.look() as rows:
        assert rows.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_while_a_command_takes_its_time_others_are_not_held_up(
    start: Start, dscli: Dscli, array: Array, eventually: Eventually
) -> None:
    array.add_fault("hang", "resyncflash")
    process = start(*RESYNC.split())
    eventually(lambda: [e for e in array.journal() if e.fault])
    assert dscli("lsflash", "0001:0002").returncode == 0
    assert process.poll() is None


@pytest.mark.parametrize("whole_group", [False, True])
def test_the_wrapper_s_child_goes_on_unless_the_group_is_killed(
    start: Start,
    array: Array,
    eventually: Eventually,
    whole_group: bool,  # noqa: FBT001 - a table's column
) -> None:
    array.switch("command_seconds", "0.5")
    process = start(*RESYNC.split(), FLASHD_SIM_WRAPPER="1")
    eventually(array.journal)
    (entry,) = array.journal()
    assert entry.pid != process.pid
    assert os.getpgid(entry.pid) == process.pid
    if whole_group:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    assert process.wait() == -signal.SIGKILL
    process.communicate()  # returns once the child, too, has closed its output
    assert array.journal()[0].phase == ("received" if whole_group else "acted")


def test_the_wrapper_passes_everything_through(dscli: Dscli) -> None:
    done = dscli(stdin="lsflash 0005\n", FLASHD_SIM_WRAPPER="1")
    assert "dscli> Date/Time" in done.stdout
    assert dscli("lsflash", "-nope", FLASHD_SIM_WRAPPER="1").returncode == 2


def test_the_client_loads_little_so_that_it_starts_fast() -> None:
    code = "import sys, flashd.sim.dscli; print(*sorted(sys.modules))"
    loaded = set(subprocess.check_output([sys.executable, "-c", code], text=True).split())
    ours = {name for name in loaded if name.startswith("flashd.")}
    assert all(name.startswith("flashd.sim") for name in ours)
    heavy = {"asyncio", "click", "rich", "pydantic", "sqlalchemy", "logging", "zoneinfo", "email"}
    assert not heavy & loaded
    assert "flashd.sim.cli" not in loaded
