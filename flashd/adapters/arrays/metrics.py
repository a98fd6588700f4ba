"""I/O counters of volumes, one `showfbvol -metrics` each: all of it understood, or none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flashd.adapters.arrays.messages import message_in
from flashd.adapters.arrays.tables import SHOWN, NotUnderstoodError, whole_text
from flashd.model.counters import HOST_FIELDS, Counters
from flashd.model.volumes import VolumeId

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_QUESTION = "showfbvol -dev {array} -metrics -bnr off -fmt default {volume}"
_LINE = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9]*)[ \t]+(?P<value>\S(?:.*\S)?)[ \t]*")
_ID = re.compile(r"(?:(?P<array>[A-Za-z]+\.[0-9A-Za-z]+-[0-9A-Za-z]+)/)?(?P<id>[0-9A-Fa-f]{4})")
_COUNT = re.compile(r"[0-9]{1,20}")
_DATE = re.compile(r"[0-9]{2}/[0-9]{2}/[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} [A-Za-z0-9:+-]+")


def metrics_questions(array: str, volumes: Iterable[VolumeId]) -> tuple[str, ...]:
    """Tell the commands that ask for the counters of these volumes, in their order."""
    return tuple(_QUESTION.format(array=array, volume=volume) for volume in volumes)


def parse_metrics(
    output: str, array: str, volumes: Sequence[VolumeId], taken: float
) -> tuple[Counters, ...]:
    """Read the answers to all `metrics_questions`, in order; raises `NotUnderstoodError`."""
    told = _parted(whole_text(output))
    if len(told) != len(volumes):
        raise NotUnderstoodError(f"{len(told)} volumes are told of, and {len(volumes)} were asked")
    return tuple(
        _counters(one, array, volume, taken) for one, volume in zip(told, volumes, strict=True)
    )


def _parted(lines: Sequence[str]) -> list[dict[str, str]]:
    """Part the stream at each `ID`, with which an answer begins."""
    told: list[dict[str, str]] = []
    for line in lines:
        message = message_in(line)
        if message is not None:
            if message.kind in "IW":
                continue
            raise NotUnderstoodError(f"showfbvol said {line[:SHOWN]!r}")
        if not line.strip() or set(line.strip()) == {"="}:
            continue
        found = _LINE.fullmatch(line)
        if found is None or (found["name"] != "ID" and not told):
            raise NotUnderstoodError(f"{line[:SHOWN]!r} is no name with a value")
        if found["name"] == "ID":
            told.append({})
        elif found["name"] in told[-1]:
            raise NotUnderstoodError(f"{found['name']} is told twice of a volume")
        told[-1][found["name"]] = found["value"]
    return told


def _counters(told: Mapping[str, str], array: str, volume: VolumeId, taken: float) -> Counters:
    name = _ID.fullmatch(told["ID"])
    if name is None or (name["array"] or array).upper() != array.upper():
        raise NotUnderstoodError(f"{told['ID'][:SHOWN]!r} is no volume of {array}")
    if VolumeId(name["id"]) != volume:
        raise NotUnderstoodError(f"it tells of volume {name['id']}, and {volume} was asked")
    date = told.get("Date", "")
    if not _DATE.fullmatch(date):
        raise NotUnderstoodError(f"volume {volume} was counted at {date[:SHOWN]!r}")
    for field in HOST_FIELDS:
        if not _COUNT.fullmatch(told.get(field, "")):
            raise NotUnderstoodError(
                f"{field} of volume {volume} is {told.get(field, 'absent')[:SHOWN]!r}"
            )
    values = {field: int(told[field]) for field in HOST_FIELDS}
    return Counters(array=array, volume=volume, date=date, taken=taken, values=values)
