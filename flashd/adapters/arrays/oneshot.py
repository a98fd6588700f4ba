"""An array by dscli, one process a login: the mode for whoever distrusts a kept session."""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.adapters.arrays.client import client
from flashd.adapters.arrays.messages import (
    EXIT_CONNECTION,
    EXIT_LOGIN,
    EXIT_NOT_STARTED,
    EXIT_SYNTAX,
    LOGIN_REFUSED,
    account,
    lines_of,
    messages_of,
)
from flashd.adapters.arrays.reports import NotUnderstoodError, parse_listing
from flashd.errors import ArrayError, ArrayRejected, ArrayUnreachable, LoginRefused
from flashd.model.run import Answer, Carrier
from flashd.model.volumes import Listing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from flashd.adapters.arrays.client import Client, Said
    from flashd.core.firewall import Cleared
    from flashd.model.volumes import Pair
    from flashd.ports.array import Session, Witness
    from flashd.ports.clock import Clock
    from flashd.ports.host import Host

SPEAK_UTC = {"TZ": "UTC", "LANG": "C"}
"""Java prints dates in the zone of its environment: UTC leaves nothing to guess."""

LIST_OUTPUT = "setenv -banner off -header on -format delim"
LIST_ALL = "lsflash -l -dev {array} 0000-FFFF"
"""The whole array: a pair that is missing from the answer is then missing from the array."""

LOGIN_LIMIT = 300.0
"""Seconds; two consoles, three ports and 20 s for each connection come to two minutes."""

_MOST_SAID = 200


@dataclass(frozen=True, slots=True)
class Dscli:
    """How dscli is called for one array; `remedy` is the line that makes the pwfile anew."""

    array: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    timeout: float
    remedy: str

    @property
    def line(self) -> str:
        """The command line, which holds no secret."""
        return " ".join(self.argv)


@dataclass(frozen=True, slots=True)
class OneshotArray:
    """The array port by single processes of dscli."""

    dscli: Dscli
    clock: Clock
    host: Host

    async def observe(self, witness: Witness) -> Listing:
        """List the whole array."""
        array = self.dscli.array
        command = LIST_ALL.format(array=array)
        witness.sent(f"{LIST_OUTPUT}; {command}", self.dscli.line)
        began = self.clock.now()
        async with client(self.dscli.argv, self.dscli.environment) as process:
            with suppress(BrokenPipeError):  # it ended already; how, its exit status tells
                await process.say(f"{LIST_OUTPUT}\n{command}\n")
            said = await process.finish(self.dscli.timeout)
        witness.answered(command, said.exit_status, f"{said.stdout}{said.stderr}")
        if error := self.failure(said):
            raise error
        try:
            return Listing(array, began, self.clock.now(), parse_listing(said.stdout, array))
        except NotUnderstoodError as error:
            raise ArrayUnreachable(
                f"the answer of lsflash was not understood: {error}",
                "Run it by hand and compare it with docs/dscli.md.",
            ) from error

    @asynccontextmanager
    async def session(self, witness: Witness) -> AsyncIterator[Session]:
        """Log in and wait for the command."""
        async with client(self.dscli.argv, self.dscli.environment) as process:
            await process.ready(min(LOGIN_LIMIT, self.dscli.timeout))
            if process.ended:
                raise await self.ended_before(process, witness)
            me = self.host.holder("")
            carrier = Carrier(me.host, me.boot_id, process.group, process.started)
            yield OneshotSession(self, process, carrier, witness)

    async def ended_before(self, process: Client, witness: Witness) -> ArrayError:
        """Say why a client ended, or closed its input, before it could read a command."""
        said = await process.finish(self.dscli.timeout)
        witness.answered("", said.exit_status, f"{said.stdout}{said.stderr}")
        return self.failure(said) or ArrayUnreachable("dscli ended before it read its command")

    def failure(self, said: Said) -> ArrayError | None:
        """Say what a client's end means where it says that nothing was done; None: nothing."""
        complaints = [
            message
            for message in messages_of([*lines_of(said.stdout), *lines_of(said.stderr)])
            if message.kind == "E"
        ]
        if said.exit_status == 0 and not complaints:
            return None
        words = said.why or "; ".join(map(str, complaints)) or _last_words(said)
        if said.exit_status == EXIT_LOGIN or any(one.id == LOGIN_REFUSED for one in complaints):
            return LoginRefused(f"login refused: {words}", self.dscli.remedy)
        if said.exit_status == EXIT_SYNTAX:
            return ArrayRejected(f"dscli does not take the command: {words}")
        if said.exit_status in EXIT_NOT_STARTED:
            return ArrayRejected(
                f"dscli cannot be started: {words}", "Run it by hand as the user of flashd."
            )
        if said.exit_status == EXIT_CONNECTION:
            return ArrayUnreachable(f"no connection to the management console: {words}")
        return ArrayUnreachable(f"dscli failed: {words}")


@dataclass(frozen=True, slots=True)
class OneshotSession:
    """A dscli that is logged in and waits for its one command."""

    array: OneshotArray
    process: Client
    carrier: Carrier
    witness: Witness

    async def change(self, command: Cleared, pairs: Sequence[Pair]) -> Answer:
        """Send the command and read its answer to the end."""
        self.witness.sent(command.text, self.array.dscli.line)
        try:
            await self.process.say(f"{command.text}\n")
        except BrokenPipeError:
            raise await self.array.ended_before(self.process, self.witness) from None
        said = await self.process.finish(self.array.dscli.timeout)
        self.witness.answered(command.text, said.exit_status, f"{said.stdout}{said.stderr}")
        answer = account(said.stdout, said.stderr, said.exit_status, pairs, said.why)
        if answer.refused and isinstance(refusal := self.array.failure(said), LoginRefused):
            raise refusal  # who is not logged in has sent nothing
        return answer


def _last_words(said: Said) -> str:
    text = " ".join(f"{said.stdout} {said.stderr}".split())
    return f"exit code {said.exit_status}{f', {text[-_MOST_SAID:]!r}' if text else ''}"
