"""One life of the daemon: it can end at any await, and nothing of it is written afterwards."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from flashd.adapters.arrays import logins
from flashd.engine import leases
from flashd.model.lease import Holder

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from flashd.model.run import Carrier
    from tests.simulation.year.times import HostClock


_IMPATIENT = 15.0
"""So many seconds later a lease is looked for although nobody has given one back."""


class Life:
    """Counts the steps that are left; the last one is not taken, or not told of."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.dead = False
        self.ended = asyncio.Event()
        self._left: int | None = None
        self._left_from_intent: int | None = None

    def doom(self, steps: int, *, from_intent: bool) -> None:
        """Let it end so many steps from now, or from the next intent on."""
        if from_intent:
            self._left_from_intent = steps
        else:
            self._left = steps

    def intends(self) -> None:
        if self._left_from_intent is not None:
            self._left, self._left_from_intent = self._left_from_intent, None

    async def step(self) -> None:
        """Go on, or end here."""
        if self.dead:
            raise asyncio.CancelledError
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                self.end()
                await asyncio.Event().wait()

    def end(self) -> None:
        self.dead = True
        self.ended.set()


class Mortal:
    """A port as a life has it: before and after each of its calls that life may end."""

    def __init__(
        self, inner: object, life: Life, heard: Callable[[str, Any, Any], Awaitable[None]]
    ) -> None:
        self._inner, self._life, self._heard = inner, life, heard

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        inner = getattr(self._inner, name)

        async def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the port has it
            await self._life.step()
            result = await inner(*args, **kwargs)
            await self._heard(name, args, result)
            await self._life.step()
            return result

        self.__dict__[name] = call
        return call


class MortalClock:
    """The host's clock; who sleeps may not wake."""

    def __init__(self, clock: HostClock, life: Life, released: asyncio.Event | None) -> None:
        self._clock, self._life, self._released = clock, life, released

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self._life.step()
        if seconds == leases._POLL_SECONDS and self._released is not None:
            await self._until_released(self._released, seconds)
        else:
            await self._clock.sleep(seconds)
        await self._life.step()

    async def _until_released(self, released: asyncio.Event, step: float) -> None:
        """Look for a lease where the daemon would, but not before one was given back."""
        began = self._clock.monotonic()
        with suppress(TimeoutError):
            async with asyncio.timeout(_IMPATIENT):
                await released.wait()
        await self._clock.sleep(step - (self._clock.monotonic() - began) % step)


class Clients:
    """The dscli processes that are there: some have outlived the daemon that began them."""

    def __init__(self) -> None:
        self._carrying: dict[int, asyncio.Task[Any]] = {}
        self._groups = 0
        self.outlived = 0

    def group(self) -> int:
        self._groups += 1
        return self._groups

    def carries(self, group: int, task: asyncio.Task[Any]) -> None:
        self._carrying[group] = task
        task.add_done_callback(lambda _: self._carrying.pop(group, None))

    def kill(self, group: int) -> bool:
        """End one; whether there was one."""
        task = self._carrying.get(group)
        return task is not None and task.cancel()

    @property
    def alive(self) -> tuple[int, ...]:
        return tuple(self._carrying)


class YearHost:
    """A host on which a process is known by the life it belongs to, and by the boot."""

    def __init__(self, life: int, boot: int, clients: Clients) -> None:
        self._life, self._boot, self._clients = life, f"boot-{boot}", clients

    def holder(self, token: str) -> Holder:
        return Holder("host", self._boot, self._life, self._life, token)

    def gone(self, holder: Holder) -> bool | None:
        return (holder.pid, holder.boot_id) != (self._life, self._boot)

    def ours(self, carrier: Carrier) -> bool:
        return carrier.group in self._clients.alive

    async def end(self, carrier: Carrier) -> bool | None:
        """End a client that may have outlived its daemon; with another boot it is gone anyway."""
        self._clients.outlived += self._clients.kill(carrier.group)
        return True


def forget_process() -> None:
    """Forget what a process remembers of logins: another one has begun."""
    logins._proved.clear()
    logins._unwritten.clear()
    logins._unreturned.clear()
