"""The looks at guards of one batch: taken while the array works, ended with the batch."""

from __future__ import annotations

import asyncio
from bisect import insort
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Self

from flashd.core.guards import FRESH_SECONDS, Allowed, begins_in, combine, overtaken
from flashd.engine.look import look
from flashd.engine.places import Habit
from flashd.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
    from datetime import datetime
    from typing import Any, TypeVar

    from flashd.core.guards import Held
    from flashd.engine.world import World
    from flashd.model.service import Service
    from flashd.model.verdict import Reading

    T = TypeVar("T")

SLOW_LOOK = 2.0
"""Seconds for which a batch waits for guards alone before it goes on without them; at most a
quarter of a check interval."""

_TOGETHER = 1.0
"""Seconds in which those that were looked at after their batch are gathered, to be told at once."""

_HANDED = 2 * FRESH_SECONDS
"""So old a first look may be that was handed on by a batch before: a guard may take nearly all of
its half minute, and be asked in vain again and again."""

MOST_AHEAD = 4
"""Services whose last look is begun, or done, before their turn."""

_LAST_WORDS = 10.0
"""Seconds in which guards that were cancelled must have ended their processes."""


def asks_arrays(world: World, service: Service) -> bool:
    """Whether some guard of a service looks at an array."""
    return any(map(world.asks_arrays, service.guards))


@dataclass(frozen=True, slots=True)
class Looked:
    """A service with a first look at its guards."""

    service: Service
    readings: tuple[Reading, ...]
    verdict: Allowed | Held

    @property
    def took(self) -> float:
        """How many seconds its slowest guard took."""
        return max((one.took for one in self.readings), default=0.0)

    @property
    def began(self) -> float:
        """When its first guard looked, in seconds of the monotonic clock."""
        return min((one.began for one in self.readings), default=0.0)


def habit_of(readings: Iterable[Reading]) -> Habit:
    """Tell how guards answer; one that is slow and comes to nothing counts as silent."""
    slow = [one for one in readings if one.took > SLOW_LOOK]
    if any(one.verdict is Verdict.UNKNOWN for one in slow):
        return Habit.SILENT
    return Habit.SLOW if slow else Habit.PROMPT


class _Ahead:
    """One last look that is taken ahead: it begins after a pause, or once it is wanted."""

    def __init__(self, world: World, service: Service, pause: float) -> None:
        self.under_way = False
        self.began = 0.0
        self._world, self._service, self._pause = world, service, pause
        self._wanted = asyncio.Event()

    async def look(self) -> tuple[Reading, ...]:
        """Wait, and look."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pause):
                await self._wanted.wait()
        self.under_way, self.began = True, self._world.clock.monotonic()
        try:
            return await look(self._world, self._service)
        finally:
            self.under_way = False

    def hurry(self) -> None:
        """Pause no longer."""
        self._wanted.set()


class Looks:
    """Every look of a batch is begun here. Leaving the context ends what has not ended.

    Nothing that is taken ahead is a permission: it is a reading as any other, and who uses it
    judges it as if he had just looked.
    """

    def __init__(self, world: World, handed: Mapping[str, Looked] | None = None) -> None:
        self.began = world.clock.monotonic()
        self.hung = False  # whether some last look was given up
        self._world = world
        self._handed_on = dict(handed or {})
        self._patience = min(SLOW_LOOK, world.pace.check_interval.total_seconds() / 4)
        self._line = world.places.line(self._begin_first)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._first: dict[str, asyncio.Task[Looked]] = {}
        self._spoken: deque[tuple[str, asyncio.Task[Looked]]] = deque()
        self._news = asyncio.Event()
        self._ready: list[Looked] = []
        self._breaches: dict[str, datetime] = {}
        self._last: dict[str, tuple[_Ahead, asyncio.Task[tuple[Reading, ...]]]] = {}
        self._last_command: float | None = None
        self._waited = 0.0
        self._pace: float | None = None
        self._turn_began: float | None = None
        self._until_wanted = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._line.clear()
        left = tuple(self._tasks)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=_LAST_WORDS)

    # first looks

    def expect(self, services: Iterable[Service]) -> None:
        """Begin the first looks of who has had none, each as soon as there is a place for it."""
        had = self._first.keys() | self._handed_on.keys()
        self._line.join(one for one in services if one.name not in had)

    def keep(self, due: Sequence[Service], breach: Callable[[Service], datetime]) -> None:
        """Look at who is due, and at nobody else; who has the nearest breach comes first.

        What was seen before a listing that took long is not what is judged after it.
        """
        self._breaches = {service.name: breach(service) for service in due}
        self._line.clear()
        for name, task in tuple(self._first.items()):
            if name not in self._breaches or task.cancelling() or self._grown_old(task):
                task.cancel()
                del self._first[name]
        self._take_handed()
        self.expect(sorted(due, key=lambda one: self._breaches[one.name]))

    def _take_handed(self) -> None:
        """Have those wait for their turns whose first look is one that was handed on."""
        now = self._world.clock.monotonic()
        for name, looked in tuple(self._handed_on.items()):
            if name in self._breaches and 0 <= now - looked.began <= _HANDED:
                self._stand_in_line(looked)
            else:
                del self._handed_on[name]

    def _stand_in_line(self, looked: Looked) -> None:
        insort(self._ready, looked, key=lambda one: self._breaches[one.service.name])

    @property
    def over(self) -> bool:
        """Whether everybody has had his turn."""
        return not (self._first or self._ready or self._line.waiting)

    @property
    def only_first(self) -> bool:
        """Whether nobody is left but who was not looked at yet."""
        return not self._ready

    @property
    def only_silent(self) -> bool:
        """Whether nobody is left but who was looked at in vain the last time."""
        habit = self._world.places.habit
        under_way = (habit(name) is Habit.SILENT for name in self._first)
        return not self._ready and self._line.only_silent and all(under_way)

    async def late(self) -> list[Looked]:
        """Wait for those that were not looked at when their batch ended; tell who is by now."""
        while not (self._ready or self.over):
            await self._hear(SLOW_LOOK)
        if not self.over:
            await self._world.clock.sleep(_TOGETHER)
            self._gather()
        found, self._ready = self._ready, []
        return found

    async def whose_turn(self) -> Looked | None:
        """Tell whose turn it is: the nearest breach of those whose guards have spoken.

        None where all others wait for guards that are slow. Who would have to wait for a last look
        that was begun ahead is passed over for now.
        """
        await self._hear(0)
        if self._nobody_can():
            await self._hear(max(self._patience, self._ready[0].took if self._ready else 0.0))
        for place, looked in enumerate(self._ready):
            if not self._would_wait(looked):
                self._turn_began = self._world.clock.monotonic()
                return self._ready.pop(place)
        return None

    def _begin_first(self, service: Service) -> asyncio.Task[Looked]:
        task = self._first[service.name] = self._begin(self._look_first(service))
        task.add_done_callback(lambda ended: self._spoken.append((service.name, ended)))
        return task

    async def _look_first(self, service: Service) -> Looked:
        """Look before anything is planned: most refusals are found here."""
        readings = await look(self._world, service)
        verdict = combine(service.guards, readings, self._world.clock.monotonic())
        self._world.places.learn(service.name, habit_of(readings))
        return Looked(service, readings, verdict)

    def _grown_old(self, task: asyncio.Task[Looked]) -> bool:
        now = self._world.clock.monotonic()
        return task.done() and not 0 <= now - task.result().began <= FRESH_SECONDS

    async def _hear(self, patience: float) -> None:
        """Wait for the end of any look, and at least until what has ended is told."""
        await asyncio.sleep(0)
        if patience and self._looking and not self._spoken:
            began = self._world.clock.monotonic()
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._news.wait()
            self._waited += self._world.clock.monotonic() - began
        self._gather()

    @property
    def _looking(self) -> bool:
        """Whether a look is under way, or waits for a place."""
        ahead = any(ahead.under_way for ahead, _ in self._last.values())
        return ahead or bool(self._first) or self._line.waiting

    def _gather(self) -> None:
        """Put those whose guards have spoken in the order of their turns."""
        while self._spoken:
            name, task = self._spoken.popleft()
            if self._first.get(name) is task:  # else nobody waits for it any more
                del self._first[name]
                if not task.cancelled():  # it was put off, and is begun again
                    self._stand_in_line(task.result())

    def _nobody_can(self) -> bool:
        """Whether to wait: the first in order would have to, and nobody else need not."""
        if not self._ready:
            return True
        done = any(task.done() for _, task in self._last.values())
        return self._would_wait(self._ready[0]) and not done

    def _would_wait(self, looked: Looked) -> bool:
        """Whether a last look is under way that will not have ended when it is wanted.

        As far as is known: by how long the first look took, and a turn until its last one. What
        takes longer than the first look did may hang.
        """
        ahead, _ = self._last.get(looked.service.name, (None, None))
        if ahead is None or not ahead.under_way:
            return False
        now, ends = self._world.clock.monotonic(), ahead.began + looked.took
        return not now <= ends <= now + self._until_wanted

    # last looks

    def beside(self, own: Looked | None) -> None:
        """Have guards look while a command is on its way to the array.

        Those of `own` service where its run goes on, else of who comes next: each so late that it
        has just ended when it is wanted, as far as the turns before tell.
        """
        now = self._world.clock.monotonic()
        if self._last_command is not None:
            self._pace = max(0.0, now - self._last_command - self._waited)
        self._last_command, self._waited = now, 0.0
        self._gather()
        for place, looked in enumerate([own] if own else self._coming()):
            pause = begins_in(place, self._pace, looked.took)
            if pause is not None:
                self.begin(looked.service, pause)

    def _coming(self) -> list[Looked]:
        """Tell who comes next, but for who is refused anyway, and who is slower than thought."""
        can = (
            one
            for one in self._ready
            if isinstance(one.verdict, Allowed) and not self._would_wait(one)
        )
        return list(islice(can, MOST_AHEAD))

    def begin(self, service: Service, pause: float = 0.0) -> None:
        """Begin a service's last look, unless that is done already.

        One that asks the array itself would wait for the command for which it was to make use of
        the time, there being one session, and come to nothing.
        """
        if service.name not in self._last and not asks_arrays(self._world, service):
            ahead = _Ahead(self._world, service, pause)
            self._last[service.name] = ahead, self._begin(ahead.look())

    async def last(self, service: Service, first: Sequence[Reading]) -> tuple[Reading, ...]:
        """Take the last look, or tell what was seen ahead where that can still stand for it."""
        began = self._world.clock.monotonic()
        if self._turn_began is not None:
            self._until_wanted, self._turn_began = began - self._turn_began, None
        try:
            seen = await self._seen_ahead(service, first) or await look(self._world, service)
            self.hung |= habit_of(seen) is Habit.SILENT
            return seen
        finally:
            self._waited += self._world.clock.monotonic() - began

    async def _seen_ahead(
        self, service: Service, first: Sequence[Reading]
    ) -> tuple[Reading, ...] | None:
        ahead, task = self._last.pop(service.name, (None, None))
        if ahead is None or task is None:
            return None
        waits = not task.done()
        ahead.hurry()
        await asyncio.wait({task})  # not the task itself: its end by others is not ours
        if task.cancelled() or task.exception() is not None:
            return None
        readings = task.result()
        if waits:  # it ended just now, as one that is begun here would
            return readings
        return None if overtaken(first, readings, self._world.clock.monotonic()) else readings

    def along(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin something beside which guards look; it ends with the batch, as they do."""
        return self._begin(work)

    def leave(self, service: Service) -> None:
        """End what was begun for a service whose turn is over."""
        _, task = self._last.pop(service.name, (None, None))
        if task is not None:
            task.cancel()

    def _begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # what became of it may be nobody's business any more
            self._news.set()
