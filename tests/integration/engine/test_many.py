"""Many services, resources and arrays: one that is in trouble takes nobody with it."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flashd.engine.cycle import Cycle
from flashd.engine.events import Event
from flashd.engine.leases import leased
from flashd.engine.request import Request
from flashd.model.lease import array_lease, volume_lease
from flashd.model.run import Outcome
from flashd.model.verdict import Finding, Verdict
from tests.integration.engine.doors import GuardedEvents, followed
from tests.integration.engine.house import (
    HOUR,
    OTHER,
    SERIAL,
    Lab,
    Looks,
    asked,
    clear,
    down,
    outcomes,
    resource,
    ticks,
    unknown,
    until,
    up,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def numbered(number: int) -> str:
    return f"{number:02X}01:{number:02X}02"


async def test_a_batch_of_many_loses_nobody(lab: Lab) -> None:
    looks: dict[str, list[object]] = {
        "refused": [up()],
        "unknown": [unknown()],
        "raising": [ValueError("oops")],
        "restarted": [down("1"), down("2")],
        "broken": [Finding(Verdict.DOWN, "down", evidence=None)],  # type: ignore[arg-type]
        "missing": [down()],
        "well": [down()],
        "too": [down()],
    }
    for number, (name, table) in enumerate(looks.items()):
        lab.clones(numbered(number), age=timedelta(hours=30 - number))
        lab.define(name, resource(numbered(number)), looks=table)  # type: ignore[arg-type]
    lab.array().drop_relation(numbered(5))
    async with lab.open() as world:
        await ticks(world)
        ended = {name: await outcomes(world, name) for name in looks}
        assert not await world.store.held()
    assert ended["well"] == ended["too"] == ["done"]
    assert [one.acted[0] for one in lab.changes()] == [numbered(6), numbered(7)]
    assert all(ended[name] == ["refused"] for name in ("refused", "unknown", "raising", "missing"))


async def test_one_login_and_one_listing_serve_a_whole_batch(lab: Lab) -> None:
    for number in range(5):
        lab.clones(numbered(number))
        lab.define(f"s{number}", resource(numbered(number)))
    async with lab.open() as world:
        await ticks(world)
        assert await outcomes(world) == ["done"] * 5
    assert len(lab.array().journal("lsflash")) == 2


@pytest.mark.parametrize("fault", ["refused", "die-before", "unreachable"])
async def test_one_whose_command_fails_takes_nobody_with_it(lab: Lab, fault: str) -> None:
    """Nor does the array have to be listed once more for it."""
    for number in range(3):
        lab.clones(numbered(number), age=timedelta(hours=30 - number))
        lab.define(f"s{number}", resource(numbered(number)))
    at = {"unreachable": "*"}.get(fault, "resyncflash")
    lab.array().add_fault(fault, at, nth=4 if fault == "unreachable" else 2)
    async with lab.open() as world:
        await ticks(world)
        ended = [await outcomes(world, f"s{number}") for number in range(3)]
    assert [ended[0], ended[2]] == [["done"], ["done"]]
    assert ended[1] == ["open" if fault == "die-before" else "failed"]
    assert len(lab.array().journal("lsflash")) == 2


async def test_the_nearest_breach_comes_first(lab: Lab) -> None:
    ages = {"young": 3, "oldest": 40, "old": 20}
    gate = asyncio.Event()

    async def together() -> Finding:
        """Let all guards speak at the same moment."""
        if sum(lab.guards[f"{name} is down"].taken for name in ages) == len(ages):
            gate.set()
        await gate.wait()
        return down()

    for number, (name, hours) in enumerate(ages.items()):
        lab.clones(numbered(number), age=hours * HOUR)
        lab.define(name, resource(numbered(number)), looks=[together, down()])
    async with lab.open() as world:
        await ticks(world)
        assert await outcomes(world) == ["done"] * 3
    assert [one.acted[0] for one in lab.changes()] == [numbered(1), numbered(2), numbered(0)]


async def test_two_resources_go_in_their_order_and_each_in_one_command(lab: Lab) -> None:
    lab.clones(*map(numbered, range(4)))
    first = resource(numbered(0), numbered(1), name="data")
    lab.define("db", first, resource(numbered(2), numbered(3), name="logs"))
    async with lab.open() as world:
        (result,) = await asked(world, "db")
    assert result.outcome is Outcome.DONE
    assert result.reason == "the array shows 4 of 4 pairs done"
    pairs = [one.acted for one in lab.changes()]
    assert pairs == [(numbered(0), numbered(1)), (numbered(2), numbered(3))]


async def test_the_second_resource_is_not_sent_after_a_doubtful_first(lab: Lab) -> None:
    lab.clones(*map(numbered, range(2)))
    lab.define("db", resource(numbered(0), name="data"), resource(numbered(1), name="logs"))
    lab.array().add_fault("lost-answer", "resyncflash")
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert (result.outcome, result.exit_code) == (Outcome.FAILED, 1)
        assert "partly done" in result.reason
        assert len(lab.changes()) == 1
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE
    assert lab.fresh(numbered(0), numbered(1))


@pytest.mark.parametrize("nth", [1, 2])
async def test_a_run_is_as_good_as_its_worst_resource(lab: Lab, nth: int) -> None:
    lab.clones(*map(numbered, range(2)))
    lab.define("db", resource(numbered(0), name="data"), resource(numbered(1), name="logs"))
    lab.array().add_fault("lie", "resyncflash", nth=nth)
    async with lab.open() as world:
        (result,) = await asked(world, "db")
    assert (result.outcome, result.exit_code) == (Outcome.UNKNOWN, 5)
    assert len(lab.acted()) == 1
    undone, done = ("data", "logs") if nth == 1 else ("logs", "data")
    assert result.reason.startswith(f"{undone} on {SERIAL}: the array shows no pair done")
    assert result.reason.endswith(f"; done: {done}")


@pytest.mark.parametrize("nth", [1, 2])
async def test_a_no_to_one_resource_of_several_names_it_and_its_array(lab: Lab, nth: int) -> None:
    lab.clones(*map(numbered, range(2)))
    lab.define("db", resource(numbered(0), name="data"), resource(numbered(1), name="logs"))
    lab.array().add_fault("refused", "resyncflash", nth=nth)
    async with lab.open() as world:
        (result,) = await asked(world, "db")
    assert result.outcome is Outcome.FAILED
    named = "data" if nth == 1 else "logs"
    assert result.reason.startswith(f"{named} on {SERIAL}: the array shows no pair done")
    assert len(lab.changes()) == nth


async def test_what_a_plan_is_refused_for_names_its_resource_and_array(lab: Lab) -> None:
    lab.clones(numbered(0))
    lab.clones(numbered(0), serial=OTHER)
    lab.array(OTHER).drop_relation(numbered(0))
    lab.define(
        "db",
        resource(numbered(0), name="data"),
        resource(numbered(0), name="logs", serial=OTHER),
    )
    async with lab.open() as world:
        (result,) = await asked(world, "db")
    assert result.outcome is Outcome.REFUSED
    assert result.reason.startswith(f"logs on {OTHER}: pair {numbered(0)} ")


def two_arrays(lab: Lab) -> None:
    """One service on each array, and one on both."""
    for serial, number in ((SERIAL, 0), (OTHER, 0), (SERIAL, 1), (OTHER, 1)):
        lab.clones(numbered(number), serial=serial)
    lab.define("here", resource(numbered(0)))
    lab.define("there", resource(numbered(0), serial=OTHER))
    lab.define(
        "both",
        resource(numbered(1), name="data"),
        resource(numbered(1), name="logs", serial=OTHER),
    )


async def test_a_service_on_two_arrays_is_one_run_under_the_leases_of_both(lab: Lab) -> None:
    two_arrays(lab)
    held: list[set[str]] = []

    async def note() -> None:
        held.append({name for name in await world.store.held() if name.startswith("array ")})

    async with lab.open(dress=lambda store: followed(store, "intend", note)) as world:
        (result,) = await asked(world, "both")
        (run,) = await world.store.history(None, 9)
    assert (result.outcome, run.reason) == (Outcome.DONE, "the arrays show 2 of 2 pairs done")
    assert run.arrays == (SERIAL, OTHER)
    assert held == [{array_lease(SERIAL), array_lease(OTHER)}] * 2
    assert lab.acted(SERIAL) == lab.acted(OTHER) == ["resyncflash"]


async def test_batches_that_share_an_array_wait_for_each_other(lab: Lab) -> None:
    """Only a volume's lease refuses: of one tick, every service has its turn."""
    two_arrays(lab)
    async with lab.open() as world:
        await ticks(world)
        assert await outcomes(world) == ["done"] * 3


@pytest.mark.parametrize("whose", ["ours", "another host's"])
async def test_who_is_waited_for_is_told_and_ourselves_are_no_other_process(
    lab: Lab, whose: str
) -> None:
    def stop(_: str) -> None:
        world.drain.wanted = True

    async with lab.open(events=GuardedEvents(lab.told, stop)) as world:
        theirs = world.holder()
        if whose != "ours":
            theirs = replace(theirs, host="db2", boot_id="another")
        assert await world.store.acquire(["array A"], theirs, world.clock.now()) is None
        async with leased(world, ["array A"], world.holder(), patience=60) as held:
            assert held is not None
    (message,) = lab.told.messages(Event.LEASE_WAITED_FOR)
    by = "another batch of this process" if whose == "ours" else f"process {os.getpid()} on db2"
    assert message.startswith(f"waiting for array A, which {by} has since ")


def completed(lab: Lab, name: str) -> int:
    """Tell how many resyncs of a service were told as completed."""
    facts = lab.told.facts(Event.RESYNC_COMPLETED)
    return sum(one["flashd.service.name"] == name for one in facts)


async def test_an_array_that_hangs_costs_its_own_services_only(lab: Lab) -> None:
    """Also not where a service on both arrays waits for the hung one."""
    two_arrays(lab)
    lab.array(OTHER).add_fault("login-hang", "*", times=-1)
    async with lab.open() as world:
        cycle = Cycle(world, Request(patience=60))
        await cycle.start()
        await cycle.tick()
        await until(lambda: completed(lab, "here"), 10)
        lab.clock.ahead = 3 * HOUR
        lab.clock.older = 3 * 3600.0
        lab.array().set_clock(offset=3 * 3600)
        async with asyncio.timeout(10):
            while await outcomes(world, "here") != ["done", "done"]:
                await cycle.tick()
                await asyncio.sleep(0.1)
        world.drain.wanted = True
        assert await cycle.drained(5)
        assert await outcomes(world, "there", "both") == []
    assert not lab.changes(OTHER)


async def test_arrays_are_side_by_side_and_those_that_hang_cost_their_own_batch_only(
    lab: Lab,
) -> None:
    """One hangs at the login, one in the middle of a command; the others are done meanwhile."""
    serials = [f"IBM.2107-75ARR{number:02}" for number in range(5)]
    for number, serial in enumerate(serials):
        lab.clones(numbered(0), serial=serial)
        lab.define(f"s{number}", resource(numbered(0), serial=serial))
    lab.array(serials[0]).add_fault("login-hang", "*", times=-1)
    lab.array(serials[1]).add_fault("hang", "resyncflash")
    lab.timeout = 600
    async with lab.open() as world:
        cycle = Cycle(world, Request(patience=60))
        await cycle.start()
        await cycle.tick()
        await until(lambda: len(cycle.under_way) == 2 and lab.changes(serials[1]), 60)
        assert await outcomes(world, "s2", "s3", "s4") == ["done"] * 3
        assert cycle.under_way == {(serials[0],), (serials[1],)}
        assert await outcomes(world, "s0", "s1") == ["open"]
        world.drain.wanted = True
        assert not await cycle.drained(0.1)


async def test_a_lease_on_a_volume_refuses_and_names_its_holder(lab: Lab) -> None:
    lab.clones(numbered(0))
    lab.define("db", resource(numbered(0)))
    async with lab.open() as world:
        other = world.holder()
        await world.store.acquire([volume_lease(SERIAL, "0002")], other, world.clock.now())
        for dry_run in (True, False):
            (result,) = await asked(world, "db", force=True, dry_run=dry_run)
            assert (result.outcome, result.exit_code) == (Outcome.REFUSED, 4)
            assert f"{other} has volume {SERIAL}/0002" in result.reason
        await world.store.release([volume_lease(SERIAL, "0002")], other)
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE
    assert len(lab.changes()) == 1


async def test_two_who_ask_at_once_are_one_after_the_other(lab: Lab) -> None:
    lab.clones(numbered(0))
    lab.define("db", resource(numbered(0)), min_delay=HOUR)
    async with lab.open() as world:
        both = await asyncio.gather(
            asked(world, "db", patience=30), asked(world, "db", patience=30)
        )
    assert sorted(result.exit_code for (result,) in both) == [0, 4]
    assert len(lab.changes()) == 1


async def test_who_does_not_want_to_wait_is_refused(lab: Lab) -> None:
    lab.clones(numbered(0))
    lab.define("db", resource(numbered(0)))
    async with lab.open() as world:
        both = await asyncio.gather(asked(world, "db"), asked(world, "db"))
    assert sorted(result.exit_code for (result,) in both) == [0, 4]
    (refused,) = [result for (result,) in both if result.exit_code]
    assert "is at work on array" in refused.reason


async def test_once_draining_nothing_that_changes_is_sent(lab: Lab) -> None:
    lab.clones(numbered(0), numbered(1))

    def stop() -> Finding:
        world.drain.wanted = True
        return down()

    lab.define("db", resource(numbered(0)), looks=[down(), stop])
    lab.define("next", resource(numbered(1)))
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert (result.outcome, result.reason) == (Outcome.REFUSED, "flashd is being stopped")
        assert await asked(world, "next") == []
        assert not await world.store.open_runs()
        assert not await world.store.held()
    assert not lab.changes()


async def test_draining_waits_for_a_command_that_was_sent(lab: Lab) -> None:
    lab.clones(numbered(0))
    lab.define("db", resource(numbered(0)))
    lab.array().switch("command_seconds", "1")
    await drained_once(lab, lab.changes)


async def drained_once(lab: Lab, happened: Callable[[], object]) -> None:
    """Drain a daemon once something has happened; what was sent is done all the same."""
    async with lab.open() as world:
        cycle = Cycle(world, Request())
        await cycle.start()
        await cycle.tick()
        await until(happened)
        world.drain.wanted = True
        assert await cycle.drained(20)
        assert await outcomes(world, "db") == ["done"]


async def test_draining_waits_for_no_guard(lab: Lab) -> None:
    """Nothing is sent any more, whatever it says."""

    async def hang() -> Finding:
        await asyncio.Event().wait()
        raise AssertionError

    lab.clones(numbered(0), numbered(1))
    lab.define("db", resource(numbered(0)))
    lab.define("hung", resource(numbered(1)), looks=[hang])
    await drained_once(lab, lab.acted)


async def test_draining_ends_at_its_limit_and_leaves_the_rest_to_recovery(lab: Lab) -> None:
    lab.clones(numbered(0))
    lab.define("db", resource(numbered(0)))
    lab.array().add_fault("hang", "resyncflash")
    async with lab.open() as world:
        cycle = Cycle(world, Request())
        await cycle.start()
        await cycle.tick()
        await until(lab.changes)
        world.drain.wanted = True
        assert not await cycle.drained(0.2)
        assert await outcomes(world, "db") == ["open"]
        world.drain.wanted = False
        await ticks(world)
        assert (await outcomes(world, "db"))[:2] == ["failed", "done"]
    assert lab.acted() == ["resyncflash"]


async def test_observing_only_changes_nothing_and_takes_no_lease(lab: Lab) -> None:
    lab.clones(numbered(0))
    lab.define("db", resource(numbered(0)))
    async with lab.open() as world:
        cycle = Cycle(world, Request(dry_run=True))
        await cycle.start()
        for _ in range(2):
            await world.store.look_again(world.clock.now())
            await cycle.tick()
            await cycle.idle()
        assert not await world.store.held()
    assert lab.told.kinds().count(Event.RESYNC_PLANNED) == 1
    assert not lab.changes()


@pytest.mark.parametrize("hours", [-1, 1], ids=["back", "forth"])
async def test_a_clock_that_was_set_has_everything_looked_at(lab: Lab, hours: int) -> None:
    lab.clones(numbered(0), age=timedelta(minutes=10))
    lab.define("db", resource(numbered(0)), max_delay=timedelta(days=9))
    async with lab.open() as world:
        cycle = Cycle(world, Request())
        await cycle.start()
        await cycle.tick()
        await cycle.idle()
        assert not await world.store.due(world.clock.now())
        assert not await cycle.watch_clock()
        lab.clock.ahead = hours * HOUR
        assert await cycle.watch_clock()
        assert await world.store.due(world.clock.now()) == ["db"]
        assert not await cycle.watch_clock()
    assert lab.told.kinds().count(Event.CLOCK_JUMPED) == 1


@pytest.mark.parametrize("hours", [-1, 1], ids=["back", "forth"])
async def test_a_host_that_was_suspended_has_not_jumped(lab: Lab, hours: int) -> None:
    async with lab.open() as world:
        cycle = Cycle(world, Request())
        await cycle.watch_clock()
        lab.clock.ahead, lab.clock.older = hours * HOUR, hours * 3600.0
        assert not await cycle.watch_clock()
        assert not lab.told.kinds()


async def test_an_array_s_wait_is_not_prolonged_by_a_clock_set_back(lab: Lab) -> None:
    lab.clones(numbered(0))
    lab.define("db", resource(numbered(0)))
    lab.array().add_fault("unreachable", "*")
    async with lab.open() as world:
        await ticks(world)
        lab.clock.ahead = -3 * HOUR
        await ticks(world)
        assert (await world.store.arrays())[SERIAL].failure is None


async def test_every_due_service_is_looked_at_each_tick(lab: Lab) -> None:
    """Refused, it is still due: the next tick looks again without being told to."""
    lab.clones(numbered(0))
    lab.define("db", resource(numbered(0)), looks=[up(), up(), up(), down()])
    async with lab.open() as world:
        cycle = Cycle(world, Request())
        await cycle.start()
        for _ in range(4):
            await cycle.tick()
            await cycle.idle()
            lab.clock.ahead += world.pace.check_interval
            lab.clock.older += world.pace.check_interval.total_seconds()
        assert await outcomes(world, "db") == ["refused", "done"]


async def test_who_hung_in_a_batch_is_not_looked_at_beside_it(lab: Lab) -> None:
    """Where he stands is written at its end: until then he is due, by all that is known."""
    over = asyncio.Event()

    def hang() -> Finding:
        lab.clock.ahead += timedelta(seconds=3)
        lab.clock.older += 3
        return unknown()

    async def wait() -> Finding:
        await over.wait()
        return up()

    lab.clones(numbered(0), numbered(1))
    lab.define("hung", resource(numbered(0)), looks=[hang])
    lab.define("other", resource(numbered(1)), looks=[wait])
    async with lab.open() as world:
        cycle = Cycle(world, Request())
        await cycle.start()
        await cycle.tick()
        await until(lambda: Event.RESYNC_REFUSED in lab.told.kinds())
        await cycle.tick()
        over.set()
        await cycle.idle()
        assert lab.guards["hung is down"].taken == 1
        assert await outcomes(world, "hung") == ["refused"]


async def test_invariant_8_the_wall_clock_has_no_say_in_how_long_a_batch_hangs_on(
    lab: Lab,
) -> None:
    """Set back while a last look hung, it would keep the array for as many more."""

    def hang() -> Finding:
        lab.clock.older += 40  # and the wall shows as little as before
        return unknown()

    lab.clones(numbered(0), numbered(1))
    lab.define("hung", resource(numbered(0)), looks=[down(), hang, up()])
    lab.define("well", resource(numbered(1)))
    async with lab.open() as world:
        cycle = Cycle(world, Request())
        await cycle.start()
        await cycle.tick()
        await cycle.idle()
        assert await outcomes(world, "well") == []
        await cycle.tick()
        await cycle.idle()
        assert await outcomes(world, "well") == ["done"]


async def test_a_veto_is_as_good_as_a_proof_against_it(lab: Lab) -> None:
    lab.clones(numbered(0))
    port = Looks([clear(), up()])
    lab.define("db", resource(numbered(0)), also={"port": port})
    async with lab.open() as world:
        (result,) = await asked(world, "db")
    assert result.outcome is Outcome.REFUSED
    assert not lab.changes()
