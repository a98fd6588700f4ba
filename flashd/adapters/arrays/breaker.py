"""No second login with a password that was refused.

Five refused logins lock the account for everybody (DS8000 default), so the first one stops
them all, for every process on this store, until the password file is another one.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.errors import LoginRefused, LoginStopped
from flashd.model.observation import Breaker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from flashd.model.volumes import Listing
    from flashd.ports.array import ArrayBackend, Session, Witness
    from flashd.ports.clock import Clock
    from flashd.ports.store import Breakers


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerArray:
    """An array whose logins stop at the first refusal."""

    inner: ArrayBackend
    array: str
    username: str
    pwfile: Callable[[], str]
    remedy: str
    breakers: Breakers
    clock: Clock

    async def observe(self, witness: Witness) -> Listing:
        """List, unless logins are stopped."""
        await self._admit()
        try:
            return await self.inner.observe(witness)
        except LoginRefused as error:
            await self._open(error)
            raise

    @asynccontextmanager
    async def session(self, witness: Witness) -> AsyncIterator[Session]:
        """Log in, unless logins are stopped."""
        await self._admit()
        try:
            async with self.inner.session(witness) as session:
                yield session
        except LoginRefused as error:
            await self._open(error)
            raise

    async def _admit(self) -> None:
        breaker = await self.breakers.breaker(self.array)
        if breaker is None:
            return
        if (breaker.username, breaker.pwfile) != (self.username, self.pwfile()):
            await self.breakers.close_breaker(self.array)
            return
        raise LoginStopped(
            f"logins as {self.username} are stopped since {breaker.opened_at:%Y-%m-%dT%H:%M:%SZ}: "
            f"{breaker.reason}",
            self.remedy,
        )

    async def _open(self, error: LoginRefused) -> None:
        await self.breakers.open_breaker(
            Breaker(
                array=self.array,
                username=self.username,
                pwfile=self.pwfile(),
                opened_at=self.clock.now(),
                reason=error.message,
            )
        )
