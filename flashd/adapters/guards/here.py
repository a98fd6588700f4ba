"""Whether a guard is to look at this host."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING

from flashd.adapters.guards.findings import unknown
from flashd.adapters.threads import beside

if TYPE_CHECKING:
    from flashd.model.verdict import Finding


async def elsewhere(host: str | None) -> Finding | None:
    """Say that `host` cannot be looked at, unless it is this one or none was named.

    A short name is not taken for a long one: the same first word can name another host in
    another domain, and this one's processes prove nothing about it.
    """
    if host is None or _loops_back(host):
        return None
    own = await beside(_own_names)
    if _plain(host) in own:
        return None
    return unknown(
        f"this version looks at its own host only, and {host} is not one of its names"
        f" ({', '.join(sorted(own))}); leave out host, or use a command guard that asks {host}",
        {"host": host, "own_names": sorted(own)},
    )


def _loops_back(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return _plain(host) == "localhost"


def _own_names() -> set[str]:
    name = socket.gethostname()
    return {_plain(name), _plain(socket.getfqdn(name))}


def _plain(name: str) -> str:
    return name.rstrip(".").lower()
