"""Look whether the consoles can be reached."""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from typing import TYPE_CHECKING

from flashd.adapters.threads import beside
from flashd.core.checkup.network import Console, Reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flashd.config.auth import Login

LIMIT = 3.0
"""Seconds for a connection; a console in another country needs less than one."""


async def addresses_of(host: str) -> tuple[str, ...]:
    """Find the addresses of a host; none where its name is not found in time."""
    try:
        async with asyncio.timeout(LIMIT):
            found = await beside(partial(socket.getaddrinfo, host, None, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError, TimeoutError):
        return ()
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


async def consoles_of(login: Login, ports: Sequence[int]) -> list[Console]:
    """Connect to each console of an array, at each port, side by side."""
    named = {"hmc1": login.hmc1, **({"hmc2": login.hmc2} if login.hmc2 else {})}
    return list(await asyncio.gather(*(_console(*one, ports) for one in named.items())))


async def _console(name: str, address: str, ports: Sequence[int]) -> Console:
    found = await asyncio.gather(*(_connect(address, port) for port in ports))
    replies = {port: reply for port, (reply, _) in zip(ports, found, strict=True)}
    return Console(name, address, replies, next((why for _, why in found if why), ""))


async def _connect(address: str, port: int) -> tuple[Reply, str]:
    """Connect and hang up: nothing is sent."""
    try:
        async with asyncio.timeout(LIMIT):
            if not await addresses_of(address):
                return Reply.UNNAMED, ""
            _, writer = await asyncio.open_connection(address, port)
            writer.close()
            await writer.wait_closed()
    except TimeoutError:
        return Reply.SILENT, f"within {LIMIT:g} s"
    except ConnectionRefusedError:
        return Reply.REFUSED, ""
    except OSError as error:
        return Reply.UNREACHABLE, (error.strerror or str(error)).lower()
    return Reply.ACCEPTED, ""
