"""Guards look while the array works: what is seen so is a reading as any other, and no older.

Nothing here is timed: an answer of the array is kept back until the guard has looked that is to
look meanwhile. If nobody did, the test would wait in vain.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flashd.engine.batch import MANY
from flashd.engine.events import Event
from flashd.engine.holds import place
from flashd.engine.observe import observe
from flashd.errors import ArrayUnreachable
from flashd.model.hold import Hold, Kind, Scope
from flashd.model.run import Outcome
from tests.integration.engine.house import (
    HOUR,
    OTHER,
    SERIAL,
    Lab,
    asked,
    down,
    outcomes,
    resource,
    ticks,
    unknown,
    until,
    up,
)
from tests.integration.engine.test_resync import Hasty

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from flashd.core.firewall import Cleared
    from flashd.model.counters import Counters
    from flashd.model.inventory import Inventory, Part
    from flashd.model.run import Answer, Carrier
    from flashd.model.verdict import Finding
    from flashd.model.volumes import Listing, Pair, VolumeId
    from flashd.ports.array import ArrayBackend, Session, Witness
    from flashd.ports.store import Store

FIRST, SECOND, THIRD = "0001:0002", "0101:0102", "0201:0202"


async def nothing() -> None:
    """Let it happen at once."""


@dataclass
class Kept(Lab):
    """A lab whose array's answers come to flashd only when something has happened."""

    listing: Callable[[], Awaitable[None]] = nothing
    stock: Callable[[], Awaitable[None]] = nothing
    answer: dict[int, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    answers: int = 0
    in_vain: list[str] = field(default_factory=list)

    def backend(self, serial: str, store: Store) -> ArrayBackend:
        return _KeptArray(super().backend(serial, store), self)

    async def answered(self) -> None:
        """Keep back the answer to a changing command: the first is 1."""
        self.answers += 1
        await self.answer.get(self.answers, nothing)()

    def asked_of(self, name: str) -> int:
        """Tell how often the guard of a service has looked."""
        return self.guards[f"{name} is down"].taken

    def when_asked(self, name: str, times: int) -> Callable[[], Awaitable[None]]:
        """Make something that waits until a guard has looked so often."""

        async def wait() -> None:
            try:
                await until(lambda: self.asked_of(name) >= times, 20)
            except TimeoutError:  # raised, it would be an error that a listing makes good
                self.in_vain.append(name)

        return wait


@dataclass(frozen=True)
class _KeptArray:
    inner: ArrayBackend
    lab: Kept

    async def observe(self, witness: Witness) -> Listing:
        listing = await self.inner.observe(witness)
        await self.lab.listing()
        return listing

    async def inventory(self, witness: Witness, parts: AbstractSet[Part]) -> Inventory:
        inventory = await self.inner.inventory(witness, parts)
        await self.lab.stock()
        return inventory

    async def counters(self, volumes: Sequence[VolumeId], witness: Witness) -> Sequence[Counters]:
        return await self.inner.counters(volumes, witness)

    @asynccontextmanager
    async def session(self, witness: Witness, command: str) -> AsyncIterator[Session]:
        async with self.inner.session(witness, command) as session:
            yield _KeptSession(session, self.lab)


@dataclass(frozen=True)
class _KeptSession:
    inner: Session
    lab: Kept

    @property
    def carrier(self) -> Carrier:
        return self.inner.carrier

    async def change(self, command: Cleared, pairs: Sequence[Pair], not_after: float) -> Answer:
        answer = await self.inner.change(command, pairs, not_after)
        await self.lab.answered()
        return answer


@pytest.fixture
def lab(tmp_path: Path, state: str) -> Iterator[Kept]:
    lab = Kept(tmp_path, state)
    yield lab
    assert not lab.in_vain, "the guards of these did not look meanwhile"


def two(lab: Kept, *looks: object, **more: object) -> None:
    """Define one service that comes first, and one that comes next."""
    lab.clones(FIRST, age=40 * HOUR)
    lab.clones(SECOND, age=20 * HOUR)
    lab.define("one", resource(FIRST))
    lab.define("two", resource(SECOND), looks=looks, **more)  # type: ignore[arg-type]


async def test_the_next_service_is_looked_at_while_the_command_before_is_on_the_array(
    lab: Kept,
) -> None:
    """The look waits until the array has read the command; the answer, until the look is over."""
    seen: list[tuple[str, ...]] = []

    async def last() -> Finding:
        await until(lab.changes, 30)
        seen.append(tuple(one.command.split()[-1] for one in lab.changes()))
        return down()

    two(lab, down(), last)
    lab.answer[1] = lab.when_asked("two", 2)
    async with lab.open() as world:
        await ticks(world)
        assert await outcomes(world) == ["done", "done"]
        (run,) = await world.store.history(["two"], 1)
    assert seen == [(FIRST,)]
    assert lab.asked_of("two") == 2, "at first and at last, and no more"
    (last_look,) = [one for one in run.evidence if one.get("guard")][1:]
    assert str(last_look["at"]) < run.steps[0].intent.at.isoformat()


@pytest.mark.parametrize("kind", ["two resources", "two steps"])
async def test_the_next_step_is_looked_at_while_the_command_before_is_on_the_array(
    lab: Kept, kind: str
) -> None:
    record = kind == "two resources"
    lab.clones(FIRST, SECOND, record=record)
    if record:
        lab.define("db", resource(FIRST, name="a"), resource(SECOND, name="b"))
    else:
        lab.define("db", resource(FIRST, SECOND, recording=False))
    lab.answer[1] = lab.when_asked("db", 3)
    async with lab.open() as world:
        (result,) = await asked(world, "db")
    assert result.outcome is Outcome.DONE
    assert len(lab.acted()) == 2
    assert lab.asked_of("db") == 3


async def test_who_comes_first_is_looked_at_while_it_is_asked_what_a_copy_could_harm(
    lab: Kept,
) -> None:
    lab.clones(FIRST)
    lab.define("db", resource(FIRST))
    lab.stock = lab.when_asked("db", 2)
    async with lab.open() as world:
        (result,) = await asked(world, "db")
    assert result.outcome is Outcome.DONE
    assert lab.asked_of("db") == 2


SAYS_NO = {
    "up": (up(), "it runs"),
    "unknown": (unknown(), "nobody knows"),
    "it raises": (ValueError("oops"), "the guard itself failed"),
    "it is cancelled inside": (asyncio.CancelledError(), "the guard itself failed"),
    "started and down again": (down("2"), "was started between two looks"),
}


@pytest.mark.parametrize(("said", "reason"), SAYS_NO.values(), ids=SAYS_NO.keys())
async def test_invariant_1_a_no_that_was_seen_ahead_is_a_no(
    lab: Kept, said: object, reason: str
) -> None:
    """Whatever would be seen later: somebody was there after the first look."""
    two(lab, down("1"), said, down("1"))
    lab.answer[1] = lab.when_asked("two", 2)
    async with lab.open() as world:
        await ticks(world)
        (run,) = await world.store.history(["two"], 1)
        assert run.outcome is Outcome.REFUSED
        assert reason in run.reason
    assert [one.acted for one in lab.changes()] == [(FIRST,)]
    assert lab.asked_of("two") == 2


@pytest.mark.parametrize("late", [8, 18])
async def test_invariant_1_what_was_seen_ahead_is_used_only_while_it_is_young(
    lab: Kept, late: int
) -> None:
    """The command takes so long; then the guard is asked anew, and what it says now counts."""
    two(lab, down(), down(), up())
    seen = lab.when_asked("two", 2)

    async def long_after() -> None:
        await seen()
        lab.clock.older += late
        lab.clock.ahead += timedelta(seconds=late)

    lab.answer[1] = long_after
    async with lab.open() as world:
        await ticks(world)
        assert await outcomes(world, "two") == ["done" if late == 8 else "refused"]
    assert lab.asked_of("two") == (2 if late == 8 else 3)


async def test_a_hold_while_the_command_before_is_on_the_array_is_not_missed(lab: Kept) -> None:
    two(lab)
    seen = lab.when_asked("two", 2)

    async def hold() -> None:
        await seen()
        now = lab.clock.now()
        scope = Scope(Kind.SERVICE, "two")
        async with lab.open() as other:
            await place(other, [Hold(scope=scope, reason="move", by="ann", since=now, until=None)])

    lab.answer[1] = hold
    async with lab.open() as world:
        await ticks(world)
        assert await outcomes(world, "two") == []
    assert [one.acted for one in lab.changes()] == [(FIRST,)]


async def forever() -> Finding:
    await asyncio.Event().wait()
    raise AssertionError


def test_who_hangs_when_looked_at_ahead_lets_the_others_go_first(lab: Kept) -> None:
    """It comes next, and would keep the array idle for half a minute."""
    two(lab, down(), forever)
    lab.timeout = 600
    lab.clones(THIRD, age=10 * HOUR)
    lab.define("three", resource(THIRD))
    lab.answer[1] = lab.when_asked("two", 2)

    async def all_three() -> list[str]:
        async with lab.open() as world:
            await ticks(world)
            return [one.service for one in await world.store.history(None, 9)]

    with asyncio.Runner(loop_factory=Hasty) as runner:
        assert runner.run(all_three()) == ["two", "three", "one"], "the newest first"
    assert [one.acted for one in lab.changes()] == [(FIRST,), (THIRD,)]
    assert any("no answer in 30 s" in one for one in lab.told.messages(Event.GUARD_UNKNOWN))


# first looks


class Ended:
    """A guard that hangs, and notes that it was ended."""

    def __init__(self) -> None:
        self.asked = self.ended = 0

    async def __call__(self) -> Finding:
        self.asked += 1
        try:
            return await forever()
        finally:
            self.ended += 1


async def test_the_first_look_is_taken_while_the_array_is_listed(lab: Kept) -> None:
    lab.clones(FIRST)
    lab.define("db", resource(FIRST))
    lab.listing = lab.when_asked("db", 1)
    async with lab.open() as world:
        await ticks(world)
        assert await outcomes(world) == ["done"]


async def test_of_many_nobody_is_looked_at_before_the_array_is_listed(lab: Kept) -> None:
    """Whatever their guards start would keep the logins of this and other arrays waiting."""
    pairs = [f"01{number:02X}:02{number:02X}" for number in range(MANY + 1)]
    lab.clones(*pairs)
    for number, pair in enumerate(pairs):
        lab.define(f"s{number}", resource(pair), looks=[up()])
    before: list[int] = []

    async def note() -> None:
        before.append(sum(look.taken for look in lab.guards.values()))

    async with lab.open() as world:
        await observe(world, SERIAL)  # so that who is due is known before the listing
        lab.listing = note
        await ticks(world)
    assert before == [0]
    assert [look.taken for look in lab.guards.values()] == [1] * (MANY + 1)


@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_person_has_nobody_looked_at_before_it_is_known_who_is_due(
    lab: Kept, *, dry_run: bool
) -> None:
    lab.clones(FIRST)
    lab.define("db", resource(FIRST))
    before: list[int] = []

    async def note() -> None:
        before.append(lab.asked_of("db"))

    lab.listing = note
    async with lab.open() as world:
        await asked(world, "db", dry_run=dry_run)
    assert before[0] == 0


@pytest.mark.parametrize("why", ["the array is gone", "somebody else has resynced"])
async def test_a_look_at_who_has_no_turn_is_ended(lab: Kept, why: str) -> None:
    guard = Ended()
    lab.clones(FIRST)
    lab.define("db", resource(FIRST), looks=[guard])

    async def meanwhile() -> None:
        await until(lambda: guard.asked)
        if why == "the array is gone":
            raise ArrayUnreachable("no answer")

    lab.listing = meanwhile
    if why == "somebody else has resynced":
        lab.array().add_fault("others-resync", "lsflash")
    async with lab.open() as world:
        before = asyncio.all_tasks()
        await ticks(world)
        assert asyncio.all_tasks() == before
        assert await outcomes(world) == []
    assert (guard.asked, guard.ended) == (1, 1)
    assert not lab.changes()


async def test_what_was_seen_long_before_a_listing_is_asked_anew_after_it(lab: Kept) -> None:
    lab.clones(FIRST)
    lab.define("db", resource(FIRST), looks=[up(), down()])
    seen = lab.when_asked("db", 1)

    async def long_after() -> None:
        await seen()
        lab.clock.older += 31
        lab.listing = nothing

    lab.listing = long_after
    async with lab.open() as world:
        await ticks(world)
        assert await outcomes(world) == ["done"]
    assert lab.asked_of("db") == 3


async def test_who_is_on_two_arrays_is_looked_at_while_both_are_listed(lab: Kept) -> None:
    lab.clones(FIRST)
    lab.clones(FIRST, serial=OTHER)
    lab.define("db", resource(FIRST), resource(FIRST, name="sync#2", serial=OTHER))
    lab.answer[1] = lab.when_asked("db", 3)
    async with lab.open() as world:
        await ticks(world)
        assert await outcomes(world, "db") == ["done"]
    assert lab.asked_of("db") == 3
