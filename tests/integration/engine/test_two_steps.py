"""Not recording: withdraw, then establish; whatever comes between, the pair is not lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flashd.errors import StoreError
from flashd.model.health import Status
from flashd.model.run import Outcome, StepKind
from tests.integration.engine.doors import followed, guarded_store
from tests.integration.engine.house import (
    Lab,
    asked,
    down,
    health,
    outcomes,
    resource,
    ticks,
    up,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flashd.ports.store import Store

PAIRS = ("0001:0002", "0101:0102")


def nightly(lab: Lab, *looks: object) -> None:
    lab.clones(*PAIRS, record=False)
    lab.define("db", resource(*PAIRS, recording=False), looks=looks)  # type: ignore[arg-type]


async def test_withdraw_and_establish(lab: Lab) -> None:
    nightly(lab)
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE
        assert not await world.store.withdrawals()
        assert (await health(world, "db")).status is Status.UP
    pairs = " ".join(PAIRS)
    assert [one.command for one in lab.changes()] == [
        f"rmflash -dev IBM.2107-75ABC01 -quiet {pairs}",
        f"mkflash -dev IBM.2107-75ABC01 -persist -cp {pairs}",
    ]
    assert lab.fresh(*PAIRS)
    assert not any(one.recording for one in lab.array().relations())


async def test_the_guards_look_again_between_the_two(lab: Lab) -> None:
    nightly(lab, down(), down(), up(), down())
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert (result.outcome, result.exit_code) == (Outcome.REFUSED, 4)
        assert "withdrawn, to be established by the next run" in result.reason
        assert lab.acted() == ["rmflash"]
        status = await health(world, "db")
        assert status.status is Status.WARN
        assert any("withdrawn by flashd" in reason for reason in status.reasons)
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE
        assert not await world.store.withdrawals()
    assert lab.acted() == ["rmflash", "mkflash"]
    assert lab.fresh(*PAIRS)


BROKEN: dict[str, tuple[str, str, Mapping[str, object], list[str]]] = {
    "mkflash refused": ("refused", "mkflash", {}, ["rmflash", "mkflash"]),
    "mkflash dies": ("die-before", "mkflash", {}, ["rmflash", "mkflash"]),
    "mkflash lies": ("lie", "mkflash", {}, ["rmflash", "mkflash"]),
    "mkflash makes one": ("partial", "mkflash", {"pairs": 1}, ["rmflash", "mkflash"] * 2),
    "rmflash answer lost": ("lost-answer", "rmflash", {}, ["rmflash", "mkflash"]),
    "rmflash dies after": ("die-after", "rmflash", {}, ["rmflash", "mkflash"]),
    "rmflash dies before": ("die-before", "rmflash", {}, ["rmflash", "mkflash"]),
    "rmflash refused": ("refused", "rmflash", {}, ["rmflash", "mkflash"]),
    "rmflash lies": ("lie", "rmflash", {}, ["rmflash", "mkflash"]),
    "rmflash of one": ("partial", "rmflash", {"pairs": 1}, ["rmflash", "rmflash", "mkflash"]),
}


@pytest.mark.parametrize(("name", "verb", "options", "acted"), BROKEN.values(), ids=BROKEN.keys())
async def test_what_broke_is_healed_by_the_next_run(
    lab: Lab, name: str, verb: str, options: Mapping[str, object], acted: list[str]
) -> None:
    nightly(lab)
    lab.array().add_fault(name, verb, **options)  # type: ignore[arg-type]
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert result.outcome in {Outcome.FAILED, Outcome.UNKNOWN}
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE, result.reason
        assert not await world.store.open_runs()
        assert not await world.store.withdrawals()
    assert lab.fresh(*PAIRS)
    assert lab.acted() == acted


@pytest.mark.parametrize("name", ["lost-answer", "die-after", "garbage", "language"])
async def test_established_though_the_answer_is_lost(lab: Lab, name: str) -> None:
    nightly(lab)
    lab.array().add_fault(name, "mkflash")
    async with lab.open() as world:
        (result,) = await asked(world, "db")
    assert result.outcome is Outcome.DONE
    assert lab.acted() == ["rmflash", "mkflash"]


async def test_a_space_efficient_target_keeps_its_option_over_the_withdraw(lab: Lab) -> None:
    array = lab.array()
    array.add_volumes("0001", "0101", "0102")
    array.add_volumes("0002", space_efficient=True)
    array.establish(*PAIRS, synced_at=array.now() - 90000, record=False)
    lab.define("db", resource(*PAIRS, recording=False, bgcopy=False))
    for pair in PAIRS:
        array.set_relation(pair, background_copy=False)
    array.add_fault("refused", "mkflash")
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.FAILED
        (withdrawal, _) = await world.store.withdrawals()
        assert withdrawal.space_efficient
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE
    made = lab.changes()[-1].command
    assert made == f"mkflash -dev IBM.2107-75ABC01 -persist -nocp -tgtse {' '.join(PAIRS)}"


async def test_a_relation_that_others_removed_is_not_established(lab: Lab) -> None:
    nightly(lab)
    lab.array().drop_relation(PAIRS[0])
    async with lab.open() as world:
        (result,) = await asked(world, "db", force=True)
    assert result.outcome is Outcome.REFUSED
    assert not lab.changes()


async def test_a_withdraw_that_was_not_sent_gives_no_right_to_establish(lab: Lab) -> None:
    """The guard says up at the last look; then somebody else removes the relation."""
    nightly(lab, down(), up(), down())
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.REFUSED
        lab.array().drop_relation(PAIRS[0])
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.REFUSED
    assert not lab.changes()


def _fail_once(name: str) -> Callable[[], None]:
    """Be a store whose commit takes place, or not, and whose answer is lost."""
    left = [name]

    def lost() -> None:
        if left:
            raise StoreError(f"the answer to {left.pop()} was lost")

    return lost


@pytest.mark.parametrize("name", ["intend", "unsent"])
async def test_nor_does_one_of_which_the_store_lost_the_answer(lab: Lab, name: str) -> None:
    nightly(lab, down(), up(), down())
    lost = _fail_once(name)
    door = (lambda store: followed(store, name, lost)) if name == "intend" else _in_front(lost)
    async with lab.open(dress=door) as world:
        (result,) = await asked(world, "db")
        assert (result.outcome, "was lost" in result.reason) == (Outcome.FAILED, True)
        assert not await world.store.withdrawals()
        lab.array().drop_relation(PAIRS[0])
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.REFUSED
    assert not lab.changes()


def _in_front(lost: Callable[[], None]) -> Callable[[Store], Store]:
    """Have it fail before anything is written that a step was not sent."""

    def door(called: str) -> None:
        if called == "unsent":
            lost()

    return lambda store: guarded_store(store, door)


async def test_a_target_that_others_took_is_theirs_also_when_they_are_done(lab: Lab) -> None:
    nightly(lab)
    array = lab.array()
    array.add_volumes("0009")
    array.add_fault("refused", "mkflash")
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.FAILED
        array.establish("0009:0002", record=False)
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.REFUSED
        assert "in the relation 0009:0002" in result.reason
        array.drop_relation("0009:0002")
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.REFUSED
        assert "is not on the array" in result.reason
        array.establish(*PAIRS, record=False)  # a person decided
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE
    assert lab.acted() == ["rmflash"] * 2 + ["mkflash"]


async def test_the_withdrawal_is_durable_before_the_withdraw_leaves(lab: Lab) -> None:
    nightly(lab)
    lab.array().add_fault("die-before", "rmflash")
    async with lab.open() as world:
        await asked(world, "db")
        (run,) = await world.store.open_runs()
        assert [step.intent.step.kind for step in run.steps] == [StepKind.WITHDRAW]


async def test_the_daemon_heals_by_itself_once_its_backoff_is_over(lab: Lab) -> None:
    nightly(lab)
    lab.array().add_fault("refused", "mkflash")
    async with lab.open() as world:
        await ticks(world, 2)
        assert await outcomes(world, "db") == ["failed"]
        standing = (await world.store.standings())["db"]
        assert standing.retry_at is not None
        lab.clock.ahead = standing.retry_at - lab.clock.now()
        lab.clock.older = lab.clock.ahead.total_seconds()
        await ticks(world)
        assert await outcomes(world, "db") == ["failed", "done"]
        assert (await health(world, "db")).status is Status.UP
    assert lab.fresh(*PAIRS)
