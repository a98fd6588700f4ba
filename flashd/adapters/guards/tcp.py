"""Whether anybody accepts connections on a TCP port."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from flashd.adapters.guards import listening
from flashd.adapters.guards.findings import cause, late, unknown
from flashd.adapters.guards.listening import REFUSED
from flashd.adapters.threads import beside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flashd.config.guards import TcpOptions
    from flashd.model.verdict import Finding

_ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class TcpGuard:
    """Vetoes where a connection is accepted; where all are refused it has nothing against.

    Silence is not refusal: a firewall, a lost route and a dead host are silent too.
    """

    options: TcpOptions

    async def look(self) -> Finding:
        """Connect to every address of the host."""
        host, port, limit = self.options.host, self.options.port, self.options.timeout
        deadline = asyncio.get_running_loop().time() + limit.total_seconds()
        try:
            async with asyncio.timeout_at(deadline):
                addresses = await beside(partial(resolve, host, port))
        except TimeoutError:
            return late(f"the address of {host} was not found", limit)
        except (OSError, UnicodeError) as error:  # UnicodeError: a name that DNS cannot hold
            return unknown(f"the address of {host} was not found: {cause(error)}")
        answers = await asyncio.gather(*(_connect(*address, deadline) for address in addresses))
        names = (str(address[0]) for _, address in addresses)
        return judge(f"{host} port {port}", dict(zip(names, answers, strict=True)))


Address = tuple[str | int | bytes, ...]  # (host, port) and, for IPv6, flow and scope


def resolve(host: str, port: int) -> list[tuple[socket.AddressFamily, Address]]:
    """Find every address of a host, each once; raises `OSError` or `UnicodeError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


async def _connect(family: socket.AddressFamily, address: Address, deadline: float) -> str:
    """Tell in words what became of one connection."""
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.setblocking(False)
        try:
            async with asyncio.timeout_at(deadline):
                await asyncio.get_running_loop().sock_connect(connection, address)
        except ConnectionRefusedError:
            return REFUSED
        except TimeoutError:
            return "no answer in time"
        except OSError as error:
            return cause(error)
        return _ACCEPTED


def judge(port: str, answers: Mapping[str, str]) -> Finding:
    """Take one acceptance for up, and nothing but refusals for clear."""

    def up(address: str, answer: str) -> str | None:
        return f"{port} accepts connections at {address}" if answer == _ACCEPTED else None

    return listening.judge(answers, what=port, up=up, clear=f"{port} refuses connections")
