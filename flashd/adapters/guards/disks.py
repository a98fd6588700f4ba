"""The block devices of a host, and which of them are a volume. Pure: text in, nouns out.

A volume is found by its WWID alone: names such as sdb are given anew at each boot, and a host that
does not see the volume at all is the wrong host, or has lost its paths.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flashd.adapters.guards.instances import document
from flashd.adapters.guards.probe import output

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_WWID = re.compile(r"(?:naa\.|0x|3)?([0-9a-f]{32})", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,5}:[0-9]{1,8}")
_LENGTHS = {"device": 3, "wwid": 3, "uuid": 3, "over": 3, "part": 4, "holder": 3}


@dataclass(slots=True)
class Device:
    """A disk, a partition or a map, as the kernel has it; `of` is the disk of a partition."""

    name: str
    number: str
    wwids: set[str] = field(default_factory=set)
    uuid: str = ""
    over: str = ""
    of: str = ""
    holders: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)


Disks = dict[str, Device]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the kernel has, and what lsblk says of each: its number and its WWIDs."""

    disks: Disks
    lsblk: Mapping[str, tuple[str, frozenset[str]]]


def plain(text: object) -> str:
    """Tell a WWID as 32 digits in lower case; empty where it is none, or only half of one.

    Half of one is what udev's ID_WWN is: the same for all volumes of an array.
    """
    found = _WWID.fullmatch(text) if isinstance(text, str) else None
    return found[1].lower() if found else ""


def read_seen(told: Mapping[str, str]) -> Seen:
    """Read what a host told of its block devices.

    Raises `Failed` where a program there failed, `ValueError` or `LookupError` for nonsense.
    """
    return Seen(read_disks(output(told, "sysfs")), read_lsblk(output(told, "lsblk")))


def read_disks(told: str) -> Disks:
    """Read the lines of sysfs; raises `ValueError` where they are not whole."""
    *lines, last = told.strip().splitlines() or [""]
    if last != "end":
        raise ValueError("the list of block devices breaks off")
    facts = [line.split(" ") for line in lines]
    if any(len(words) != _LENGTHS.get(words[0]) for words in facts):
        raise ValueError("no list of block devices")
    disks: Disks = {}
    for kind, name, *rest in facts:  # the devices first: their lines stand in no order
        if kind in {"device", "part"}:
            _add(disks, kind, name, rest)
    for kind, name, *rest in facts:
        _describe(disks[name], kind, rest)
    return disks


def _add(disks: Disks, kind: str, name: str, rest: list[str]) -> None:
    own, number = (name, rest[0]) if kind == "device" else (rest[0], rest[1])
    if own in disks or not _NUMBER.fullmatch(number):
        raise ValueError(f"block device {own} is told twice, or without its number")
    disks[own] = Device(own, number, of=name if kind == "part" else "")


def _describe(device: Device, kind: str, rest: list[str]) -> None:
    match kind:
        case "wwid":
            device.wwids |= {plain(rest[0])} - {""}
        case "uuid" | "over" if getattr(device, kind):
            raise ValueError(f"{kind} of {device.name} is told twice")
        case "uuid":
            device.uuid = rest[0]
        case "over":
            device.over = rest[0]
        case "part":
            device.parts.append(rest[0])
        case "holder":
            device.holders.append(rest[0])


def read_lsblk(told: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Read lsblk's JSON: of each device its number and its WWIDs; raises `ValueError`."""
    try:
        top = document(told.encode())
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError("lsblk wrote no JSON") from error
    if not isinstance(top, dict) or not isinstance(top.get("blockdevices"), list):
        raise ValueError("lsblk listed no block devices")  # noqa: TRY004 - one kind of error
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for node in _nodes(top["blockdevices"]):
        name, number = node.get("kname"), node.get("maj:min")
        if not isinstance(name, str) or not isinstance(number, str):
            raise ValueError("lsblk listed a device without its name")  # noqa: TRY004 - the same
        wwids = frozenset({plain(node.get("wwn")), plain(node.get("serial"))} - {""})
        if found.setdefault(name, (number.strip(), wwids)) != (number.strip(), wwids):
            raise ValueError(f"lsblk tells two things of {name}")
    return found


def _nodes(told: object) -> Iterator[dict[str, Any]]:
    """Go through a tree of whatever depth; a map stands below each of its paths."""
    left = [told]
    while left:
        nodes = left.pop()
        if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
            raise ValueError("lsblk listed what is no device")
        yield from nodes
        left += [node.get("children", []) for node in nodes]
