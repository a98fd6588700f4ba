"""How dscli is called for one array, and who lets it log in: alike for each way to the array."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from flashd.model.run import Carrier

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from flashd.ports.host import Host

SPEAK_UTC = {"TZ": "UTC", "LANG": "C"}
"""Java prints dates in the zone of its environment: UTC leaves nothing to guess."""

LOGIN_LIMIT = 300.0
"""Seconds; two consoles, three ports and 20 s for each connection come to two minutes."""


async def _ignore(_group: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Dscli:
    """How dscli is called for one array; `remedy` is the line that makes the pwfile anew.

    `admitted` is told the process group of each client that has logged in.
    """

    array: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    timeout: float
    remedy: str
    admitted: Callable[[int], Awaitable[None]] = field(default=_ignore, compare=False, repr=False)

    @property
    def line(self) -> str:
        """The command line, which holds no secret."""
        return " ".join(self.argv)

    @property
    def login_timeout(self) -> float:
        """For how many seconds a client may take to log in."""
        return min(LOGIN_LIMIT, self.timeout)


class Gate(Protocol):
    """Who lets logins to an array through; see `flashd.adapters.arrays.logins.Logins`."""

    @property
    def pwfile(self) -> Callable[[], str]:
        """Tells the password file from its former self."""

    def one(self) -> AbstractAsyncContextManager[None]:
        """Let a login through; hold it until the client has shown whether it was let in."""


class Open:
    """A gate that lets everybody through."""

    def pwfile(self) -> str:
        """Tell all password files alike."""
        return ""

    def one(self) -> AbstractAsyncContextManager[None]:
        """Let any number of logins through."""
        return nullcontext()


OPEN = Open()


class Leader(Protocol):
    """A client that leads its own process group."""

    @property
    def group(self) -> int:
        """The process group, led by the client itself."""

    @property
    def started(self) -> int:
        """When its leader began, in clock ticks since boot."""


def carrier_of(client: Leader, host: Host) -> Carrier:
    """Tell by what the command of a client is carried on this host."""
    me = host.holder("")
    return Carrier(me.host, me.boot_id, client.group, client.started)
