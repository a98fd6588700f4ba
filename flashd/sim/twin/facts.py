"""All rows of one image, by listing and id: what stands in several listings is put together."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from flashd.sim.ids import same_image
from flashd.sim.reading import Reading, Row, Table

_QUALIFIED = re.compile(r"([A-Z]+\.\d{4}-\w+)/")
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
    """The rows of each listing by id, without the image before ids; `pasted` are the listings."""

    rows: Mapping[str, Mapping[str, Row]]
    columns: Mapping[str, tuple[str, ...]]
    pasted: frozenset[str]

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
    for table in reading.tables:
        if table.verb not in SOURCES or not _of_image(table, image):
            continue
        verb = SOURCES[table.verb]
        columns[verb] = tuple(dict.fromkeys((*columns.get(verb, ()), *table.columns)))
        for row in table.rows:
            _put(rows.setdefault(verb, {}), row, verb)
    return Facts(rows, columns, frozenset({*columns, *reading.nothing}))


def _of_image(table: Table, image: str) -> bool:
    named = {table.device, *_qualifiers(table)} - {""}
    return not named or any(same_image(name, image) for name in named)


def _put(held: dict[str, Row], row: Row, verb: str) -> None:
    """Add a row; of an object that was listed before, columns come on top."""
    name = row["ID"] if verb == "lssi" else bare(row["ID"])
    before = held.get(name)
    cells = {**(before.cells if before else {}), **row.cells, "ID": name}
    held[name] = replace(row, cells=cells)


def bare(text: str) -> str:
    """Return ids without the image before them."""
    return _QUALIFIED.sub("", text)
