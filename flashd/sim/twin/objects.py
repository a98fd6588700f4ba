"""Volumes, relations, hosts, pools and mirrors out of rows."""

import math
import re
from dataclasses import dataclass

from flashd.sim import bounds
from flashd.sim.errors import SimError
from flashd.sim.hosts import HostConnection, VolumeGroup
from flashd.sim.ids import Pair, volume_id
from flashd.sim.nouns import Relation, RemoteCopy, Volume
from flashd.sim.reading import Row
from flashd.sim.twin.dates import Zone
from flashd.sim.twin.facts import bare

_BLOCKS_PER_GIB = 2**21
_GROUP = re.compile(r"V[0-9]{1,9}")
_ABLED = {"Enabled": True, "Disabled": False}


class BadCellError(SimError):
    """A cell that cannot be what its column says."""


def volume(row: Row, blocks: int) -> Volume:
    """Return the volume of a row of lsfbvol; `blocks` where its size is not told."""
    name = volume_id(row["ID"])
    return Volume(
        id=name,
        name=row["Name"] if row["Name"] != "-" else "",
        blocks=_blocks(row, blocks),
        datatype=_given(row, "datatype", "FB 512"),
        space_efficient=row["sam"] in {"ESE", "TSE"},
        pool=bare(_given(row, "extpool", "P0")),
        volgrp=bare(row["volgrp"]),
        accstate=_given(row, "accstate", "Online"),
        datastate=_given(row, "datastate", "Normal"),
        configstate=_given(row, "configstate", "Normal"),
        content=f"{name}@0",
    )


def _blocks(row: Row, otherwise: int) -> int:
    if row["cap (blocks)"] != "-":
        return _number(row, "cap (blocks)")
    if row["cap (2^30B)"] != "-":
        return _size(row["cap (2^30B)"])
    return otherwise


def _size(gib: str) -> int:
    """Read a number of GiB as blocks."""
    try:
        blocks = float(gib) * _BLOCKS_PER_GIB
    except ValueError:
        blocks = math.nan
    if not 0 <= blocks <= bounds.MOST:
        raise BadCellError(f"cap (2^30B) {gib[:40]!r} is no size")
    return int(blocks)


@dataclass(frozen=True, slots=True)
class Moments:
    """When the twin is made, and how dates are read."""

    now: float
    zone: Zone


def relation(row: Row, moments: Moments) -> Relation:
    """Return the relation of a row of lsflash, with all that the row tells."""
    left = 0 if row["OutOfSyncTracks"] == "-" else _number(row, "OutOfSyncTracks")
    dated = "DateSynced" in row.cells
    synced_at = moments.zone.instant(row["DateSynced"]) if dated else moments.now
    created_at = moments.zone.instant(row["DateCreated"])
    if created_at is None:
        created_at = moments.now if synced_at is None else synced_at
    return Relation(
        pair=Pair.parse(row["ID"]),
        created_at=created_at,
        synced_at=synced_at,
        recording=_flag(row, "Recording", otherwise=True),
        persistent=_flag(row, "Persistent", otherwise=True),
        background_copy=_flag(row, "BackgroundCopy", otherwise=True),
        target_writable=_flag(row, "TargetWriteEnabled", otherwise=True),
        source_writable=_flag(row, "SourceWriteEnabled", otherwise=True),
        revertible=_flag(row, "Revertible", otherwise=False),
        state=_given(row, "State", "Valid"),
        sequence=_given(row, "SequenceNum", "0"),
        uncopied=left,
        copy_from=moments.now,
        unclaimed=left,
    )


def timer(row: Row) -> tuple[str, int] | None:
    """Return the logical subsystem of a relation's source and its timer."""
    if row["Timeout"] == "-":
        return None
    return Pair.parse(row["ID"]).source[:2], _number(row, "Timeout")


def connection(row: Row) -> HostConnection:
    """Return the host connection of a row of lshostconnect."""
    known = HostConnection(id=row["ID"].upper().zfill(4), name=row["Name"], wwpn=row["WWPN"])
    if known.wwpn == "-":
        raise BadCellError("the connection has no WWPN")
    return HostConnection(
        id=known.id,
        name=known.name,
        wwpn=known.wwpn.upper(),
        host_type=row.cells.get("HostType", known.host_type),
        profile=row.cells.get("Profile", known.profile),
        portgrp=row.cells.get("portgrp", known.portgrp),
        volgrp=bare(row["volgrpID"]),
        ioports=row.cells.get("ESSIOport", known.ioports),
        lbs=row.cells.get("LBS", known.lbs),
        addr_discovery=row.cells.get("addrDiscovery", known.addr_discovery),
        topology=row["atchtopo"],
        speed=row.cells.get("speed", known.speed),
        desc=row["desc"],
    )


def group(row: Row) -> VolumeGroup:
    """Return the volume group of a row of lsvolgrp."""
    if not _GROUP.fullmatch(row["ID"]):
        raise BadCellError(f"{row['ID']!r} is no volume group")
    return VolumeGroup(id=row["ID"], name=row["Name"], type=_given(row, "Type", "SCSI Mask"))


def mirror(row: Row) -> RemoteCopy:
    """Return the remote mirror relation of a row of lspprc."""
    pair = Pair.parse(row["ID"])
    return RemoteCopy(
        primary_volume=pair.source,
        secondary_volume=pair.target,
        state=_given(row, "State", "Full Duplex"),
        kind=_given(row, "Type", "Metro Mirror"),
    )


def _given(row: Row, column: str, otherwise: str) -> str:
    return row[column] if row[column] not in {"-", ""} else otherwise


def _number(row: Row, column: str) -> int:
    return bounds.count(row[column], column)


def number(row: Row, column: str) -> int:
    """Return a whole number, 0 where none is told."""
    return 0 if row[column] == "-" else _number(row, column)


def _flag(row: Row, column: str, *, otherwise: bool) -> bool:
    words = {**_ABLED, "-": otherwise}
    try:
        return words[row[column]]
    except KeyError:
        raise BadCellError(f"{column} {row[column]!r} is neither Enabled nor Disabled") from None
