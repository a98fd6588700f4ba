"""What an array is made of, asked in one login: several reports in one stream, one after another.

Understood as a whole or not at all. What proves something by not being there, hosts and remote
copies, is asked twice, and both must say the same: one row that was lost reads as nobody's. So are
the volumes where it matters in which groups they are: an answer of before would read as if a host
had not been given a volume since. Never are the two of them neighbours: one answer that came double
would be taken for both.

Hosts and groups are asked only where they are demanded, and so is the image of the array. Where one
stream has all answers the image is always asked, as the last: it names the array itself, so that a
stream that broke off is never taken for an array that has less. In a session each answer ends with
a prompt of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from flashd.adapters.arrays.messages import NOTHING_FOUND, message_in
from flashd.adapters.arrays.tables import (
    DEVICE,
    PAIR,
    SHOWN,
    Header,
    NotUnderstoodError,
    header_in,
    is_remark,
    whole_text,
)
from flashd.model.inventory import (
    HostConnection,
    Image,
    Inventory,
    Part,
    Reach,
    Volume,
    VolumeGroup,
)
from flashd.model.volumes import VolumeId

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from flashd.adapters.arrays.messages import Message

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
"""By report: the columns without which it says nothing."""

_BARE = ("lspprc", "lsfbvol", "lspprc")
_WITH_REACH = (
    *("lsfbvol", "lspprc", "lshostconnect"),
    "lsvolgrp",
    *("lsfbvol", "lshostconnect", "lspprc"),
)
_IMAGE = ("lssi",)
_NO_ROW = re.compile(r"dscli>|Date/Time: |\bCM(?:MCI[0-9]{4}|[A-Z]{2}[0-9]{4,5})[IWE]\b")
_PROMPTS = re.compile(r"(?:dscli> ?|\s)*")

_QUESTIONS = {
    "lsfbvol": "lsfbvol -dev {array} -l {output}",
    "lspprc": "lspprc -dev {array} -fullid {output} 0000-FFFF",
    "lshostconnect": "lshostconnect -dev {array} {output}",
    "lsvolgrp": "lsvolgrp -dev {array} {output}",
    "lssi": "lssi {output}",
}

_NONE = frozenset({"-", ""})
_BLOCKS = re.compile(r"[1-9][0-9]{0,14}")
_WWNN = re.compile(r"[0-9A-Fa-f]{16}")
_WWPN = re.compile(r"[0-9A-Fa-f]{16,17}")
_QUALIFIED = re.compile(rf"(?:(?P<array>{DEVICE})/)?(?P<id>[0-9A-Za-z]+)")

Rows = list[dict[str, str]]
T = TypeVar("T")
K = TypeVar("K")


def questions(array: str, parts: AbstractSet[Part]) -> tuple[str, ...]:
    """Tell the commands that ask for what is always asked and for these parts, in their order."""
    return tuple(_QUESTIONS[one].format(array=array, output=_OUTPUT) for one in _order(parts))


def lasting() -> frozenset[str]:
    """Tell the questions whose answers hold for as long as a login: which images a console has."""
    return frozenset({_QUESTIONS["lssi"].format(output=_OUTPUT)})


def parse_inventory(
    output: str, array: str, parts: AbstractSet[Part], began: datetime, ended: datetime
) -> Inventory:
    """Read the answers to all `questions` of these parts; raises `NotUnderstoodError`."""
    _see_rows_as_such(output)
    tables = _tables(whole_text(output), _order(parts))
    volumes = (_volume(row, array) for row in tables["lsfbvol"])
    return Inventory(
        array=array,
        began_at=began,
        ended_at=ended,
        volumes=_by_id("lsfbvol", volumes, lambda one: one.id),
        mirrored=frozenset(
            volume for row in tables["lspprc"] for volume in _mirrored(row["ID"], array)
        ),
        reach=_reach(tables, array) if Part.REACH in parts else None,
        image=Image(_wwnn(tables["lssi"], array)) if Part.IMAGE in parts else None,
    )


def _order(parts: AbstractSet[Part]) -> tuple[str, ...]:
    reports = _WITH_REACH if Part.REACH in parts else _BARE
    return (*reports, *_IMAGE) if Part.IMAGE in parts else reports


def _reach(tables: Mapping[str, Rows], array: str) -> Reach:
    groups = (_group(row, array) for row in tables["lsvolgrp"])
    return Reach(
        groups=_by_id("lsvolgrp", groups, lambda one: one.id),
        connections=tuple(_connection(row, array) for row in tables["lshostconnect"]),
    )


@dataclass(slots=True)
class _Open:
    """The report whose rows are being read."""

    command: str
    header: Header | None
    rows: Rows


def _tables(lines: Sequence[str], order: Iterable[str]) -> Mapping[str, Rows]:
    """Part a stream in its reports, each of which is there as often as it was asked, in order."""
    wanted = list(order)
    found: list[_Open] = []
    now: _Open | None = None
    for line in lines:
        begun = _begun(wanted[0], line) if wanted else None
        if begun is not None:
            _close(now)
            now = begun
            found.append(begun)
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
    return _agreed(found)


def _agreed(reports: Sequence[_Open]) -> Mapping[str, Rows]:
    """Take each report once; those that were asked twice must say the same."""
    tables: dict[str, Rows] = {}
    for report in reports:
        before = tables.setdefault(report.command, report.rows)
        if before != report.rows:
            raise NotUnderstoodError(f"{report.command} was asked twice, and answered differently")
    return tables


def _see_rows_as_such(output: str) -> None:
    """See that no row is passed over for what its cells look like: a message, a banner, a prompt.

    Somebody may call a host so; and what is passed over is then mapped to nobody.
    """
    for line in output.split("\n"):
        if "|" not in line:
            continue
        start = _PROMPTS.match(line)
        row = line[start.end() :] if start else line
        prompted = row != line.lstrip()
        if _NO_ROW.search(row) or (prompted and not _is_header(row)):
            raise NotUnderstoodError(f"a row looks like something else: {line[:SHOWN]!r}")


def _is_header(row: str) -> bool:
    return any(header_in(row, *columns) for columns in _COLUMNS.values())


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
    """Let pass what stands before the first report, unless it may be a part of one, or is of one.

    What dscli says at its login warns of nothing that a report lacks.
    """
    if line.count("|") > 1:
        raise NotUnderstoodError(f"a row stands before the first header: {line[:SHOWN]!r}")
    message = message_in(line)
    if message is not None and not _remarks(message):
        raise NotUnderstoodError(f"before the first header stands {line[:SHOWN]!r}")


def _harmless(line: str) -> bool:
    message = message_in(line)
    return message is not None and message.id != NOTHING_FOUND and _remarks(message)


def _remarks(message: Message) -> bool:
    """Whether a message leaves a report as it is: one that warns of it may tell what it lacks."""
    of_a_report = message.text.partition(":")[0].strip() in _COLUMNS
    return message.kind == "I" or (message.kind == "W" and not of_a_report)


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
    match = PAIR.fullmatch(text)
    if match is None:
        raise NotUnderstoodError(f"{text[:SHOWN]!r} is no remote copy relation")
    sides = ((match["array1"], match["first"]), (match["array2"], match["second"]))
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
