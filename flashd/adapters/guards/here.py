"""Whether a guard is to look at this host or at another one, and how it asks there.

What an answer means is decided in one place, whichever host it came from: a guard asks an
`Asked`, and judges what comes back.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import shutil
import socket
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from flashd.adapters.guards.findings import late, unknown
from flashd.adapters.guards.program import distrust_of_program
from flashd.adapters.processes import Completed, Ending, run
from flashd.adapters.threads import beside
from flashd.model.hosts import plain_name
from flashd.model.verdict import Finding
from flashd.ports.remote import Silence

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from datetime import timedelta

    from flashd.ports.remote import Remote


class Asked(Protocol):
    """The host that a guard looks at."""

    async def run(
        self, argv: tuple[str, ...], words: tuple[str, ...], *, cap: int
    ) -> Completed | Finding:
        """Run `argv` there; another host is asked by `words`, and no answer is a finding."""


@dataclass(frozen=True, slots=True)
class Here:
    """This host; a program gets `limit`, unless whoever asks keeps the time himself."""

    limit: timedelta | None = None

    async def run(
        self, argv: tuple[str, ...], words: tuple[str, ...], *, cap: int
    ) -> Completed | Finding:
        """Run a program, unless somebody else could have put it there; raises `OSError`."""
        del words
        if doubt := await beside(partial(_doubt, argv[0])):
            return unknown(doubt, {"command": list(argv)})
        return await run(argv, limit=self.limit, cap=cap)


def _doubt(program: str) -> str:
    """Say why a program must not be run; what is not there is left to who runs it."""
    found = shutil.which(program)
    return distrust_of_program(Path(found), os.environ) if found else ""


@dataclass(slots=True)
class There:
    """Another host, for the length of one look."""

    host: str
    remote: Remote
    deadline: float
    machine: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)

    async def run(
        self, argv: tuple[str, ...], words: tuple[str, ...], *, cap: int
    ) -> Completed | Finding:
        """Ask, and see that one look is answered by one host."""
        answer = await self.remote.ask(self.host, words, deadline=self.deadline, cap=cap)
        if isinstance(answer, Silence):
            return unknown(answer.reason, answer.evidence)
        if self.machine and answer.machine != self.machine:
            return unknown(f"two hosts answered as {self.host}", {"host": self.host})
        self.machine, self.facts = answer.machine, answer.facts
        return Completed(
            argv=argv,
            ending=Ending.EXITED,
            exit_status=answer.exit_status,
            output=answer.output,
            errors=answer.errors,
        )

    def told(self, finding: Finding) -> Finding:
        """Add which host it was: another one at the next look is no continuation of this one."""
        if not self.machine:
            return finding
        return replace(
            finding,
            evidence={**finding.evidence, "host": dict(self.facts)},
            incarnation=f"{self.machine} {finding.incarnation or ''}".strip(),
        )


@dataclass(frozen=True, slots=True)
class Look:
    """One look: at which host, how long it may take, and what is said when it took longer."""

    host: str | None
    limit: timedelta
    late: str
    remote: Remote | None

    async def take(self, look: Callable[[Here | There], Awaitable[Finding]]) -> Finding:
        """Decide where to look, and look."""
        try:
            async with asyncio.timeout(self.limit.total_seconds()) as limit:
                asked = await self.asked()
                if isinstance(asked, There):
                    limit.reschedule(None)  # it keeps the time itself, and knows for what it waited
                return asked if isinstance(asked, Finding) else await look_at(asked, look)
        except TimeoutError:
            return late(self.late, self.limit)

    async def asked(self, *, limited: bool = False) -> Here | There | Finding:
        """Decide which host is asked; a finding where there is no way to it."""
        deadline = asyncio.get_running_loop().time() + self.limit.total_seconds()
        if self.host is None or await is_here(self.host):
            return Here(self.limit if limited else None)
        if self.remote is None:
            return unknown(f"there is no way to {self.host}, which is another host")
        return There(self.host, self.remote, deadline)


async def look_at(
    asked: Here | There, look: Callable[[Here | There], Awaitable[Finding]]
) -> Finding:
    """Look, and tell which host it was where it was another one."""
    finding = await look(asked)
    return asked.told(finding) if isinstance(asked, There) else finding


async def is_here(host: str) -> bool:
    """Whether a name is one of this host's.

    A short name is not taken for a long one: the same first word can name another host in
    another domain, and this one's processes prove nothing about it.
    """
    return host in await own_among([host])


async def own_among(hosts: Iterable[str]) -> frozenset[str]:
    """Pick the names that are this host's."""
    named = frozenset(hosts)
    ours = {host for host in named if _loops_back(host)}
    if ours == named:
        return named
    own = await beside(_own_names)
    return frozenset(host for host in named if host in ours or plain_name(host) in own)


def _loops_back(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return plain_name(host) == "localhost"


def _own_names() -> set[str]:
    name = socket.gethostname()
    return {plain_name(name), plain_name(socket.getfqdn(name))}
