"""kill -9 at every step of the cycle, by real processes; then a new one looks.

Some of the steps are tried; all of them where FLASHD_TEST_ALL is set. A failure names its seed.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.processes import lives
from flashd.engine.events import Event
from flashd.model.health import Status
from flashd.model.run import Outcome
from tests.integration.engine.house import DAY, HOUR, Lab, asked, eventually, health, ticks
from tests.integration.engine.mortal import PAIRS, TWO_STEPS, define

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flashd.engine.world import World
    from tests.integration.engine.conftest import Labs

ROOT = Path(__file__).parents[3]
RECORDING = "recording"
SAMPLE = {RECORDING: 3, TWO_STEPS: 3}  # on each kind of store, other ones
ENOUGH = 60


def prepared(lab: Lab, kind: str) -> Lab:
    lab.timeout = 60.0
    lab.clones(*PAIRS, age=DAY, record=kind == RECORDING)
    define(lab, kind)
    return lab


@contextmanager
def process(lab: Lab, kind: str, at: int = 0) -> Iterator[subprocess.Popen[str]]:
    """Have another process resync, and die before the `at`th call."""
    command = [sys.executable, "-m", "tests.integration.engine.mortal"]
    with subprocess.Popen(
        [*command, str(lab.root), lab.url, kind, str(at)],
        cwd=ROOT,
        env={**os.environ, **lab.environment},
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def run(lab: Lab, kind: str, at: int = 0) -> tuple[int, list[str]]:
    """Tell how such a process ended, and what it said."""
    with process(lab, kind, at) as started:
        said, _ = started.communicate(timeout=ENOUGH)
        return started.returncode, said.split("\n")


def chosen(steps: list[str], kind: str) -> list[int]:
    """Choose steps: those around the command always, others by chance."""
    numbers = range(1, len(steps) + 1)
    if os.environ.get("FLASHD_TEST_ALL"):
        return list(numbers)
    seed = int(os.environ.get("FLASHD_TEST_SEED") or random.SystemRandom().randrange(10**6))
    print(f"FLASHD_TEST_SEED={seed}")  # noqa: T201 - shown where the test fails
    certain = {number for number in numbers if steps[number - 1] in {"change", "changed"}}
    others = [number for number in numbers if number not in certain]
    return sorted(certain | set(random.Random(seed).sample(others, SAMPLE[kind])))  # noqa: S311


async def truthful(lab: Lab, world: World) -> None:
    """Freshness is never claimed beyond what is so."""
    bounds = (await health(world, "db")).last_resync
    if bounds and bounds.earliest and world.clock.now() - bounds.earliest < HOUR:
        assert lab.fresh(*PAIRS)


@pytest.mark.parametrize("kind", [RECORDING, TWO_STEPS])
async def test_killed_at_any_step(labs: Labs, kind: str) -> None:
    status, (code, *steps) = run(prepared(labs(), kind), kind)
    assert (status, code) == (0, "0")
    steps = [step for step in steps if step]
    assert steps.index("intend") < steps.index("change") < steps.index("close_run")
    for number in chosen(steps, kind):
        lab = prepared(labs(), kind)
        status, _ = run(lab, kind, number)
        assert status == -signal.SIGKILL, steps[number - 1]
        await recovered(lab, f"killed before call {number}, {steps[number - 1]}")


async def recovered(lab: Lab, when: str) -> None:
    """One look by a new process puts everything right."""
    done, acted = lab.fresh(*PAIRS), lab.acted()
    async with lab.open() as world:
        await truthful(lab, world)
        left = [one.id for one in await world.store.open_runs()]
        await ticks(world)
        runs = {one.id: one for one in await world.store.history(["db"], 99)}
        assert not await world.store.open_runs(), when
        assert not await world.store.withdrawals(), when
        (result,) = await asked(world, "db", force=True, dry_run=True)
        assert result.outcome is Outcome.PLANNED, f"{when}: {result.reason}"
        assert all((runs[one].outcome is Outcome.DONE) is done for one in left), when
        assert (await health(world, "db")).status is Status.UP, when
        assert lab.fresh(*PAIRS), when
        intents = sum(len(one.steps) for one in runs.values())
    assert len(lab.changes()) <= intents, when
    if done:
        assert lab.acted() == acted, f"{when}: it was done, and done again"
    else:
        assert lab.acted()[-1] in {"resyncflash", "mkflash"}
    assert lab.acted().count("rmflash") <= 1, when


@pytest.mark.parametrize("position", ["before", "after"])
async def test_an_orphaned_dscli_is_ended_before_the_array_is_read(lab: Lab, position: str) -> None:
    prepared(lab, RECORDING)
    lab.environment["FLASHD_SIM_WRAPPER"] = "1"
    lab.array().add_fault("hang", "resyncflash", position=position)
    with process(lab, RECORDING) as started:
        eventually(lab.changes)
        if position == "after":
            eventually(lab.acted)
        started.kill()
    async with lab.open() as world:
        (left,) = await world.store.open_runs()
        group = left.steps[0].intent.carrier.group
        assert lives(group)
        assert (await health(world, "db")).status is Status.UNKNOWN
        lab.environment.clear()
        await ticks(world)
        assert not lives(group)
        runs = {one.id: one.outcome for one in await world.store.history(["db"], 9)}
        assert runs[left.id] is (Outcome.DONE if position == "after" else Outcome.FAILED)
    assert lab.acted() == ["resyncflash"]
    kinds = lab.told.kinds()
    assert kinds.index(Event.CARRIER_ENDED) < kinds.index(Event.COMMAND_SENT)


async def test_while_its_process_lives_an_open_run_is_its_own(lab: Lab) -> None:
    """The array's lease is waited for: nobody recovers what is still at work."""
    prepared(lab, RECORDING)
    lab.array().switch("command_seconds", "1")
    with process(lab, RECORDING) as started:
        eventually(lab.changes)
        async with lab.open() as world:
            (result,) = await asked(world, "db", force=True)
            assert (result.outcome, result.exit_code) == (Outcome.REFUSED, 4)
            assert f"process {started.pid} on" in result.reason
            said, _ = started.communicate(timeout=ENOUGH)
            assert said.startswith("0\n")
            assert not await world.store.open_runs()
    assert lab.acted() == ["resyncflash"]


async def test_two_processes_that_fight_for_one_service(lab: Lab) -> None:
    prepared(lab, RECORDING)
    lab.array().switch("command_seconds", "0.1")
    with process(lab, RECORDING) as one, process(lab, RECORDING) as other:
        said = [each.communicate(timeout=ENOUGH)[0].split("\n")[0] for each in (one, other)]
    assert said == ["0", "0"]
    async with lab.open() as world:
        runs = await world.store.history(["db"], 9)
        assert [one.outcome for one in runs] == [Outcome.DONE] * 2
        spans = sorted((one.steps[0].intent.at, one.ended_at or one.started_at) for one in runs)
        assert spans[0][1] <= spans[1][0], "one after the other"
    assert lab.acted() == ["resyncflash"] * 2, "each intent once"


async def test_two_daemons_on_one_store_resync_once(lab: Lab) -> None:
    """What the first did is seen by the second, which has nothing left to do."""
    prepared(lab, RECORDING)
    with process(lab, RECORDING) as other:
        eventually(lambda: "daemon or not" and lab.array().journal("lsflash"))
        async with lab.open() as world:
            await ticks(world)
        assert other.wait(ENOUGH) == 0
    assert lab.acted() == ["resyncflash"]
    assert lab.fresh(*PAIRS)
