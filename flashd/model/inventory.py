"""What an array has that a copy can harm: volumes, the hosts mapped to them, remote copies."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from flashd.model.volumes import VolumeId

_WELL = ("Online", "Normal", "Normal")
_LIMITING = frozenset({"scsi mask", "scsi map 256", "os400 mask"})
"""Types of volume groups whose hosts see just the volumes in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A fixed block volume, as `lsfbvol -l` tells it; `blocks` are of 512 bytes."""

    id: VolumeId
    name: str
    datatype: str
    blocks: int
    groups: tuple[str, ...]
    states: tuple[str, str, str]

    @property
    def well(self) -> bool:
        """Whether access, data and configuration are as they should be; no other word is sure."""
        return self.states == _WELL


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeGroup:
    """A set of volumes to which hosts are mapped, as `lsvolgrp` tells it."""

    id: str
    name: str
    type: str

    @property
    def everything(self) -> bool:
        """Whether its hosts see all volumes, in the group or not.

        Every array has such groups (`SCSI All`, `FICON/ESCON All`). A type that is not known to
        limit them does not.
        """
        return self.type.casefold() not in _LIMITING


@dataclass(frozen=True, slots=True, kw_only=True)
class HostConnection:
    """A port of a host, and the volume group that it is mapped to, as `lshostconnect` tells it."""

    id: str
    name: str
    wwpn: str
    group: str | None

    def __str__(self) -> str:
        return f"{self.name} {self.wwpn}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """All of it, read in one login between two instants of this host.

    An inventory exists only if every answer was understood. `steady` is when the reading began, in
    seconds of the monotonic clock. `mirrored` are the volumes of this
    array that are in a remote copy relation, on whichever side.
    """

    array: str
    wwnn: str
    began_at: datetime
    ended_at: datetime
    steady: float | None = field(default=None, compare=False)
    volumes: Mapping[VolumeId, Volume]
    groups: Mapping[str, VolumeGroup]
    connections: tuple[HostConnection, ...]
    mirrored: frozenset[VolumeId]

    def __post_init__(self) -> None:
        object.__setattr__(self, "volumes", MappingProxyType(dict(self.volumes)))
        object.__setattr__(self, "groups", MappingProxyType(dict(self.groups)))

    def mapped_to(self, volume: Volume) -> tuple[HostConnection, ...]:
        """Tell the host connections that can reach a volume.

        One of a group that is not listed counts: what is not known may reach anything.
        """
        return tuple(one for one in self.connections if self._reaches(one, volume))

    def wwid(self, volume: VolumeId) -> str:
        """Tell by which name hosts know a volume.

        Source: OpenSVC's collector matches `6`, the WWNN without its first digit, zeros, and the
        volume's id, 32 digits in all.
        """
        head = f"6{self.wwnn[1:]}"
        return f"{head}{volume:0>{32 - len(head)}}".lower()

    def _reaches(self, connection: HostConnection, volume: Volume) -> bool:
        if connection.group is None:
            return False
        group = self.groups.get(connection.group)
        return group is None or group.everything or connection.group in volume.groups
