"""What an array has that a copy can harm: volumes, the hosts mapped to them, remote copies.

Part of it is asked only where somebody demands it. What was not asked is None, which is not
"nobody" and never permits anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from flashd.model.volumes import wwid_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from flashd.model.volumes import VolumeId

_WELL = ("Online", "Normal", "Normal")
_LIMITING = frozenset({"scsi mask", "scsi map 256", "os400 mask"})
"""Types of volume groups whose hosts see just the volumes in them."""


class Part(StrEnum):
    """What of an inventory is asked only where it is demanded; all else is asked always."""

    REACH = "reach"
    IMAGE = "image"


EVERYTHING = frozenset(Part)


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
class Reach:
    """Which hosts reach which volumes, and in which groups these are: all of both that there is."""

    groups: Mapping[str, VolumeGroup]
    connections: tuple[HostConnection, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "groups", MappingProxyType(dict(self.groups)))

    def mapped_to(self, volume: Volume) -> tuple[HostConnection, ...]:
        """Tell the host connections that can reach a volume.

        One of a group that is not listed counts: what is not known may reach anything.
        """
        return tuple(one for one in self.connections if self._reaches(one, volume))

    def _reaches(self, connection: HostConnection, volume: Volume) -> bool:
        if connection.group is None:
            return False
        group = self.groups.get(connection.group)
        return group is None or group.everything or connection.group in volume.groups


@dataclass(frozen=True, slots=True)
class Image:
    """The array itself, as `lssi` tells it: Online, and known to hosts by this WWNN."""

    wwnn: str

    def wwid(self, volume: VolumeId) -> str:
        """Tell by which name hosts know a volume."""
        return wwid_of(self.wwnn, volume)

    def owns(self, wwid: str) -> bool:
        """Whether a host's name for a volume, in lower case, is that of one of this array."""
        return wwid.startswith(f"6{self.wwnn[1:]}".lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """All of it, read in one login between two instants of this host.

    An inventory exists only if every answer was understood. `steady` is when the reading began, in
    seconds of the monotonic clock. `mirrored` are the volumes of this array that are in a remote
    copy relation, on whichever side. `reach` and `image` are None where the array was not asked.
    """

    array: str
    began_at: datetime
    ended_at: datetime
    steady: float | None = field(default=None, compare=False)
    volumes: Mapping[VolumeId, Volume]
    mirrored: frozenset[VolumeId]
    reach: Reach | None
    image: Image | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "volumes", MappingProxyType(dict(self.volumes)))

    @property
    def parts(self) -> frozenset[Part]:
        """What was asked of that which is asked on demand."""
        asked = {Part.REACH: self.reach, Part.IMAGE: self.image}
        return frozenset(part for part, found in asked.items() if found is not None)
