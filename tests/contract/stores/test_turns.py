"""What a service's turn asks and writes is of one instant, and of that service alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from flashd.errors import StoreError
from flashd.model.enrolment import Enrolment, Fact
from flashd.model.footing import Footing, Past, Say
from flashd.model.hold import Hold, Kind, Scope
from flashd.model.lease import Held
from flashd.model.run import Marks
from flashd.model.volumes import Pair
from tests.contract.stores.samples import (
    ANSWER,
    ARRAY,
    NOW,
    ONE,
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

ME = FakeHost().holder("me")
OTHER = FakeHost().holder("other")
ELSEWHERE = "IBM.2107-75XYZ99"
MARKS = Marks("Mon", array_time("01 10:00:00").text)
CLONES = ((ARRAY, ONE), (ARRAY, TWO))
NOBODY = Footing(holds={}, withdrawals=[], enrolment=None, others={})


def held(scope: Scope) -> Hold:
    return Hold(scope=scope, reason="exam", by="ann", since=NOW, until=None)


def pinned(service: str, *facts: Fact) -> Enrolment:
    return Enrolment(service=service, at=NOW, by="ann", facts=facts)


async def test_a_turn_begins_with_nothing_where_nothing_is_known(store: Store) -> None:
    assert await store.footing("payroll", CLONES) == NOBODY


async def test_a_turn_is_told_the_holds_over_its_service(store: Store) -> None:
    scopes = [Scope(Kind.SERVICE, "payroll"), Scope(Kind.ARRAY, ARRAY), Scope(Kind.ALL, "")]
    foreign = [Scope(Kind.SERVICE, "other"), Scope(Kind.ARRAY, ELSEWHERE)]
    await store.hold([*map(held, scopes), *map(held, foreign)], [], NOW)
    assert (await store.footing("payroll", CLONES)).holds == {one: held(one) for one in scopes}
    say = await store.say("payroll", [ARRAY], [])
    assert say == Say(leases={}, holds={one: held(one) for one in scopes}, enrolment=None)


async def test_a_turn_is_told_the_withdrawals_of_its_pairs_alone(store: Store) -> None:
    await withdraw(store, {ONE: MARKS, TWO: MARKS})
    known = await store.withdrawals()
    assert [one.pair for one in known] == [ONE, TWO]
    for clones, found in (
        (CLONES, known),
        (CLONES[1:], known[1:]),
        (((ELSEWHERE, ONE), (ARRAY, TWO)), known[1:]),
    ):
        assert (await store.footing("payroll", clones)).withdrawals == found
    assert (await store.past(ARRAY, [TWO])).withdrawals == known[1:]
    assert (await store.past(ELSEWHERE, [ONE, TWO])).withdrawals == []


async def test_a_step_is_told_the_last_sightings_of_its_pairs_alone(store: Store) -> None:
    assert await store.past(ARRAY, [ONE]) == Past(sightings=[], withdrawals=[])
    await store.record_listing(listing(NOW, relation(ONE), relation(TWO)), [ONE, TWO])
    known = await store.sightings()
    assert (await store.past(ARRAY, [TWO, ONE])).sightings in (known, known[::-1])
    assert (await store.past(ARRAY, [TWO])).sightings == [known[1]]
    assert (await store.past(ELSEWHERE, [TWO])).sightings == []
    await store.record_listing(listing(minute(1)), [ONE, TWO])
    assert [one.relation for one in (await store.past(ARRAY, [ONE])).sightings] == [None]


async def test_who_is_enrolled_is_told_his_own_enrolment(store: Store) -> None:
    mine = pinned("payroll", Fact(ARRAY, "target 0002", "name", "TST"))
    await store.enroll([mine, pinned("other", Fact(ARRAY, "target 0002", "name", "TST"))], NOW)
    assert await store.footing("payroll", CLONES) == replace(NOBODY, enrolment=mine)
    assert (await store.say("payroll", [ARRAY], [])).enrolment == mine


@pytest.mark.parametrize("pairs", [1, 2, 40])
async def test_who_is_not_is_told_of_all_that_pin_a_target_of_his(store: Store, pairs: int) -> None:
    mine = [Pair.parse(f"{n:04X}:{n + 0x4000:04X}") for n in range(0xABC, 0xABC + pairs)]
    of_mine = [
        pinned("last", Fact(ARRAY, f"target {mine[-1].target}", "name", "")),
        pinned("é\udcff", Fact(ARRAY, f"target {mine[0].target}", "name", "%_\\é\udcff")),
    ]
    await store.enroll([*of_mine, pinned("other", Fact(ARRAY, "target 0002", "name", ""))], NOW)
    all_told = await store.enrolments()
    footing = await store.footing("payroll", [(ARRAY, pair) for pair in mine])
    assert footing.enrolment is None
    assert footing.others.items() <= all_told.items()
    assert footing.others.keys() >= all_told.keys() - {"other"}


async def test_who_has_the_leases_is_told_of_those_that_are_asked_for(store: Store) -> None:
    await store.acquire(["a", "b"], ME, NOW)
    await store.acquire(["c"], OTHER, NOW)
    told = (await store.say("payroll", [ARRAY], ["a", "c", "d"])).leases
    assert {name: one.by for name, one in told.items()} == {"a": ME, "c": OTHER}


async def test_a_run_begins_with_all_of_its_leases(store: Store) -> None:
    assert await store.begin(run(), ["a", "b", "a"], ME) is None
    assert {name: one.by for name, one in (await store.held()).items()} == {"a": ME, "b": ME}
    assert await store.open_runs() == [run()]


async def test_where_somebody_has_one_of_them_nothing_begins(store: Store) -> None:
    await store.acquire(["b"], OTHER, NOW)
    found = await store.begin(run(), ["a", "b"], ME)
    assert isinstance(found, Held)
    assert (found.name, found.by) == ("b", OTHER)
    assert list(await store.held()) == ["b"]
    assert await store.open_runs() == []


async def test_the_last_answer_gives_the_leases_back(store: Store) -> None:
    await store.begin(run(), ["a", "b"], ME)
    await store.acquire(["c", "d"], OTHER, NOW)
    await store.intend(intent(), ["a", "b"], ME)
    await store.answered_last("RUN1", 1, ANSWER, ["a", "b", "c"], ME)
    assert list(await store.held()) == ["c", "d"], "and nobody else's"
    (step,) = (await store.open_runs())[0].steps
    assert step.answer == ANSWER


async def test_an_answer_that_is_not_written_gives_nothing_back(store: Store) -> None:
    await store.begin(run(), ["a"], ME)
    with pytest.raises(StoreError, match="has no step 1"):
        await store.answered_last("RUN1", 1, ANSWER, ["a"], ME)
    assert list(await store.held()) == ["a"]
