"""What an array is made of, asked in one login: several reports in one stream, one after another.

Understood as a whole or not at all. The last one names the array itself, so that a stream that
broke off is never taken for an array that has less.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from flashd.adapters.arrays.messages import NOTHING_FOUND, message_in
from flashd.adapters.arrays.tables import (
    SHOWN,
    Header,
    NotUnderstoodError,
    header_in,
    is_remark,
    whole_text,
)
from flashd.model.inventory import HostConnection, Inventory, Volume, VolumeGroup
from flashd.model.volumes import VolumeId

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

_OUTPUT = "-bnr off -hdr on -fmt delim -delim |"
"""For each command. A volume in several groups has them with commas between, in one cell."""

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "lsfbvol": (
        "Name",
        "ID",
        "accstate",
        "datastate",
        "configstate",
        "datatype",
        "cap (blocks)",
        "volgrp",
    ),
    "lspprc": ("ID", "State", "Type", "SourceLSS"),
    "lshostconnect": ("Name", "ID", "WWPN", "volgrpID"),
    "lsvolgrp": ("Name", "ID", "Type"),
    "lssi": ("ID", "Model", "WWNN", "State"),
}
"""By report, in the order in which they are asked: the columns without which it says nothing."""

_QUESTIONS = {
    "lsfbvol": "lsfbvol -dev {array} -l {output}",
    "lspprc": "lspprc -dev {array} -fullid {output} 0000-FFFF",
    "lshostconnect": "lshostconnect -dev {array} {output}",
    "lsvolgrp": "lsvolgrp -dev {array} {output}",
    "lssi": "lssi {output}",
}

_NONE = frozenset({"-", ""})
_BLOCKS = re.compile(r"[0-9]{1,15}")
_WWNN = re.compile(r"[0-9A-Fa-f]{16}")
_WWPN = re.compile(r"[0-9A-Fa-f]{16,17}")
_DEVICE = r"[A-Za-z]+\.[0-9A-Za-z]+-[0-9A-Za-z]+"
_QUALIFIED = re.compile(rf"(?:(?P<array>{_DEVICE})/)?(?P<id>[0-9A-Za-z]+)")
_MIRROR = re.compile(
    rf"(?:(?P<array1>{_DEVICE})/)?(?P<primary>[0-9A-Fa-f]{{4}})"
    rf":(?:(?P<array2>{_DEVICE})/)?(?P<secondary>[0-9A-Fa-f]{{4}})"
)

Rows = list[dict[str, str]]
T = TypeVar("T")
K = TypeVar("K")


def questions(array: str) -> tuple[str, ...]:
    """Tell the commands that ask for everything, in their order."""
    return tuple(one.format(array=array, output=_OUTPUT) for one in _QUESTIONS.values())


def parse_inventory(output: str, array: str, began: datetime, ended: datetime) -> Inventory:
    """Read the answers to all `questions`; raises `NotUnderstoodError`."""
    tables = _tables(whole_text(output))
    volumes = (_volume(row, array) for row in tables["lsfbvol"])
    groups = (_group(row, array) for row in tables["lsvolgrp"])
    return Inventory(
        array=array,
        wwnn=_wwnn(tables["lssi"], array),
        began_at=began,
        ended_at=ended,
        volumes=_by_id("lsfbvol", volumes, lambda one: one.id),
        groups=_by_id("lsvolgrp", groups, lambda one: one.id),
        connections=tuple(_connection(row, array) for row in tables["lshostconnect"]),
        mirrored=frozenset(
            volume for row in tables["lspprc"] for volume in _mirrored(row["ID"], array)
        ),
    )


@dataclass(slots=True)
class _Open:
    """The report whose rows are being read."""

    command: str
    header: Header | None
    rows: Rows


def _tables(lines: Sequence[str]) -> Mapping[str, Rows]:
    """Part a stream in its reports, each of which is there once, and in order."""
    wanted = list(_COLUMNS)
    found: dict[str, Rows] = {}
    now: _Open | None = None
    for line in lines:
        begun = _begun(wanted[0], line) if wanted else None
        if begun is not None:
            _close(now)
            now, found[begun.command] = begun, begun.rows
            del wanted[0]
        elif now is None:
            _pass_over(line)
        elif now.header is None:
            if not _harmless(line):
                raise NotUnderstoodError(f"{now.command} found nothing, and said {line[:SHOWN]!r}")
        elif not (now.header.repeats(line) or is_remark(line)):
            now.rows.append(now.header.cells(line))
    if wanted:
        raise NotUnderstoodError(f"there is no answer of {wanted[0]}")
    _close(now)
    return found


def _begun(command: str, line: str) -> _Open | None:
    """Whether a line begins a report: by its header, or by saying that there is nothing."""
    message = message_in(line)
    if message is not None:
        nothing = message.id == NOTHING_FOUND and message.text.startswith(f"{command}:")
        return _Open(command, None, []) if nothing else None
    header = header_in(line, *_COLUMNS[command])
    if header is None:
        return None
    header.demand(_COLUMNS[command])
    return _Open(command, header, [])


def _close(report: _Open | None) -> None:
    if report is not None and report.header is not None and not report.rows:
        raise NotUnderstoodError(f"the answer of {report.command} has a header but no row")


def _pass_over(line: str) -> None:
    """Let pass what stands before the first report, unless it may be a part of one."""
    if not _harmless(line) and line.count("|") > 1:
        raise NotUnderstoodError(f"a row stands before the first header: {line[:SHOWN]!r}")


def _harmless(line: str) -> bool:
    message = message_in(line)
    return message is not None and message.kind in "IW" and message.id != NOTHING_FOUND


def _by_id(command: str, things: Iterable[T], key: Callable[[T], K]) -> dict[K, T]:
    found: dict[K, T] = {}
    for one in things:
        if key(one) in found:
            raise NotUnderstoodError(f"{command} lists {key(one)} twice")
        found[key(one)] = one
    return found


def _volume(row: Mapping[str, str], array: str) -> Volume:
    try:
        volume = VolumeId(_own(row["ID"], array))
    except ValueError as error:
        raise NotUnderstoodError(f"lsfbvol: {error}") from error
    if not _BLOCKS.fullmatch(row["cap (blocks)"]):
        raise NotUnderstoodError(f"volume {volume} has {row['cap (blocks)']!r} blocks")
    return Volume(
        id=volume,
        name=row["Name"],
        datatype=row["datatype"],
        blocks=int(row["cap (blocks)"]),
        groups=_groups(row["volgrp"], array),
        states=(row["accstate"], row["datastate"], row["configstate"]),
    )


def _groups(text: str, array: str) -> tuple[str, ...]:
    if text in _NONE:
        return ()
    return tuple(_own(part.strip(), array) for part in text.split(","))


def _group(row: Mapping[str, str], array: str) -> VolumeGroup:
    return VolumeGroup(id=_own(row["ID"], array), name=row["Name"], type=row["Type"])


def _connection(row: Mapping[str, str], array: str) -> HostConnection:
    groups = _groups(row["volgrpID"], array)
    if len(groups) > 1 or not _WWPN.fullmatch(row["WWPN"]):
        raise NotUnderstoodError(f"lshostconnect: {'|'.join(row.values())[:SHOWN]!r}")
    return HostConnection(
        id=_own(row["ID"], array),
        name=row["Name"],
        wwpn=row["WWPN"].upper(),
        group=groups[0] if groups else None,
    )


def _own(text: str, array: str) -> str:
    """Tell an id of this array without the array's."""
    match = _QUALIFIED.fullmatch(text)
    if match is None or (match["array"] or array).upper() != array.upper():
        raise NotUnderstoodError(f"{text[:SHOWN]!r} is no id of {array}")
    return match["id"].upper()


def _mirrored(text: str, array: str) -> Iterable[VolumeId]:
    """Tell which volumes of this array a remote copy relation names.

    A side without an array may be ours: then it counts.
    """
    match = _MIRROR.fullmatch(text)
    if match is None:
        raise NotUnderstoodError(f"{text[:SHOWN]!r} is no remote copy relation")
    sides = ((match["array1"], match["primary"]), (match["array2"], match["secondary"]))
    return [VolumeId(one) for where, one in sides if (where or array).upper() == array.upper()]


def _wwnn(rows: Rows, array: str) -> str:
    """Find the array among the images of the console that answered."""
    mine = [row for row in rows if row["ID"].upper() == array.upper()]
    if len(mine) != 1 or not _WWNN.fullmatch(mine[0]["WWNN"]):
        there = ", ".join(row["ID"] for row in rows)
        raise NotUnderstoodError(f"the console has not one image {array} with a WWNN, but: {there}")
    if mine[0]["State"] != "Online":
        raise NotUnderstoodError(f"the image {array} is {mine[0]['State']!r}, not Online")
    return mine[0]["WWNN"].upper()
