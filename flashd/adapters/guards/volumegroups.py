"""What an AIX says about its volume groups, and what that proves. Pure.

The disks are found by their `unique_id`: the name hdiskN is given anew when disks come and go,
and the name of a volume group says nothing about which volumes are in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.adapters.guards.findings import unknown
from flashd.model.printable import harmless
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_NONE = "None"
_ACTIVE = "active"
_AVAILABLE = "Available"
_STATUS = re.compile("[A-Z][a-z]+")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_PVID = re.compile(r"[0-9a-f]{16}(?:[0-9a-f]{16})?|none")
_FACT = re.compile(r'[ \t]+([a-z_]+) = (?:"([^"]*)"|([0-9]+))[ \t]*')
_MOUNT_HEADER = ["node", "mounted", "mounted", "over", "vfs", "date", "options"]
_RULER = re.compile(r"-+( +-+)+ *")
_MOUNT = re.compile(
    r"(?:\S+|) +\S+ +(/\S*) +[a-z0-9]+ +[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}(?: +\S+)? *"
)


@dataclass(frozen=True, slots=True)
class Sought:
    """The volume group that is asked about, all its disks, and where it may not be mounted."""

    volume_group: str
    disks: Sequence[str]
    mount_points: Sequence[str] = ()
    exported_is_down: bool = False


@dataclass(frozen=True, slots=True)
class Disk:
    """A line of `lspv`; `state` is empty where the disk's volume group is varied off."""

    volume_group: str
    state: str


@dataclass(frozen=True, slots=True)
class Told:
    """All that was told: of each disk its unique id and its state as a device, and what is in use.

    The configuration keeps an id also of a disk that is gone.
    """

    ids: Mapping[str, str]
    states: Mapping[str, str]
    disks: Mapping[str, Disk]
    active: frozenset[str]
    mounted: frozenset[str]


def read(ids: str, states: str, mounts: str, disks: str, active: str) -> Told:
    """Read the answers, in the order in which they are asked for; raises `ValueError`."""
    return Told(_ids(ids), _states(states), _disks(disks), _active(active), _mounted(mounts))


def _lines(told: str) -> list[str]:
    return [line for line in told.split("\n") if line.strip()]


def _ids(told: str) -> dict[str, str]:
    """Read the stanzas of `odmget`, one a disk."""
    stanzas: list[dict[str, str]] = []
    for line in _lines(told):
        if line.rstrip() == "CuAt:":
            stanzas.append({})
        elif not stanzas or not (fact := _FACT.fullmatch(line)) or fact[1] in stanzas[-1]:
            raise ValueError(f"odmget answered {line[:80]!a}")
        else:
            stanzas[-1][fact[1]] = fact[2] if fact[3] is None else fact[3]
    ids: dict[str, str] = {}
    for stanza in stanzas:
        name, attribute, value = (stanza.get(key) for key in ("name", "attribute", "value"))
        if attribute != "unique_id" or not name or not value:
            raise ValueError("odmget told of something else than unique ids")
        if name in ids:
            raise ValueError(f"the unique id of {name[:80]} is told twice")
        ids[name] = value
    return ids


def _states(told: str) -> dict[str, str]:
    states: dict[str, str] = {}
    for line in _lines(told):
        name, colon, state = line.partition(":")
        if not colon or not _NAME.fullmatch(name) or not _STATUS.fullmatch(state):
            raise ValueError(f"lsdev answered {line[:80]!a}")
        if name in states:
            raise ValueError(f"the state of {name[:80]} is told twice")
        states[name] = state
    return states


def _disks(told: str) -> dict[str, Disk]:
    disks: dict[str, Disk] = {}
    for line in _lines(told):
        words = line.split()
        names = all(_NAME.fullmatch(word) for word in words)
        if len(words) not in {3, 4} or not names or not _PVID.fullmatch(words[1]):
            raise ValueError(f"lspv answered {line[:80]!a}")
        if words[0] in disks:
            raise ValueError(f"{words[0][:80]} is told twice")
        disks[words[0]] = Disk(words[2], words[3] if words[3:] else "")
    return disks


def _active(told: str) -> frozenset[str]:
    names = [line.strip() for line in _lines(told)]
    if strange := [name for name in names if not _NAME.fullmatch(name)]:
        raise ValueError(f"lsvg answered {strange[0][:80]!a}")
    if "rootvg" not in names:
        raise ValueError("lsvg does not tell rootvg, which every host has")
    return frozenset(names)


def _mounted(told: str) -> frozenset[str]:
    lines = _lines(told)
    if len(lines) < 2 or lines[0].split() != _MOUNT_HEADER or not _RULER.fullmatch(lines[1]):  # noqa: PLR2004 - a header and what underlines it
        raise ValueError("mount has another header")
    mounted = set()
    for line in lines[2:]:
        if (found := _MOUNT.fullmatch(line)) is None:
            raise ValueError(f"mount answered {line[:80]!a}")
        mounted.add(found[1])
    if "/" not in mounted:
        raise ValueError("mount does not tell /, which every host has")
    return frozenset(mounted)


def judge(sought: Sought, told: Told) -> Finding:
    """Say whether a volume group is varied off. Only what is literally recognised is."""
    found = {one: [n for n, unique in told.ids.items() if unique == one] for one in sought.disks}
    own = {
        name: told.disks[name] for names in found.values() for name in names if name in told.disks
    }
    evidence = {
        "disks": {one: {n: _line(told, n) for n in names} for one, names in found.items()},
        "active": sorted(told.active),
        "mounted": sorted(harmless(place) for place in told.mounted if _within(place, sought)),
    }
    for sign in _signs(sought, told, own):
        return Finding(Verdict.UP, harmless(sign), evidence)
    for doubt in _doubts(sought, told, found):
        return unknown(f"{sought.volume_group}: {harmless(doubt)}", evidence)
    said = f"{sought.volume_group} is varied off, on {', '.join(sorted(own))}"
    return Finding(Verdict.DOWN, said, evidence)


def _line(told: Told, name: str) -> list[str]:
    disk = told.disks.get(name)
    return [disk.volume_group, disk.state] if disk else []


def _within(place: str, sought: Sought) -> bool:
    return any(f"{place}/".startswith(f"{point.rstrip('/')}/") for point in sought.mount_points)


def _signs(sought: Sought, told: Told, own: Mapping[str, Disk]) -> Iterator[str]:
    """Say what shows that the volumes are in use."""
    if sought.volume_group in told.active:
        yield f"{sought.volume_group} is varied on"
    for name, disk in own.items():
        if disk.state == _ACTIVE or disk.volume_group in told.active:
            yield f"{name} is active, in {disk.volume_group}"
    for place in sorted(told.mounted):
        if _within(place, sought):
            yield f"{place} is mounted"


def _doubts(sought: Sought, told: Told, found: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Say what is not as it must be where a volume group is varied off."""
    for unique, names in found.items():
        if not names:
            yield f"the disk {unique} is not seen; another host, or its path is lost"
        elif len(names) > 1:
            yield f"the disk {unique} is seen as {' and '.join(sorted(names))}"
        else:
            yield from _doubtful_disk(sought, told, names[0])
    named = {name for names in found.values() for name in names}
    for name, disk in told.disks.items():
        if disk.volume_group == sought.volume_group and name not in named:
            yield f"{name} belongs to it too, and is none of its disks"


def _doubtful_disk(sought: Sought, told: Told, name: str) -> Iterator[str]:
    if (state := told.states.get(name)) != _AVAILABLE:
        yield f"{name} is {state[:80] if state else 'in no state'} as a device, not {_AVAILABLE}"
    elif (disk := told.disks.get(name)) is None:
        yield f"{name} is a disk that lspv does not tell"
    elif disk.state:
        yield f"{name} is {disk.state}"
    elif disk.volume_group == _NONE and not sought.exported_is_down:
        yield f"{name} is in no volume group: exported, or used raw, which lspv does not tell"
    elif disk.volume_group not in {sought.volume_group, _NONE}:
        yield f"{name} belongs to {disk.volume_group}"
