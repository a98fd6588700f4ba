"""Who was not looked at yet when his batch ended: a guard that hangs costs nobody else anything."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.core.guards import Held
from flashd.engine.telling import tell_store_failed, tell_task_failed
from flashd.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Sequence
    from contextlib import AsyncExitStack
    from datetime import datetime
    from typing import Any

    from flashd.engine.batch import Batch
    from flashd.engine.looks import Looked, Looks
    from flashd.engine.world import World
    from flashd.model.service import Service

    _Wanted = tuple[Service, World]
    _Awaited = dict[str, _Wanted]


@dataclass(frozen=True, slots=True)
class Rest:
    """The looks that are left of a batch; `ends` ends those that are under way."""

    batch: Batch
    looks: Looks
    began: datetime
    ends: AsyncExitStack


class Late:
    """Has the guards of these go on looking, without a lease and beside other batches.

    Whoever is refused is told so here: nothing is sent for him, so the array is not asked. Whose
    guards allow it has his turn in the next batch of his arrays, to which the look is handed.
    """

    def __init__(self, told: Callable[[], None]) -> None:
        self._told = told
        self._tasks: set[asyncio.Task[None]] = set()
        self._awaited: _Awaited = {}
        self._seen: dict[str, tuple[Looked, World]] = {}

    @property
    def under_way(self) -> frozenset[asyncio.Task[None]]:
        """What is to end before nobody is looked at any more."""
        return frozenset(self._tasks)

    def awaits(self, service: Service, world: World) -> bool:
        """Whether a service is being looked at just as it is wanted now."""
        awaited = self._awaited.get(service.name)
        return awaited is not None and _alike(awaited, (service, world))

    def handed(self, services: Iterable[Service], world: World) -> dict[str, Looked]:
        """Give away the looks at these, once; none that was taken otherwise than is wanted now."""
        found = {}
        for service in services:
            looked, by = self._seen.pop(service.name, (None, world))
            if looked is not None and _alike((looked.service, by), (service, world)):
                found[service.name] = looked
        return found

    def follow(self, rest: Rest, services: Iterable[Service]) -> None:
        """Go on with the rest of a batch, of which these may be left."""
        mine = self._await(services, rest.batch.world)
        self._begin(rest.batch, self._follow(rest, mine), mine)

    def look(self, batch: Batch, services: Sequence[Service]) -> None:
        """Look at these, whose guards hung the last time, for which no batch is to begin."""
        mine = self._await(services, batch.world)
        self._begin(batch, self._look(batch, services, mine), mine)

    def _await(self, services: Iterable[Service], world: World) -> _Awaited:
        mine = {one.name: (one, world) for one in services}
        self._awaited |= mine
        return mine

    def _begin(self, batch: Batch, work: Coroutine[Any, Any, None], mine: _Awaited) -> None:
        task = asyncio.create_task(self._told_if_it_fails(batch, work, mine))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _told_if_it_fails(
        self, batch: Batch, work: Coroutine[Any, Any, None], mine: _Awaited
    ) -> None:
        world = batch.world
        try:
            try:
                await work
            except StoreError as error:
                tell_store_failed(world, error)
            except Exception as error:  # noqa: BLE001 - one batch's trouble must not end the daemon
                tell_task_failed(world, f"looking after the batch of {batch.name}", error)
            else:
                return
            await world.clock.sleep(world.pace.check_interval.total_seconds())  # they are due still
        finally:
            for name in tuple(mine):
                self._forget(name, mine)

    async def _look(self, batch: Batch, services: Sequence[Service], mine: _Awaited) -> None:
        await self._follow(await batch.look_late(services), mine)

    async def _follow(self, rest: Rest, mine: _Awaited) -> None:
        async with rest.ends:
            while not rest.looks.over:
                await self._hear(rest, mine)

    async def _hear(self, rest: Rest, mine: _Awaited) -> None:
        """Take in who was looked at by now."""
        looked = await rest.looks.late()
        held = [one for one in looked if isinstance(one.verdict, Held)]
        await rest.batch.refuse_late(held, rest.began)
        for one in looked:
            self._forget(one.service.name, mine)
        world = rest.batch.world
        self._seen |= {one.service.name: (one, world) for one in looked if one not in held}
        self._told()

    def _forget(self, name: str, mine: _Awaited) -> None:
        awaited = mine.pop(name, None)
        if awaited is not None and self._awaited.get(name) is awaited:
            del self._awaited[name]

    async def end(self) -> None:
        """End every look: whatever it says, nothing is sent any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _alike(one: _Wanted, other: _Wanted) -> bool:
    """Whether two looks ask the same in the same way: a reload may lie between them."""
    (service, by), (wanted, world) = one, other
    return service == wanted and by.looks_by == world.looks_by
