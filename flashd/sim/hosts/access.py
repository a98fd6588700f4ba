"""Which hosts there are and what they see: connections, volume groups, their volumes."""

from collections.abc import Sequence
from dataclasses import replace

from flashd.sim.errors import SimError
from flashd.sim.hosts.nouns import HostConnection, VolumeGroup
from flashd.sim.hosts.table import wwpn_of
from flashd.sim.inventory import Inventory

DEFAULT_TYPE = "pSeries"
_PROFILES = {
    "pSeries": "IBM pSeries - AIX",
    "LinuxRHEL": "Intel - Linux RHEL",
    "LinuxSuse": "Intel - Linux Suse",
    "VMWare": "VMware",
    "iSeries": "IBM iSeries - OS/400",
}
"""Names of host types and profiles, as recalled; another type is its own profile."""


def add(
    held: Inventory, name: str, wwpns: Sequence[str] = (), host_type: str = DEFAULT_TYPE
) -> tuple[HostConnection, ...]:
    """Make a host with a connection for each port, and a volume group that is all its own."""
    if held.hosts.of(name):
        raise SimError(f"host {name} exists already")
    group = VolumeGroup(id=held.hosts.next_group_id(), name=name)
    held.hosts.put_group(group)
    return tuple(_connect(held, name, wwpn, host_type, group.id) for wwpn in wwpns or ("",))


def _connect(held: Inventory, name: str, wwpn: str, host_type: str, group: str) -> HostConnection:
    number = held.hosts.next_connection_id()
    port = (wwpn or wwpn_of(number)).replace(":", "").upper()
    if len(port) != len(wwpn_of(number)) or not set(port) <= set("0123456789ABCDEF"):
        raise SimError(f"{wwpn!r} is no WWPN; it has 16 hex digits")
    if any(connection.wwpn == port for connection in held.hosts.connections()):
        raise SimError(f"WWPN {port} is a host's already")
    made = HostConnection(
        id=number,
        name=name,
        wwpn=port,
        host_type=host_type,
        profile=_PROFILES.get(host_type, host_type),
        volgrp=group,
    )
    held.hosts.put_connection(made)
    return made


def map_volumes(held: Inventory, host: str, volume_ids: Sequence[str]) -> None:
    """Put volumes into the volume group of a host."""
    group = _group(held, host)
    for volume_id in volume_ids:
        volume = held.need_volume(volume_id)
        groups = [name for name in volume.volgrp.split(",") if name != "-"]
        if group not in groups:
            held.put_volume(replace(volume, volgrp=",".join((*groups, group))))


def unmap_volumes(held: Inventory, host: str, volume_ids: Sequence[str]) -> None:
    """Take volumes out of the volume group of a host; a mounted one stays."""
    group = _group(held, host)
    for volume_id in volume_ids:
        volume = held.need_volume(volume_id)
        if any((m.host, m.volume) == (host, volume_id) for m in held.mounts()):
            raise SimError(f"host {host} has volume {volume_id} mounted; umount it first")
        left = [name for name in volume.volgrp.split(",") if name != group]
        held.put_volume(replace(volume, volgrp=",".join(left) or "-"))


def _group(held: Inventory, host: str) -> str:
    groups = {connection.volgrp for connection in held.hosts.of(host)} - {"-"}
    if not groups:
        raise SimError(f"there is no host {host!r} with a volume group")
    return min(groups)
