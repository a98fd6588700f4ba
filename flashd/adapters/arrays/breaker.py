"""No second login with a password that was refused.

Five refused logins lock the account for everybody (DS8000 default), so the first one stops
them all, for every process on this store, until the password file is another one.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.adapters.arrays.messages import login_refused_in
from flashd.errors import LoginRefused, LoginStopped, StoreError
from flashd.model.observation import Breaker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from flashd.core.firewall import Cleared
    from flashd.model.run import Answer, Carrier
    from flashd.model.volumes import Listing, Pair
    from flashd.ports.array import ArrayBackend, Session, Witness
    from flashd.ports.clock import Clock
    from flashd.ports.store import Breakers

_unwritten: dict[str, Breaker] = {}
"""By array: refusals that the store did not take. They hold at least in this process."""


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
        pwfile = await self._admit()
        try:
            return await self.inner.observe(witness)
        except LoginRefused as error:
            await self.open(pwfile, error.message)
            raise

    @asynccontextmanager
    async def session(self, witness: Witness) -> AsyncIterator[Session]:
        """Log in, unless logins are stopped."""
        pwfile = await self._admit()
        try:
            async with self.inner.session(witness) as session:
                yield _WatchedSession(session, self, pwfile)
        except LoginRefused as error:
            await self.open(pwfile, error.message)
            raise

    async def open(self, pwfile: str, reason: str) -> None:
        """Stop logins with the password file that was refused, which may be another by now."""
        breaker = Breaker(
            array=self.array,
            username=self.username,
            pwfile=pwfile,
            opened_at=self.clock.now(),
            reason=reason,
        )
        _unwritten[self.array] = breaker
        await self._write(breaker)

    async def _write(self, breaker: Breaker) -> None:
        try:
            await self.breakers.open_breaker(breaker)
        except StoreError:
            return  # tried again before the next login
        _unwritten.pop(self.array, None)

    async def _admit(self) -> str:
        """Tell the password file that a login would use; raises `LoginStopped`."""
        pwfile = self.pwfile()
        if unwritten := _unwritten.get(self.array):
            await self._write(unwritten)
        breaker = _unwritten.get(self.array) or await self.breakers.breaker(self.array)
        if breaker is None:
            return pwfile
        if (breaker.username, breaker.pwfile) != (self.username, pwfile):
            _unwritten.pop(self.array, None)
            await self.breakers.close_breaker(self.array)
            return pwfile
        raise LoginStopped(
            f"logins as {self.username} are stopped since {breaker.opened_at:%Y-%m-%dT%H:%M:%SZ}: "
            f"{breaker.reason}",
            self.remedy,
        )


@dataclass(frozen=True, slots=True)
class _WatchedSession:
    """A session whose answer may still tell of a refused login."""

    inner: Session
    array: BreakerArray
    pwfile: str

    @property
    def carrier(self) -> Carrier:
        """See `Session`."""
        return self.inner.carrier

    async def change(self, command: Cleared, pairs: Sequence[Pair]) -> Answer:
        """See `Session`."""
        answer = await self.inner.change(command, pairs)
        if login_refused_in(answer):
            await self.array.open(self.pwfile, f"login refused: {answer.reason}")
        return answer
