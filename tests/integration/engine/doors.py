"""Ports with a door in front: at every call something may happen before it goes through."""

from __future__ import annotations

import inspect
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from enum import Enum
    from typing import Any

    from flashd.core.firewall import Cleared
    from flashd.model.counters import Counters
    from flashd.model.inventory import Inventory, Part
    from flashd.model.run import Answer, Carrier
    from flashd.model.volumes import Listing, Pair, VolumeId
    from flashd.ports.array import ArrayBackend, Session, Witness
    from flashd.ports.events import Events
    from flashd.ports.store import Store

Door = "Callable[[str], None]"


def guarded_store(store: Store, door: Callable[[str], None]) -> Store:
    """Put a door in front of every method of a store."""
    return cast("Store", _Guarded(store, door))


class _Guarded:
    def __init__(self, store: Store, door: Callable[[str], None]) -> None:
        self._store = store
        self._door = door

    def __getattr__(self, name: str) -> object:
        method: Any = getattr(self._store, name)

        @wraps(method)
        async def through(*args: object, **kwargs: object) -> object:
            self._door(name)
            return await method(*args, **kwargs)

        return through


def followed(store: Store, name: str, act: Callable[[], object]) -> Store:
    """Have something happen each time right after a method of a store: after `intend`, say, dscli
    is logged in and waits.
    """
    return cast("Store", _Followed(store, name, act))


class _Followed:
    def __init__(self, store: Store, name: str, act: Callable[[], object]) -> None:
        self._store, self._name, self._act = store, name, act

    def __getattr__(self, name: str) -> object:
        method: Any = getattr(self._store, name)
        if name != self._name:
            return method

        @wraps(method)
        async def through(*args: object, **kwargs: object) -> object:
            given = await method(*args, **kwargs)
            done = self._act()
            if inspect.isawaitable(done):
                await done
            return given

        return through


@dataclass(frozen=True)
class GuardedEvents:
    """Events with a door."""

    inner: Events
    door: Callable[[str], None]

    def tell(self, event: Enum, message: str, facts: Mapping[str, object]) -> None:
        self.door(f"tell {event.name}")
        self.inner.tell(event, message, facts)


@dataclass(frozen=True)
class GuardedArray:
    """An array with doors before and after what is done to it."""

    inner: ArrayBackend
    door: Callable[[str], None]

    async def observe(self, witness: Witness) -> Listing:
        self.door("observe")
        listing = await self.inner.observe(witness)
        self.door("observed")
        return listing

    async def inventory(self, witness: Witness, parts: AbstractSet[Part]) -> Inventory:
        self.door("take stock")
        inventory = await self.inner.inventory(witness, parts)
        self.door("took stock")
        return inventory

    async def counters(self, volumes: Sequence[VolumeId], witness: Witness) -> Sequence[Counters]:
        self.door("count")
        return await self.inner.counters(volumes, witness)

    @asynccontextmanager
    async def session(self, witness: Witness, command: str) -> AsyncIterator[Session]:
        self.door("log in")
        async with self.inner.session(witness, command) as session:
            self.door("logged in")
            yield _GuardedSession(session, self.door)
            self.door("log out")


@dataclass(frozen=True)
class _GuardedSession:
    inner: Session
    door: Callable[[str], None]

    @property
    def carrier(self) -> Carrier:
        return self.inner.carrier

    async def change(self, command: Cleared, pairs: Sequence[Pair], not_after: float) -> Answer:
        self.door("change")
        answer = await self.inner.change(command, pairs, not_after)
        self.door("changed")
        return answer
