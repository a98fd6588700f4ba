"""Places for first looks: so many are under way at once in the whole daemon, in turn by batch."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flashd.model.service import Service

PLACES = 16
"""Looks that may be at work at the same time. Each may start processes, and starting them is work
of the one event loop, so that more at a time are no faster and keep it from everybody else."""

AT_WORK = 0.1
"""Seconds for which a look keeps its place: one that takes longer waits for something, and needs
no processor for that. So those that hang keep nobody waiting."""

OF_ONE_HABIT = 256
"""Looks of one habit that may be under way at the same time, those that wait included. Each may be
some processes with three descriptors each, so that there is a bound to them; and each habit has one
of its own, so that however many hang, they take nothing from who answers."""

PUT_OFF = 2.0
"""Seconds after which a look makes room for others that wait, where there is none. It is ended,
and begun anew among those that hang."""


class Habit(Enum):
    """How a service's guards answered when they looked last."""

    PROMPT = "prompt"
    """At once; also who was not looked at yet."""

    SLOW = "slow"
    """All of them, some only after a while."""

    SILENT = "silent"
    """One of them not at all, or not before others had waited for too long."""


class Places:
    """Gives the batches their places in turn, so that one with many due keeps none waiting."""

    def __init__(self, most: int = PLACES, room: int = OF_ONE_HABIT) -> None:
        self._free = most
        self._queues: deque[_Queue] = deque()
        self._rooms = {habit: _Room(room) for habit in Habit}
        self._habits: dict[str, Habit] = {}
        self._next_look: asyncio.TimerHandle | None = None

    def line(self, begin: Callable[[Service], asyncio.Task[Any]]) -> Line:
        """Make the line of one batch: `begin` begins the look of who has a place."""
        return Line(self, {habit: _Queue(begin, room) for habit, room in self._rooms.items()})

    def learn(self, name: str, habit: Habit) -> None:
        """Remember how a service's guards answered."""
        if habit is Habit.PROMPT:
            self._habits.pop(name, None)
        else:
            self._habits[name] = habit

    def habit(self, name: str) -> Habit:
        """Tell how a service's guards answered the last time."""
        return self._habits.get(name, Habit.PROMPT)

    def serve(self, *queues: _Queue) -> None:
        """Give away what places there are; `queues` are some in which somebody waits by now."""
        self._queues.extend(one for one in queues if one not in self._queues)
        while self._free and (following := self._next()):
            self._free -= 1
            place = _Place(self)
            following.begin_next(self).add_done_callback(place.give_back)
        self._make_room()

    def take_back(self) -> None:
        """Have one place more."""
        self._free += 1
        self.serve()

    def _next(self) -> _Queue | None:
        """Tell whose turn it is."""
        for _ in range(len(self._queues)):
            queue = self._queues.popleft()
            if queue.waiting:
                self._queues.append(queue)
                if not queue.room.full:
                    return queue
        return None

    def _make_room(self) -> None:
        """Put off who keeps others waiting that may well answer at once."""
        room = self._rooms[Habit.PROMPT]
        wanted = sum(len(one.waiting) for one in self._queues if one.room is room)
        if self._next_look is not None:
            self._next_look.cancel()
            self._next_look = None
        if room.full and (pause := room.put_off(wanted)) is not None:
            self._next_look = asyncio.get_running_loop().call_later(pause, self.serve)


class Line:
    """Those of one batch that wait for a place, in their order, the habits side by side."""

    def __init__(self, places: Places, queues: dict[Habit, _Queue]) -> None:
        self._places, self._queues = places, queues
        for queue in queues.values():
            queue.line = self

    @property
    def waiting(self) -> bool:
        """Whether anybody waits."""
        return any(queue.waiting for queue in self._queues.values())

    @property
    def only_silent(self) -> bool:
        """Whether nobody waits but who hung the last time, or hangs."""
        return not any(
            queue.waiting for habit, queue in self._queues.items() if habit is not Habit.SILENT
        )

    def join(self, services: Iterable[Service]) -> None:
        """Have these wait behind all others of their habit; who waits keeps his place."""
        for service in services:
            if not any(service.name in queue.waiting for queue in self._queues.values()):
                self._queues[self._places.habit(service.name)].waiting[service.name] = service
        self._places.serve(*(queue for queue in self._queues.values() if queue.waiting))

    def clear(self) -> None:
        """Have nobody wait any more, nor again."""
        for queue in self._queues.values():
            queue.waiting.clear()
            queue.cleared += 1


class _Queue:
    """Those of one batch and one habit."""

    def __init__(self, begin: Callable[[Service], asyncio.Task[Any]], room: _Room) -> None:
        self.room = room
        self.waiting: dict[str, Service] = {}
        self.cleared = 0
        self.line: Line | None = None
        self._begin = begin

    def begin_next(self, places: Places) -> asyncio.Task[Any]:
        """Begin the look of who is first."""
        service = self.waiting.pop(next(iter(self.waiting)))
        task = self._begin(service)
        look = _Look(task, service, self, asyncio.get_running_loop().time())
        self.room.looks[task] = look
        task.add_done_callback(partial(self._ended, places, look))
        return task

    def _ended(self, places: Places, look: _Look, task: asyncio.Task[Any]) -> None:
        del self.room.looks[task]
        if look.put_off == self.cleared and task.cancelled() and self.line is not None:
            places.learn(look.service.name, Habit.SILENT)
            self.line.join([look.service])
        else:
            places.serve()


@dataclass(slots=True, eq=False)
class _Look:
    """One that is under way; `put_off`: how often its queue had been cleared when it was."""

    task: asyncio.Task[Any]
    service: Service
    queue: _Queue
    began: float
    put_off: int | None = None


@dataclass(slots=True, eq=False)
class _Room:
    """The looks of one habit that are under way, in the order in which they began."""

    most: int
    looks: dict[asyncio.Task[Any], _Look] = field(default_factory=dict)

    @property
    def full(self) -> bool:
        return len(self.looks) >= self.most

    def put_off(self, wanted: int) -> float | None:
        """Put off so many, those first that have been under way for longest.

        Tells in how many seconds the next one can be; None where no more is wanted.
        """
        now = asyncio.get_running_loop().time()
        for look in islice(self.looks.values(), wanted):
            if look.put_off is not None:
                continue
            if (pause := look.began + PUT_OFF - now) > 0:
                return pause
            look.put_off = look.queue.cleared
            look.task.cancel()
        return None


class _Place:
    """A place that is taken: given back once, when its look ends or has long been under way."""

    def __init__(self, places: Places) -> None:
        self._places: Places | None = places
        self._limit = asyncio.get_running_loop().call_later(AT_WORK, partial(self.give_back, None))

    def give_back(self, _: object) -> None:
        self._limit.cancel()
        places, self._places = self._places, None
        if places is not None:
            places.take_back()
