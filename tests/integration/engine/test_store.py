"""A store that fails at any call: no record, no act; and what was done is never lost."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

from flashd.engine.events import Event
from flashd.errors import StoreError
from flashd.model.health import Status
from flashd.model.run import Outcome
from tests.integration.engine.doors import guarded_store
from tests.integration.engine.house import Lab, asked, down, health, resource, ticks, up

if TYPE_CHECKING:
    from flashd.model.verdict import Finding
    from flashd.ports.store import Store
    from tests.integration.engine.conftest import Labs

PAIRS = ("0001:0002", "0101:0102")
SAMPLE = 8


class Failing:
    """Fails the `at`th call, or every call of a name; the others go through."""

    def __init__(self, at: int = 0, name: str = "", *, forever: bool = False) -> None:
        self.at, self.name, self.forever = at, name, forever
        self.calls: list[str] = []

    def __call__(self, name: str) -> None:
        self.calls.append(name)
        later = self.forever and 0 < self.at < len(self.calls)
        if len(self.calls) == self.at or later or name == self.name:
            raise StoreError("disk full", "Make room.")

    def dress(self, store: Store) -> Store:
        return guarded_store(store, self)


def nightly(lab: Lab, *, recording: bool = True) -> None:
    lab.clones(*PAIRS, record=recording)
    lab.define("db", resource(*PAIRS, recording=recording))


async def person(lab: Lab, door: Failing) -> Outcome | None:
    """Ask for a resync; None where the store ended all."""
    async with lab.open(dress=door.dress) as world:
        try:
            (result,) = await asked(world, "db", force=True)
        except StoreError:
            return None
    return result.outcome


async def daemon(lab: Lab, door: Failing) -> None:
    async with lab.open(dress=door.dress) as world:
        await ticks(world)


async def count(lab: Lab) -> int:
    """Count the calls of a run in which none fails."""
    door = Failing()
    assert await person(lab, door) is Outcome.DONE
    return len(door.calls)


def some(calls: int) -> list[int]:
    """Choose some of the calls, or take all where FLASHD_TEST_ALL says so."""
    numbers = range(1, calls + 1)
    if os.environ.get("FLASHD_TEST_ALL"):
        return list(numbers)
    seed = int(os.environ.get("FLASHD_TEST_SEED") or random.SystemRandom().randrange(10**6))
    print(f"FLASHD_TEST_SEED={seed}")  # noqa: T201 - shown where the test fails
    chosen = random.Random(seed).sample(numbers, SAMPLE)  # noqa: S311 - no secret
    return sorted(chosen)


async def check_recovery(lab: Lab, claimed: Outcome | None, acted: list[str]) -> None:
    """Whatever failed: one look closes all, and nothing is claimed that is not so."""
    done = lab.fresh(*PAIRS)
    if claimed is Outcome.DONE:
        assert done
    async with lab.open() as world:
        before = [run.id for run in await world.store.open_runs()]
        await ticks(world)
        assert not await world.store.open_runs()
        assert not await world.store.held()
        runs = {run.id: run for run in await world.store.history(["db"], 99)}
        for run in before:
            assert (runs[run].outcome is Outcome.DONE) <= done, "more was claimed than was done"
        if not lab.fresh(*PAIRS):
            (result,) = await asked(world, "db", force=True)
            assert result.outcome is Outcome.DONE, result.reason
        assert (await health(world, "db")).status is Status.UP
        assert not await world.store.withdrawals()
    assert lab.fresh(*PAIRS)
    assert lab.acted()[: len(acted)] == acted


@pytest.mark.parametrize("forever", [False, True], ids=["once", "from then on"])
async def test_a_resync_whose_store_fails_at_any_call(labs: Labs, *, forever: bool) -> None:
    first = labs()
    nightly(first)
    calls = await count(first)
    assert calls > 15
    sent = []
    for number in some(calls):
        lab = labs()
        nightly(lab)
        door = Failing(number, forever=forever)
        claimed = await person(lab, door)
        acted = lab.acted()
        intended = "intend" in door.calls[: number - 1]
        assert len(acted) <= intended, f"call {number}, {door.calls[number - 1]}: no record, no act"
        sent.append(bool(acted))
        if not lab.fresh(*PAIRS):
            assert claimed is not Outcome.DONE
        await check_recovery(lab, claimed, acted)
    assert sent == sorted(sent), "once the intent is durable, nothing that fails later stops it"
    assert sent[-1]


async def test_two_steps_whose_store_fails_at_any_call(labs: Labs) -> None:
    first = labs()
    nightly(first, recording=False)
    calls = await count(first)
    for number in some(calls):
        lab = labs()
        nightly(lab, recording=False)
        door = Failing(number)
        claimed = await person(lab, door)
        acted = lab.acted()
        assert acted in ([], ["rmflash"], ["rmflash", "mkflash"])
        assert len(acted) <= door.calls[: number - 1].count("intend") or claimed is not None
        if acted == ["rmflash"]:
            assert claimed is not Outcome.DONE
        await check_recovery(lab, claimed, acted)


async def test_a_daemon_survives_a_store_that_fails_at_any_call(labs: Labs) -> None:
    first, whole = labs(), Failing()
    nightly(first)
    await daemon(first, whole)
    start = whole.calls.index("look_again") + 1  # a start may fail
    for number in some(len(whole.calls) - start):
        lab = labs()
        nightly(lab)
        door = Failing(start + number)
        await daemon(lab, door)
        assert Event.STORE_FAILED in lab.told.kinds(), door.calls[start + number - 1]
        assert len(lab.acted()) <= 1
        await check_recovery(lab, None, lab.acted())


@pytest.mark.parametrize(
    "name", ["answered_last", "record_listing", "close_run", "stand", "release"]
)
async def test_what_the_array_shows_done_is_told_though_it_cannot_be_written(
    lab: Lab, name: str
) -> None:
    nightly(lab)
    door = Failing()

    def once_sent(called: str) -> None:
        door(called)
        if called == name and lab.acted():
            raise StoreError("disk full")

    async with lab.open(dress=lambda store: guarded_store(store, once_sent)) as world:
        (result,) = await asked(world, "db")
    assert (result.outcome, result.exit_code) == (Outcome.DONE, 0)
    assert Event.RESYNC_COMPLETED in lab.told.kinds()
    assert Event.STORE_FAILED in lab.told.kinds()


async def test_what_was_sent_is_unknown_where_nothing_can_be_remembered_or_read(lab: Lab) -> None:
    nightly(lab)
    lab.array().add_fault("unreachable", "*", nth=4)

    def door(_called: str) -> None:
        if lab.acted():
            raise StoreError("disk full")

    async with lab.open(dress=lambda store: guarded_store(store, door)) as world:
        (result,) = await asked(world, "db")
    assert (result.outcome, result.exit_code) == (Outcome.UNKNOWN, 5)


async def test_a_lease_that_was_lost_keeps_the_command_from_leaving(lab: Lab) -> None:
    nightly(lab)
    lab.define("db", resource(*PAIRS), looks=[down()])

    async with lab.open() as other:

        async def steal() -> Finding:
            for name, held in (await other.store.held()).items():
                await other.store.release([name], held.by)
            return down()

        lab.guards["db is down"].table[0] = steal
        async with lab.open() as world:
            (result,) = await asked(world, "db")
            assert result.outcome is Outcome.REFUSED
            assert "a lease was lost" in result.reason
            assert not await world.store.open_runs()
    assert not lab.changes()


@pytest.mark.parametrize(
    "failing",
    [["answered_last", "release"], ["release"]],
    ids=["the volumes' after the answer and at the end", "the array's"],
)
async def test_a_lease_that_could_not_be_given_back_is_given_back_later(
    lab: Lab, failing: list[str]
) -> None:
    nightly(lab)
    left = [*failing]

    def door(called: str) -> None:
        if left and called == left[0]:
            left.pop(0)
            raise StoreError("disk full")

    async with lab.open(dress=lambda store: guarded_store(store, door)) as world:
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE
        assert not left
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE, result.reason
        assert not await world.store.held()


async def test_a_refusal_whose_end_could_not_be_written_is_recovered_as_unsent(lab: Lab) -> None:
    nightly(lab)
    lab.define("db", resource(*PAIRS), looks=[down(), up()])
    door = Failing(name="close_run")
    async with lab.open(dress=door.dress) as world:
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.REFUSED
    async with lab.open() as world:
        await ticks(world)
        (run, *_) = reversed(await world.store.history(["db"], 9))
        assert (run.id, run.outcome) == (result.run, Outcome.FAILED)
        assert run.reason == "flashd ended before anything was sent"
    assert not lab.changes()
