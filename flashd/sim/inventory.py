"""Volumes and relations, read and written inside one transaction."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace

from flashd.sim.clock import Clock
from flashd.sim.errors import SimError
from flashd.sim.ids import Pair
from flashd.sim.nouns import Relation, Volume
from flashd.sim.switches import Positions

_VOLUME = tuple(field.name for field in fields(Volume))
_RELATION = ("source", "target", *(f.name for f in fields(Relation) if f.name != "pair"))
_VOLUME_COLUMNS = ", ".join(_VOLUME)
_RELATION_COLUMNS = ", ".join(_RELATION)
_FLAGS = tuple(field.name for field in fields(Relation) if field.type in {bool, "bool"})


def array_time(connection: sqlite3.Connection, clock: Clock) -> float:
    """Return what the array's own clock shows."""
    offset, stands_at = connection.execute(
        "SELECT clock_offset, clock_stands_at FROM array"
    ).fetchone()
    return float(clock.now() + offset if stands_at is None else stands_at)


def positions(connection: sqlite3.Connection) -> Positions:
    """Return where the switches stand."""
    return Positions(dict(connection.execute("SELECT name, value FROM switch")))


class Inventory:
    """What the array holds at one instant of its own clock."""

    def __init__(self, connection: sqlite3.Connection, clock: Clock) -> None:
        self._connection = connection
        self.at = array_time(connection, clock)
        self.switches = positions(connection)
        self._rate = self.switches.number("copy_rate")

    @property
    def rows(self) -> sqlite3.Connection:
        """The transaction itself, for what is no volume and no relation, as accounts are."""
        return self._connection

    def volumes(self) -> tuple[Volume, ...]:
        """Return all volumes by id."""
        query = f"SELECT {_VOLUME_COLUMNS} FROM volume ORDER BY id"  # noqa: S608 - own constants
        return tuple(_volume(row) for row in self._connection.execute(query))

    def space_efficient(self) -> frozenset[str]:
        """Return the ids of the volumes that take space as they are written."""
        query = "SELECT id FROM volume WHERE space_efficient = 1"
        return frozenset(name for (name,) in self._connection.execute(query))

    def volume(self, volume_id: str) -> Volume | None:
        """Return one volume."""
        query = f"SELECT {_VOLUME_COLUMNS} FROM volume WHERE id = ?"  # noqa: S608 - own constants
        row = self._connection.execute(query, (volume_id,)).fetchone()
        return _volume(row) if row else None

    def put_volume(self, volume: Volume) -> None:
        """Add a volume, or replace it."""
        self._put("volume", _VOLUME, [getattr(volume, name) for name in _VOLUME])

    def relations(self) -> tuple[Relation, ...]:
        """Return all relations by source and target."""
        return self._relations("1 ORDER BY source, target")

    def relation(self, pair: Pair) -> Relation | None:
        """Return the relation of one pair."""
        found = self._relations("source = ? AND target = ?", pair.source, pair.target)
        return found[0] if found else None

    def from_source(self, source: str) -> tuple[Relation, ...]:
        """Return the relations that copy from a volume."""
        return self._relations("source = ?", source)

    def onto_target(self, target: str) -> Relation | None:
        """Return the relation whose target a volume is."""
        found = self._relations("target = ?", target)
        return found[0] if found else None

    def put_relation(self, relation: Relation) -> None:
        """Add a relation, or replace it."""
        values = [getattr(relation, name) for name in _RELATION[2:]]
        pair = relation.pair
        self._put("relation", _RELATION, [pair.source, pair.target, *values])

    def drop_relation(self, pair: Pair) -> None:
        """Forget a relation; the volumes stay as they are."""
        self._connection.execute(
            "DELETE FROM relation WHERE source = ? AND target = ?", (pair.source, pair.target)
        )

    def copy_content(self, pair: Pair) -> None:
        """Make the target hold what the source holds at this instant."""
        source, target = self.need_volume(pair.source), self.need_volume(pair.target)
        self.put_volume(replace(target, content=source.content, writes=target.writes + 1))

    def need_volume(self, volume_id: str) -> Volume:
        """Return one volume that has to be there."""
        if (volume := self.volume(volume_id)) is None:
            raise SimError(f"there is no volume {volume_id}")
        return volume

    def out_of_sync(self, relation: Relation) -> int:
        """How many tracks of a relation are not copied yet."""
        return relation.out_of_sync_tracks(self.at, self._rate)

    def keep_progress(self, at: float) -> None:
        """Let all copies go on at `at` from where they are: nothing that is copied gets lost.

        Needed when the clock goes back, or when the rate changes.
        """
        for relation in self.relations():
            if relation.background_copy and not relation.held:
                left = self.out_of_sync(relation)
                self.put_relation(replace(relation, uncopied=left, copy_from=at))

    def move_switch(self, name: str, value: str) -> None:
        """Move a switch; what was copied at the rate so far stays copied."""
        self.keep_progress(self.at)
        self._connection.execute("REPLACE INTO switch VALUES (?, ?)", (name, value))

    def settle(self) -> None:
        """End the relations that last only as long as their background copy."""
        for relation in self._relations("persistent = 0 AND background_copy = 1"):
            if self.out_of_sync(relation) == 0:
                self.drop_relation(relation.pair)

    def _relations(self, where: str, *values: str) -> tuple[Relation, ...]:
        query = f"SELECT {_RELATION_COLUMNS} FROM relation WHERE {where}"  # noqa: S608 - own text
        return tuple(_relation(row) for row in self._connection.execute(query, values))

    def _put(self, table: str, columns: Sequence[str], values: Iterable[object]) -> None:
        marks = ", ".join("?" * len(columns))
        statement = f"REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - own constants
        self._connection.execute(statement, tuple(values))


def _volume(row: Sequence[object]) -> Volume:
    values: Mapping[str, object] = dict(zip(_VOLUME, row, strict=True))
    return Volume(**{**values, "space_efficient": bool(values["space_efficient"])})  # type: ignore[arg-type]


def _relation(row: Sequence[object]) -> Relation:
    source, target, *rest = row
    values = dict(zip(_RELATION[2:], rest, strict=True))
    values |= {name: bool(values[name]) for name in _FLAGS}
    return Relation(pair=Pair(str(source), str(target)), **values)  # type: ignore[arg-type]
