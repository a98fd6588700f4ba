"""lsflash reports: read by header name, understood as a whole or not at all."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from flashd.adapters.arrays.messages import NOTHING_FOUND, message_in, messages_of
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

_TWO_VOLUMES = re.compile(rf"[0-9A-Fa-f]{{4}}:(?:{DEVICE}/)?[0-9A-Fa-f]{{4}}")
"""To look for anywhere in a line: beginning with a device, each letter of it were a beginning."""

_COUNT = re.compile(r"[0-9]{1,18}")
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


def parse_listing(output: str, array: str) -> dict[Pair, Relation]:
    """Read what `lsflash -l` of a whole array printed in delim format.

    Raises `NotUnderstoodError` where anything in it is not understood: of half an answer nobody
    knows which half. A header alone is none: dscli says so where there are no relations. What
    dscli says at its login, before the header, is passed over, but for the id of a pair.
    """
    lines = whole_text(output)
    place, header = _find_header(lines)
    if header is None:
        return _nothing(lines)
    header.demand(REQUIRED)
    _pass_over(lines[:place], header.delimiter)
    relations: dict[Pair, Relation] = {}
    for line in lines[place + 1 :]:
        if header.repeats(line) or is_remark(line):
            continue
        relation = _row(header, line, array)
        if relation.pair in relations:
            raise NotUnderstoodError(f"the pair {relation.pair} is listed twice")
        relations[relation.pair] = relation
    if not relations:
        raise NotUnderstoodError("there is a header but no row")
    return relations


def _find_header(lines: Sequence[str]) -> tuple[int, Header | None]:
    for place, line in enumerate(lines):
        if header := header_in(line, "ID"):
            return place, header
    return len(lines), None


def _nothing(lines: Sequence[str]) -> dict[Pair, Relation]:
    said = messages_of(lines)
    if said and all(message.id == NOTHING_FOUND for message in said) and len(said) == len(lines):
        return {}
    start = lines[0][:SHOWN] if lines else ""
    raise NotUnderstoodError(f"there is no table in the answer, which begins {start!r}")


def _pass_over(lines: Sequence[str], delimiter: str) -> None:
    """Let pass what stands before the table; no part of it may be lost there.

    A row is known by its two volumes, or where these are garbled by its many cells.
    """
    for line in lines:
        message = message_in(line)
        many = line.count(delimiter) >= len(REQUIRED) - 1
        if message is None and (many or _TWO_VOLUMES.search(line)):
            raise NotUnderstoodError(f"a row stands before the header: {line[:SHOWN]!r}")
        if message and message.kind == "W" and not message.text.startswith("lsflash"):
            continue
        is_remark(line)


@lru_cache(maxsize=4096)
def _row(header: Header, line: str, array: str) -> Relation:
    """Read a row: nearly all of a listing stand in the next one word for word."""
    return _relation(header.cells(line), array)


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
    match = PAIR.fullmatch(text)
    named = {match[one].upper() for one in ("array1", "array2") if match[one]} if match else set()
    if match is None or named - {array.upper()}:
        raise NotUnderstoodError(f"{text[:SHOWN]!r} is not the id of a pair of {array}")
    if match["first"].upper() == match["second"].upper():
        raise NotUnderstoodError(f"the pair {text!r} has one volume twice")
    return Pair(VolumeId(match["first"]), VolumeId(match["second"]))


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
