"""The history is kept within bounds, and nothing that is needed goes with it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from flashd.model.history import NOTHING_PRUNED, Pruned, Retention
from flashd.model.run import Outcome, StepKind
from tests.contract.stores.samples import (
    NOW,
    ONE,
    TWO,
    FakeHost,
    intent,
    listing,
    minute,
    relation,
    run,
)

if TYPE_CHECKING:
    from datetime import datetime

    from flashd.ports.store import Store

ME = FakeHost().holder("me")
KEEP = timedelta(days=400)
YOUNG = Retention(keep=KEEP, at_most=1_000_000)
LATER = NOW + KEEP
MOST = 100


def few(at_most: int) -> Retention:
    return Retention(keep=timedelta(days=3650), at_most=at_most)


async def ended(
    store: Store,
    *names: str,
    service: str = "payroll",
    outcome: Outcome = Outcome.DONE,
    at: datetime = NOW,
) -> None:
    for name in names:
        await store.open_run(run(name, service, at))
        await store.close_run(name, at, outcome, "", [])


async def names(store: Store) -> list[str]:
    return [one.id for one in await store.history(None, 1000)]


async def test_a_run_stays_as_long_as_it_is_kept(store: Store) -> None:
    await ended(store, "OLD")
    await ended(store, "NEW", at=LATER)
    assert await store.prune(YOUNG, LATER, MOST) == NOTHING_PRUNED
    assert await names(store) == ["NEW", "OLD"]


async def test_and_no_longer(store: Store) -> None:
    await ended(store, "OLD")
    await ended(store, "NEW", at=LATER)
    after = LATER + timedelta(microseconds=1)
    assert await store.prune(YOUNG, after, MOST) == Pruned(1, NOW)
    assert await names(store) == ["NEW"]


async def test_as_many_stay_as_are_kept(store: Store) -> None:
    await ended(store, "1", "2", "3")
    assert await store.prune(few(3), NOW, MOST) == NOTHING_PRUNED
    assert await names(store) == ["3", "2", "1"]


async def test_and_no_more_the_oldest_go(store: Store) -> None:
    await ended(store, "1", "2", "3", "4", "5")
    assert await store.prune(few(3), NOW, MOST) == Pruned(2, NOW)
    assert await names(store) == ["5", "4", "3"]


async def test_the_order_is_that_of_writing_whatever_the_clock_said(store: Store) -> None:
    await ended(store, "1", at=minute(5))
    await ended(store, "2", at=minute(1))
    await ended(store, "3", at=minute(3))
    assert await store.prune(few(2), minute(9), MOST) == Pruned(1, minute(5))
    assert await names(store) == ["3", "2"]


async def test_one_that_is_open_stays_however_old(store: Store) -> None:
    await store.open_run(run("OPEN"))
    await ended(store, "1", "2", "3")
    much_later = LATER + KEEP
    assert await store.prune(few(1), much_later, MOST) == Pruned(2, NOW)
    assert await store.prune(YOUNG, much_later, MOST) == NOTHING_PRUNED
    assert await names(store) == ["3", "OPEN"]
    assert [one.id for one in await store.open_runs()] == ["OPEN"]


async def test_one_whose_withdrawal_is_open_stays_until_it_is_closed(store: Store) -> None:
    await store.open_run(run("AWAY"))
    await store.intend(intent("AWAY", kind=StepKind.WITHDRAW), [], ME)
    await store.close_run("AWAY", minute(1), Outcome.FAILED, "", [])
    await ended(store, "NEXT", at=minute(2))
    assert await store.prune(few(1), LATER + KEEP, MOST) == NOTHING_PRUNED
    assert await store.prune(YOUNG, LATER + KEEP, MOST) == NOTHING_PRUNED
    assert [one.run for one in await store.withdrawals()] == ["AWAY", "AWAY"]
    back = relation(ONE), relation(TWO)
    await store.record_listing(listing(minute(3), *back), [ONE, TWO])
    assert await store.withdrawals() == []
    assert await store.prune(few(1), LATER, MOST) == Pruned(1, minute(1))
    assert await names(store) == ["NEXT"]


async def test_the_last_run_of_a_service_stays_and_the_last_that_acted(store: Store) -> None:
    await ended(store, "ACTED 1", "ACTED 2")
    await ended(store, "REFUSED 1", "REFUSED 2", outcome=Outcome.REFUSED)
    await ended(store, "OTHER", service="stock")
    assert await store.prune(YOUNG, LATER + KEEP, MOST) == Pruned(2, NOW)
    assert await names(store) == ["OTHER", "REFUSED 2", "ACTED 2"]
    assert await store.prune(few(1), LATER, MOST) == NOTHING_PRUNED


async def test_its_steps_go_with_a_run_and_those_of_others_stay(store: Store) -> None:
    for name in ("1", "2"):
        await store.open_run(run(name))
        await store.intend(intent(name), [], ME)
        await store.close_run(name, NOW, Outcome.DONE, "", [])
    kept = (await store.history(None, 1))[0]
    assert len(kept.steps) == 1
    assert await store.prune(few(1), NOW, MOST) == Pruned(1, NOW)
    assert await store.history(None, 10) == [kept]
    await store.open_run(run("1"))  # its steps are gone too: the name is free
    await store.intend(intent("1"), [], ME)


async def test_a_slice_is_no_larger_than_asked(store: Store) -> None:
    for number in range(5):
        await ended(store, str(number), at=minute(number))
    late = minute(4) + KEEP
    assert await store.prune(YOUNG, late, 2) == Pruned(2, minute(1))
    assert await store.prune(few(4), late, 2) == NOTHING_PRUNED
    assert await store.prune(YOUNG, late, 2) == Pruned(2, minute(3))
    assert await store.prune(YOUNG, late, 2) == NOTHING_PRUNED
    assert await names(store) == ["4"]


async def test_what_is_too_much_and_too_old_is_counted_once(store: Store) -> None:
    await ended(store, "1", "2", "3")
    assert await store.prune(Retention(keep=KEEP, at_most=2), LATER + KEEP, MOST) == Pruned(2, NOW)
    assert await names(store) == ["3"]


async def test_two_who_prune_at_once_do_each_other_no_harm(store: Store) -> None:
    await ended(store, *map(str, range(9)))
    told = await asyncio.gather(*(store.prune(few(4), NOW, MOST) for _ in range(2)))
    assert sum(one.runs for one in told) == 5
    assert await names(store) == ["8", "7", "6", "5"]


async def test_new_runs_are_the_newest_after_all_others_are_gone(store: Store) -> None:
    await ended(store, "1", "2")
    await store.prune(few(1), NOW, MOST)
    await ended(store, "3")
    assert await names(store) == ["3", "2"]
