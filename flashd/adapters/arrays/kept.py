"""Sessions of one array that are kept while they are used: who gets which, and when they end."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flashd.adapters.arrays.calling import OPEN
from flashd.adapters.arrays.client import Readiness
from flashd.adapters.arrays.dialogue import Turn, UnsynchronisedError, dialogue
from flashd.adapters.arrays.failures import not_logged_in, refusal
from flashd.adapters.arrays.inquiries import LIST_OUTPUT
from flashd.adapters.arrays.messages import asks, complaints_of
from flashd.model.masking import without_secrets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from flashd.adapters.arrays.calling import Dscli, Gate
    from flashd.adapters.arrays.dialogue import Dialogue, Heard
    from flashd.errors import ArrayError
    from flashd.ports.array import Witness

WITHOUT_PAGES = "setenv -paging off"
"""A profile may have a terminal stop after each page; a client that knows no pages has none."""

DISTRUST_SECONDS = 300.0
"""So long an array goes by `oneshot` whose session could not be synchronised."""

LINGER_SECONDS = 30.0
"""So long a retired session waits for whoever began by it: as long as the last look at guards may
take that comes before its next command."""

_MOST_SHOWN = 80
_READINESS = {Turn.ENDED: Readiness.ENDED, Turn.ASKED: Readiness.ASKING, Turn.LATE: Readiness.LATE}


@dataclass(slots=True, eq=False)
class KeptSession:
    """A dscli that is logged in; `fresh` as long as it has answered nothing but the login.

    `lasting`: answers that hold for as long as the login, by their commands. `promised` to so many
    who will come back with a command, `called_for` by so many who have; `leaving` from when on it
    logs out; `pwfile` is the password file by which it logged in.
    """

    partner: Dialogue
    ending: AsyncExitStack
    fresh: bool = True
    lasting: dict[str, str] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    pwfile: str = ""
    promised: int = 0
    called_for: int = 0
    leaving: bool = False

    @property
    def free(self) -> bool:
        """Whether it can be had at once."""
        return not (self.lock.locked() or self.called_for)

    @property
    def wanted(self) -> bool:
        """Whether somebody uses it, or will."""
        return self.lock.locked() or self.promised > 0

    def in_step(self) -> str:
        """Say why the next answer could be another command's; empty where it cannot."""
        if self.leaving or not self.partner.alive:
            return "dscli has ended"
        if said := self.partner.unasked().strip():
            return f"dscli said what nobody asked: {without_secrets(said)[:_MOST_SHOWN]!r}"
        return ""


class Kept:
    """The sessions of one array: `most` at a time, each closed `idle` seconds after its last use.

    `tell` is given in words why a session is not used; it is heard once, until one is good again,
    which None tells. `distrust`: so many seconds pass until one is tried again.
    Each login is tried within the `gate`, which tells the password file from its former self: by
    another one is logged in anew, so that one that is wrong is known at once and not when the
    session of the old one ends.
    """

    def __init__(
        self,
        dscli: Dscli,
        *,
        idle: float,
        most: int,
        tell: Callable[[str | None], None],
        gate: Gate = OPEN,
        distrust: float = DISTRUST_SECONDS,
    ) -> None:
        self.dscli = dscli
        self.idle = idle
        self.most = most
        self._tell = tell
        self._gate = gate
        self._distrust = distrust
        self._sessions: list[KeptSession] = []
        self._door = asyncio.Lock()
        self._news = asyncio.Event()  # one is free, or gone
        self._timers: dict[KeptSession, asyncio.TimerHandle] = {}
        self._endings: dict[KeptSession, asyncio.Task[None]] = {}
        self._distrusted_until = 0.0
        self._told = False
        self.retired = False

    def like(self, other: Kept) -> bool:
        """Whether sessions of the one could be the other's."""
        return (self.dscli, self.idle, self.most) == (other.dscli, other.idle, other.most)

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
        self._distrusted_until = asyncio.get_running_loop().time() + self._distrust
        if not self._told:
            self._told = True
            self._tell(why)
        await self.make_room()

    def trust(self) -> None:
        """Have heard an answer that was understood: the next trouble is news again.

        An answer in a session that was there before the trouble proves nothing of the next one.
        """
        if self._told and not self.distrusted:
            self._told = False
            self._tell(None)

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

    @contextmanager
    def promise(self, session: KeptSession) -> Iterator[None]:
        """Have it not closed for want of use, though others may use it meanwhile."""
        session.promised += 1
        try:
            yield
        finally:
            session.promised -= 1
            self._rest(session)

    @asynccontextmanager
    async def again(self, session: KeptSession) -> AsyncIterator[KeptSession]:
        """Have just this session to oneself, whatever has become of it."""
        session.called_for += 1
        try:
            await session.lock.acquire()
        finally:
            session.called_for -= 1
        try:
            yield session
        finally:
            await self._give_back(session)

    async def make_room(self) -> None:
        """Have the sessions that nobody uses log out."""
        unused = [one for one in self._sessions if not one.wanted]
        await asyncio.gather(*map(self._end, unused))

    def retire(self) -> None:
        """Have what nobody uses log out: there is another way to the array now.

        Who still comes has one all the same, for the last things of a batch: it stays for as long
        as the next of them can be away, and not for as long as `idle` may be.
        """
        if not self.retired:
            self.retired = True
            for session in [one for one in self._sessions if not one.wanted]:
                self._end(session)

    def revive(self) -> None:
        """Be the way to the array once more."""
        self.retired = False

    async def close(self) -> None:
        """End all sessions, whoever uses them."""
        self.retired = True
        await asyncio.gather(*map(self._end, tuple(self._sessions)))
        await asyncio.gather(*self._endings.values(), return_exceptions=True)

    async def _taken(self, witness: Witness) -> KeptSession:
        while True:
            if session := self._free():
                await session.lock.acquire()
            elif self._room():
                async with self._door:
                    if self._room():
                        return await self._open(witness)
                continue
            else:  # one that has not logged out yet is one as well
                self._news.clear()
                await self._news.wait()
                continue
            await self._replace(session)
            if session in self._sessions and not session.in_step():
                self._stop_timer(session)
                return session
            await self._give_back(session)

    async def _replace(self, session: KeptSession) -> None:
        """End one that would log in otherwise today; who was promised it has it to the end."""
        try:
            there = session in self._sessions and not session.promised
            if there and session.pwfile != self._gate.pwfile():
                await self._end(session)
        except BaseException:
            await self._give_back(session)
            raise

    def _room(self) -> bool:
        return len(self._sessions) + len(self._endings) < self.most

    def _free(self) -> KeptSession | None:
        """Find one that nobody uses, and if it can be that no command is to come over."""
        free = (one for one in self._sessions if one.free)
        return min(free, key=lambda one: one.promised, default=None)

    async def _give_back(self, session: KeptSession) -> None:
        try:
            if session in self._sessions and session.in_step():
                await self._end(session)
        finally:
            session.lock.release()
            self._news.set()
            self._rest(session)

    def _rest(self, session: KeptSession) -> None:
        """Close it after a while, unless it is wanted."""
        if session in self._sessions and not session.wanted:
            self._start_timer(session)

    def _start_timer(self, session: KeptSession) -> None:
        self._stop_timer(session)
        loop = asyncio.get_running_loop()
        patience = min(self.idle, LINGER_SECONDS) if self.retired else self.idle
        self._timers[session] = loop.call_later(patience, self._grown_idle, session)

    def _stop_timer(self, session: KeptSession) -> None:
        if timer := self._timers.pop(session, None):
            timer.cancel()

    def _grown_idle(self, session: KeptSession) -> None:
        if session in self._sessions and not session.wanted:
            self._end(session)

    def _end(self, session: KeptSession) -> asyncio.Future[None]:
        """Give it to nobody from now on, and close it, whether or not the end is waited for."""
        self._stop_timer(session)
        if session in self._sessions:
            session.leaving = True
            self._sessions.remove(session)
            ending = asyncio.get_running_loop().create_task(self._log_out(session))
            ending.add_done_callback(lambda _: self._ended(session))
            self._endings[session] = ending
        return asyncio.shield(self._endings[session])

    def _ended(self, session: KeptSession) -> None:
        self._endings.pop(session, None)
        self._news.set()

    async def _log_out(self, session: KeptSession) -> None:
        """Log out where the client still listens, and see that its group is gone."""
        await session.partner.leave()
        await session.ending.aclose()

    async def _open(self, witness: Witness) -> KeptSession:
        """Log in; the session is the caller's."""
        async with self._gate.one(), AsyncExitStack() as stack:
            pwfile = self._gate.pwfile()
            partner = await stack.enter_async_context(
                dialogue(self.dscli.argv, self.dscli.environment)
            )
            await self._log_in(partner, witness)
            session = KeptSession(partner, stack.pop_all(), pwfile=pwfile)
        await session.lock.acquire()
        self._sessions.append(session)
        return session

    async def _log_in(self, partner: Dialogue, witness: Witness) -> None:
        limit = self.dscli.login_timeout
        heard = await partner.greeting(limit)
        self._see_admitted(heard, witness)
        if heard.turn in _READINESS:
            witness.answered("", heard.exit_status, heard.text)
            raise self._not_logged_in(heard, limit)
        for setting in (WITHOUT_PAGES, LIST_OUTPUT):
            if heard.whole:
                heard = await partner.tell(setting, limit)
                self._see_admitted(heard, witness)
        if not heard.whole or complaints_of(heard.text, ""):
            witness.answered(LIST_OUTPUT, None, heard.text)
            said = without_secrets(heard.text)[:_MOST_SHOWN]
            raise UnsynchronisedError(heard.why or f"{LIST_OUTPUT} was answered with {said!r}")
        await self.dscli.admitted(partner.group)

    def _see_admitted(self, heard: Heard, witness: Witness) -> None:
        """Go on only where no login was refused: the other way to the array is one more login."""
        if refused := refusal(heard.said, self.dscli.remedy):
            witness.answered("", heard.exit_status, heard.text)
            raise refused

    def _not_logged_in(self, heard: Heard, limit: float) -> ArrayError:
        readiness = _READINESS[heard.turn]
        question = asks(heard.text) if readiness is Readiness.ASKING else ""
        return not_logged_in(heard.said, readiness, question, limit, self.dscli.remedy)
