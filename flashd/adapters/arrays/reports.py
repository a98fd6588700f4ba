"""lsflash reports: read by header name, understood as a whole or not at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flashd.adapters.arrays.messages import (
    NOTHING_FOUND,
    is_message,
    lines_of,
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
_ID = re.compile(
    r"(?:(?P<array1>[A-Z]+\.[0-9A-Z]+-[0-9A-Z]+)/)?(?P<source>[0-9A-Fa-f]{4})"
    r":(?:(?P<array2>[A-Z]+\.[0-9A-Z]+-[0-9A-Z]+)/)?(?P<target>[0-9A-Fa-f]{4})"
)
_FLAGS = {"enabled": True, "disabled": False}
_NONE = frozenset({"-", ""})
_SHOWN = 80


class NotUnderstoodError(ValueError):
    """An answer that must not be acted on."""


def parse_listing(output: str, array: str) -> dict[Pair, Relation]:
    """Read what `lsflash -l` of a whole array printed in delim format.

    Raises `NotUnderstoodError` where anything in it is not understood: of half an answer nobody
    knows which half. A header alone is none: dscli says so where there are no relations.
    """
    lines = lines_of(_whole(output))
    found = [index for index, line in enumerate(lines) if _columns(line)]
    if not found:
        return _nothing(lines)
    header = _columns(lines[found[0]])
    _demand(header)
    relations: dict[Pair, Relation] = {}
    for line in lines[found[0] + 1 :]:
        if line == lines[found[0]] or _RULE.fullmatch(line) or is_message(line):
            continue
        relation = _relation(_cells(line, lines[found[0]], header), array)
        if relation.pair in relations:
            raise NotUnderstoodError(f"the pair {relation.pair} is listed twice")
        relations[relation.pair] = relation
    if not relations:
        raise NotUnderstoodError("there is a header but no row")
    return relations


def _whole(output: str) -> str:
    """Refuse an answer whose last line does not end: it was cut short."""
    last = output.replace("dscli> ", "").replace("dscli>", "").rsplit("\n", 1)[-1]
    if last.strip():
        raise NotUnderstoodError(
            f"the answer ends in the middle of a line: {last.strip()[:_SHOWN]!r}"
        )
    return output


def _nothing(lines: Sequence[str]) -> dict[Pair, Relation]:
    said = messages_of(lines)
    if any(message.id == NOTHING_FOUND for message in said) and len(said) == len(lines):
        return {}
    start = lines[0][:_SHOWN] if lines else ""
    raise NotUnderstoodError(f"there is no table in the answer, which begins {start!r}")


def _columns(line: str) -> tuple[str, ...]:
    """Split a header; empty where a line is none."""
    for delimiter in _DELIMITERS:
        names = tuple(name.strip() for name in line.split(delimiter))
        if "ID" in names and len(names) > 1:
            return names
    return ()


def _demand(header: Sequence[str]) -> None:
    if missing := [name for name in REQUIRED if name not in header]:
        raise NotUnderstoodError(f"the table lacks the column {', '.join(missing)}")
    if len(set(header)) != len(header):
        raise NotUnderstoodError("the table has a column twice")


def _cells(line: str, header_line: str, header: Sequence[str]) -> dict[str, str]:
    delimiter = next(one for one in _DELIMITERS if len(header_line.split(one)) == len(header))
    cells = [cell.strip() for cell in line.split(delimiter)]
    if len(cells) != len(header):
        raise NotUnderstoodError(
            f"a row has {len(cells)} of {len(header)} columns: {line[:_SHOWN]!r}"
        )
    return dict(zip(header, cells, strict=True))


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
    if match is None or {match["array1"], match["array2"]} - {None, array}:
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
    if cells[column].isascii() and cells[column].isdigit():
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
    text = cells.get("isTgtSE", "")
    return None if not text else text != "-"
