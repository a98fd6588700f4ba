"""A guard that asks who is mapped, and the readings that several of them share."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.guards.hosts import HostsGuard, judge
from flashd.adapters.guards.shared import Shared
from flashd.adapters.guards.table import asking_arrays
from flashd.config.guards import Aimed, HostsOptions
from flashd.model.inventory import HostConnection
from flashd.model.verdict import Verdict
from flashd.model.volumes import VolumeId
from tests.unit.core.builders import ARRAY, OTHER_ARRAY, REACH, inventory, reached

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from flashd.model.counters import Counters
    from flashd.model.inventory import Inventory

TARGET = (ARRAY, VolumeId("0002"))
MAPPED = inventory("0001:0002", "0003:0004")
FREE = replace(MAPPED, reach=replace(REACH, connections=()))
ELSEWHERE = HostConnection(id="0001", name="prd7", wwpn="10000000C9FFFFFF", group="V2")


def with_connections(*connections: HostConnection) -> Inventory:
    return reached(FREE, *connections, V2="SCSI Mask", V3="SCSI All")


CASES: dict[str, tuple[Inventory, Verdict, str]] = {
    "nobody at all": (FREE, Verdict.DOWN, "no host connection is mapped to any of the 1 targets"),
    "one that is mapped": (
        MAPPED,
        Verdict.UP,
        f"target {ARRAY} 0002 is mapped to host tst1 10000000C9A1B2C3",
    ),
    "one that is mapped to others": (with_connections(ELSEWHERE), Verdict.DOWN, "no host"),
    "one that is mapped to nothing": (
        with_connections(replace(ELSEWHERE, group=None)),
        Verdict.DOWN,
        "no host",
    ),
    "one that sees everything": (
        with_connections(replace(ELSEWHERE, group="V3")),
        Verdict.UP,
        "is mapped to host prd7 10000000C9FFFFFF",
    ),
    "one of a group that is not listed": (
        with_connections(replace(ELSEWHERE, group="V9")),
        Verdict.UP,
        "is mapped to host prd7",
    ),
    "an array that was not asked who is mapped": (
        replace(FREE, reach=None),
        Verdict.UNKNOWN,
        f"{ARRAY} was not asked which hosts reach target 0002",
    ),
    "a target that is not listed": (
        replace(FREE, volumes={}),
        Verdict.UNKNOWN,
        f"target 0002 is not among the volumes of {ARRAY}",
    ),
}


@pytest.mark.parametrize(("stock", "verdict", "words"), CASES.values(), ids=CASES.keys())
def test_judges_who_is_mapped(stock: Inventory, verdict: Verdict, words: str) -> None:
    finding = judge((TARGET,), {ARRAY: stock})
    assert finding.verdict is verdict
    assert words in finding.reason


def test_one_mapped_target_of_several_is_up_and_all_are_evidence() -> None:
    volumes = dict(MAPPED.volumes)
    volumes[VolumeId("0002")] = replace(volumes[VolumeId("0002")], groups=())
    stock = replace(MAPPED, volumes=volumes)
    finding = judge((TARGET, (ARRAY, VolumeId("0004"))), {ARRAY: stock})
    assert finding.verdict is Verdict.UP
    assert finding.evidence == {
        "mapped": {f"{ARRAY} 0002": [], f"{ARRAY} 0004": ["tst1 10000000C9A1B2C3"]}
    }


def test_no_target_and_an_array_that_did_not_answer_are_unknown() -> None:
    assert judge((), {}).verdict is Verdict.UNKNOWN
    assert judge((TARGET, (OTHER_ARRAY, VolumeId("0002"))), {ARRAY: FREE}).verdict is (
        Verdict.UNKNOWN
    )


async def test_without_a_way_to_an_array_it_is_unknown() -> None:
    finding = await HostsGuard(Aimed(HostsOptions(), (TARGET,))).look()
    assert finding.verdict is Verdict.UNKNOWN


@dataclass
class Slow:
    """Readings that end when they are let; each tells its number."""

    begun: int = 0
    ended: int = 0
    gates: list[asyncio.Event] = field(default_factory=list)

    async def take(self) -> int:
        self.begun += 1
        number, gate = self.begun, asyncio.Event()
        self.gates.append(gate)
        try:
            await gate.wait()
        finally:
            self.ended += 1
        return number

    def let(self) -> None:
        self.gates[-1].set()


async def nothing(array: str, volumes: Sequence[VolumeId]) -> Sequence[Counters]:
    raise AssertionError(f"{array} was asked for the counters of {volumes}")


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_who_asks_while_a_reading_is_under_way_gets_the_next_one() -> None:
    slow = Slow()
    shared = Shared(slow.take)
    first = [asyncio.create_task(shared.get()) for _ in range(3)]
    await settle()
    later = [asyncio.create_task(shared.get()) for _ in range(3)]
    await settle()
    assert slow.begun == 1, "one at a time"
    slow.let()
    assert await asyncio.gather(*first) == [1, 1, 1]
    await settle()
    slow.let()
    assert await asyncio.gather(*later) == [2, 2, 2]
    assert (slow.begun, slow.ended) == (2, 2)


async def test_a_reading_ends_with_the_last_who_waits_for_it() -> None:
    slow = Slow()
    shared = Shared(slow.take)
    one, two = (asyncio.create_task(shared.get()) for _ in range(2))
    await settle()
    one.cancel()
    await settle()
    assert slow.ended == 0
    two.cancel()
    await asyncio.wait({one, two})
    assert slow.ended == 1
    again = asyncio.create_task(shared.get())
    await settle()
    slow.let()
    assert await again == 2


async def test_who_gave_up_before_his_reading_began_has_none_begun() -> None:
    slow = Slow()
    shared = Shared(slow.take)
    first = asyncio.create_task(shared.get())
    await settle()
    second = asyncio.create_task(shared.get())
    await settle()
    second.cancel()
    await asyncio.wait({second})
    slow.let()
    assert await first == 1
    await settle()
    assert slow.begun == 1


async def test_a_reading_that_failed_fails_all_who_wait_and_not_the_next() -> None:
    answers: list[Callable[[], Awaitable[int]]] = []

    async def fails() -> int:
        raise OSError("broken")

    async def works() -> int:
        return 7

    async def take() -> int:
        return await answers.pop(0)()

    answers += [fails, works]
    shared = Shared(take)
    found = await asyncio.gather(shared.get(), shared.get(), return_exceptions=True)
    assert [type(one) for one in found] == [OSError, OSError]
    assert await shared.get() == 7


async def test_guards_of_several_services_share_a_reading_of_an_array() -> None:
    asked: list[str] = []

    async def stock(array: str) -> Inventory:
        asked.append(array)
        await asyncio.sleep(0)
        return replace(FREE, array=array)

    make = asking_arrays(stock, nothing, time.monotonic)["hosts"]
    aimed = Aimed(HostsOptions(), (TARGET, (OTHER_ARRAY, VolumeId("0002"))))
    found = await asyncio.gather(*(make(aimed).look() for _ in range(5)))
    assert {one.verdict for one in found} == {Verdict.DOWN}
    assert sorted(asked) == [ARRAY, OTHER_ARRAY]
