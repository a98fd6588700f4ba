"""All rows of one image, by listing and id: what stands in several listings is put together."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from flashd.sim.ids import same_image
from flashd.sim.reading import Reading, Row, Table, Trouble

_QUALIFIED = re.compile(r"([A-Z]+\.\d{4}-\w+)/")
_ONCE = "Paste each listing once, all of one moment, or leave the later row out with --anyway."
SOURCES: Mapping[str, str] = {
    "lssi": "lssi",
    "lsfbvol": "lsfbvol",
    "showfbvol": "lsfbvol",
    "lsflash": "lsflash",
    "lshostconnect": "lshostconnect",
    "lsvolgrp": "lsvolgrp",
    "lsextpool": "lsextpool",
    "lspprc": "lspprc",
}
"""The commands of whose output a twin is made, and the listing whose columns they have."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The rows of each listing by id, without the image before ids; `pasted` are the listings.

    `troubles` are rows that say otherwise than rows before them, which are kept.
    """

    rows: Mapping[str, Mapping[str, Row]]
    columns: Mapping[str, tuple[str, ...]]
    pasted: frozenset[str]
    troubles: tuple[Trouble, ...] = ()

    def of(self, verb: str) -> tuple[Row, ...]:
        """Return the rows of one listing."""
        return tuple(self.rows.get(verb, {}).values())

    def has(self, verb: str, column: str) -> bool:
        """Say whether a listing has a column."""
        return column in self.columns.get(verb, ())


def images(reading: Reading) -> tuple[str, ...]:
    """Return the images that a paste is about: by banners, by qualified ids, by lssi."""
    found = [table.device for table in reading.tables]
    found += [row["ID"] for table in reading.of("lssi") for row in table.rows]
    found += [image for table in reading.tables for image in _qualifiers(table)]
    return tuple(dict.fromkeys(filter(None, found)))


def _qualifiers(table: Table) -> Iterable[str]:
    for row in table.rows:
        if match := _QUALIFIED.match(row["ID"]):
            yield match[1]


def gather(reading: Reading, image: str) -> Facts:
    """Return what a paste says of one image."""
    rows: dict[str, dict[str, Row]] = {}
    columns: dict[str, tuple[str, ...]] = {}
    troubles: list[Trouble] = []
    for table in reading.tables:
        if table.verb not in SOURCES or not _of_image(table, image):
            continue
        verb = SOURCES[table.verb]
        columns[verb] = tuple(dict.fromkeys((*columns.get(verb, ()), *table.columns)))
        put = (_put(rows.setdefault(verb, {}), row, verb) for row in table.rows)
        troubles.extend(filter(None, put))
    return Facts(rows, columns, frozenset({*columns, *reading.nothing}), tuple(troubles))


def _of_image(table: Table, image: str) -> bool:
    named = {table.device, *_qualifiers(table)} - {""}
    return not named or any(same_image(name, image) for name in named)


def _put(held: dict[str, Row], row: Row, verb: str) -> Trouble | None:
    """Add a row; of an object that was listed before, columns come on top.

    What was listed before otherwise stays as it was.
    """
    name = row["ID"] if verb == "lssi" else bare(row["ID"])
    before = held.get(name)
    if before and (column := _contradicted(before, row)):
        said = f"{name} has {column} {row[column]!r} here, but had {before[column]!r}"
        return Trouble(row.line, said, _ONCE, verb, before.line)
    cells = {**(before.cells if before else {}), **row.cells, "ID": name}
    held[name] = replace(row, cells=cells)
    return None


def _contradicted(before: Row, row: Row) -> str:
    """Return a column in which two rows differ that are both about one object, or nothing."""
    shared = (name for name in row.cells if name != "ID" and name in before.cells)
    return next((name for name in shared if _differ(before[name], row[name])), "")


def _differ(one: str, other: str) -> bool:
    return "-" not in {one, other} and "" not in {one, other} and bare(one) != bare(other)


def bare(text: str) -> str:
    """Return ids without the image before them."""
    return _QUALIFIED.sub("", text)
