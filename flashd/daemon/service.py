"""The daemon's life: start, tick, drain, stop."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from datetime import UTC
from typing import TYPE_CHECKING

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from flashd.daemon.start import configured
from flashd.engine.cycle import Cycle
from flashd.engine.events import Event
from flashd.engine.leases import leased
from flashd.engine.request import Request
from flashd.errors import FlashdError
from flashd.model.lease import DAEMON_LEASE

if TYPE_CHECKING:
    from apscheduler.job import Job

    from flashd.config.configuration import Configuration
    from flashd.engine.world import World
    from flashd.ports.events import Events
    from flashd.wiring import Home

DRAIN_LIMIT = 60.0
"""Seconds that running commands get at the end; below systemd's default of 90."""

TICK_SECONDS = 1.0
"""How late a service may be looked at that has become due; what was looked at in vain waits for
the check interval."""

_CLOCK_LOOK = 1.0


async def run(home: Home, events: Events, *, observe: bool) -> int:
    """Run until SIGTERM or SIGINT; returns the exit status."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, _cannot_reload, events)
    try:
        configuration, auth = await configured(home, events)
        async with home.world(configuration, auth, events) as world:
            return await _live(world, stop, configuration, observe=observe)
    except FlashdError as error:
        events.tell(
            Event.DAEMON_FAILED,
            error.message,
            {"error.message": error.message, "error.code": error.code, "flashd.hint": error.hint},
        )
        return error.exit_code


def _cannot_reload(events: Events) -> None:
    """Tell that a hang-up does nothing: it must not end the daemon in the middle of anything."""
    events.tell(
        Event.CONFIGURATION_HINT,
        "SIGHUP is ignored: restart flashd to have it read its configuration again",
        {},
    )


async def _live(
    world: World, stop: asyncio.Event, configuration: Configuration, *, observe: bool
) -> int:
    lost = asyncio.Event()

    def stop_at_once() -> None:
        lost.set()
        stop.set()

    async with leased(world, [DAEMON_LEASE], world.holder(), lost=stop_at_once) as held:
        if held is not None:
            raise FlashdError(
                f"{held.by} is already the daemon of this store, since {held.since:%H:%M:%S} UTC",
                "Stop it first, or give this one a store of its own with --state.",
            )
        mode = " and only observes" if observe else ""
        world.events.tell(
            Event.DAEMON_STARTED,
            f"flashd looks after {len(world.services)} services{mode}",
            {"flashd.services": len(world.services), "flashd.observe_only": observe},
        )
        if configuration.settings.dscli.mode == "interactive":
            world.events.tell(
                Event.SESSION_MODE,
                "dscli.mode interactive is not available yet; every command goes by oneshot",
                {},
            )
        await _tick_until(world, stop, observe=observe)
    if lost.is_set():
        raise FlashdError(
            "another flashd became the daemon of this store while this one was cut off from it",
            "See that this host reaches the store all the time; start it again to stand by.",
        )
    world.events.tell(Event.DAEMON_STOPPED, "flashd has stopped", {})
    return 0


async def _tick_until(world: World, stop: asyncio.Event, *, observe: bool) -> None:
    patience = world.pace.command_timeout.total_seconds()
    cycle = Cycle(world, Request(dry_run=observe, patience=patience))
    await cycle.start()
    scheduler = AsyncIOScheduler(timezone=UTC)
    job = scheduler.add_job(
        cycle.tick,
        "interval",
        seconds=min(TICK_SECONDS, world.pace.check_interval.total_seconds()),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,  # the default of one second drops late ticks silently
        next_run_time=world.clock.now(),
    )
    scheduler.start()
    watch = asyncio.create_task(_watch_clock(world, cycle, job))
    await stop.wait()
    world.drain.wanted = True
    world.events.tell(
        Event.DAEMON_DRAINING, "flashd stops: no changing command is sent any more", {}
    )
    watch.cancel()
    with suppress(asyncio.CancelledError):
        await watch
    scheduler.shutdown(wait=False)
    await cycle.drained(DRAIN_LIMIT)


async def _watch_clock(world: World, cycle: Cycle, job: Job) -> None:
    """Tick at once where the clock was set: the scheduler itself sleeps by the wall clock.

    Set back by an hour, an interval job would sleep for an hour.
    """
    while True:
        await world.clock.sleep(_CLOCK_LOOK)
        try:
            jumped = await cycle.watch_clock()
        except FlashdError as error:
            world.events.tell(Event.STORE_FAILED, error.message, {"error.message": error.message})
            continue
        if jumped:
            job.modify(next_run_time=world.clock.now())
