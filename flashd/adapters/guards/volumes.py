"""Which devices of a host are a volume, who uses them, and by which it is taken hold of. Pure.

A volume has paths (sda, sdb), over them at best one map of dm-multipath, over that at best maps of
its partitions. Whatever else holds one of these uses the volume.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flashd.adapters.guards.disks import Device, Disks, Seen

_MULTIPATH = "mpath-3"


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume as a host sees it.

    `tops` are the devices that nothing stands on: who has them all for himself has the volume.
    `below` are paths under a map, which multipathd keeps open. `users` say who holds what, and
    `doubts` what keeps this from being certain.
    """

    wwid: str
    tops: tuple[Device, ...] = ()
    below: frozenset[str] = frozenset()
    family: tuple[Device, ...] = ()
    users: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def told(self) -> dict[str, object]:
        """What goes into the evidence."""
        return {
            "devices": {one.name: one.number for one in self.family},
            "top": [one.name for one in self.tops],
        }

    def shown(self, name: str) -> str:
        """Tell what a device must call itself while it is held."""
        uuid = next((one.uuid for one in self.family if one.name == name), "")
        return uuid or self.wwid


def find(seen: Seen, wwid: str) -> Volume:
    """Find one volume among the devices of a host."""
    disks = seen.disks
    paths = [one for one in disks.values() if not one.of and _is_path(one, wwid, seen)]
    maps = [one for one in disks.values() if one.uuid == _MULTIPATH + wwid]
    parts = [one for one in disks.values() if _is_part_of(one, wwid)]
    if not paths:
        why = "only a map of it, and no path" if maps else "the wrong host, or its paths are lost"
        return Volume(wwid, doubts=(f"this host does not see {wwid}: {why}",))
    below = [one for one in paths if maps and maps[0].name in one.holders]
    loose = [one for one in paths if one not in below]
    partitions = [disks[name] for one in paths for name in one.parts]
    family = (*paths, *maps, *parts, *partitions)
    return Volume(
        wwid,
        tops=(*loose, *(parts or maps)),
        below=frozenset(one.name for one in (*below, *_partitions(below, disks))),
        family=family,
        users=tuple(_users(family, disks)),
        doubts=tuple(_doubts(family, wwid, seen)),
    )


def _partitions(paths: list[Device], disks: Disks) -> Iterator[Device]:
    return (disks[name] for one in paths for name in one.parts)


def _is_path(device: Device, wwid: str, seen: Seen) -> bool:
    if device.uuid:  # a map, which is known by its uuid
        return False
    _, said = seen.lsblk.get(device.name, ("", frozenset()))
    return wwid in device.wwids or wwid in said


def _is_part_of(device: Device, wwid: str) -> bool:
    part, dash, rest = device.uuid.partition("-")
    return bool(dash) and part[:4] == "part" and part[4:].isdecimal() and rest == _MULTIPATH + wwid


def _users(family: tuple[Device, ...], disks: Disks) -> Iterator[str]:
    """Say who holds one of the devices, but for those that are the volume too."""
    own = {one.name for one in family}
    for device in family:
        for holder in device.holders:
            if holder not in own:
                yield f"{device.name} is held by {holder}{_called(disks.get(holder))}"
    numbers = {one.number: one.name for one in family}
    for device in disks.values():
        if device.over in numbers:
            yield f"{device.name} is a loop device over {numbers[device.over]}"


def _called(holder: Device | None) -> str:
    return f" ({holder.uuid})" if holder and holder.uuid else ""


def _doubts(family: tuple[Device, ...], wwid: str, seen: Seen) -> Iterator[str]:
    for device in family:
        number, said = seen.lsblk.get(device.name, ("", frozenset()))
        if number != device.number:
            yield f"{device.name} is {device.number} to the kernel and not to lsblk"
        if not device.uuid and not device.of and (device.wwids | said) != {wwid}:
            others = " and ".join(sorted(device.wwids | said))
            yield f"{device.name} is called {others}: one of kernel and udev is behind; rescan it"
    if sum(one.uuid == _MULTIPATH + wwid for one in family) > 1:
        yield f"there are two multipath maps of {wwid}"
    if unclear := [one.name for one in seen.disks.values() if one.over == "?"]:
        yield f"what loop device {unclear[0]} is over cannot be told"
