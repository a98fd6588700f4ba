"""A dscli on a terminal: one command after another, each answer ended by the prompt."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from flashd.adapters.arrays.client import (
    FLOODED,
    KEPT_OF_A_FLOOD,
    OUTPUT_CAP,
    Said,
    not_started,
    trusted,
    unanswered,
)
from flashd.adapters.arrays.messages import asks
from flashd.adapters.arrays.screen import answer_in, cut_off, plain, prompted
from flashd.adapters.arrays.waiting import input_of, reader_in, reads
from flashd.adapters.procfs import process
from flashd.adapters.terminals import COLUMNS, NoTerminalError, on_a_terminal
from flashd.adapters.threads import beside

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from flashd.adapters.processes import Child

_AT_ONCE, _SOON, _LATER = 0.001, 0.01, 0.25
"""Seconds in which nothing is said before it is looked whether the client reads: at first where it
has shown the prompt, and then doubled; where that client reads whatever it is at; without a prompt.
"""

_STUCK_LOOKS, _DONE_LOOKS = 20, 4
"""So often in a row it reads without having shown the prompt, and has said nothing meanwhile: then
none is to come, sooner where it asks something or has said all that was waited for."""

_QUIET_SECONDS = 1.0
"""After the prompt, where it cannot be seen that the client reads."""

_LAST_WORDS_SECONDS = 5.0

_LAST_LOOK_SECONDS = 5.0
"""Once the time is over, for what came within it and was not looked at."""


class UnsynchronisedError(Exception):
    """Nobody knows which answer of a session belongs to which command, and it was closed."""


class Turn(Enum):
    """How an answer came to its end."""

    PROMPTED = auto()
    """The prompt is shown, and the client waits for the next command."""

    ASKED = auto()
    """The client asks for something that a person knows."""

    STUCK = auto()
    """The client waits for input, and shows no prompt."""

    ENDED = auto()
    LATE = auto()
    FLOODED = auto()


@dataclass(frozen=True, slots=True)
class Heard:
    """What a client said to a command, and how that ended; `why` says so where it is no prompt."""

    turn: Turn
    text: str
    exit_status: int | None = None
    why: str = ""

    @property
    def whole(self) -> bool:
        """Whether nothing more is to come."""
        return self.turn is Turn.PROMPTED

    @property
    def said(self) -> Said:
        """The same, as what a client said that has ended, without a failure where it is whole."""
        status = 0 if self.whole else self.exit_status
        return Said(status, self.text, "", self.why)


@asynccontextmanager
async def dialogue(
    argv: Sequence[str], more_environment: Mapping[str, str], columns: int = COLUMNS
) -> AsyncIterator[Dialogue]:
    """Start dscli on a terminal; leaving the context ends its whole process group.

    Raises `UnsynchronisedError` where this host gives no terminal, else as
    `flashd.adapters.arrays.client.client` does.
    """
    await trusted(argv[0])
    process = on_a_terminal(
        argv, more_environment=more_environment, cap=OUTPUT_CAP, columns=columns
    )
    try:
        child = await process.__aenter__()
    except NoTerminalError as error:
        raise UnsynchronisedError(f"this host gives no terminal: {error}") from error
    except (OSError, ValueError) as error:
        raise not_started(argv[0], error) from error
    partner = Dialogue(child)
    try:
        yield partner
    finally:
        partner.end()
        await asyncio.shield(process.__aexit__(None, None, None))
        partner.forget()


class Dialogue:
    """A running dscli that is spoken to in turns.

    `open` as long as each answer so far was ended by the prompt. What is said after it is not
    asked for by anybody: then nobody knows any more which answer belongs to which command.
    """

    def __init__(self, child: Child) -> None:
        self.open = True
        self._child = child
        self._exit = asyncio.ensure_future(child.exit())
        self._said = bytearray()
        self._terminal = input_of(child.group)
        self._reader: int | None = None
        self._seen_reading = False
        self._reads_ahead = False

    @property
    def group(self) -> int:
        """The process group, led by the client itself."""
        return self._child.group

    @property
    def started(self) -> int:
        """When its leader began, in clock ticks since boot."""
        return self._child.started

    @property
    def alive(self) -> bool:
        """Whether the client can be told a command."""
        found = process(self.group)  # somebody else may have ended it just now
        there = found is not None and found.alive and found.started == self.started
        return self.open and there and not self._exit.done()

    def unasked(self) -> str:
        """Tell what the client said since its last prompt; there must be nothing."""
        self._said += self._child.output.take()
        return plain(self._said.decode("utf-8", "replace"))

    async def greeting(self, limit: float) -> Heard:
        """Hear what the client says until its first prompt, or until there will be none."""
        return await self._hear("", limit)

    async def tell(
        self, command: str, limit: float, enough: Callable[[str], bool] | None = None
    ) -> Heard:
        """Say a command and hear the answer; `limit` in seconds.

        With `enough` a client that reads and shows no prompt counts as stuck only where that says
        that all has been said: some read all the time, and what they are at must not be cut off.
        Whoever is cancelled in it, or hears an answer that is not whole, cannot go on.
        """
        self.open = False
        with suppress(BrokenPipeError, OSError):  # it has ended: so is the answer
            await self._child.input.write(f"{command}\n".encode("ascii"))
        return await self._hear(command, limit, enough)

    def end(self) -> None:
        """Kill the client."""
        self.open = False
        self._child.kill()

    def forget(self) -> None:
        """Wait for the client's end no longer."""
        self._exit.cancel()

    async def leave(self) -> None:
        """Have the client log out and end, and kill it where it does not."""
        if self.alive:
            self.open = False  # whoever comes now must not say anything after it
            with suppress(OSError, TimeoutError):
                await self._child.input.write(b"quit\n")
                async with asyncio.timeout(_LAST_WORDS_SECONDS):
                    await asyncio.shield(self._exit)
        self.end()

    async def _hear(
        self, command: str, limit: float, enough: Callable[[str], bool] | None = None
    ) -> Heard:
        self.open = False
        try:
            async with asyncio.timeout(limit):
                turn = await self._until_a_turn(enough)
        except TimeoutError:
            turn = await self._last_look(enough)
        why = {
            Turn.LATE: unanswered(limit),
            Turn.FLOODED: FLOODED,
            Turn.STUCK: "dscli waits for input without showing its prompt, and was killed",
            Turn.ASKED: "dscli asks for more than it was given, and was killed",
        }.get(turn, "")
        status = await self._ending(turn)
        if turn is Turn.FLOODED:
            del self._said[KEPT_OF_A_FLOOD:]
        text = self._said.decode("utf-8", "replace")
        self._said.clear()
        self.open = turn is Turn.PROMPTED
        whole = answer_in(text, command) if self.open else plain(text)
        return Heard(turn, whole, status, why)

    async def _ending(self, turn: Turn) -> int | None:
        """See that a client that cannot go on is gone; its exit status where it ended by itself."""
        if turn is Turn.PROMPTED:
            return None
        status = await asyncio.shield(self._exit) if turn is Turn.ENDED else None
        await self._child.end()
        self._said += self._child.output.take()
        return status

    async def _until_a_turn(self, enough: Callable[[str], bool] | None) -> Turn:
        stuck, quiet, pause = 0, 0.0, _LATER
        while True:
            await self._news(pause)
            ended = self._exit.done()
            news = self._child.output.take()
            self._said += news
            if self._child.flooded or len(self._said) > OUTPUT_CAP:
                return Turn.FLOODED
            if ended:
                return Turn.ENDED
            shown = prompted(self._said)
            if news:
                stuck, quiet = 0, 0.0
                pause = _AT_ONCE if shown and not self._reads_ahead else _SOON
                continue
            quiet += pause
            settled = await self._settled()
            if shown and self._at_rest(settled=settled, quiet=quiet):
                return Turn.PROMPTED
            stuck = stuck + 1 if settled and not shown else 0
            self._reads_ahead = self._reads_ahead or stuck > 0
            if stuck >= _DONE_LOOKS and (found := self._stuck(stuck, enough)):
                return found
            pause = min(2 * pause, _LATER) if shown else _LATER

    async def _last_look(self, enough: Callable[[str], bool] | None) -> Turn:
        """Look at what is there when the time is over.

        Who was stopped, or got no processor, has let the time pass without waiting for anybody.
        """
        child = self._child
        if not (child.ended or child.output.there() or prompted(self._said)):
            return Turn.LATE
        if child.ended:
            await asyncio.shield(self._exit)
        try:
            async with asyncio.timeout(_LAST_LOOK_SECONDS):
                return await self._until_a_turn(enough)
        except TimeoutError:
            return Turn.LATE

    async def _settled(self) -> bool:
        """Whether the client reads, and of what it had written before nothing is on its way."""
        return await beside(self._reads) and not self._child.output.there()

    def _stuck(self, looks: int, enough: Callable[[str], bool] | None) -> Turn | None:
        """Tell how a client stands that reads and has shown no prompt for so many looks."""
        said = plain(self._said.decode("utf-8", "replace"))
        if asks(said):
            return Turn.ASKED
        if enough is not None:
            return Turn.STUCK if enough(said) or cut_off(said) else None
        return Turn.STUCK if looks >= _STUCK_LOOKS else None

    def _at_rest(self, *, settled: bool, quiet: float) -> bool:
        """Whether the prompt means that the client waits for the next command.

        Where it can be seen that clients of this host read, nothing else will do.
        """
        self._seen_reading = self._seen_reading or settled
        return settled or (not self._seen_reading and quiet >= _QUIET_SECONDS)

    async def _news(self, seconds: float) -> None:
        """Wait until something is said, or the client ends, but not for long."""
        output = self._child.output
        if output.waiting or self._exit.done():
            return
        speech = asyncio.ensure_future(output.more())
        news = {speech, self._exit} if output.open else {self._exit}  # what is closed is silent
        try:
            await asyncio.wait(news, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            speech.cancel()

    def _reads(self) -> bool:
        """Whether the client waits for input; who did so before is the one that does.

        Looking at all processes of a host is not for each quarter of a second of a long command.
        """
        if self._reader is not None and (proved := process(self._reader)) and proved.alive:
            return reads(self._reader, self._terminal)
        self._reader = reader_in(self.group, self._terminal)
        return self._reader is not None
