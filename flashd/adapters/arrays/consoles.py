"""Which of an array's two consoles answers.

dscli itself takes the second one where the first cannot be reached, and says nothing of it. What
tells are its connections, as the kernel shows them.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from flashd.adapters import procfs
from flashd.adapters.threads import beside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

_LONGEST = 1.0
"""Seconds that a login may be kept waiting for it."""

_ESTABLISHED = "01"
_STATE, _REMOTE, _INODE = 3, 2, 9


class Consoles:
    """Follows which console of an array its clients are connected with.

    `tell` is given the address of the one that answers and whether it is the first: once for each
    change; that it is the first goes without saying at the beginning.
    """

    def __init__(self) -> None:
        self._second = False
        self.looks: set[asyncio.Future[str | None]] = set()

    async def see(
        self, consoles: Sequence[str], tell: Callable[[str, bool], None], group: int
    ) -> None:
        """Look at a client that has just logged in, as long as it is there.

        What the names of the consoles stand for is found out beside whatever comes next. Where it
        cannot be seen the login goes on all the same: it is only told.
        """
        if len(consoles) < 2:  # noqa: PLR2004 - there is nothing to choose from
            return
        with suppress(OSError, ValueError):  # a timeout, too, is one of the former
            async with asyncio.timeout(_LONGEST):
                found = await beside(partial(peers_of, group))
                look = beside(partial(console_among, found, tuple(consoles)))
                self.looks.add(look)
                look.add_done_callback(partial(self._seen, consoles, tell))

    def _seen(
        self,
        consoles: Sequence[str],
        tell: Callable[[str, bool], None],
        look: asyncio.Future[str | None],
    ) -> None:
        self.looks.discard(look)
        if look.cancelled() or look.exception() is not None or (found := look.result()) is None:
            return
        if (second := found != consoles[0]) is not self._second:
            self._second = second
            tell(found, not second)


def console_among(peers: AbstractSet[str], consoles: Iterable[str]) -> str | None:
    """Tell which of the consoles is among these addresses; None where that is not certain."""
    found = [console for console in consoles if not peers.isdisjoint(_addresses(console))]
    return found[0] if len(found) == 1 else None


def peers_of(group: int) -> frozenset[str]:
    """Tell with which addresses a process group has connections."""
    return frozenset(_peers(group))


def _addresses(console: str) -> Iterator[str]:
    with suppress(OSError, UnicodeError):
        for *_, address in socket.getaddrinfo(console, None, type=socket.SOCK_STREAM):
            yield _plain(ipaddress.ip_address(str(address[0]).partition("%")[0]))


def _peers(group: int) -> Iterator[str]:
    """Tell whom the processes of a group have connections with."""
    for pid in [one.pid for one in procfs.processes() if one.group == group]:
        process = procfs.PROC / str(pid)
        own = frozenset(_sockets(process))
        for table in ("tcp", "tcp6"):
            with suppress(OSError):
                yield from _remotes((process / "net" / table).read_text("ascii", "replace"), own)


def _sockets(process: Path) -> Iterator[str]:
    with suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with suppress(OSError):
                kind, _, rest = str(descriptor.readlink()).partition(":[")
                if kind == "socket":
                    yield rest.rstrip("]")


def _remotes(table: str, own: frozenset[str]) -> Iterator[str]:
    for line in table.splitlines()[1:]:
        cells = line.split()
        if len(cells) > _INODE and cells[_STATE] == _ESTABLISHED and cells[_INODE] in own:
            yield _plain(_read(cells[_REMOTE].partition(":")[0]))


def _read(digits: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Read an address as the kernel writes it: words of 32 bits in the order of this machine."""
    raw = bytes.fromhex(digits)
    if sys.byteorder == "little":
        raw = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    return ipaddress.ip_address(raw)


def _plain(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """Write an address so that one that is reached by the newer protocol is the same."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
