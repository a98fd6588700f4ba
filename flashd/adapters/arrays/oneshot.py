"""An array by dscli, one process a login: the mode for whoever distrusts a kept session."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from flashd.adapters.arrays.client import Readiness, client
from flashd.adapters.arrays.messages import (
    EXIT_CONNECTION,
    EXIT_NOT_STARTED,
    EXIT_SYNTAX,
    NOT_PERMITTED,
    account,
    complaints_of,
    login_refused,
)
from flashd.adapters.arrays.metrics import metrics_questions, parse_metrics
from flashd.adapters.arrays.outlet import line_of
from flashd.adapters.arrays.reports import parse_listing
from flashd.adapters.arrays.stock import parse_inventory, questions
from flashd.adapters.arrays.tables import NotUnderstoodError
from flashd.adapters.masking import without_secrets
from flashd.errors import ArrayError, ArrayRejected, ArrayUnreachable, LoginRefused, TooLate
from flashd.model.run import Answer, Carrier
from flashd.model.volumes import Listing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime

    from flashd.adapters.arrays.client import Said
    from flashd.adapters.arrays.messages import Message
    from flashd.core.firewall import Cleared
    from flashd.model.counters import Counters
    from flashd.model.inventory import Inventory
    from flashd.model.volumes import Pair, Relation, VolumeId
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

LAST_WORDS_LIMIT = 10.0
"""Seconds for a client to end that takes no command."""

_MOST_SAID = 200

_BY_HAND = "run it by hand as the user of flashd, with that login, to see the whole answer."
MAY_LIST = (
    "The user of auth.conf must be allowed to list: lsflash; the role monitor suffices. "
    f"Where it is, {_BY_HAND}"
)
MAY_SURVEY = (
    "The user of auth.conf must be allowed to list: lsfbvol, lspprc, lshostconnect, lsvolgrp, "
    f"lssi; the role monitor suffices. Where it is, {_BY_HAND}"
)
MAY_COUNT = (
    "The user of auth.conf must be allowed to list: showfbvol; the role monitor suffices. "
    f"Where it is, {_BY_HAND}"
)
MAY_CHANGE = "Give the user of auth.conf the role op_copy_services."


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


class Client(Protocol):
    """A dscli that has been started; see `flashd.adapters.arrays.client.Client`."""

    @property
    def group(self) -> int:
        """The process group, led by the client itself."""

    @property
    def started(self) -> int:
        """When its leader began, in clock ticks since boot."""

    async def ready(self, limit: float) -> Readiness:
        """Wait until the client is logged in and takes commands, or until it will not."""

    async def say(self, commands: str) -> bool:
        """Write commands and end the input; whether it can be that any of it is read."""

    async def finish(self, limit: float) -> Said:
        """Read the answer to its end; kill the client after `limit` seconds."""

    def question(self) -> str:
        """Tell what the client asks of a person before the login; empty where it is nothing."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a client that only asked said, and between which instants."""

    said: str
    began: datetime
    ended: datetime
    steady: float


def process(dscli: Dscli) -> AbstractAsyncContextManager[Client]:
    """Start dscli as a process."""
    return client(dscli.argv, dscli.environment)


@dataclass(frozen=True, slots=True)
class OneshotArray:
    """The array port by single clients.

    `start` makes one, a process unless told otherwise; `read` reads a listing, `take` an inventory.
    """

    dscli: Dscli
    clock: Clock
    host: Host
    start: Callable[[Dscli], AbstractAsyncContextManager[Client]] = process
    read: Callable[[str, str], Mapping[Pair, Relation]] = parse_listing
    take: Callable[[str, str, datetime, datetime], Inventory] = parse_inventory

    async def observe(self, witness: Witness) -> Listing:
        """List the whole array."""
        array = self.dscli.array
        command = LIST_ALL.format(array=array)
        answer = await self._ask(witness, (LIST_OUTPUT, command), command, MAY_LIST)
        try:
            relations = self.read(answer.said, array)
        except NotUnderstoodError as error:
            raise _not_understood("lsflash", error) from error
        return Listing(array, answer.began, answer.ended, relations, answer.steady)

    async def inventory(self, witness: Witness) -> Inventory:
        """Ask for volumes, mirrors, hosts, groups and images, all in one login."""
        array = self.dscli.array
        commands = questions(array)
        answer = await self._ask(witness, commands, "; ".join(commands), MAY_SURVEY)
        try:
            taken = self.take(answer.said, array, answer.began, answer.ended)
        except NotUnderstoodError as error:
            raise _not_understood("lsfbvol, lspprc and the like", error) from error
        return replace(taken, steady=answer.steady)

    async def counters(self, volumes: Sequence[VolumeId], witness: Witness) -> Sequence[Counters]:
        """Ask for the counters of volumes, one after another in one login."""
        array = self.dscli.array
        commands = metrics_questions(array, volumes)
        answer = await self._ask(witness, commands, "; ".join(commands), MAY_COUNT)
        try:
            return parse_metrics(answer.said, array, volumes, self.clock.monotonic())
        except NotUnderstoodError as error:
            raise _not_understood("showfbvol -metrics", error) from error

    async def _ask(
        self, witness: Witness, commands: Sequence[str], name: str, rights: str
    ) -> _Answer:
        """Put questions to a client of their own and read it to its end.

        `rights` is the hint where the array says no.
        """
        async with self._logged_in(witness) as process:
            witness.sent("; ".join(commands), self.dscli.line)
            began, steady = self.clock.now(), self.clock.monotonic()
            await process.say("".join(f"{command}\n" for command in commands))
            said = await process.finish(self.dscli.timeout)
        witness.answered(name, said.exit_status, said.output)
        if error := self.failure(said, rights):
            raise error
        return _Answer(said.stdout, began, self.clock.now(), steady)

    @asynccontextmanager
    async def session(self, witness: Witness, command: str) -> AsyncIterator[Session]:  # noqa: ARG002 - it takes one of any length
        """Log in and wait for the command."""
        async with self._logged_in(witness) as process:
            me = self.host.holder("")
            carrier = Carrier(me.host, me.boot_id, process.group, process.started)
            yield OneshotSession(self, process, carrier, witness)

    @asynccontextmanager
    async def _logged_in(self, witness: Witness) -> AsyncIterator[Client]:
        async with self.start(self.dscli) as process:
            limit = min(LOGIN_LIMIT, self.dscli.timeout)
            readiness = await process.ready(limit)
            if readiness is not Readiness.READY:
                raise await self.not_logged_in(process, readiness, witness)
            yield process

    async def not_logged_in(
        self, process: Client, readiness: Readiness, witness: Witness, command: str = ""
    ) -> ArrayError:
        """Say why a client did not come to read a command."""
        question = process.question() if readiness is Readiness.ASKING else ""
        patience = LAST_WORDS_LIMIT if readiness is Readiness.ENDED else 0
        said = await process.finish(min(patience, self.dscli.timeout))
        witness.answered(command, said.exit_status, said.output)
        failure = self.failure(said)
        if isinstance(failure, LoginRefused):
            return failure
        if question:
            return ArrayRejected(
                f"dscli asks for more than it was given: {without_secrets(question)[:_MOST_SAID]}",
                "Check the console's address and the user in auth.conf, and the pwfile.",
            )
        if readiness is Readiness.LATE:
            return ArrayUnreachable(
                f"dscli did not log in within {min(LOGIN_LIMIT, self.dscli.timeout):g} s; "
                "nothing was sent",
                "See whether the management consoles can be reached from this host.",
            )
        return failure or ArrayUnreachable("dscli ended before it read its command")

    def failure(self, said: Said, rights: str = MAY_CHANGE) -> ArrayError | None:
        """Say what a client's end means where nothing that changes was sent; None: it is well.

        `rights` tells what the user must be allowed.
        """
        complaints = complaints_of(said.stdout, said.stderr)
        if said.exit_status == 0 and not complaints:
            return None
        words = "; ".join(filter(None, [said.why, *map(str, complaints)])) or _last_words(said)
        if login_refused(said.exit_status, complaints):
            return LoginRefused(f"login refused: {words}", self.dscli.remedy)
        said_no = rights if complaints else ""
        return _rejection(said, complaints, words, rights) or _no_answer(said, words, said_no)


def _not_understood(reports: str, error: NotUnderstoodError) -> ArrayUnreachable:
    return ArrayUnreachable(
        f"the answer of {reports} was not understood: {without_secrets(str(error))}",
        "Run it by hand and compare it with docs/dscli.md.",
    )


def _rejection(
    said: Said, complaints: Sequence[Message], words: str, rights: str
) -> ArrayError | None:
    """Say what would be no other at the next try."""
    if any(NOT_PERMITTED in one.text for one in complaints):
        return ArrayRejected(f"the user may not do this: {words}", rights)
    if said.exit_status == EXIT_SYNTAX:
        return ArrayRejected(
            f"dscli does not take the command: {words}", "See docs/dscli.md for what flashd sends."
        )
    if said.exit_status in EXIT_NOT_STARTED:
        return ArrayRejected(
            f"dscli cannot be started: {words}", "Run it by hand as the user of flashd."
        )
    return None


def _no_answer(said: Said, words: str, hint: str) -> ArrayError:
    if said.exit_status == EXIT_CONNECTION:
        return ArrayUnreachable(
            f"no connection to the management console: {words}",
            "See whether the management consoles can be reached from this host.",
        )
    return ArrayUnreachable(f"dscli failed: {words}", hint)


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
        self.witness.sent(command.text, dscli.line)
        if self.array.clock.monotonic() > not_after:  # telling may take long: a log is a pipe
            raise TooLate("the guards' last readings grew too old before the command was written")
        if not await self.process.say(line):
            raise await self.array.not_logged_in(
                self.process, Readiness.ENDED, self.witness, command.text
            )
        said = await self.process.finish(dscli.timeout)
        self.witness.answered(command.text, said.exit_status, said.output)
        return account(said.stdout, said.stderr, said.exit_status, pairs, said.why)


def _last_words(said: Said) -> str:
    text = " ".join(without_secrets(said.output).split())
    return f"exit code {said.exit_status}{f', {text[-_MOST_SAID:]!r}' if text else ''}"
