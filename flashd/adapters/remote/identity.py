"""Whether the host that answered is the one that was meant. Pure.

A host key ties an answer to a key, and a name to an address that may point elsewhere tomorrow.
So the host also tells its name and the number of its machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flashd.model.hosts import plain_name

if TYPE_CHECKING:
    from flashd.adapters.remote.frame import Identity
    from flashd.config.ssh import HostPin


def compared(host: str, pin: HostPin) -> str:
    """Say what is compared for this host; empty where there is nothing to compare with."""
    pinned = [name for name in ("hostname", "machine_id") if getattr(pin, name)]
    if pinned:
        return " and ".join(pinned) + " with what flashd.yaml pins"
    return "" if _is_address(host) else f"hostname with {host}"


def stranger(host: str, pin: HostPin, told: Identity) -> str:
    """Say why the host that answered is not the one that was meant; empty where it is."""
    if not compared(host, pin):
        return f"{host} is an address, which no host tells of itself; {_advice(host, told)}"
    if pin.hostname and plain_name(told.name or "") != plain_name(pin.hostname):
        return f"the host that answered is called {told.name}, and {pin.hostname} is pinned"
    if pin.machine_id and plain_name(told.machine or "") != plain_name(pin.machine_id):
        return f"the host that answered is machine {told.machine}, and {pin.machine_id} is pinned"
    if not (pin.hostname or pin.machine_id) and not _same_name(told.name or "", host):
        return f"the host that answered is called {told.name}; {_advice(host, told)}"
    return ""


def _advice(host: str, told: Identity) -> str:
    pin = f"machine_id: {told.machine}" if told.machine else f"hostname: {told.name}"
    return f"if that is the right one, pin it under ssh.hosts in flashd.yaml: {host}: {{{pin}}}"


def _same_name(told: str, meant: str) -> bool:
    """Compare two names, by their first words only where one of them has no more."""
    told, meant = plain_name(told), plain_name(meant)
    if "." in told and "." in meant:
        return told == meant
    return bool(told) and told.partition(".")[0] == meant.partition(".")[0]


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdecimal()
