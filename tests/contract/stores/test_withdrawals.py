"""Withdrawn pairs are remembered until they are there again (invariants 2 and 4)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flashd.model.observation import Withdrawal
from flashd.model.run import Marks, Outcome, StepKind
from flashd.model.volumes import Pair
from tests.contract.stores.samples import (
    ARRAY,
    NOW,
    ONE,
    SECOND,
    TWO,
    FakeHost,
    array_time,
    intent,
    listing,
    minute,
    relation,
    run,
    withdraw,
)

if TYPE_CHECKING:
    from flashd.ports.store import Store

CREATED = array_time("01 10:00:00").text
BEFORE = {ONE: Marks("Mon", CREATED), TWO: Marks(None, CREATED)}


async def withdrawn(store: Store) -> list[object]:
    return [one.pair for one in await store.withdrawals()]


async def test_a_withdraw_is_remembered_with_the_dates_of_its_relations(store: Store) -> None:
    await withdraw(store, BEFORE)
    common = {"array": ARRAY, "service": "payroll", "run": "RUN1", "at": NOW}
    assert await store.withdrawals() == [
        Withdrawal(pair=ONE, synced="Mon", created=CREATED, space_efficient=True, **common),  # type: ignore[arg-type]  # spelled out above
        Withdrawal(pair=TWO, synced=None, created=CREATED, space_efficient=True, **common),  # type: ignore[arg-type]  # spelled out above
    ]


@pytest.mark.parametrize("kind", [StepKind.RESYNC, StepKind.ESTABLISH])
async def test_other_steps_withdraw_nothing(store: Store, kind: StepKind) -> None:
    await store.open_run(run())
    await store.intend(intent(kind=kind), [], FakeHost().holder("a"))
    assert await store.withdrawals() == []


async def test_the_dates_of_the_original_relation_survive_a_second_withdraw(store: Store) -> None:
    await withdraw(store, BEFORE)
    original = await store.withdrawals()
    await withdraw(store, {ONE: Marks(None, None), TWO: Marks(None, None)}, "RUN2")
    assert await store.withdrawals() == original


async def test_unsent_takes_back_what_its_own_intent_opened(store: Store) -> None:
    await withdraw(store, BEFORE)
    await withdraw(store, BEFORE, "RUN2")
    await store.unsent("RUN2", 1, "guard up")
    assert await withdrawn(store) == [ONE, TWO]
    await store.unsent("RUN1", 1, "guard up")
    assert await withdrawn(store) == []


async def test_a_withdraw_takes_over_what_an_ended_run_left_open(store: Store) -> None:
    """Else the first listing closed it, and a withdraw that is carried out late were forgotten."""
    await withdraw(store, BEFORE)
    await store.close_run("RUN1", minute(1), Outcome.FAILED, "not done", [])
    await withdraw(store, BEFORE, "RUN2")
    assert [one.run for one in await store.withdrawals()] == ["RUN2", "RUN2"]
    await store.record_listing(listing(minute(2), relation(ONE), relation(TWO)), [ONE, TWO])
    assert await withdrawn(store) == [ONE, TWO]


async def test_unsent_leaves_the_withdrawals_of_another_step(store: Store) -> None:
    await withdraw(store, BEFORE)
    holder = FakeHost().holder("a")
    await store.intend(intent(seq=2, kind=StepKind.ESTABLISH), [], holder)
    await store.unsent("RUN1", 2, "guard up")
    assert await withdrawn(store) == [ONE, TWO]


async def test_another_relation_closes_the_withdrawal_of_its_pair(store: Store) -> None:
    await withdraw(store, BEFORE)
    await store.record_listing(listing(minute(1), relation(ONE, created=SECOND)), [ONE, TWO])
    assert await withdrawn(store) == [TWO]


async def test_the_relation_about_to_go_closes_nothing_while_its_run_is_open(store: Store) -> None:
    await withdraw(store, BEFORE)
    await store.record_listing(listing(minute(1), relation(ONE), relation(TWO)), [ONE, TWO])
    assert await withdrawn(store) == [ONE, TWO]


@pytest.mark.parametrize(("ended", "left"), [(1, []), (2, []), (3, [ONE, TWO])])
async def test_a_relation_that_was_never_withdrawn_closes_it_once_the_run_has_ended(
    store: Store, ended: int, left: list[object]
) -> None:
    await withdraw(store, BEFORE)
    await store.close_run("RUN1", minute(ended), Outcome.FAILED, "rejected", [])
    await store.record_listing(listing(minute(2), relation(ONE), relation(TWO)), [ONE])
    assert await withdrawn(store) == left, "TWO is there again as well, though nobody names it"


async def test_a_listing_from_before_the_withdraw_closes_nothing(store: Store) -> None:
    await withdraw(store, BEFORE)
    await store.record_listing(listing(minute(-1), relation(ONE, created=SECOND)), [ONE])
    assert await withdrawn(store) == [ONE, TWO]


async def test_a_relation_without_a_date_closes_nothing_while_the_run_is_open(store: Store) -> None:
    await withdraw(store, BEFORE)
    await store.record_listing(listing(minute(1), relation(ONE, created=None)), [ONE])
    assert await withdrawn(store) == [ONE, TWO]


async def test_a_listing_that_is_out_of_date_closes_nothing(store: Store) -> None:
    await withdraw(store, BEFORE)
    await store.record_listing(listing(minute(2)), [ONE])
    await store.record_listing(listing(minute(1), relation(ONE, created=SECOND)), [ONE])
    assert await withdrawn(store) == [ONE, TWO]


@pytest.mark.parametrize(
    ("other", "at", "left"),
    [
        ("0009:0002", 1, [TWO]),
        ("0002:0009", 1, [TWO]),
        ("0002:0001", 1, [TWO]),
        ("0001:0009", 1, [ONE, TWO]),
        ("0009:0002", -1, [ONE, TWO]),
    ],
    ids=["its target", "its source", "reversed", "of the same source", "before the withdraw"],
)
async def test_a_target_that_somebody_has_taken_closes_the_withdrawal_of_its_pair(
    store: Store, other: str, at: int, left: list[object]
) -> None:
    await withdraw(store, BEFORE)
    await store.record_listing(listing(minute(at), relation(Pair.parse(other))), [ONE, TWO])
    assert await withdrawn(store) == left


async def test_after_the_clock_was_set_back_a_listing_counts_at_once(store: Store) -> None:
    """Else whoever has taken the target meanwhile would not be noticed for as long."""
    await withdraw(store, BEFORE)
    await store.clock_set(minute(-59), timedelta(hours=-1), {})
    there = relation(ONE, created=SECOND), relation(Pair.parse("0009:0102"))
    await store.record_listing(listing(minute(-58), *there), [ONE, TWO])
    assert await withdrawn(store) == []


async def test_a_listing_of_another_array_closes_nothing(store: Store) -> None:
    await withdraw(store, BEFORE)
    await store.record_listing(listing(minute(1), relation(ONE, created=SECOND), array="B"), [ONE])
    assert await withdrawn(store) == [ONE, TWO]
    assert [one.pair for one in await store.withdrawals([ARRAY])] == [ONE, TWO]
    assert await store.withdrawals(["B"]) == []
