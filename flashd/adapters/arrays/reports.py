"""lsflash reports: read by header name, understood as a whole or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.adapters.arrays.messages import (
    NOTHING_FOUND,
    broken_line_of,
    lines_of,
    message_in,
    messages_of,
)
from flashd.core.instants import read
from flashd.model.volumes import ArrayTime, Pair, Relation, VolumeId

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REQUIRED = (
    "ID",
    "Recording",
    "Persistent",
    "Revertible",
    "TargetWriteEnabled",
    "BackgroundCopy",
    "OutOfSyncTracks",
    "DateSynced",
    "State",
)
"""Without one of these columns of `lsflash -l` no decision is possible."""

_DELIMITERS = ",|;\t"
_RULE = re.compile(r"=+")
_DEVICE = r"[A-Za-z]+\.[0-9A-Za-z]+-[0-9A-Za-z]+"
_ID = re.compile(
    rf"(?:(?P<array1>{_DEVICE})/)?(?P<source>[0-9A-Fa-f]{{4}})"
    rf":(?:(?P<array2>{_DEVICE})/)?(?P<target>[0-9A-Fa-f]{{4}})"
)
_TWO_VOLUMES = re.compile(rf"[0-9A-Fa-f]{{4}}:(?:{_DEVICE}/)?[0-9A-Fa-f]{{4}}")
"""To look for anywhere in a line: beginning with a device, each letter of it were a beginning."""

_COUNT = re.compile(r"[0-9]{1,18}")
_NO_TEXT = re.compile(r"(.{0,20})[\0\ufffd]")
_NEVER_TEXT = ("\0", "\ufffd")
_FLAGS = {"enabled": True, "disabled": False}
_SPACE_EFFICIENT = {
    "ese": True,
    "tse": True,
    "yes": True,
    "-": False,
    "standard": False,
    "no": False,
}
_NONE = frozenset({"-", ""})
_SHOWN = 80


class NotUnderstoodError(ValueError):
    """An answer that must not be acted on."""


@dataclass(frozen=True, slots=True)
class _Header:
    """The names of the columns, as they stand in `line`."""

    line: str
    delimiter: str
    names: tuple[str, ...]


def parse_listing(output: str, array: str) -> dict[Pair, Relation]:
    """Read what `lsflash -l` of a whole array printed in delim format.

    Raises `NotUnderstoodError` where anything in it is not understood: of half an answer nobody
    knows which half. A header alone is none: dscli says so where there are no relations. What
    dscli says at its login, before the header, is passed over, but for the id of a pair.
    """
    if any(one in output for one in _NEVER_TEXT) and (odd := _NO_TEXT.search(output)):
        raise NotUnderstoodError(f"the answer has bytes that are no text, after {odd[1]!r}")
    if cut := broken_line_of(output):
        raise NotUnderstoodError(f"the answer has a line that does not end: {cut[:_SHOWN]!r}")
    lines = lines_of(output)
    place, header = _find_header(lines)
    if header is None:
        return _nothing(lines)
    _demand(header.names)
    _pass_over(lines[:place])
    relations: dict[Pair, Relation] = {}
    for line in lines[place + 1 :]:
        if line == header.line or _RULE.fullmatch(line) or _is_remark(line):
            continue
        relation = _relation(_cells(line, header), array)
        if relation.pair in relations:
            raise NotUnderstoodError(f"the pair {relation.pair} is listed twice")
        relations[relation.pair] = relation
    if not relations:
        raise NotUnderstoodError("there is a header but no row")
    return relations


def _find_header(lines: Sequence[str]) -> tuple[int, _Header | None]:
    for place, line in enumerate(lines):
        if header := _header(line):
            return place, header
    return len(lines), None


def _header(line: str) -> _Header | None:
    """Split a header; None where a line is none."""
    if message_in(line):
        return None
    for delimiter in _DELIMITERS:
        names = tuple(name.strip() for name in line.split(delimiter))
        if "ID" in names and len(names) > 1:
            return _Header(line, delimiter, names)
    return None


def _nothing(lines: Sequence[str]) -> dict[Pair, Relation]:
    said = messages_of(lines)
    if said and all(message.id == NOTHING_FOUND for message in said) and len(said) == len(lines):
        return {}
    start = lines[0][:_SHOWN] if lines else ""
    raise NotUnderstoodError(f"there is no table in the answer, which begins {start!r}")


def _pass_over(lines: Sequence[str]) -> None:
    """Let pass what stands before the table; no part of it may be lost there."""
    for line in lines:
        message = message_in(line)
        if message is None and _TWO_VOLUMES.search(line):
            raise NotUnderstoodError(f"a row stands before the header: {line[:_SHOWN]!r}")
        if message and message.kind == "W" and not message.text.startswith("lsflash"):
            continue
        _is_remark(line)


def _is_remark(line: str) -> bool:
    """Whether a line is a message that leaves the table as it is."""
    message = message_in(line)
    if message is None:
        return False
    if message.kind != "I" or message.id == NOTHING_FOUND:
        raise NotUnderstoodError(f"there is a table, and the message {line[:_SHOWN]!r}")
    return True


def _demand(names: Sequence[str]) -> None:
    if missing := [name for name in REQUIRED if name not in names]:
        raise NotUnderstoodError(f"the table lacks the column {', '.join(missing)}")
    if len(set(names)) != len(names):
        raise NotUnderstoodError("the table has a column twice")


def _cells(line: str, header: _Header) -> dict[str, str]:
    cells = [cell.strip() for cell in line.split(header.delimiter)]
    if len(cells) != len(header.names):
        raise NotUnderstoodError(
            f"a row has {len(cells)} of {len(header.names)} columns: {line[:_SHOWN]!r}"
        )
    return dict(zip(header.names, cells, strict=True))


def _relation(cells: Mapping[str, str], array: str) -> Relation:
    unread: list[str] = []
    return Relation(
        pair=_pair(cells["ID"], array),
        state=cells["State"],
        recording=_flag("Recording", cells, unread),
        persistent=_flag("Persistent", cells, unread),
        revertible=_flag("Revertible", cells, unread),
        source_write_enabled=_FLAGS.get(cells.get("SourceWriteEnabled", "").lower()),
        target_write_enabled=_flag("TargetWriteEnabled", cells, unread),
        background_copy=_flag("BackgroundCopy", cells, unread),
        out_of_sync_tracks=_number("OutOfSyncTracks", cells, unread),
        created=_date("DateCreated", cells, unread),
        synced=_date("DateSynced", cells, unread),
        space_efficient_target=_space_efficient(cells),
        unread=tuple(unread),
    )


def _pair(text: str, array: str) -> Pair:
    match = _ID.fullmatch(text)
    named = {match[one].upper() for one in ("array1", "array2") if match[one]} if match else set()
    if match is None or named - {array.upper()}:
        raise NotUnderstoodError(f"{text[:_SHOWN]!r} is not the id of a pair of {array}")
    if match["source"].upper() == match["target"].upper():
        raise NotUnderstoodError(f"the pair {text!r} has one volume twice")
    return Pair(VolumeId(match["source"]), VolumeId(match["target"]))


def _flag(column: str, cells: Mapping[str, str], unread: list[str]) -> bool | None:
    value = _FLAGS.get(cells[column].lower())
    if value is None:
        unread.append(f"{column}={cells[column]}")
    return value


def _number(column: str, cells: Mapping[str, str], unread: list[str]) -> int | None:
    if _COUNT.fullmatch(cells[column]):
        return int(cells[column])
    unread.append(f"{column}={cells[column]}")
    return None


def _date(column: str, cells: Mapping[str, str], unread: list[str]) -> ArrayTime | None:
    text = cells.get(column, "-")
    if text in _NONE:
        return None
    time = read(text)
    if time is None:
        unread.append(f"{column}={text}")
    return time


def _space_efficient(cells: Mapping[str, str]) -> bool | None:
    """Whether the array takes the target's space only as it is written; a new word says nothing."""
    return _SPACE_EFFICIENT.get(cells.get("isTgtSE", "").lower())
