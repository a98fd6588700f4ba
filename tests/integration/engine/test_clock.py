"""A wall clock that is set: nothing freezes, nothing is done twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from flashd.daemon.service import tick_until, watch_clock
from flashd.engine.cycle import Cycle
from flashd.engine.events import Event
from flashd.engine.request import Request
from flashd.errors import StoreError
from flashd.model.health import Status
from tests.integration.engine.doors import guarded_store
from tests.integration.engine.house import (
    HOUR,
    SERIAL,
    Lab,
    down,
    health,
    outcomes,
    resource,
    ticks,
    until,
    up,
)

if TYPE_CHECKING:
    from flashd.model.health import Bounds

PAIR = "0001:0002"


@pytest.mark.parametrize("hours", [-1, 1], ids=["back", "forth"])
async def test_the_daemon_ticks_at_once_when_the_clock_is_set(lab: Lab, hours: int) -> None:
    lab.clones(PAIR)
    lab.define("db", resource(PAIR), looks=[up()])
    lab.clock.ahead = -3 * HOUR  # behind the scheduler's own clock, so that `now` is always past
    stop = asyncio.Event()
    async with lab.open() as world:
        object.__setattr__(world.pace, "check_interval", timedelta(hours=9))
        daemon = asyncio.create_task(tick_until(Cycle(world, Request()), stop))
        guard = lab.guards["db is down"]
        await until(lambda: guard.taken and Event.DECISION_CHANGED in lab.told.kinds())
        looks = guard.taken
        lab.clock.ahead += hours * HOUR
        await until(lambda: guard.taken > looks)
        stop.set()
        await daemon
    assert lab.told.kinds().count(Event.CLOCK_JUMPED) == 1


async def test_a_tick_that_sleeps_for_hours_is_woken_when_the_clock_is_set(lab: Lab) -> None:
    """The scheduler sleeps until a time on the wall: set back, that is an hour further away."""
    woken = asyncio.Event()
    lab.clock.ahead = -3 * HOUR
    async with lab.open() as world:
        scheduler = AsyncIOScheduler(timezone=UTC)
        job = scheduler.add_job(woken.set, "interval", hours=9, misfire_grace_time=None)
        scheduler.start()
        watch = asyncio.create_task(watch_clock(Cycle(world, Request()), job))
        await until(lambda: lab.told.messages(Event.CLOCK_JUMPED) or jolt(lab))
        async with asyncio.timeout(10):
            await woken.wait()
        watch.cancel()
        scheduler.shutdown(wait=False)


def jolt(lab: Lab) -> bool:
    """Set the clock, and again until somebody has looked at it before and after."""
    lab.clock.ahead -= HOUR
    return False


async def test_set_back_it_does_not_resync_again_and_again(lab: Lab) -> None:
    """What was read before bears a later time than all that is read for an hour."""
    lab.clones(PAIR)
    lab.define("db", resource(PAIR), looks=[up(), down()])
    async with lab.open() as world:
        await ticks(world)
        assert await outcomes(world, "db") == ["refused"]
        lab.clock.ahead = -HOUR
        lab.array().set_clock(offset=-3600)
        for _ in range(3):
            await ticks(world)
            lab.clock.ahead += timedelta(minutes=1)
        assert await outcomes(world, "db") == ["refused", "done"]
        assert (await health(world, "db")).status is Status.UP
    assert lab.acted() == ["resyncflash"]


CRASHES = {
    "a resync that was not done": (True, "die-before", "resyncflash", ["resyncflash"]),
    "a resync that was": (True, "die-after", "resyncflash", ["resyncflash"]),
    "between withdraw and establish": (False, "die-after", "rmflash", ["rmflash", "mkflash"]),
}


@pytest.mark.parametrize(("recording", "fault", "verb", "acted"), CRASHES.values(), ids=CRASHES)
async def test_set_back_between_crash_and_recovery_it_resyncs_once(
    lab: Lab,
    recording: bool,  # noqa: FBT001
    fault: str,
    verb: str,
    acted: list[str],
) -> None:
    """The array's clock stays: what it copies bears a date that is still to come."""
    lab.clones(PAIR, record=recording)
    lab.define("db", resource(PAIR, recording=recording))
    lab.array().add_fault(fault, verb)
    async with lab.open() as world:
        await ticks(world)
    lab.clock.ahead = -HOUR
    async with lab.open() as world:
        for _ in range(4):
            await ticks(world)
            lab.clock.ahead += timedelta(minutes=1)
        assert (await health(world, "db")).status is Status.UP
    assert lab.acted() == acted


async def seen_ahead(lab: Lab, hours: int) -> Bounds:
    """Tell how old a copy is, seen while the clock was ahead, after it was set right."""
    lab.clones(PAIR)
    lab.define("db", resource(PAIR), looks=[up(), down()])
    async with lab.open() as world:
        cycle = Cycle(world, Request())
        await cycle.start()
        for ahead in (0, hours):
            lab.clock.ahead = ahead * HOUR
            await cycle.tick()
            await cycle.idle()
        assert await outcomes(world, "db") == ["refused", "done"]
        lab.clock.ahead = timedelta(0)
        await cycle.tick()
        last = (await health(world, "db")).last_resync
    assert last is not None
    return last


@pytest.mark.parametrize("hours", [3, 30])
async def test_a_copy_seen_by_a_clock_ahead_is_no_fresher_once_it_is_set_right(
    lab: Lab, hours: int
) -> None:
    """CST is America's, China's and Cuba's: only what was seen bounds the copy."""
    lab.array().switch("date_zone", "Asia/Shanghai")
    last = await seen_ahead(lab, hours)
    taken = datetime.fromtimestamp(lab.array().now(), UTC)
    assert last.earliest is not None
    assert last.latest is not None
    assert last.earliest <= taken <= last.latest + timedelta(seconds=60)


async def test_a_certain_date_seen_by_a_clock_ahead_is_believed_once_it_is_set_right(
    lab: Lab,
) -> None:
    last = await seen_ahead(lab, 3)
    assert last.earliest is not None
    assert last.latest is not None
    assert last.latest - last.earliest <= timedelta(seconds=1)


async def test_set_back_unseen_it_is_told_at_once_what_an_array_shows(lab: Lab) -> None:
    """As where nobody ran meanwhile: what was read before bears a later time than what is now."""
    lab.clones(PAIR, age=HOUR)
    lab.define("db", resource(PAIR), max_delay=timedelta(hours=9))
    lab.clock.ahead = 3 * HOUR
    async with lab.open() as world:
        await ticks(world)
        assert (await health(world, "db")).status is Status.UP
        lab.clock.ahead = timedelta(0)
        lab.array().set_relation(PAIR, persistent=False)
        await ticks(world)
        assert (await health(world, "db")).status is not Status.UP


async def test_a_failed_run_s_wait_is_not_prolonged_by_a_clock_set_back(lab: Lab) -> None:
    lab.clones(PAIR)
    lab.define("db", resource(PAIR))
    lab.array().add_fault("refused", "resyncflash")
    async with lab.open() as world:
        await ticks(world)
        lab.clock.ahead = -HOUR
        await ticks(world, 2)
        assert await outcomes(world, "db") == ["failed", "done"]


async def test_a_set_clock_is_told_once_though_the_store_fails_for_a_while(lab: Lab) -> None:
    """And what was seen by it is bounded anew as soon as that can be written."""
    failing = ["clock_set"]

    def door(name: str) -> None:
        if name in failing:
            raise StoreError("the disk is full")

    lab.clones(PAIR)
    lab.define("db", resource(PAIR), looks=[up()])
    async with lab.open(dress=partial(guarded_store, door=door)) as world:
        cycle = Cycle(world, Request())
        await ticks(world)
        lab.clock.ahead = -HOUR
        for _ in range(3):
            await cycle.tick()
        assert Event.CLOCK_JUMPED not in lab.told.kinds()
        failing.clear()
        await cycle.tick()
        await cycle.idle()
        (seen,) = await world.store.sightings([SERIAL])
        assert seen.observed_at <= world.clock.now()
    assert lab.told.kinds().count(Event.CLOCK_JUMPED) == 1


async def test_who_waits_for_a_tick_is_told_of_its_end_and_not_of_the_one_before(lab: Lab) -> None:
    async with lab.open() as world:
        cycle = Cycle(world, Request())
        await cycle.tick()
        assert not await cycle.tick_ended(0.01)
        waiting = [asyncio.create_task(cycle.tick_ended(60)) for _ in range(2)]
        await asyncio.sleep(0)
        await cycle.tick()
        assert await asyncio.gather(*waiting) == [True, True]
