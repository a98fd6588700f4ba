"""The dependent hosts of the twin: they mount targets, write to them, and see what became of it."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from flashd.sim import flashcopy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime
    from random import Random

    from flashd.model.service import Service
    from flashd.rehearsal.clocks import VirtualClock
    from flashd.rehearsal.spans import Span
    from flashd.rehearsal.terms import Terms
    from flashd.rehearsal.twin import Twin
    from flashd.sim.array import Array


@dataclass(frozen=True, slots=True)
class Harm:
    """A target that held something else than what its host had left there, while it was in use."""

    service: str
    array: str
    volume: str
    used: Span
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Act:
    """Something that happens at an instant, whatever flashd does."""

    at: datetime
    do: Callable[[], object]


class Dependent:
    """The host of one service: what it wrote while it has the targets mounted, it expects there.

    Where a target takes no writes, it expects what it found. An oracle of its own: it reads
    volumes of the array, and nothing that flashd says.
    """

    def __init__(self, service: Service, twins: Mapping[str, Twin], harm: list[Harm]) -> None:
        self._service = service
        self._twins = twins
        self._harm = harm
        self._left: dict[tuple[str, str], str] = {}

    def acts(self, used: Iterable[Span], end: datetime) -> Iterator[Act]:
        """Tell its life: mount and write, work, look and let go."""
        for span in used:
            yield Act(span.begin, self._mount)
            yield Act(min(span.end, end), partial(self._let_go, span))

    def _mount(self) -> None:
        for name, targets in self._targets():
            for volume, content in _write(self._twins[name].array, targets):
                self._left[name, volume] = content

    def _let_go(self, used: Span) -> None:
        for name, targets in self._targets():
            with self._twins[name].array.inventory() as held:
                for volume in targets:
                    expected = self._left.pop((name, volume), None)
                    found = held.volume(volume)
                    if expected is not None and found and found.content != expected:
                        harm = Harm(self._service.name, name, volume, used, expected, found.content)
                        self._harm.append(harm)

    def _targets(self) -> Iterator[tuple[str, list[str]]]:
        for resource in self._service.resources:
            yield resource.array, [str(pair.target) for pair in resource.pairs]


def production(
    services: Iterable[Service], twins: Mapping[str, Twin], terms: Terms, chance: Random
) -> Iterator[Act]:
    """Write to the sources of each array once a day, at a time drawn for it."""
    for name, twin in sorted(twins.items()):
        sources = sorted(
            {str(p.source) for one in services for array, p in one.clones if array == name}
        )
        at = terms.start + timedelta(days=1) * chance.random()
        while at < terms.end:
            yield Act(at, partial(_write, twin.array, sources))
            at += timedelta(days=1)


def _write(array: Array, volumes: Iterable[str]) -> list[tuple[str, str]]:
    """Write to volumes, and tell what each then holds: where no write is taken, what it held.

    Those that are not there are left alone, and those whose write waits until they are thawed.
    """
    held_then = []
    with array.inventory() as held:
        for name in volumes:
            volume = held.volume(name)
            result = flashcopy.write(held, volume) if volume else None
            if isinstance(result, flashcopy.Refused):
                result = volume
            if result is not None:
                held_then.append((name, result.content))
    return held_then


async def live(acts: Iterable[Act], clock: VirtualClock) -> None:
    """Have everything happen in its order."""
    waiting = [(act.at, number, act) for number, act in enumerate(acts)]
    heapq.heapify(waiting)
    while waiting:
        at, _, act = heapq.heappop(waiting)
        if at > clock.now():
            await clock.until(at)
        act.do()
