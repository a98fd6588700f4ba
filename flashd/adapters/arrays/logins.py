"""No second login with a password that was refused.

Five refused logins lock the account for everybody (DS8000 default), so the first one stops
them all, for every process on this store, until the password file is another one.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakSet

from flashd.errors import LoginRefused, LoginStopped, StoreError
from flashd.model.observation import Breaker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from flashd.model.lease import Holder
    from flashd.ports.clock import Clock
    from flashd.ports.host import Host
    from flashd.ports.store import LoginStore

_unwritten: dict[str, Breaker] = {}
"""By array: refusals that the store did not take. They hold at least in this process."""

_proved: set[tuple[str, str, str]] = set()
"""Array, user and password file with which this process has logged in."""

_unreturned: list[tuple[LoginStore, tuple[str, ...], Holder]] = []
"""Leases of logins that are over."""

_counted: WeakSet[LoginRefused] = WeakSet()
"""Refusals that have stopped the logins by the password file that was refused."""

_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """The logins to an array as one user, which stop at the first refusal.

    `pwfile` tells the password file from its former self.
    """

    array: str
    username: str
    pwfile: Callable[[], str]
    remedy: str
    store: LoginStore
    clock: Clock
    host: Host
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Let a login through; hold it until the client has shown whether it was let in.

        One login an array is on its way at a time, and among all processes until the password file
        has proved good here: five at once with a wrong password would lock the account. What is
        logged in already is held up by nothing here.
        """
        await self._give_back()
        async with AsyncExitStack() as gate:
            await gate.enter_async_context(self.turn)
            if (self.array, self.username, self.pwfile()) not in _proved:
                await gate.enter_async_context(self._alone())
            pwfile = await gate.enter_async_context(self.unless_stopped())
            yield
            _proved.add((self.array, self.username, pwfile))

    @asynccontextmanager
    async def unless_stopped(self) -> AsyncIterator[str]:
        """Go on by the password file of now, which is told; a refusal meanwhile stops all logins.

        Raises `LoginStopped` where they are stopped.
        """
        pwfile = await self._admit()
        try:
            yield pwfile
        except LoginRefused as error:
            if not isinstance(error, LoginStopped) and error not in _counted:
                await self.stop(pwfile, error)
            raise

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        names = (f"login {self.array}",)
        holder = self.host.holder(secrets.token_hex(8))
        try:
            while await self.store.acquire(names, holder, self.clock.now()):
                await self.clock.sleep(_POLL_SECONDS)
            yield
        finally:  # also where only the answer to `acquire` was lost
            _unreturned.append((self.store, names, holder))
            await self._give_back()

    async def _give_back(self) -> None:
        """Give back what is not needed any more, and what could not be given back before.

        Else everybody would wait for it for as long as this process lives.
        """
        with suppress(StoreError):
            for left in tuple(_unreturned):
                store, names, holder = left
                if store is self.store:
                    await store.release(names, holder)
                    _unreturned[:] = [one for one in _unreturned if one is not left]

    async def stop(self, pwfile: str, error: LoginRefused) -> None:
        """Stop logins with the password file that was refused, which may be another by now."""
        _counted.add(error)
        await self.stop_for(pwfile, error.message)

    async def stop_for(self, pwfile: str, reason: str) -> None:
        """Stop logins with a password file; `reason` is what was said of it."""
        breaker = Breaker(
            array=self.array,
            username=self.username,
            pwfile=pwfile,
            opened_at=self.clock.now(),
            reason=reason,
        )
        _proved.discard((self.array, self.username, pwfile))
        _unwritten[self.array] = breaker
        await self._write(breaker)

    async def _write(self, breaker: Breaker) -> None:
        try:
            await self.store.open_breaker(breaker)
        except StoreError:
            return  # tried again before the next login
        _unwritten.pop(self.array, None)

    async def _admit(self) -> str:
        """Tell the password file that a login would use; raises `LoginStopped`."""
        pwfile = self.pwfile()
        if unwritten := _unwritten.get(self.array):
            await self._write(unwritten)
        breaker = _unwritten.get(self.array) or await self.store.breaker(self.array)
        if breaker is None:
            return pwfile
        if (breaker.username, breaker.pwfile) != (self.username, pwfile):
            _unwritten.pop(self.array, None)
            await self.store.close_breaker(self.array)
            return pwfile
        raise LoginStopped(
            f"logins as {self.username} are stopped since {breaker.opened_at:%Y-%m-%dT%H:%M:%SZ}: "
            f"{breaker.reason}",
            self.remedy,
        )
