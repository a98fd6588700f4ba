"""Host connections, volume groups, and the harm that was done to a host."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HostConnection:
    """One port of a host, as lshostconnect shows it; the host has the connection's name.

    Hosts see the volumes of the volume group of their connections.
    """

    id: str
    name: str
    wwpn: str
    host_type: str = "pSeries"
    profile: str = "IBM pSeries - AIX"
    portgrp: str = "0"
    volgrp: str = "-"
    ioports: str = "all"
    lbs: str = "512"
    addr_discovery: str = "reportlun"
    topology: str = "-"
    speed: str = "Unknown"
    desc: str = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeGroup:
    """A set of volumes that hosts see; which volumes are in it, the volumes say."""

    id: str
    name: str
    type: str = "SCSI Mask"


BUILT_IN = (
    VolumeGroup(id="V10", name="All CKD", type="FICON/ESCON All"),
    VolumeGroup(id="V20", name="All Fixed Block-512", type="SCSI All"),
    VolumeGroup(id="V30", name="All Fixed Block-520", type="OS400 All"),
)
"""The groups that every array has; the ids are public, names and types recalled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """A volume changed under a host that had it mounted: what it relied on is gone.

    The instant is the host's.
    """

    at: float
    host: str
    volume: str
    lost: str
    now: str

    def __str__(self) -> str:
        return f"HARM: {self.volume} lost {self.lost}, now holds {self.now}"
