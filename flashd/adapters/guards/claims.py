"""What became of taking hold of a volume's devices, and who else has them open. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flashd.adapters.guards.disks import plain
from flashd.adapters.guards.listing import Told
from flashd.adapters.guards.probe import output, sections
from flashd.adapters.guards.sight import blindness
from flashd.core.counting import counted
from flashd.model.printable import harmless

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flashd.adapters.guards.volumes import Volume

_KEEPS_PATHS_OPEN = "multipathd"
_SELF = ("self/ns/pid", "self/ns/user", "self/mountinfo", "self/status", "1/stat")
_COUNT = re.compile("[0-9]{1,9}")
_LENGTHS = {"opened": 4, "failed": 3, "mount": 4, "use": 4, "swap": 2, "hidden": 2, "looked": 2}


@dataclass(slots=True)
class Claims:
    """What a host told: by device, what it called itself while it was held, or why it was not."""

    opened: dict[str, tuple[str, str]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    mounts: list[tuple[str, str, str]] = field(default_factory=list)
    uses: list[tuple[str, str, str]] = field(default_factory=list)
    swaps: list[str] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    looked: int = 0
    blind: str = ""


def question(volumes: tuple[Volume, ...]) -> tuple[str, ...]:
    """Ask for the tops to be opened exclusively, and for who has any of the devices open."""
    words = ["devices"]
    for volume in volumes:
        tops = {one.name for one in volume.tops}
        words += [
            f"{one.name}{'=' if one.name in tops else '~'}{one.number}" for one in volume.family
        ]
    return tuple(words)


def read_claims(told: str) -> Claims:
    """Read the answer; raises `Failed`, `ValueError`, `LookupError` or `OSError`."""
    parts = sections(told)
    *lines, last = output(parts, "use").strip().splitlines() or [""]
    if last != "end":
        raise ValueError("the answer breaks off")
    claims = Claims()
    for line in lines:
        words = line.split(" ")
        if len(words) != _LENGTHS.get(words[0]):
            raise ValueError(f"it says {harmless(line)[:80]}")
        _add(claims, *words)
    if not claims.looked:
        raise ValueError("no process was looked at")
    files = {name: parts[name].encode() for name in _SELF if parts[name].strip()}
    groups = tuple(int(group) for group in parts["groups"].split())
    claims.blind = blindness(Told(files, frozenset()), groups, who="the probe")
    return claims


def _add(claims: Claims, kind: str, name: str, *rest: str) -> None:
    match kind:
        case "opened" if name in claims.opened:
            raise ValueError(f"it opened {harmless(name)} twice")
        case "opened":
            claims.opened[name] = (rest[0], rest[1])
        case "failed":
            claims.failed[name] = rest[0]
        case "mount":
            claims.mounts.append((name, rest[0], rest[1]))
        case "use":
            claims.uses.append((name, rest[0], rest[1]))
        case "swap":
            claims.swaps.append(name)
        case "hidden":
            claims.hidden.add(name)
        case "looked":
            if claims.looked or not _COUNT.fullmatch(name):
                raise ValueError("how many processes it looked at is not told")
            claims.looked = int(name)


def users(volume: Volume, claims: Claims) -> Iterator[str]:
    """Say who uses one of the devices of a volume."""
    names = {one.name for one in volume.family}
    for name, why in claims.failed.items():
        if name in names and why == "EBUSY":
            yield f"{name} cannot be opened exclusively: somebody has it"
    for name, pid, place in claims.mounts:
        if name in names:
            yield f"{name} is mounted at {harmless(place)} (as process {pid} sees it)"
    for name in claims.swaps:
        if name in names:
            yield f"{name} is swap space"
    for name, pid, program in claims.uses:
        if name in names and not (name in volume.below and program == _KEEPS_PATHS_OPEN):
            yield f"process {pid} ({harmless(program)}) has {name} open"


def doubts(volume: Volume, claims: Claims) -> Iterator[str]:
    """Say what keeps a volume that nobody was seen using from being proved free."""
    for device in volume.tops:
        number, identity = claims.opened.get(device.name, ("", ""))
        if device.name in claims.failed:
            yield f"{device.name} cannot be opened: {harmless(claims.failed[device.name])}"
        elif number != device.number:
            yield f"/dev/{device.name} is another device, or was not opened"
        elif not _same(identity, volume.shown(device.name)):
            yield f"{device.name} called itself {harmless(identity)} while it was held"
    if not volume.tops:
        yield f"there is no device by which {volume.wwid} could be taken hold of"
    if claims.blind:
        yield claims.blind
    elif claims.hidden:
        hidden = counted(len(claims.hidden), "process", "processes")
        yield f"{hidden} could not be looked into; the probe must be root"


def _same(told: str, expected: str) -> bool:
    """Compare; a disk without a WWID of the kernel's tells nothing, and lsblk's name counts."""
    return told == expected or plain(told) == expected or (told == "-" and bool(plain(expected)))
