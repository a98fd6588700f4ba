"""The daemon's life: start, tick, reload, drain, stop."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC
from typing import TYPE_CHECKING

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from flashd.core.counting import counted
from flashd.daemon.collector import tidy_up
from flashd.daemon.pruning import prune
from flashd.daemon.reload import reloaded
from flashd.daemon.report import line, report
from flashd.daemon.signals import Signals
from flashd.daemon.start import accept, configured
from flashd.daemon.watchdog import keep_alive
from flashd.engine.cycle import Cycle
from flashd.engine.events import Event
from flashd.engine.leases import leased
from flashd.engine.observe import tell_unreadable
from flashd.engine.request import Request
from flashd.engine.telling import tell_task_failed
from flashd.errors import FlashdError, StoreError
from flashd.model.lease import DAEMON_LEASE
from flashd.wiring import supervisor

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from apscheduler.job import Job

    from flashd.daemon.start import Footing
    from flashd.engine.world import World
    from flashd.ports.events import Events
    from flashd.ports.supervisor import Supervisor
    from flashd.wiring import Home

DRAIN_LIMIT = 60.0
"""Seconds that running commands get at the end; below systemd's default of 90."""

TICK_SECONDS = 1.0
"""How late a service may be looked at that has become due; what was looked at in vain waits for
the check interval."""

_CLOCK_LOOK = 1.2 * TICK_SECONDS
"""How long a tick is waited for before the clocks are looked at: no longer than that a wall clock
that was set back keeps everybody waiting."""


async def run(home: Home, events: Events, *, observe: bool) -> int:
    """Run until SIGTERM or SIGINT; returns the exit status."""
    signals, watcher = Signals(), supervisor()
    try:
        footing = await configured(home, events)
        async with home.world(footing.configuration, footing.auth, events) as world:
            return await _live(Daemon(home, world, footing, watcher, observe=observe), signals)
    except FlashdError as error:
        watcher.stopping(f"failed: {error.message}")
        events.tell(
            Event.DAEMON_FAILED,
            error.message,
            {"error.message": error.message, "error.code": error.code, "flashd.hint": error.hint},
        )
        return error.exit_code


async def _live(daemon: Daemon, signals: Signals) -> int:
    world = daemon.cycle.world
    lost = asyncio.Event()

    def stop_at_once() -> None:
        lost.set()
        signals.stop.set()

    async with leased(world, [DAEMON_LEASE], world.holder(), lost=stop_at_once) as held:
        if held is not None:
            raise FlashdError(
                f"{held.by} is already the daemon of this store, since {held.since:%H:%M:%S} UTC",
                "Stop it first, or give this one a store of its own with --state.",
            )
        await daemon.begin()
        await daemon.until(signals)
    if lost.is_set():
        raise FlashdError(
            "another flashd became the daemon of this store while this one was cut off from it",
            "See that this host reaches the store all the time; start it again to stand by.",
        )
    world.events.tell(Event.DAEMON_STOPPED, "flashd has stopped", {})
    return 0


class Daemon:
    """One cycle that ticks, and what stands around it."""

    def __init__(
        self, home: Home, world: World, footing: Footing, watcher: Supervisor, *, observe: bool
    ) -> None:
        patience = world.pace.command_timeout.total_seconds()
        self.cycle = Cycle(world, Request(dry_run=observe, patience=patience))
        self._home = home
        self._footing = footing
        self._watcher = watcher
        self._observe = observe

    async def begin(self) -> None:
        """Accept the configuration, and tell that there is somebody now."""
        world = self.cycle.world
        await accept(self._home, self._footing, world.store, world.events)
        mode = " and only observes" if self._observe else ""
        world.events.tell(
            Event.DAEMON_STARTED,
            f"flashd looks after {counted(len(world.services), 'service')}{mode}",
            {"flashd.services": len(world.services), "flashd.observe_only": self._observe},
        )
        await self.cycle.start()
        await tell_unreadable(world)
        self._watcher.ready(await self._line())

    async def until(self, signals: Signals) -> None:
        """Tick until it is to stop, then end what is under way."""
        besides = {
            "the watchdog": keep_alive(self._watcher, self.cycle),
            "the status line": report(self._watcher, self.cycle, lambda: self._footing.doubt),
            "the pruning of the history": prune(self.cycle),
            "the wait for a reload": self._reload_whenever(signals.reload),
            "the wait for the end": self._tell_of(signals.stop),
        }
        tasks = [asyncio.create_task(self._told(*one)) for one in besides.items()]
        await tick_until(self.cycle, signals.stop)
        await _ended(tasks)

    async def _told(self, what: str, work: Awaitable[None]) -> None:
        """Tell where work beside the ticks breaks off: the ticks go on without it."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 - an error of its own ends nobody else
            tell_task_failed(self.cycle.world, what, error)

    async def _tell_of(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._watcher.stopping("stopping; running commands are waited for")

    async def _reload_whenever(self, wanted: asyncio.Event) -> None:
        """Reload each time it is asked for; who asks twice in one reload gets a second one."""
        while True:
            await wanted.wait()
            wanted.clear()
            if self.cycle.world.drain.wanted:
                return  # it stops: nothing begins by any definitions any more
            self._watcher.reloading()
            try:
                self._footing = await reloaded(self._home, self.cycle, self._footing)
            except Exception as error:  # noqa: BLE001 - whatever it is, the daemon goes on as it was
                tell_task_failed(self.cycle.world, "the reload", error)
            tidy_up()
            self._watcher.ready(await self._line())

    async def _line(self) -> str:
        with suppress(StoreError):  # the tick tells of it
            return await line(self.cycle, self._footing.doubt)
        return self._footing.doubt or "the state store cannot be read"


async def tick_until(cycle: Cycle, stop: asyncio.Event) -> None:
    """Tick until it is to stop; then send nothing more, and wait for what was sent."""
    scheduler = AsyncIOScheduler(timezone=UTC)
    world = cycle.world
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
    watch = asyncio.create_task(watch_clock(cycle, job))
    await stop.wait()
    world.drain.wanted = True
    world.events.tell(
        Event.DAEMON_DRAINING, "flashd stops: no changing command is sent any more", {}
    )
    await _ended([watch])
    scheduler.shutdown(wait=False)
    await cycle.drained(DRAIN_LIMIT)


async def watch_clock(cycle: Cycle, job: Job) -> None:
    """Tick at once where the clock was set: the scheduler itself sleeps by the wall clock.

    Set back by an hour, an interval job would sleep for an hour. Each tick looks at the clocks by
    itself, so this does where none comes.
    """
    while True:
        if await cycle.tick_ended(_CLOCK_LOOK):
            continue
        world = cycle.world
        try:
            jumped = await cycle.watch_clock()
        except FlashdError as error:
            world.events.tell(Event.STORE_FAILED, error.message, {"error.message": error.message})
            continue
        if jumped:
            job.modify(next_run_time=world.clock.now())


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
