"""What people want left alone: once it is written, no intent is that it covers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.stores.store import open_store
from flashd.model.hold import Hold, Kind, Scope
from flashd.model.observation import Standing
from flashd.model.run import Outcome, StepKind
from tests.contract.stores.samples import ARRAY, NOW, FakeHost, intent, minute, run

if TYPE_CHECKING:
    from datetime import datetime

    from flashd.ports.store import Store

ME = FakeHost().holder("me")
MICRO = timedelta(microseconds=1)
PAYROLL, HERE, ALL = Scope(Kind.SERVICE, "payroll"), Scope(Kind.ARRAY, ARRAY), Scope(Kind.ALL)
OTHER, THERE = Scope(Kind.SERVICE, "other"), Scope(Kind.ARRAY, "IBM.2107-75XYZ02")


def hold(
    scope: Scope = PAYROLL, until: datetime | None = None, remind_at: datetime | None = None
) -> Hold:
    return Hold(scope=scope, reason="a móve", by="ann", since=NOW, until=until, remind_at=remind_at)


async def test_what_is_held_comes_back_as_it_was(store: Store) -> None:
    one = hold(until=minute(5) + MICRO, remind_at=minute(3))
    assert await store.hold([one, hold(ALL)], [], NOW) == []
    assert await store.holds() == {PAYROLL: one, ALL: hold(ALL)}


async def test_holding_again_replaces_and_tells_what(store: Store) -> None:
    await store.hold([hold(PAYROLL), hold(HERE)], [], NOW)
    longer = hold(until=minute(9))
    assert await store.hold([longer, hold(ALL)], [], NOW) == [hold(PAYROLL)]
    assert await store.holds() == {PAYROLL: longer, HERE: hold(HERE), ALL: hold(ALL)}


async def test_whoever_asks_again_is_told_what_was_changed_since(store: Store) -> None:
    soon = hold(until=minute(5), remind_at=minute(1))
    later = replace(soon, remind_at=minute(2))
    told = [await store.holds()]
    await store.hold([soon, hold(ALL)], [], NOW)
    told.append(await store.holds())
    await store.remind([(soon, minute(2))])
    told.append(await store.holds())
    await store.lift([ALL], [], NOW)
    told.append(await store.holds())
    await store.lift_ended(minute(6))
    told.append(await store.holds())
    both = {PAYROLL: later, ALL: hold(ALL)}
    assert told == [{}, {PAYROLL: soon, ALL: hold(ALL)}, both, {PAYROLL: later}, {}]


async def test_releasing_is_by_scope_and_of_two_who_do_it_one_is_told(store: Store) -> None:
    await store.hold([hold(PAYROLL), hold(HERE), hold(ALL)], [], NOW)
    both = await asyncio.gather(*(store.lift([PAYROLL, ALL, OTHER], [], NOW) for _ in range(2)))
    assert sorted(both, key=len) == [[], [hold(PAYROLL), hold(ALL)]]
    assert await store.holds() == {HERE: hold(HERE)}


async def test_who_is_covered(store: Store) -> None:
    every = [hold(scope) for scope in (PAYROLL, HERE, ALL, OTHER, THERE)]
    await store.hold(every, [], NOW)
    assert set(await store.covering("payroll", [ARRAY])) == {PAYROLL, HERE, ALL}
    assert set(await store.covering("other", [THERE.name, ARRAY])) == {OTHER, HERE, THERE, ALL}
    assert set(await store.covering("nobody", [])) == {ALL}


async def look_at(store: Store) -> dict[str, datetime | None]:
    return {name: one.look_at for name, one in (await store.standings()).items()}


async def test_services_are_looked_at_when_they_are_held_and_released(store: Store) -> None:
    await store.enlist(["payroll", "other", "late"], NOW)

    async def rest() -> None:
        late = Standing(service="late", look_at=minute(-1))
        others = (Standing(service="payroll"), Standing(service="other", look_at=minute(9)))
        await store.stand([late, *others])

    await rest()
    await store.hold([hold()], ["payroll", "late", "gone"], NOW)
    wanted = {"payroll": NOW, "other": minute(9), "late": minute(-1)}
    assert await look_at(store) == wanted
    await rest()
    await store.lift([PAYROLL], ["payroll", "late", "gone"], minute(1))
    assert await look_at(store) == wanted | {"payroll": minute(1)}
    await rest()
    await store.look_again(minute(2), ["payroll"])
    assert await look_at(store) == wanted | {"payroll": minute(2)}
    await store.look_again(minute(3), [])
    assert await look_at(store) == wanted | {"payroll": minute(2)}


async def test_what_has_ended_is_lifted_unless_it_was_prolonged(store: Store) -> None:
    await store.hold([hold(PAYROLL, minute(1)), hold(HERE, minute(1)), hold(ALL)], [], NOW)
    assert await store.lift_ended(minute(1) - MICRO) == []
    longer = hold(HERE, minute(2))
    await store.hold([longer], [], NOW)
    assert await store.lift_ended(minute(1)) == [hold(PAYROLL, minute(1))]
    assert await store.holds() == {HERE: longer, ALL: hold(ALL)}
    assert await store.lift_ended(minute(1)) == []


async def test_ripe_are_those_that_ended_or_are_to_be_reminded_of(store: Store) -> None:
    ended = hold(PAYROLL, minute(1), minute(9))
    lasting = hold(HERE, minute(9), minute(1))
    await store.hold([ended, lasting, hold(ALL), hold(OTHER, minute(9), minute(9))], [], NOW)
    assert await store.ripe(minute(1) - MICRO) == []
    assert sorted(await store.ripe(minute(1)), key=lambda one: one.scope) == [lasting, ended]


async def test_a_reminder_is_told_once_also_to_two(store: Store) -> None:
    one, never = hold(remind_at=minute(1)), hold(ALL)
    await store.hold([one, never], [], NOW)
    wanted = [(one, minute(2)), (never, minute(3))]
    both = await asyncio.gather(*(store.remind(wanted) for _ in range(2)))
    assert sorted(both, key=len) == [[], [one, never]]
    assert [found.remind_at for found in (await store.holds()).values()] == [minute(3), minute(2)]
    assert await store.remind([(replace(one, since=minute(1)), None)]) == []
    again = replace(one, remind_at=minute(2))
    assert await store.remind([(again, None)]) == [again]
    assert (await store.holds())[PAYROLL].remind_at is None


@pytest.mark.parametrize("scope", [PAYROLL, HERE, ALL])
@pytest.mark.parametrize("kind", StepKind)
async def test_no_intent_is_written_of_what_is_held(
    store: Store, scope: Scope, kind: StepKind
) -> None:
    await store.open_run(run())
    await store.hold([hold(scope, NOW + MICRO), hold(OTHER), hold(THERE)], [], NOW)
    assert await store.intend(intent(kind=kind), [], ME) == hold(scope, NOW + MICRO)
    (found,) = await store.open_runs()
    assert found.steps == ()
    assert await store.withdrawals() == []


async def test_an_intent_is_written_once_the_hold_is_over_by_the_clock(store: Store) -> None:
    await store.open_run(run())
    await store.hold([hold(PAYROLL, NOW), hold(OTHER), hold(THERE)], [], NOW)
    assert await store.intend(intent(), [], ME) is None
    (found,) = await store.open_runs()
    assert len(found.steps) == 1


async def test_of_an_intent_and_a_hold_at_once_the_hold_stops_it_or_sees_it(store: Store) -> None:
    for number in range(20):
        name = f"RUN{number}"
        await store.open_run(run(name))

        async def lay() -> bool:
            await store.hold([hold()], [], NOW)
            return any(one.steps for one in await store.open_runs())

        calls = (store.intend(intent(name), [], ME), lay())
        stopped, seen = await asyncio.gather(*(calls if number % 2 else reversed(calls)))
        if number % 2 == 0:
            stopped, seen = seen, stopped
        assert (stopped is not None) != seen
        await store.lift([PAYROLL], [], NOW)
        await store.close_run(name, NOW, Outcome.REFUSED, "", ())


async def intended(store: Store) -> set[str]:
    """Tell the runs with an intent."""
    return {one.id for one in await store.history(None, 10**6) if one.steps}


async def test_once_a_hold_is_written_nobody_else_writes_an_intent(
    store: Store, state: str, host: FakeHost
) -> None:
    """The other one has connections of its own, and does not wait for us."""
    other = await open_store(state, host)
    numbers = count()

    async def run_after_run(begun: asyncio.Event) -> str:
        while True:
            name = f"RUN{next(numbers)}"
            await other.open_run(run(name))
            if await other.intend(intent(name), [], ME) is not None:
                return name
            begun.set()
            await other.close_run(name, NOW, Outcome.DONE, "", ())

    for _ in range(5):
        begun = asyncio.Event()
        runs = asyncio.create_task(run_after_run(begun))
        await begun.wait()
        await store.hold([hold()], [], NOW)
        seen = await intended(store)
        stopped = await asyncio.wait_for(runs, 60)
        assert await intended(store) == seen
        assert stopped not in seen
        await store.lift([PAYROLL], [], NOW)
    await other.close()


@pytest.mark.parametrize("name", ['it\'s "odd" é', "a" * 300])
async def test_any_name_goes(store: Store, name: str) -> None:
    odd = hold(Scope(Kind.SERVICE, name))
    await store.hold([odd], [], NOW)
    assert await store.covering(name, []) == {odd.scope: odd}
    assert await store.lift([odd.scope], [name], NOW) == [odd]
