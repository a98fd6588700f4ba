"""Sessions of one array that are kept while they are used: who gets which, and when they end."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flashd.adapters.arrays.client import Readiness
from flashd.adapters.arrays.dialogue import Turn, UnsynchronisedError, dialogue
from flashd.adapters.arrays.failures import not_logged_in
from flashd.adapters.arrays.inquiries import LIST_OUTPUT
from flashd.adapters.arrays.messages import asks, complaints_of
from flashd.adapters.masking import without_secrets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from flashd.adapters.arrays.dialogue import Dialogue, Heard
    from flashd.adapters.arrays.oneshot import Dscli
    from flashd.errors import ArrayError
    from flashd.ports.array import Witness

WITHOUT_PAGES = "setenv -paging off"
"""A profile may have a terminal stop after each page; a client that knows no pages has none."""

DISTRUST_SECONDS = 300.0
"""So long an array goes by `oneshot` whose session could not be synchronised."""

_MOST_SHOWN = 80
_READINESS = {Turn.ENDED: Readiness.ENDED, Turn.ASKED: Readiness.ASKING, Turn.LATE: Readiness.LATE}


@dataclass(slots=True, eq=False)
class KeptSession:
    """A dscli that is logged in; `fresh` as long as it has answered nothing but the login.

    `lasting`: answers that hold for as long as the login, by their commands. `awaits`: how many
    commands are to come for which it is kept open, though others may ask in it meanwhile.
    """

    partner: Dialogue
    ending: AsyncExitStack
    fresh: bool = True
    awaits: int = 0
    lasting: dict[str, str] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def in_step(self) -> str:
        """Say why the next answer could be another command's; empty where it cannot."""
        if not self.partner.alive:
            return "dscli has ended"
        if said := self.partner.unasked().strip():
            return f"dscli said what nobody asked: {without_secrets(said)[:_MOST_SHOWN]!r}"
        return ""


class Kept:
    """The sessions of one array: `most` at a time, each closed `idle` seconds after its last use.

    `tell` is given in words why a session is not used; it is heard once, until one is good again.
    """

    def __init__(
        self, dscli: Dscli, *, idle: float, most: int, tell: Callable[[str], None]
    ) -> None:
        self.dscli = dscli
        self.idle = idle
        self.most = most
        self._tell = tell
        self._sessions: list[KeptSession] = []
        self._door = asyncio.Lock()
        self._timers: dict[KeptSession, asyncio.TimerHandle] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._distrusted_until = 0.0
        self._told = False
        self._retired = False

    @property
    def groups(self) -> frozenset[int]:
        """The process groups of its sessions."""
        return frozenset(one.partner.group for one in self._sessions)

    @property
    def distrusted(self) -> bool:
        """Whether this array goes by `oneshot` for now."""
        return asyncio.get_running_loop().time() < self._distrusted_until

    async def distrust(self, why: str) -> None:
        """Close all sessions that nobody uses and make no new one for a while."""
        self._distrusted_until = asyncio.get_running_loop().time() + DISTRUST_SECONDS
        if not self._told:
            self._told = True
            self._tell(why)
        await self.make_room()

    def trust(self) -> None:
        """Have heard an answer that was understood: the next trouble is news again."""
        self._told = False

    @asynccontextmanager
    async def session(self, witness: Witness) -> AsyncIterator[KeptSession]:
        """Have a session to oneself, one that is there or a new one.

        One that is not in step afterwards is ended with its whole process group. Raises
        `UnsynchronisedError` where it logged in and shows no prompt; else as `observe` of the port.
        """
        session = await self._taken(witness)
        try:
            yield session
        finally:
            await self._give_back(session)

    @asynccontextmanager
    async def awaiting(self, witness: Witness) -> AsyncIterator[KeptSession]:
        """Have a session that neither grows idle nor is retired meanwhile; raises as `session`."""
        async with self.session(witness) as session:
            session.awaits += 1
        try:
            yield session
        finally:
            session.awaits -= 1
            if self._retired and not session.lock.locked():
                self._close_later(self._end(session))

    @asynccontextmanager
    async def again(self, session: KeptSession) -> AsyncIterator[KeptSession]:
        """Have just this session to oneself, whatever has become of it."""
        await session.lock.acquire()
        try:
            yield session
        finally:
            await self._give_back(session)

    async def make_room(self) -> None:
        """Have the sessions that nobody uses log out."""
        idle = [one for one in self._sessions if not one.lock.locked()]
        await asyncio.gather(*(self._end(one) for one in idle))

    def retire(self) -> None:
        """Close each session as soon as nobody uses it: there is another way to the array now."""
        self._retired = True
        for session in self._sessions:
            if not (session.lock.locked() or session.awaits):
                self._close_later(self._end(session))

    async def close(self) -> None:
        """End all sessions, whoever uses them."""
        self._retired = True
        await asyncio.gather(*(self._end(one) for one in tuple(self._sessions)))
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _taken(self, witness: Witness) -> KeptSession:
        while True:
            if session := self._free():
                await session.lock.acquire()
            elif len(self._sessions) < self.most:
                async with self._door:
                    if len(self._sessions) < self.most:
                        return await self._open(witness)
                continue
            else:
                session = self._sessions[0]
                await session.lock.acquire()
            if session in self._sessions and not session.in_step():
                self._stop_timer(session)
                return session
            await self._give_back(session)

    def _free(self) -> KeptSession | None:
        return next((one for one in self._sessions if not one.lock.locked()), None)

    async def _give_back(self, session: KeptSession) -> None:
        try:
            over = self._retired and not session.awaits
            if session in self._sessions and (session.in_step() or over):
                await asyncio.shield(self._end(session))
        finally:
            session.lock.release()
        if session in self._sessions and not session.lock.locked():
            self._start_timer(session)

    def _start_timer(self, session: KeptSession) -> None:
        self._stop_timer(session)
        loop = asyncio.get_running_loop()
        self._timers[session] = loop.call_later(self.idle, self._grown_idle, session)

    def _stop_timer(self, session: KeptSession) -> None:
        if timer := self._timers.pop(session, None):
            timer.cancel()

    def _grown_idle(self, session: KeptSession) -> None:
        if session.awaits:
            self._start_timer(session)
        elif not session.lock.locked():
            self._close_later(self._end(session))

    def _close_later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _end(self, session: KeptSession) -> None:
        """Log out where the client still listens, and see that its group is gone."""
        self._stop_timer(session)
        if session in self._sessions:
            self._sessions.remove(session)
        await session.partner.leave()
        await session.ending.aclose()

    async def _open(self, witness: Witness) -> KeptSession:
        """Log in; the session is the caller's."""
        async with AsyncExitStack() as stack:
            partner = await stack.enter_async_context(
                dialogue(self.dscli.argv, self.dscli.environment)
            )
            await self._log_in(partner, witness)
            session = KeptSession(partner, stack.pop_all())
        await session.lock.acquire()
        self._sessions.append(session)
        return session

    async def _log_in(self, partner: Dialogue, witness: Witness) -> None:
        limit = self.dscli.login_timeout
        heard = await partner.greeting(limit)
        if heard.turn in _READINESS:
            witness.answered("", heard.exit_status, heard.text)
            raise self._not_logged_in(heard, limit)
        for setting in (WITHOUT_PAGES, LIST_OUTPUT):
            if heard.whole:
                heard = await partner.tell(setting, limit)
        if not heard.whole or complaints_of(heard.text, ""):
            witness.answered(LIST_OUTPUT, None, heard.text)
            said = without_secrets(heard.text)[:_MOST_SHOWN]
            raise UnsynchronisedError(heard.why or f"{LIST_OUTPUT} was answered with {said!r}")

    def _not_logged_in(self, heard: Heard, limit: float) -> ArrayError:
        readiness = _READINESS[heard.turn]
        question = asks(heard.text) if readiness is Readiness.ASKING else ""
        return not_logged_in(heard.said, readiness, question, limit, self.dscli.remedy)
