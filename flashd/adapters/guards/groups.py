"""What LVM says about the volume groups on some volumes, and what that proves. Pure.

Only the literal words count: without a device-mapper LVM calls a logical volume "unknown" and ends
well; and where two devices hold one physical volume (source and clone on one host) it picks one,
tells of the other in a warning beside its report, and ends well too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flashd.adapters.guards.findings import unknown
from flashd.adapters.guards.instances import document
from flashd.adapters.guards.probe import output
from flashd.model.printable import harmless
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flashd.adapters.guards.disks import Device, Seen
    from flashd.adapters.guards.volumes import Volume

_INACTIVE = ""
_ACTIVE = frozenset({"active", "locally", "remotely", "local exclusive", "remote exclusive"})
_OPEN, _NOT_OPEN = "open", frozenset({"", "unknown"})  # of a map that is not there it is unknown
_JSON = '{}[]"'


@dataclass(frozen=True, slots=True)
class Physical:
    """A physical volume: the device that it was found on, and its group."""

    device: str
    number: str
    uuid: str
    group: str
    group_uuid: str
    flaws: str


@dataclass(frozen=True, slots=True)
class Logical:
    """A logical volume; `active` and `opened` to the letter."""

    name: str
    group_uuid: str
    active: str
    opened: str


@dataclass(frozen=True, slots=True)
class Report:
    """All that LVM has on a host."""

    physical: tuple[Physical, ...]
    logical: tuple[Logical, ...]


def read_report(told: Mapping[str, str]) -> Report:
    """Read pvs and lvs; raises `Failed`, `ValueError` or `LookupError`."""
    physical = tuple(_physical(row) for row in _rows(output(told, "pvs"), "pvs", "pv"))
    logical = tuple(_logical(row) for row in _rows(output(told, "lvs"), "lvs", "lv"))
    return Report(physical, logical)


def _rows(told: str, program: str, key: str) -> Iterator[dict[str, str]]:
    beside = [
        one.strip() for one in told.splitlines() if one.strip() and one.strip()[0] not in _JSON
    ]
    if beside:
        raise ValueError(f"{program} warned: {harmless(beside[0])[:150]}")
    top: Any = document(told.encode())
    if not isinstance(top, dict) or not isinstance(top.get("report"), list) or not top["report"]:
        raise ValueError(f"{program} wrote no report")
    for part in top["report"]:
        if not isinstance(part, dict) or not isinstance(part.get(key), list):
            raise ValueError(f"{program} wrote no {key}")  # noqa: TRY004 - one kind of error
        for row in part[key]:
            if not isinstance(row, dict) or not all(isinstance(one, str) for one in row.values()):
                raise ValueError(f"{program} wrote what is no row of a report")
            yield row


def _physical(row: dict[str, str]) -> Physical:
    return Physical(
        device=row["pv_name"],
        number=f"{row['pv_major']}:{row['pv_minor']}",
        uuid=row["pv_uuid"],
        group=row["vg_name"],
        group_uuid=row["vg_uuid"],
        flaws=" ".join(filter(None, (row["pv_missing"], row["pv_duplicate"]))),
    )


def _logical(row: dict[str, str]) -> Logical:
    return Logical(
        name=f"{row['vg_name']}/{row['lv_name']}",
        group_uuid=row["vg_uuid"],
        active=row["lv_active"],
        opened=row["lv_device_open"],
    )


def judge(volumes: tuple[Volume, ...], seen: Seen, report: Report) -> Finding:
    """Say whether each volume holds a physical volume of which nothing is active."""
    ours = {one.number for volume in volumes for one in volume.family}
    pvs = [one for one in report.physical if one.number in ours]
    groups = {one.group_uuid: one.group for one in pvs if one.group_uuid}
    lvs = [one for one in report.logical if one.group_uuid in groups]
    told = _told(volumes, pvs, lvs)
    if used := next(_users(volumes, lvs, seen, groups), ""):
        return Finding(Verdict.UP, used, told)
    doubt = next(_doubtful(volumes, pvs), "") or next(_strange(report, pvs, lvs, groups), "")
    if doubt:
        return unknown(doubt, told)
    names = ", ".join(sorted(groups.values()))
    return Finding(Verdict.DOWN, f"no logical volume of {harmless(names)} is active", told)


def _told(
    volumes: tuple[Volume, ...], pvs: list[Physical], lvs: list[Logical]
) -> dict[str, object]:
    return {
        "volumes": {one.wwid: one.told for one in volumes},
        "physical": {one.device: {"uuid": one.uuid, "group": one.group} for one in pvs},
        "logical": {one.name: one.active or "inactive" for one in lvs},
    }


def _users(
    volumes: tuple[Volume, ...], lvs: list[Logical], seen: Seen, groups: Mapping[str, str]
) -> Iterator[str]:
    for one in lvs:
        if one.active in _ACTIVE or one.opened == _OPEN:
            yield f"logical volume {harmless(one.name)} is {one.active or 'open'}"
    for volume in volumes:
        yield from volume.users
    kept = {f"LVM-{uuid.replace('-', '')}": name for uuid, name in groups.items()}
    for device in seen.disks.values():
        if name := kept.get(device.uuid[:36]):
            yield f"{device.name} is a map of volume group {harmless(name)}"


def _doubtful(volumes: tuple[Volume, ...], pvs: list[Physical]) -> Iterator[str]:
    for volume in volumes:
        yield from volume.doubts
        numbers = {one.number for one in volume.family}
        found = [one for one in pvs if one.number in numbers]
        if not found:
            yield f"LVM sees no physical volume on {volume.wwid}"
        for one in found:
            if one.flaws:
                yield f"physical volume {harmless(one.device)} is {harmless(one.flaws)}"
            if not one.group_uuid:
                yield f"physical volume {harmless(one.device)} is in no volume group"
        for device in _unaccounted(volume, {one.number for one in found}) if found else ():
            yield f"{device.name} holds no physical volume: use a guard mounts, which sees its use"


def _unaccounted(volume: Volume, numbers: set[str]) -> Iterator[Device]:
    """Tell the devices of a volume of which LVM knows nothing, such as another partition.

    They may be mounted while every logical volume is inactive. What contains a physical volume, a
    disk or the map of one, is as good as it; a path below a map cannot be used past the map.
    """
    accounted = [one for one in volume.family if one.number in numbers]
    for device in volume.family:
        contains = any(one.of == device.name or one.name in device.holders for one in accounted)
        if device not in accounted and not contains and device.name not in volume.below:
            yield device


def _strange(
    report: Report, pvs: list[Physical], lvs: list[Logical], groups: Mapping[str, str]
) -> Iterator[str]:
    own = {one.uuid for one in pvs}
    for one in report.physical:
        if one not in pvs and one.uuid in own:
            yield f"physical volume {one.uuid} is on {harmless(one.device)} too"
        elif one not in pvs and one.group_uuid in groups:
            yield f"{harmless(one.group)} has {harmless(one.device)}, which is none of the volumes"
    for lv in lvs:
        if lv.active != _INACTIVE or lv.opened not in _NOT_OPEN:
            yield f"logical volume {harmless(lv.name)} is {harmless(lv.active or lv.opened)}"
    for uuid, name in groups.items():
        if uuid not in {one.group_uuid for one in lvs}:
            yield f"volume group {harmless(name)} has no logical volume"
