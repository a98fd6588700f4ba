"""At most one holder at a time (invariant 3)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flashd.model.lease import FOREIGN_LEASE, Held, Holder
from tests.contract.stores.samples import NOW, FakeHost, minute

if TYPE_CHECKING:
    from flashd.ports.store import Store

ME = FakeHost().holder("me")
OTHER = FakeHost().holder("other")
FOREIGN = Holder("elsewhere", "its boot", 100, 5, "me")


async def names_of(store: Store, holder: Holder) -> list[str]:
    return [name for name, held in (await store.held()).items() if held.by == holder]


async def test_takes_what_is_free(store: Store) -> None:
    assert await store.acquire(["a", "b"], ME, NOW) is None
    assert await store.held() == {"a": Held("a", ME, NOW), "b": Held("b", ME, NOW)}


async def test_takes_all_or_none_and_tells_the_first_in_the_way(store: Store) -> None:
    await store.acquire(["b"], FOREIGN, NOW)
    await store.acquire(["c"], OTHER, NOW)
    assert await store.acquire(["a", "c", "b"], ME, NOW) == Held("c", OTHER, NOW)
    assert await store.acquire(["a", "b", "c"], ME, NOW) == Held("b", FOREIGN, NOW)
    assert await names_of(store, ME) == []


async def test_the_same_holder_may_take_more(store: Store) -> None:
    await store.acquire(["a"], ME, NOW)
    assert await store.acquire(["a", "b", "a"], ME, minute(1)) is None
    assert await store.held() == {"a": Held("a", ME, NOW), "b": Held("b", ME, minute(1))}


@pytest.mark.parametrize(
    "almost",
    [
        replace(ME, host="elsewhere"),
        replace(ME, boot_id="another"),
        replace(ME, pid=101),
        replace(ME, started=6),
        replace(ME, token="another"),
    ],
)
async def test_whoever_differs_in_anything_is_another(store: Store, almost: Holder) -> None:
    await store.acquire(["a"], ME, NOW)
    assert await store.acquire(["a"], almost, NOW) == Held("a", ME, NOW)
    assert await store.renew(almost, minute(9)) == 0
    await store.release(["a"], almost)
    assert await names_of(store, ME) == ["a"]


async def test_a_holder_gone_from_this_host_holds_nothing(store: Store, host: FakeHost) -> None:
    await store.acquire(["a", "b"], OTHER, NOW)
    host.ended.add(OTHER)
    assert await store.acquire(["b"], ME, NOW) is None
    assert await store.held() == {"a": Held("a", OTHER, NOW), "b": Held("b", ME, NOW)}


async def test_a_holder_alive_on_this_host_holds_however_long(store: Store) -> None:
    await store.acquire(["a"], OTHER, NOW)
    assert await store.acquire(["a"], ME, NOW + timedelta(days=365)) == Held("a", OTHER, NOW)


@pytest.mark.parametrize(
    ("after", "free"),
    [
        (-FOREIGN_LEASE, False),
        (timedelta(0), False),
        (FOREIGN_LEASE - timedelta(microseconds=1), False),
        (FOREIGN_LEASE, True),
    ],
)
async def test_a_holder_elsewhere_holds_30_s_from_its_last_sign(
    store: Store, after: timedelta, *, free: bool
) -> None:
    await store.acquire(["a"], FOREIGN, NOW)
    await store.renew(FOREIGN, minute(1))
    held = await store.acquire(["a"], ME, minute(1) + after)
    assert held == (None if free else Held("a", FOREIGN, NOW))


async def test_taking_again_is_a_sign_too(store: Store) -> None:
    await store.acquire(["a"], FOREIGN, NOW)
    await store.acquire(["a"], FOREIGN, minute(1))
    assert await store.acquire(["a"], ME, minute(1)) == Held("a", FOREIGN, NOW)


async def test_a_lease_taken_over_is_new(store: Store, host: FakeHost) -> None:
    await store.acquire(["a"], OTHER, NOW)
    host.ended.add(OTHER)
    await store.acquire(["a"], ME, minute(1))
    assert await store.held() == {"a": Held("a", ME, minute(1))}
    assert await store.renew(OTHER, minute(2)) == 0


async def test_renews_all_of_its_own(store: Store) -> None:
    await store.acquire(["a", "b"], FOREIGN, NOW)
    await store.acquire(["c"], ME, NOW)
    assert await store.renew(FOREIGN, minute(1)) == 2
    assert await store.acquire(["b"], ME, minute(1)) == Held("b", FOREIGN, NOW)


async def test_gives_back_what_is_its_own(store: Store) -> None:
    await store.acquire(["a", "b"], ME, NOW)
    await store.acquire(["c"], OTHER, NOW)
    await store.release(["b", "c", "d"], ME)
    await store.release([], ME)
    assert set(await store.held()) == {"a", "c"}


async def test_of_many_at_once_one_wins(store: Store) -> None:
    holders = [replace(ME, token=str(number)) for number in range(50)]
    answers = await asyncio.gather(*(store.acquire(["a", "b"], one, NOW) for one in holders))
    assert sum(answer is None for answer in answers) == 1
    assert len({held.by for held in (await store.held()).values()}) == 1


async def test_who_is_cancelled_while_waiting_holds_nothing(store: Store) -> None:
    await store.acquire(["mine"], ME, NOW)
    for turns in range(12):
        claim = asyncio.ensure_future(store.acquire(["mine", f"{turns}"], ME, minute(1)))
        for _ in range(turns):
            await asyncio.sleep(0)
        if not claim.cancel():
            assert turns  # a server may have answered by now, but not before it was asked
            break
        answers = await asyncio.gather(claim, return_exceptions=True)
        assert isinstance(answers[0], asyncio.CancelledError)
        await store.renew(ME, minute(1))  # after what the cancelled one left to be done
        assert await names_of(store, ME) == ["mine"]
