"""A sample of `make chaos`, with its seed; and that nothing of the cycle is left out of it."""

from __future__ import annotations

import ast
import inspect
import os
import random
import re
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flashd.engine.events import Event
from flashd.model.run import Outcome
from flashd.ports import array, guard, host, store
from tests.chaos.case import Case, case_named
from tests.chaos.doors import doored
from tests.chaos.flashd_process import opened
from tests.chaos.scenes import KEPT, MODES, Scene, prepare, scenes, stage
from tests.chaos.watch import Blow, Instant
from tests.integration.engine.house import DAY, Lab, asked, resource, ticks

if TYPE_CHECKING:
    from flashd.engine.world import World
    from flashd.model.run import Carrier

ROOT = Path(__file__).parents[2]
SAMPLE = 24
PORTS = {
    "store": (store.Store,),
    "array": (array.ArrayBackend,),
    "session": (array.Session,),
    "host": (host.Host,),
    "guard": (guard.Guard,),
}
NOT_IN_A_CYCLE = {
    "store.history": "who shows the past",
    "store.open_run": "a part of `begin`, which is an instant",
    "store.enrolment": "a part of `footing`, which is one",
    "store.due": "a part of `agenda`, which changes nothing",
    "store.ripe": "another",
    "store.covering": "only where the guards refuse",
    "store.held": "a person's plan, and doctor",
    "store.hold": "a person's command, one transaction",
    "store.lift": "the same",
    "store.lift_ended": "only where a hold has ended",
    "store.remind": "only where a hold outlasts its welcome",
    "store.renew": "after ten seconds; it only keeps what is there",
    "store.clock_set": "only where the clock was set, one transaction",
    "store.record_failure": "only where an array cannot be read",
    "store.open_breaker": "only where a login is refused",
    "store.close_breaker": "only after that",
    "store.accept": "a reload",
    "store.accepted": "a person's command",
    "store.write_ended": "only where a run is refused or sends nothing, one transaction",
    "store.unsent": "only where the last gate stays shut",
    "store.answers": "the watchdog",
    "store.close": "the end of a daemon that is not killed",
    "host.ours": "a restore",
    "store.prune": "now and then, beside the ticks, and no open run",
    "store.enroll": "a person's command, one transaction",
    "store.enrolments": "who shows the present, and a service that nobody enrolled",
    "array.counters": "a guard's look, which changes nothing",
    "host.gone": "the store's own, within a transaction",
}


def chaos(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--workers", "2", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def sample() -> str:
    """Play a sample; where it fails its seed and each failed case are shown."""
    seed = os.environ.get("FLASHD_TEST_SEED") or random.SystemRandom().randrange(10**6)
    return chaos("--sample", str(SAMPLE), "--seed", str(seed), "--names")


def test_a_sample_of_all_kills_leaves_all_well(sample: str) -> None:
    found = re.search(r"all: (\d+) combinations, of which 0 failed; (\d+) kills", sample)
    assert found, sample
    assert int(found[1]) >= SAMPLE
    assert int(found[2]) >= SAMPLE // 2, "hardly anybody was killed"
    assert all(re.search(rf"^{mode}: \d+ combinations", sample, re.MULTILINE) for mode in MODES)


def test_every_call_of_a_port_is_an_instant(sample: str) -> None:
    """What the engine may call and a cycle did not is in the table above, with its reason."""
    seen = {line.removeprefix("after ") for line in sample.splitlines() if line[:6] == "after "}
    methods = {
        f"{name}.{method}"
        for name, protocols in PORTS.items()
        for protocol in protocols
        for method, what in inspect.getmembers(protocol, inspect.isfunction)
        if not method.startswith("_") and what
    }
    assert methods - seen - set(NOT_IN_A_CYCLE) == set()
    assert set(NOT_IN_A_CYCLE) <= methods, "a row that nothing has any more"
    assert "events.tell" in seen


def test_whatever_the_engine_calls_on_a_port_has_doors() -> None:
    """It reaches outside by its world alone, and each of these is behind doors there."""
    reached = {
        node.attr
        for file in (ROOT / "flashd/engine").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute | ast.Name)
        and ast.unparse(node.value) in {"world", "self.world", "self._world"}
    }
    outside = {"store", "host", "clock", "events", "arrays", "guards"}
    doored = (ROOT / "tests/chaos/doors.py").read_text("utf-8")
    assert outside <= reached
    assert all(f"{name}=" in doored for name in outside)


def test_the_bytes_of_the_conversation_are_instants(sample: str) -> None:
    wanted = (
        "started",
        "login: connected",
        "login: through",
        "input: waiting",
        "input: 12 bytes of a change",
        "command: read",
        "command: understood",
        "command: to be done",
        "0001:0002: acted on",
        "array: about to keep the change",
        "array: changed",
        "command: done",
        "output: half a line",
        "command: answered",
        "all is said",
        "prompt: half a line",
    )
    assert {f"dscli {one}" for one in wanted} <= set(sample.splitlines())


async def test_two_services_of_a_batch_have_one_carrier_and_looks_beside_a_command(
    tmp_path: Path,
) -> None:
    """Else no kill would find what is special about a session that is kept."""
    scene = Scene(KEPT, "two services", "recording", "nothing")
    prepare(tmp_path, scene)
    lab = stage(tmp_path, scene)
    doors: list[str] = []
    async with opened(lab) as world:
        await ticks(doored(world, lab.backend, doors.append))
        runs = await world.store.history(None, 10)
    assert {run.service for run in runs} == {"db", "app"}
    assert len({step.intent.carrier for run in runs for step in run.sent}) == 1
    begun, ended = doors.index("before session.change"), doors.index("after session.change")
    assert "before guard.look" in doors[begun:ended]


def test_a_dscli_is_born_on_a_terminal_as_flashd_would_start_it(tmp_path: Path) -> None:
    """Else nothing would be hung up on, and every kill of the daemon would leave an orphan."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.chaos.hung_up", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert told.stdout.splitlines() == [
        "leads True, on its own terminal True",
        f"ended by {-signal.SIGHUP}",
    ]


@pytest.mark.parametrize(
    "case",
    [
        Case(scenes()[0], Instant("dscli 0001:0002: acted on", 1), Blow.STUCK),
        Case(Scene("interactive", "two arrays", "two-steps", "lies")),
        Case(scenes()[0], Instant("after store.intend", 1), Blow.DSCLI).then(
            Instant("before host.end", 2), Blow.ALL
        ),
    ],
)
def test_a_case_is_its_line(case: Case) -> None:
    assert case_named(str(case)) == case


async def orphaned(lab: Lab, world: World) -> Carrier:
    """Leave a run open whose dscli is one of another host, which was not heard of since."""
    lab.array().add_fault("die-before", "resyncflash")
    (result,) = await asked(world, "db")
    assert result.outcome is Outcome.UNKNOWN
    (left,) = await world.store.open_runs()
    carrier = replace(left.steps[0].intent.carrier, host="elsewhere", boot_id="another boot")
    lab.forget_the_end(left.id, carrier)  # type: ignore[attr-defined]
    return carrier


FROZEN = "oneshot/one resource/recording/nothing @ before session.change#1 @ daemon, frozen"


def test_who_was_frozen_sends_nothing_that_another_host_has_done_meanwhile() -> None:
    assert "all: 1 combinations, of which 0 failed; 0 kills (none), 1 freezes" in chaos(
        "--only", FROZEN
    )


class Wiped(Lab):
    """A lab whose store can be made to know less."""

    def forget_the_end(self, run: str, carrier: Carrier) -> None:
        import json  # noqa: PLC0415
        import sqlite3  # noqa: PLC0415

        from flashd.adapters.stores.codec import plain_carrier  # noqa: PLC0415

        with sqlite3.connect(self.root / "flashd.db") as rows:
            rows.execute(
                "UPDATE steps SET answer = NULL, carrier = ? WHERE run = ?",
                (json.dumps(plain_carrier(carrier)), run),
            )
        rows.close()


async def test_another_host_s_orphan_is_waited_out(tmp_path: Path) -> None:
    """Nobody here can end it: until its time limit is over nothing is sent for its volumes."""
    lab = Wiped(tmp_path, timeout=60.0, late=20.0)
    lab.clones("0001:0002", age=DAY)
    lab.define("db", resource("0001:0002"), max_delay=timedelta(hours=12))
    async with lab.open() as world:
        carrier = await orphaned(lab, world)
        assert await world.host.end(carrier) is None
        for ahead in (0, 30, 59):
            lab.clock.ahead, lab.clock.older = timedelta(seconds=ahead), float(ahead)
            await ticks(world)
            assert len(lab.changes()) == 1, f"sent again after {ahead} s"
            assert await world.store.open_runs()
        lab.clock.ahead, lab.clock.older = timedelta(seconds=90), 90.0
        await ticks(world, 2)
        lab.clock.ahead, lab.clock.older = timedelta(seconds=400), 400.0
        await ticks(world, 2)
        assert not await world.store.open_runs()
    assert lab.acted() == ["resyncflash"]
    assert lab.fresh("0001:0002")
    assert Event.RUN_RECOVERED in lab.told.kinds()
