"""Guards that ask a host's probe about volumes: one row each, as in `readers`."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from flashd.adapters.guards.lvm import LvmGuard
from flashd.adapters.guards.mounts import MountsGuard
from flashd.adapters.guards.reservation import ScsiReservationGuard
from flashd.config.guards import BUILT_IN_GUARDS
from flashd.model.verdict import Verdict
from tests.fuzz.guards import Looking, Reader
from tests.fuzz.readers import TRANSCRIPTS
from tests.fuzz.target import cuts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.fuzz.guards import Said

WWID = "6005076303ffd12300000000000010a2"
MAP = f"mpath-3{WWID}"
_HEAD = re.compile(r"^==> ([^\n ]+) <==\n", re.MULTILINE)
_FIRST = {"self/ns/pid": "pid:[4026531836]", "self/ns/user": "user:[4026531837]"}


def _told(text: str) -> dict[str, str]:
    """Take an answer apart by its headings; that one comes twice proves nothing."""
    _, *pieces = _HEAD.split(text)
    assert len(set(pieces[::2])) == len(pieces[::2]), "something is told twice"
    return dict(zip(pieces[::2], pieces[1::2], strict=True))


def _well(told: Mapping[str, str], *names: str) -> bool:
    return all(told[f"status/{name}"].split() == ["0"] for name in names)


@dataclass(frozen=True, slots=True)
class Sight:
    """What a host sees of the volume: names with their numbers, and what they call themselves."""

    numbers: Mapping[str, str]
    uuids: Mapping[str, str]
    family: set[str]
    below: set[str]
    tops: set[str]
    asked: set[str]


def _sight(told: Mapping[str, str]) -> Sight | None:
    """Find the volume; None where the host does not say of all its devices what they are."""
    *rows, end = [line.split() for line in told["sysfs"].splitlines() if line.strip()]
    inside = _pairs(rows, "part")
    listed = [*_pairs(rows, "device"), *((row[2], row[3]) for row in rows if row[0] == "part")]
    named, holders, over = (_pairs(rows, kind) for kind in ("uuid", "holder", "over"))
    numbers, uuids, shown = dict(listed), dict(named), _lsblk(told["lsblk"])
    calls = {(name, found) for name, text in _pairs(rows, "wwid") for found in _wwid(text)}
    calls |= {(name, one) for name, (_, wwids) in shown.items() for one in wwids}
    apart = uuids.keys() | {name for _, name in inside}
    paths = {name for name, one in calls if one == WWID and name in numbers} - apart
    maps = {name for name, uuid in named if uuid == MAP}
    parts = {name for name, uuid in named if re.fullmatch(rf"part[0-9]+-{MAP}", uuid)}
    family = paths | maps | parts | {name for disk, name in inside if disk in paths}
    whole = (
        _well(told, "sysfs", "lsblk")
        and end == ["end"]
        and len(numbers) == len(listed)
        and len(uuids) == len(named)
        and len(dict(over)) == len(over)
    )
    free = all(holder in family for name, holder in holders if name in family) and not (
        {"?", *(numbers[name] for name in family)} & {place for _, place in over}
    )
    agreed = all(shown.get(name, ("",))[0] == numbers[name] for name in family) and all(
        one == WWID for name, one in calls if name in paths
    )
    if not (whole and free and agreed and paths and len(maps) < 2):
        return None
    below = {name for name, holder in holders if name in paths and holder in maps}
    lower = below | {name for disk, name in inside if disk in below}
    tops = (paths - below) | (parts or maps)
    return Sight(numbers, uuids, family, lower, tops, maps or paths)


def _pairs(rows: Sequence[Sequence[str]], kind: str) -> list[tuple[str, str]]:
    return [(row[1], row[2]) for row in rows if row[0] == kind]


def _wwid(text: object) -> list[str]:
    """Tell a WWID in the one form that is compared; that of half the length is none."""
    return re.findall(r"^(?:naa\.|0x|3)?([0-9a-f]{32})$", str(text).lower())


def _lsblk(text: str) -> dict[str, tuple[str, set[str]]]:
    found: dict[str, tuple[str, set[str]]] = {}
    left = [*json.loads(text)["blockdevices"]]
    while left:
        node = left.pop()
        left += node.get("children", [])
        wwids = {*_wwid(node.get("wwn")), *_wwid(node.get("serial"))}
        found[node["kname"]] = (node["maj:min"].strip(), wwids)
    return found


def _nothing_uses(answers: Sequence[Said]) -> bool:
    """See that all that is on top was held under its own name, and by nobody else, told by all."""
    sight, told = _sight(_told(answers[0].text)), _told(answers[1].text)
    *rows, end = [line.split(" ") for line in told["use"].strip().splitlines()]
    if sight is None:
        return False
    opened = [(row[1], row[2], row[3]) for row in rows if row[0] == "opened"]
    others = [row for row in rows if row[0] not in {"opened", "looked"} and row[1] in sight.family]
    kept = [row for row in others if row[0] == "use" and row[3] == "multipathd"]
    looked = [row[1] for row in rows if row[0] == "looked"]
    return (
        _well(told, "use")
        and end == ["end"]
        and bool(sight.tops)
        and all(_held(name, opened, sight) for name in sight.tops)
        and all(row in kept and row[1] in sight.below for row in others)
        and not any(row[0] == "hidden" for row in rows)
        and len(looked) == 1
        and bool(re.fullmatch("[1-9][0-9]*", looked[0]))
        and all(told[name].strip() == first for name, first in _FIRST.items())
        and bool(told["1/stat"].strip())
        and _sees_all(told)
    )


def _held(name: str, opened: Sequence[tuple[str, str, str]], sight: Sight) -> bool:
    theirs = [(number, said) for one, number, said in opened if one == name]
    if name in sight.uuids:
        return theirs == [(sight.numbers[name], sight.uuids[name])]
    (number, said), *more = theirs or [("", "")]
    return not more and number == sight.numbers[name] and (said == "-" or _wwid(said) == [WWID])


def _sees_all(told: Mapping[str, str]) -> bool:
    return "hidepid" not in told["self/mountinfo"] or bool(
        re.search(r"gid=|hidepid=(?:0|off)\b", told["self/mountinfo"])
        or not re.search(r"CapEff:\s*0+\s*$", told["self/status"])
    )


def _nothing_is_active(answers: Sequence[Said]) -> bool:
    """See that LVM has the volume, wholly and nowhere else, and tells of nothing active."""
    told = _told(answers[0].text)
    sight = _sight(told)
    pvs, lvs = (
        [row for part in json.loads(told[f"{one}s"])["report"] for row in part[one]]
        for one in ("pv", "lv")
    )
    if sight is None:
        return False
    numbers = {sight.numbers[name] for name in sight.family}
    ours = [row for row in pvs if f"{row['pv_major']}:{row['pv_minor']}" in numbers]
    groups, own = {row["vg_uuid"] for row in ours}, {row["pv_uuid"] for row in ours}
    inside = [row for row in lvs if row["vg_uuid"] in groups]
    kept = tuple(f"LVM-{one.replace('-', '')}" for one in groups)
    return (
        _well(told, "pvs", "lvs")
        and bool(ours)
        and _all_of_lvm(told, sight, {f"{row['pv_major']}:{row['pv_minor']}" for row in ours})
        and all(groups)
        and all(not row["pv_missing"] and not row["pv_duplicate"] for row in ours)
        and all(row in ours for row in pvs if row["pv_uuid"] in own or row["vg_uuid"] in groups)
        and groups == {row["vg_uuid"] for row in inside}
        and all(row["lv_active"] == "" for row in inside)
        and all(row["lv_device_open"] in {"", "unknown"} for row in inside)
        and not any(uuid.startswith(kept) for uuid in sight.uuids.values())
    )


def _all_of_lvm(told: Mapping[str, str], sight: Sight, physical: set[str]) -> bool:
    """See that whatever is not below a map is a physical volume, or holds one itself."""
    rows = [line.split() for line in told["sysfs"].splitlines() if line.strip()]
    upon = [*_pairs(rows, "part"), *_pairs(rows, "holder")]
    volumes = {name for name in sight.family if sight.numbers[name] in physical}
    holding = {disk for disk, name in upon if name in volumes}
    return sight.family - sight.below <= volumes | holding


def _nobody_reserved(answers: Sequence[Said]) -> bool:
    """See that each device that leads to the volume says that there is none, before and after."""
    before, told = (_told(said.text) for said in answers)
    sight, after = _sight(_free(before)), _sight(_free(told))
    return (
        sight is not None
        and after is not None
        and sight.asked == after.asked
        and all(_none_held(told, name) for name in sight.asked)
    )


def _free(told: Mapping[str, str]) -> dict[str, str]:
    """Leave out who stands on what of strangers; a volume that is in use is one all the same."""
    lines = [line.split(" ") for line in told["sysfs"].splitlines()]
    maps = {line[1] for line in lines if line[0] == "uuid" and "mpath-" in line[2]}
    kept = [
        line
        for line in lines
        if (line[0] != "holder" or line[2] in maps) and (line[0] != "over" or line[2] == "?")
    ]
    return {**told, "sysfs": "\n".join(map(" ".join, kept))}


def _none_held(told: Mapping[str, str], name: str) -> bool:
    keys, held = (told[f"{kind}/{name}"].split() for kind in ("keys", "reservation"))
    return (
        _well(told, f"keys/{name}", f"reservation/{name}")
        and keys[:1] == held[:1] == ["PR"]
        and keys[1] == held[1]
        and bool(re.fullmatch("generation=0x[0-9a-f]+,", keys[1]))
        and " ".join(keys[2:]) == "there are NO registered reservation keys"
        and " ".join(held[2:]) == "there is NO reservation held"
    )


def _worse(needed: Sequence[tuple[str, ...]], number: int, text: bytes) -> Iterator[bytes]:
    """Tell answers in which a part that a proof needs is gone, cut, garbled or twice."""
    yield text * 2
    yield b"whatever\n" + text
    told = _HEAD.split(text.decode("utf-8", "backslashreplace"))
    for place in range(1, len(told), 2):
        name, body = told[place], told[place + 1]
        if name not in needed[number]:
            continue
        yield _written([*told[:place], *told[place + 2 :]])
        if name in _SIGHT:
            continue
        cut = [body[:one] for one in cuts(len(body.rstrip()), zlib.crc32(body.encode()), 1)]
        for worse in (*cut, body * 2, f"whatever\n{body}", f"{body.rstrip()}\nwhatever\n"):
            yield _written([*told[: place + 1], worse, *told[place + 2 :]])


def _written(told: Sequence[str]) -> bytes:
    pieces = zip(told[1::2], told[2::2], strict=True)
    return (told[0] + "".join(f"\n==> {name} <==\n{body}" for name, body in pieces)).encode()


def _with_status(*names: str) -> tuple[str, ...]:
    return (*names, *(f"status/{name}" for name in names))


_SIGHT = ("groups", "1/stat", "self/ns/pid", "self/ns/user", "self/mountinfo", "self/status")
_STORAGE = _with_status("sysfs", "lsblk")
_NEEDED = {
    "mounts": (_STORAGE, (*_with_status("use"), *_SIGHT)),
    "lvm": (_with_status("sysfs", "lsblk", "pvs", "lvs"),),
    "scsi-reservation": (_STORAGE, _STORAGE),
}


def _seeds(kind: str, names: Sequence[str]) -> list[list[bytes]]:
    """Take the transcripts that are of this one volume."""
    found = []
    for case in sorted(TRANSCRIPTS.glob(f"{kind}/*/case.json")):
        files = [case.parent / f"{name}.answer" for name in names]
        if json.loads(case.read_text())["wwids"] == [WWID]:
            found.append([file.read_bytes() for file in files if file.exists()])
    return found


_WORDS = (
    *(b"dm-3", b"dm-9", b"sda", b"sdb", b"253:3", b"8:0", MAP.encode(), WWID.encode()),
    *(b"\nholder dm-3 dm-9", b"\nuuid dm-3 LVM-abc", b"\nover loop4 253:3", b"\nover loop4 ?"),
    *(b"\ndevice sdc 8:32", b"\npart sda sda1 8:1", b"\nwwid sda naa." + b"6" * 32, b"\nend"),
    *(b"\n==> status/sysfs <==\n0\n", b"\n==> sysfs <==\n", b"\n==> lsblk <==\n"),
)


def _reader(kind: str, names: Sequence[str], words: tuple[bytes, ...]) -> Reader:
    guards = {
        "mounts": (MountsGuard, _nothing_uses),
        "lvm": (LvmGuard, _nothing_is_active),
        "scsi-reservation": (ScsiReservationGuard, _nobody_reserved),
    }
    guard, literally = guards[kind]
    options = BUILT_IN_GUARDS[kind].model_validate({"wwids": [WWID]})
    return Reader(
        name=kind,
        guard=lambda: guard(options),
        literally=literally,
        seeds=lambda: _seeds(kind, names),
        words=(*_WORDS, *words),
        proof=Verdict.CLEAR if kind == "scsi-reservation" else Verdict.DOWN,
        framed=True,
        worse=partial(_worse, _NEEDED[kind]),
    )


READERS = (
    _reader(
        "mounts",
        ("storage", "use"),
        (
            *(b"\nopened dm-3 253:3 -", b"\nfailed dm-3 EBUSY", b"\nmount dm-3 7 /data"),
            *(b"\nuse dm-3 900 oracle", b"\nuse sda 9 multipathd", b"\nswap dm-3", b"\nhidden 9"),
            *(
                b"\nlooked 0",
                b"-5",
                b"hidepid=2",
                b"pid:[4026531999]",
                b"CapEff:\t80000",
                b"gid=990",
            ),
        ),
    ),
    _reader(
        "lvm",
        ("lvm",),
        (
            *(
                b'"active"',
                b'"open"',
                b'"unknown"',
                b'""',
                b'"duplicate"',
                b'"missing"',
                b'"xdata"',
            ),
            *(b"7CMZg1-Km9M-uO9i-ecI3-v7Fd-UHRF-0ld6aE", b"\n  WARNING: x", b'"lv_active": ""'),
            *(
                b"\n==> pvs <==\n",
                b"\nuuid dm-9 LVM-7CMZg1Km9MuO9iecI3v7FdUHRF0ld6aExyz",
            ),
        ),
    ),
    _reader(
        "scsi-reservation",
        ("storage", "reservations"),
        (
            *(b"PR generation=0x4, ", b"there are NO registered reservation keys", b"0x123abc"),
            *(b"there is NO reservation held", b"1 registered reservation key follows:\n    0x1"),
            *(b"Reservation follows:\n    Key=0x1\n    scope: LU_SCOPE,  type: Exclusive Access",),
            *(b"\n24\n", b"\n==> keys/dm-3 <==\n", b"\n==> status/reservation/dm-3 <==\n0\n"),
        ),
    ),
)

TARGETS = tuple(Looking(reader).target() for reader in READERS)
