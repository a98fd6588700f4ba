"""An array by dscli, one process a login: the mode for whoever distrusts a kept session."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from flashd.adapters.arrays.calling import OPEN, Leader, carrier_of
from flashd.adapters.arrays.client import Readiness, client
from flashd.adapters.arrays.failures import failure, not_logged_in, not_understood
from flashd.adapters.arrays.inquiries import (
    MOST_READ_HERE,
    Told,
    counters_of,
    relations_of,
    stock_of,
    understood,
)
from flashd.adapters.arrays.messages import account
from flashd.adapters.arrays.outlet import line_of, tell_in_time
from flashd.adapters.arrays.reports import parse_listing
from flashd.adapters.arrays.stock import parse_inventory
from flashd.adapters.arrays.tables import NotUnderstoodError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from contextlib import AbstractAsyncContextManager

    from flashd.adapters.arrays.calling import Dscli, Gate
    from flashd.adapters.arrays.client import Said
    from flashd.adapters.arrays.inquiries import Inquiry, Take
    from flashd.core.firewall import Cleared
    from flashd.errors import ArrayError
    from flashd.model.counters import Counters
    from flashd.model.inventory import Inventory, Part
    from flashd.model.run import Answer, Carrier
    from flashd.model.volumes import Listing, Pair, Relation, VolumeId
    from flashd.ports.array import Session, Witness
    from flashd.ports.clock import Clock
    from flashd.ports.host import Host

T = TypeVar("T")

LAST_WORDS_LIMIT = 10.0
"""Seconds for a client to end that takes no command."""


class Client(Leader, Protocol):
    """A dscli that has been started; see `flashd.adapters.arrays.client.Client`."""

    async def ready(self, limit: float) -> Readiness:
        """Wait until the client is logged in and takes commands, or until it will not."""

    async def say(self, commands: str) -> bool:
        """Write commands and end the input; whether it can be that any of it is read."""

    async def finish(self, limit: float) -> Said:
        """Read the answer to its end; kill the client after `limit` seconds."""

    def question(self) -> str:
        """Tell what the client asks of a person before the login; empty where it is nothing."""


def as_process(dscli: Dscli) -> AbstractAsyncContextManager[Client]:
    """Start dscli as a process."""
    return client(dscli.argv, dscli.environment)


@dataclass(frozen=True, slots=True)
class OneshotArray:
    """The array port by single clients.

    `start` makes one, a process unless told otherwise; `read` reads a listing, `take` an inventory,
    and what has more characters than `most_here` is read in a thread. Each login is tried within
    the `gate`, until the client has shown whether it was let in.
    """

    dscli: Dscli
    clock: Clock
    host: Host
    start: Callable[[Dscli], AbstractAsyncContextManager[Client]] = as_process
    read: Callable[[str, str], Mapping[Pair, Relation]] = parse_listing
    take: Take = parse_inventory
    gate: Gate = OPEN
    most_here: float = MOST_READ_HERE

    async def observe(self, witness: Witness) -> Listing:
        """List the whole array."""
        return await self.ask(witness, relations_of(self.dscli.array, self.read))

    async def inventory(self, witness: Witness, parts: AbstractSet[Part]) -> Inventory:
        """Ask for volumes, mirrors and these parts, all in one login."""
        return await self.ask(witness, stock_of(self.dscli.array, self.take, parts))

    async def counters(self, volumes: Sequence[VolumeId], witness: Witness) -> Sequence[Counters]:
        """Ask for the counters of volumes, one after another in one login."""
        return await self.ask(witness, counters_of(self.dscli.array, volumes, self.clock))

    async def ask(self, witness: Witness, inquiry: Inquiry[T]) -> T:
        """Put an inquiry to a client of its own and read it to its end."""
        inquiry = inquiry.alone or inquiry
        commands = (*inquiry.setting, *inquiry.commands)
        async with self.gate.one(), self._logged_in(witness) as process:
            witness.sent("; ".join(commands), self.dscli.line)
            began, steady = self.clock.now(), self.clock.monotonic()
            await process.say("".join(f"{command}\n" for command in commands))
            said = await process.finish(self.dscli.timeout)
            witness.answered(inquiry.name, said.exit_status, said.output)
            if failed := failure(said, self.dscli.remedy, inquiry.rights):
                raise failed  # within the gate: it may be a refused login that is told so late
        try:
            told = Told(said.stdout, began, self.clock.now(), steady)
            return await understood(inquiry, told, self.most_here)
        except NotUnderstoodError as error:
            raise not_understood(inquiry.reports, error) from error

    @asynccontextmanager
    async def session(self, witness: Witness, command: str) -> AsyncIterator[Session]:  # noqa: ARG002 - it takes one of any length
        """Log in and wait for the command."""
        async with AsyncExitStack() as stack:
            async with self.gate.one():
                process = await stack.enter_async_context(self._logged_in(witness))
            yield OneshotSession(self, process, carrier_of(process, self.host), witness)

    @asynccontextmanager
    async def _logged_in(self, witness: Witness) -> AsyncIterator[Client]:
        async with self.start(self.dscli) as process:
            readiness = await process.ready(self.dscli.login_timeout)
            if readiness is not Readiness.READY:
                raise await self.not_logged_in(process, readiness, witness)
            await self.dscli.admitted(process.group)
            yield process

    async def not_logged_in(
        self, process: Client, readiness: Readiness, witness: Witness, command: str = ""
    ) -> ArrayError:
        """Say why a client did not come to read a command."""
        question = process.question() if readiness is Readiness.ASKING else ""
        patience = LAST_WORDS_LIMIT if readiness is Readiness.ENDED else 0
        said = await process.finish(min(patience, self.dscli.timeout))
        witness.answered(command, said.exit_status, said.output)
        dscli = self.dscli
        return not_logged_in(said, readiness, question, dscli.login_timeout, dscli.remedy)


@dataclass(frozen=True, slots=True)
class OneshotSession:
    """A dscli that is logged in and waits for its one command."""

    array: OneshotArray
    process: Client
    carrier: Carrier
    witness: Witness

    async def change(self, command: Cleared, pairs: Sequence[Pair], not_after: float) -> Answer:
        """Send the command and read its answer to the end."""
        dscli = self.array.dscli
        line = line_of(command, dscli.array, pairs)
        tell_in_time(command, self.witness, dscli.line, self.array.clock, not_after)
        if not await self.process.say(line):
            raise await self.array.not_logged_in(
                self.process, Readiness.ENDED, self.witness, command.text
            )
        said = await self.process.finish(dscli.timeout)
        self.witness.answered(command.text, said.exit_status, said.output)
        return account(said.stdout, said.stderr, said.exit_status, pairs, said.why)
