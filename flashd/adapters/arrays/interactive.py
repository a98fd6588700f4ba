"""An array by one dscli that stays logged in, spoken to on a terminal.

There is no exit status in such a session: an answer is judged by its messages, and then the array
is read. What a terminal could cut, and what follows where a session is out of step, goes by
`oneshot`.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from flashd.adapters.arrays.calling import carrier_of
from flashd.adapters.arrays.dialogue import Heard, Turn, UnsynchronisedError
from flashd.adapters.arrays.failures import Ending, ending_of, failure, refusal
from flashd.adapters.arrays.inquiries import Told, counters_of, relations_of, stock_of, understood
from flashd.adapters.arrays.messages import (
    NO_CONNECTION,
    account,
    account_in_session,
    complaints_of,
)
from flashd.adapters.arrays.outlet import line_of, tell_in_time
from flashd.adapters.arrays.tables import NotUnderstoodError
from flashd.errors import ArrayUnreachable
from flashd.model.masking import without_secrets
from flashd.model.run import Account

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from collections.abc import Set as AbstractSet

    from flashd.adapters.arrays.inquiries import Inquiry
    from flashd.adapters.arrays.kept import Kept, KeptSession
    from flashd.adapters.arrays.oneshot import OneshotArray
    from flashd.core.firewall import Cleared
    from flashd.errors import ArrayError
    from flashd.model.counters import Counters
    from flashd.model.inventory import Inventory, Part
    from flashd.model.run import Answer, Carrier
    from flashd.model.volumes import Listing, Pair, VolumeId
    from flashd.ports.array import Session, Witness

T = TypeVar("T")

LONGEST = 1000
"""Bytes of a command that goes over a terminal: in canonical mode it cuts lines at 4,095 bytes
(termios(3)), dscli takes short ids, and a cut pair can name a foreign volume."""


class _LostError(Exception):
    """The client is gone, or has lost its console; a new login may reach it."""

    def __init__(self, error: ArrayError) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass(frozen=True, slots=True)
class InteractiveArray:
    """The array port by sessions that are kept; `oneshot` is the way for what they cannot do."""

    oneshot: OneshotArray
    kept: Kept

    async def observe(self, witness: Witness) -> Listing:
        """List the whole array."""
        return await self._ask(witness, relations_of(self._array, self.oneshot.read))

    async def inventory(self, witness: Witness, parts: AbstractSet[Part]) -> Inventory:
        """Ask for volumes, mirrors and these parts."""
        return await self._ask(witness, stock_of(self._array, self.oneshot.take, parts))

    async def counters(self, volumes: Sequence[VolumeId], witness: Witness) -> Sequence[Counters]:
        """Ask for the counters of volumes, one after another."""
        return await self._ask(witness, counters_of(self._array, volumes, self.oneshot.clock))

    @asynccontextmanager
    async def session(self, witness: Witness, command: str) -> AsyncIterator[Session]:
        """Have a client logged in: the kept one, unless the command is too long for a terminal.

        The kept one is promised and not reserved: a guard may ask the array something before the
        command goes.
        """
        async with AsyncExitStack() as stack:
            session: Session | None = None
            if len(command.encode()) <= LONGEST and not self.kept.distrusted:
                session = await self._kept_one(witness, stack)
            if session is None:
                await self.kept.make_room()
                session = await stack.enter_async_context(self.oneshot.session(witness, command))
            yield session

    @property
    def _array(self) -> str:
        return self.oneshot.dscli.array

    async def _kept_one(self, witness: Witness, stack: AsyncExitStack) -> InteractiveSession | None:
        try:
            async with self.kept.session(witness) as session:
                stack.enter_context(self.kept.promise(session))
                carrier = carrier_of(session.partner, self.oneshot.host)
                return InteractiveSession(self, session, carrier, witness)
        except UnsynchronisedError as doubt:
            await self.kept.distrust(str(doubt))
            return None

    async def _ask(self, witness: Witness, inquiry: Inquiry[T]) -> T:
        if self.kept.distrusted:
            return await self.oneshot.ask(witness, inquiry)
        try:
            found = await self._in_a_session(witness, inquiry)
        except UnsynchronisedError as doubt:
            await self.kept.distrust(str(doubt))
            return await self.oneshot.ask(witness, inquiry)
        self.kept.trust()
        return found

    async def _in_a_session(self, witness: Witness, inquiry: Inquiry[T]) -> T:
        """Ask in the session that is there; where it was lost meanwhile, once more in a new one."""
        try:
            return await self._exchange(witness, inquiry)
        except _LostError:
            pass
        try:
            return await self._exchange(witness, inquiry)
        except _LostError as lost:
            raise lost.error from None

    async def _exchange(self, witness: Witness, inquiry: Inquiry[T]) -> T:
        dscli, clock = self.oneshot.dscli, self.oneshot.clock
        async with self.kept.session(witness) as session:
            fresh = session.fresh
            began, steady = clock.now(), clock.monotonic()
            heard = await self._said(session, witness, inquiry)
            failed = _failed(heard, dscli.remedy, inquiry.rights)
            if failed is None:
                told = Told(heard.text, began, clock.now(), steady)
                try:
                    found = await understood(inquiry, told, self.oneshot.most_here)
                except NotUnderstoodError as error:
                    session.partner.end()
                    said = without_secrets(str(error))
                    raise UnsynchronisedError(f"{inquiry.reports}: {said}") from error
                session.fresh = False
                return found
            if _of_no_more_use(heard, failed):
                session.partner.end()
                if not fresh:
                    raise _LostError(failed)
        raise failed

    async def _said(self, session: KeptSession, witness: Witness, inquiry: Inquiry[T]) -> Heard:
        """Hear the answers to all commands, one after another, as if they were one."""
        dscli = self.oneshot.dscli
        wanted = [one for one in inquiry.commands if one not in session.lasting]
        witness.sent("; ".join(wanted), dscli.line)
        texts: list[str] = []
        heard: Heard | None = None
        for command in inquiry.commands:
            if (known := session.lasting.get(command)) is not None:
                texts.append(known)
                continue
            if not session.partner.alive:
                heard = Heard(Turn.ENDED, "", why="dscli has ended")
                break
            if doubt := session.in_step():
                session.partner.end()
                raise UnsynchronisedError(doubt)
            heard = await session.partner.tell(command, dscli.timeout)
            texts.append(heard.text)
            if not heard.whole:
                break
            if command in inquiry.lasting and not complaints_of(heard.text, ""):
                session.lasting[command] = heard.text
        heard = (
            replace(heard, text="".join(texts)) if heard else Heard(Turn.PROMPTED, "".join(texts))
        )
        failed = bool(complaints_of(heard.text, "")) if heard.whole else None
        witness.answered("; ".join(wanted), heard.exit_status, heard.text, failed=failed)
        if refused := refusal(replace(heard.said, exit_status=None), dscli.remedy):
            session.partner.end()  # its words, not its end: that comes to who was idle, too
            raise refused
        if heard.turn in {Turn.STUCK, Turn.ASKED}:
            raise UnsynchronisedError(heard.why)
        return heard


def _failed(heard: Heard, remedy: str, rights: str) -> ArrayError | None:
    """Say why an inquiry has no answer; None: it has one."""
    return failure(heard.said, remedy, rights, _ending(heard))


def _ending(heard: Heard) -> Ending:
    """Tell what made a session end, or say no: there is an exit code only where it ended."""
    if heard.turn is Turn.ENDED:  # one that left without a failure has lost its console, too
        return ending_of(heard.exit_status) if heard.exit_status else Ending.CONNECTION
    if heard.whole:
        of_syntax = any(one.of_syntax for one in complaints_of(heard.text, ""))
        return Ending.SYNTAX if of_syntax else Ending.WELL
    return Ending.UNKNOWN


def _of_no_more_use(heard: Heard, failed: ArrayError) -> bool:
    """Whether asking once more is of use only in a new session.

    Whatever a client says, but for a plain no: by which message it tells that its session is gone
    is not public, and it may show its prompt and tell the same for ever.
    """
    return heard.turn is Turn.ENDED or (heard.whole and isinstance(failed, ArrayUnreachable))


@dataclass(frozen=True, slots=True)
class InteractiveSession:
    """A dscli that is logged in and takes one command after another."""

    array: InteractiveArray
    kept: KeptSession
    carrier: Carrier
    witness: Witness

    async def change(self, command: Cleared, pairs: Sequence[Pair], not_after: float) -> Answer:
        """Send the command and read its answer up to the prompt."""
        oneshot = self.array.oneshot
        line = line_of(command, oneshot.dscli.array, pairs, LONGEST).rstrip("\n")
        async with self.array.kept.again(self.kept) as session:
            if doubt := session.in_step():
                if session.partner.alive:
                    await self.array.kept.distrust(doubt)
                raise ArrayUnreachable(
                    f"the session was lost before the command was written: {doubt}",
                    "Nothing was sent; the next try logs in anew.",
                )
            tell_in_time(command, self.witness, oneshot.dscli.line, oneshot.clock, not_after)
            session.fresh = False
            told_of_all = partial(_told_of_all, pairs=pairs)
            heard = await session.partner.tell(line, oneshot.dscli.timeout, told_of_all)
            if heard.turn in {Turn.STUCK, Turn.ASKED}:
                await self.array.kept.distrust(heard.why)
            answer = _answer(heard, pairs)
            if not _plain(answer):
                session.partner.end()  # what is still to come would be taken for another's answer
        failed = None if not heard.whole else not answer.all_accepted
        self.witness.answered(command.text, heard.exit_status, heard.text, failed=failed)
        return answer


def _answer(heard: Heard, pairs: Sequence[Pair]) -> Answer:
    if heard.whole:
        return account_in_session(heard.text, pairs)
    why = heard.why or f"dscli ended in the middle of a session, exit code {heard.exit_status}"
    return account(heard.text, "", None, pairs, why)


def _told_of_all(said: str, pairs: Sequence[Pair]) -> bool:
    """Whether the array has said of every pair what became of it."""
    return Account.SILENT not in account_in_session(said, pairs).accounts.values()


def _plain(answer: Answer) -> bool:
    """Whether the answer tells of every pair, and nothing else of the command is to come."""
    silent = Account.SILENT in answer.accounts.values()
    return answer.refused or not (silent or NO_CONNECTION in answer.output)
