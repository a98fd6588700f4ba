"""An array that is left alone once a login was refused, whoever of its clients was told so."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.adapters.arrays.messages import login_refused_in
from flashd.errors import LoginRefused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from flashd.adapters.arrays.logins import Logins
    from flashd.core.firewall import Cleared
    from flashd.model.counters import Counters
    from flashd.model.inventory import Inventory
    from flashd.model.run import Answer, Carrier
    from flashd.model.volumes import Listing, Pair, VolumeId
    from flashd.ports.array import ArrayBackend, Session, Witness


@dataclass(frozen=True, slots=True)
class BreakerArray:
    """An array that is asked nothing while logins are stopped, also where somebody is logged in.

    What logs in to it waits for its turn by itself: see `Logins.one`.
    """

    inner: ArrayBackend
    logins: Logins

    async def observe(self, witness: Witness) -> Listing:
        """List, unless logins are stopped."""
        async with self._login():
            return await self.inner.observe(witness)

    async def inventory(self, witness: Witness) -> Inventory:
        """Ask, unless logins are stopped."""
        async with self._login():
            return await self.inner.inventory(witness)

    async def counters(self, volumes: Sequence[VolumeId], witness: Witness) -> Sequence[Counters]:
        """Ask, unless logins are stopped."""
        async with self._login():
            return await self.inner.counters(volumes, witness)

    @asynccontextmanager
    async def session(self, witness: Witness, command: str) -> AsyncIterator[Session]:
        """Log in, unless logins are stopped."""
        async with AsyncExitStack() as stack:
            async with self._login() as pwfile:
                session = await stack.enter_async_context(self.inner.session(witness, command))
            yield _WatchedSession(session, self.logins, pwfile)

    def _login(self) -> AbstractAsyncContextManager[str]:
        return self.logins.unless_stopped()


@dataclass(frozen=True, slots=True)
class _WatchedSession:
    """A session whose answer may still tell of a refused login."""

    inner: Session
    logins: Logins
    pwfile: str

    @property
    def carrier(self) -> Carrier:
        """See `Session`."""
        return self.inner.carrier

    async def change(self, command: Cleared, pairs: Sequence[Pair], not_after: float) -> Answer:
        """See `Session`."""
        try:
            answer = await self.inner.change(command, pairs, not_after)
        except LoginRefused as error:
            await self.logins.stop(self.pwfile, error)
            raise
        if login_refused_in(answer):
            await self.logins.stop_for(self.pwfile, f"login refused: {answer.reason}")
        return answer
