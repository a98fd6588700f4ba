"""The simulated side: a copy of an array file, or an array made of what the real one listed."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from flashd.sim.array import Array
from flashd.sim.compare.probes import HOSTS, MIRRORS, RELATIONS, VOLUMES
from flashd.sim.compare.shape import Table
from flashd.sim.compare.survey import Survey, listing
from flashd.sim.hosts import access
from flashd.sim.ids import Pair

_USER = "compare"
_PASSWORD = "compare"  # nosec B105 # noqa: S105 - of a simulated array that lives for one comparison
_ENOUGH = 100
"""Rows of a listing that give its shape."""

_FLAGS = {
    "Recording": "recording",
    "Persistent": "persistent",
    "Revertible": "revertible",
    "SourceWriteEnabled": "source_writable",
    "TargetWriteEnabled": "target_writable",
    "BackgroundCopy": "background_copy",
}


def copied(array: Array, directory: Path) -> Array:
    """Copy an array file, so that a comparison leaves no trace in it."""
    path = directory / "copy.array"
    with closing(sqlite3.connect(array.path)) as old, closing(sqlite3.connect(path)) as new:
        old.backup(new)
    return Array.open(path)


def made(survey: Survey, directory: Path) -> Array:
    """Make an array with the volumes and relations that were listed, and no names."""
    array = Array.create(directory / "twin.array", survey.facts["device"])
    relations = _rows(listing(survey, RELATIONS), ("ID",))
    pairs = [(Pair.parse(row["ID"]), row) for row in relations if _short(row["ID"], ":")]
    of_pairs = [volume for pair, _ in pairs for volume in (pair.source, pair.target)]
    listed = [row["ID"] for row in _rows(listing(survey, VOLUMES), ("ID",)) if _short(row["ID"])]
    array.add_volumes(*dict.fromkeys(volume.upper() for volume in (*listed, *of_pairs)))
    array.establish(*(str(pair) for pair, _ in pairs), record=False)
    for pair, row in pairs:
        array.set_relation(str(pair), **_state(row))
    _surround(array, survey)
    return array


def _surround(array: Array, survey: Survey) -> None:
    """Put a host and a mirror beside the array where the real one lists such."""
    ids = [volume.id for volume in array.volumes()]
    if _rows(listing(survey, HOSTS), ("ID",)):
        with array.inventory() as held:
            access.add(held, "host", (), access.DEFAULT_TYPE)
            access.map_volumes(held, "host", ids[:1])
    if ids and _rows(listing(survey, MIRRORS), ("ID",)):
        array.mirror(ids[0], ids[0])


def options(array: Array, directory: Path, profile: Path | None) -> tuple[str, ...]:
    """Return the global options of a login that this array accepts, with the user's profile."""
    array.add_user(_USER, _PASSWORD, "op_copy_services")
    path = directory / "twin.pwfile"
    array.write_pwfile(path, _USER, _PASSWORD)
    settings = ("-cfg", str(profile)) if profile else ()
    return ("-hmc1", array.consoles[0], "-user", _USER, "-pwfile", str(path), *settings)


def _rows(table: Table | None, needed: tuple[str, ...]) -> list[Mapping[str, str]]:
    if table is None or not set(needed) <= set(table.columns):
        return []
    width = len(table.columns)
    whole = [row for row in table.rows if len(row) == width][:_ENOUGH]
    return [dict(zip(table.columns, row, strict=True)) for row in whole]


def _short(text: str, mark: str = "") -> bool:
    parts = text.split(mark) if mark else [text]
    return len(parts) == 1 + len(mark) and all(_is_volume(part) for part in parts)


def _is_volume(text: str) -> bool:
    return len(text) == len("0000") and all(c in "0123456789abcdefABCDEF" for c in text)


def _state(row: Mapping[str, str]) -> dict[str, object]:
    flags = {_FLAGS[name]: row[name] == "Enabled" for name in _FLAGS.keys() & row.keys()}
    undated = {"synced_at": None} if row.get("DateSynced") == "-" else {}
    return {**flags, **undated, "uncopied": 1, "held": True}
