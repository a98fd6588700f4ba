"""The tick: what is due, one batch an array. Looking twice is harmless."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from flashd.core.retry import MOST
from flashd.engine.batch import Batch, run_batch
from flashd.engine.holds import foresee, tend
from flashd.engine.late import Late
from flashd.engine.places import Habit
from flashd.engine.telling import tell_store_failed, tell_task_failed
from flashd.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from flashd.engine.request import Request
    from flashd.engine.world import World
    from flashd.model.agenda import Agenda
    from flashd.model.observation import ArrayRecord
    from flashd.model.service import Service

    _Work = Mapping[tuple[str, ...], list[Service]]


class Cycle:
    """Turns ticks into batches; a batch that hangs keeps nobody waiting but its own array."""

    def __init__(self, world: World, request: Request) -> None:
        self.ticked_at = world.clock.monotonic()
        self.landed = asyncio.Event()
        self._end_of_tick = asyncio.Event()
        self._request = request
        self._in_flight: dict[tuple[str, ...], asyncio.Task[None]] = {}
        self._given: dict[tuple[str, ...], dict[str, Service]] = {}
        self._late = Late(self.landed.set)
        self._settings = world.clocks.settings
        self._began: dict[tuple[str, ...], float] = {}
        self._rest_until: dict[tuple[str, ...], float] = {}
        self._complained = -math.inf
        self._adopt(world)

    @property
    def world(self) -> World:
        """The world by whose definitions the next batch begins."""
        return self._world

    @property
    def under_way(self) -> frozenset[tuple[str, ...]]:
        """The batches that have not ended, named by their arrays."""
        return frozenset(self._in_flight)

    def free_at(self, arrays: tuple[str, ...]) -> float:
        """Tell when a batch of these arrays may begin, in seconds of the monotonic clock."""
        return self._rest_until.get(arrays, -math.inf)

    def rested_at(self, arrays: tuple[str, ...]) -> float:
        """Tell when one may begin if nothing is due on them."""
        rested = self._began.get(arrays, -math.inf) + self._interval
        return max(rested, self.free_at(arrays))

    def adopt(self, world: World) -> None:
        """Go on by the definitions of another world, from the next tick on.

        Batches that are under way end in the world in which they began.
        """
        world.succeed()
        self._request = replace(self._request, patience=world.pace.command_timeout.total_seconds())
        self._adopt(world)

    def _adopt(self, world: World) -> None:
        self._world = world
        self._interval = world.pace.check_interval.total_seconds()
        self._arrays = {array for service in world.services.values() for array in service.arrays}
        self._enlisted = False

    async def start(self) -> None:
        """Make the standings those of the present definitions, and look at each of them."""
        world = self._world
        await world.store.enlist(world.services, world.clock.now())
        await world.store.forget_pairs(
            clone for service in world.services.values() for clone in service.clones
        )
        await foresee(world)
        await world.store.look_again(world.clock.now())
        self._enlisted = world is self._world

    async def tick(self) -> None:
        """Start a batch for every array that has something to be looked at.

        `ticked_at` tells when that was last done, in seconds of the monotonic clock, also where
        the store failed: who watches over the daemon wants to know whether it gets on at all.
        """
        try:
            if not self._enlisted:
                await self.start()
            await self.watch_clock()
            agenda = await self._world.store.agenda(self._world.clock.now())
            await tend(self._world, agenda.ripe)
            work, hung = self._work(agenda)
        except StoreError as error:
            self._complain(error)
        else:
            self._begin(work)
            self._look_on(hung)
        self._ended()

    def _ended(self) -> None:
        self.ticked_at = self._world.clock.monotonic()
        waited_for, self._end_of_tick = self._end_of_tick, asyncio.Event()
        waited_for.set()

    async def tick_ended(self, patience: float) -> bool:
        """Wait for the end of the next tick; tells whether it came within `patience` seconds.

        Whoever has something to do now and then does it then: waking up for it alone costs an idle
        machine more than the work itself.
        """
        ended = self._end_of_tick
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await ended.wait()
        return ended.is_set()

    def _begin(self, work: Mapping[tuple[str, ...], list[Service]]) -> None:
        for arrays, services in work.items():
            if self._free(arrays):
                task = asyncio.create_task(self._batch(arrays, services))
                self._in_flight[arrays] = task
                self._given[arrays] = {one.name: one for one in services}
                self._began[arrays] = self._world.clock.monotonic()
                task.add_done_callback(partial(self._landed, arrays))

    def _look_on(self, hung: Mapping[tuple[str, ...], list[Service]]) -> None:
        """Look at who hung the last time beside all batches: it costs no array anything."""
        if not self._world.drain.wanted:
            for arrays, services in hung.items():
                holder = self._world.holder()
                self._late.look(
                    Batch(self._world, arrays, self._request, holder, self._late), services
                )

    def _free(self, arrays: tuple[str, ...]) -> bool:
        """Whether a batch of these arrays may begin: none is under way, and none just broke off."""
        resting = self._world.clock.monotonic() < self.free_at(arrays)
        return not (resting or arrays in self._in_flight or self._world.drain.wanted)

    def _complain(self, error: StoreError) -> None:
        """Tell of a store that fails at every tick once a check interval."""
        now = self._world.clock.monotonic()
        if now - self._complained >= self._interval:
            self._complained = now
            tell_store_failed(self._world, error)

    async def watch_clock(self) -> bool:
        """Look at everything again where somebody set the wall clock; tells whether so."""
        await self._world.clocks.compare(self._world)
        before, self._settings = self._settings, self._world.clocks.settings
        return before != self._settings

    async def drained(self, limit: float) -> bool:
        """Wait for the batches that act, `limit` seconds at most; tells whether all of them ended.

        Those that only look are ended at once. What has not ended by then is ended too; its runs
        stay open for recovery.
        """
        engaged = self._world.drain.engaged
        acting = {task for arrays, task in self._in_flight.items() if arrays in engaged}
        looking = set(self._in_flight.values()) - acting
        await asyncio.gather(_end(looking), self._late.end())
        if acting:
            _, acting = await asyncio.wait(acting, timeout=limit)
        await _end(acting)
        return not acting

    async def idle(self) -> None:
        """Wait until no batch is under way, and nobody is looked at any more."""
        while at_work := {*self._in_flight.values(), *self._late.under_way}:
            await asyncio.wait(at_work)

    def _landed(self, arrays: tuple[str, ...], _task: asyncio.Task[None]) -> None:
        self._in_flight.pop(arrays, None)
        self._given.pop(arrays, None)
        self.landed.set()

    def _work(self, agenda: Agenda) -> tuple[_Work, _Work]:
        """Gather services to look at, arrays to list, and runs to close, by their arrays.

        Apart from them, services whose guards hung the last time.
        """
        world = self._world
        now = world.clock.now()
        work: dict[tuple[str, ...], list[Service]] = defaultdict(list)
        hung: dict[tuple[str, ...], list[Service]] = defaultdict(list)
        for name in agenda.due:
            service = world.services.get(name)
            if service is None or self._late.awaits(service, world):
                continue
            if world.places.habit(name) is not Habit.SILENT:
                work[service.arrays].append(service)
            elif not self._in_batch(service):
                hung[service.arrays].append(service)
        for run in agenda.open_runs:
            self._add_rested(work, arrays := tuple(sorted(run.arrays)))
            service = world.services.get(run.service)
            if service and service.arrays == arrays and service not in work.get(arrays, [service]):
                work[arrays].append(service)  # so that what it waits for stays its decision
        for array in sorted(self._arrays):
            record = agenda.arrays.get(array)
            seen = record.observed_at if record else None
            if seen is None or not seen <= now <= seen + world.pace.observe_interval:
                self._add_rested(work, (array,))
        return self._ready(work, agenda, now), self._ready(hung, agenda, now)

    def _in_batch(self, service: Service) -> bool:
        """Whether a batch under way has a service: where it stands is written at the end."""
        return self._given.get(service.arrays, {}).get(service.name) == service

    def _ready(self, work: _Work, agenda: Agenda, now: datetime) -> _Work:
        """Leave out arrays that are left alone."""
        return {
            arrays: services
            for arrays, services in work.items()
            if not any(self._backed_off(agenda.arrays.get(array), now) for array in arrays)
        }

    def _add_rested(
        self, work: dict[tuple[str, ...], list[Service]], arrays: tuple[str, ...]
    ) -> None:
        """Add arrays on which nothing is due, unless they were looked at just now."""
        if self._world.clock.monotonic() >= self.rested_at(arrays):
            work[arrays] += []

    @staticmethod
    def _backed_off(record: ArrayRecord | None, now: datetime) -> bool:
        """Whether an array is left alone; a wait longer than any backoff is of another clock."""
        retry_at = record.retry_at if record else None
        return retry_at is not None and now < retry_at <= now + MOST

    async def _batch(self, arrays: tuple[str, ...], services: list[Service]) -> None:
        try:
            await run_batch(self._world, arrays, services, self._request, self._late)
        except StoreError as error:
            self._rest(arrays)
            tell_store_failed(self._world, error)
        except Exception as error:  # noqa: BLE001 - one array's trouble must not end the daemon
            self._rest(arrays)
            tell_task_failed(self._world, f"the batch of {', '.join(arrays)}", error)

    def _rest(self, arrays: tuple[str, ...]) -> None:
        """Leave arrays alone for a check interval: their services are due still, by the store."""
        self._rest_until[arrays] = self._world.clock.monotonic() + self._interval


async def _end(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
