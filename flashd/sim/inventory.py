"""Volumes and relations, read and written inside one transaction."""

import math
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from functools import lru_cache

from flashd.sim.clock import Clock
from flashd.sim.errors import SimError
from flashd.sim.hosts.table import HostTable
from flashd.sim.ids import Pair
from flashd.sim.nouns import BLOCKS_PER_TRACK, Mount, Pool, Relation, RemoteCopy, Volume
from flashd.sim.switches import Positions

_VOLUME = tuple(field.name for field in fields(Volume))
_RELATION = ("source", "target", *(f.name for f in fields(Relation) if f.name != "pair"))
_VOLUME_COLUMNS = ", ".join(_VOLUME)
_RELATION_COLUMNS = ", ".join(_RELATION)
_POOL = tuple(field.name for field in fields(Pool))
_REMOTE_COPY = tuple(field.name for field in fields(RemoteCopy))
_MOUNT = tuple(field.name for field in fields(Mount))
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
        self.code_level = str(connection.execute("SELECT code_level FROM array").fetchone()[0])
        self.hosts = HostTable(connection)
        self._rate = self.switches.number("copy_rate")
        self._space: dict[str, float] = {}  # left in each pool, as far as it was asked for

    @property
    def rows(self) -> sqlite3.Connection:
        """The transaction itself, for what is no volume and no relation, as accounts are."""
        return self._connection

    def volumes(self) -> tuple[Volume, ...]:
        """Return all volumes by id."""
        return self._volumes("1 ORDER BY id")

    def space_efficient(self) -> frozenset[str]:
        """Return the ids of the volumes that take space as they are written."""
        query = "SELECT id FROM volume WHERE space_efficient = 1"
        return frozenset(name for (name,) in self._connection.execute(query))

    def volume(self, volume_id: str) -> Volume | None:
        """Return one volume."""
        found = self._volumes("id = ?", volume_id)
        return found[0] if found else None

    def put_volume(self, volume: Volume) -> None:
        """Add a volume, or replace it."""
        self._space.clear()
        self._put("volume", _VOLUME, [getattr(volume, name) for name in _VOLUME])

    def relations(self) -> tuple[Relation, ...]:
        """Return all relations by source and target."""
        return self._relations("1 ORDER BY source, target")

    def relation(self, pair: Pair) -> Relation | None:
        """Return the relation of one pair."""
        found = self._relations("source = ? AND target = ?", pair.source, pair.target)
        return found[0] if found else None

    def need_relation(self, pair: Pair) -> Relation:
        """Return the relation of one pair that has to be there."""
        if (relation := self.relation(pair)) is None:
            raise SimError(f"there is no relation {pair}")
        return relation

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

    def note_claim(self, pair: Pair, unclaimed: int) -> None:
        """Note how many tracks of a target have not taken their space yet."""
        self._connection.execute(
            "UPDATE relation SET unclaimed = ?, filling = ? WHERE source = ? AND target = ?",
            (unclaimed, unclaimed > 0, pair.source, pair.target),
        )

    def drop_relation(self, pair: Pair) -> None:
        """Forget a relation; the volumes stay as they are."""
        self._connection.execute(
            "DELETE FROM relation WHERE source = ? AND target = ?", (pair.source, pair.target)
        )

    def next_generation(self) -> int:
        """Return the next place in the order of all writes and flashes."""
        statement = "UPDATE array SET generation = generation + 1 RETURNING generation"
        return int(self._connection.execute(statement).fetchone()[0])

    def change_content(self, volume: Volume) -> None:
        """Put a volume that has come to hold something else: its copies are of the past now."""
        self._connection.execute(
            "UPDATE volume SET same_until = ? WHERE copied_from = ? AND same_until IS NULL",
            (volume.changed_at, volume.id),
        )
        self.put_volume(volume)

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

        Needed when the clock goes back, or when the rate changes. Frozen volumes stay so for as
        long as they had still to.
        """
        self._connection.execute(
            "UPDATE volume SET frozen_until = frozen_until + ? WHERE frozen_until IS NOT NULL",
            (at - self.at,),
        )
        for relation in self.relations():
            if relation.background_copy and not relation.held:
                left = self.out_of_sync(relation)
                self.put_relation(replace(relation, uncopied=left, copy_from=at))

    def move_switch(self, name: str, value: str) -> None:
        """Move a switch; what was copied at the rate so far stays copied."""
        self.keep_progress(self.at)
        self._connection.execute("REPLACE INTO switch VALUES (?, ?)", (name, value))

    def copying(self) -> tuple[Relation, ...]:
        """Return the relations of which a background copy has still tracks to copy."""
        begun = self._relations("background_copy = 1 AND uncopied > 0 ORDER BY source, target")
        return tuple(one for one in begun if self.out_of_sync(one) > 0)

    def uncopied(self) -> tuple[Relation, ...]:
        """Return the relations that are not copied in the background."""
        return self._relations("background_copy = 0 ORDER BY source, target")

    def passing(self) -> tuple[Relation, ...]:
        """Return the relations that last only as long as their copy."""
        return self._relations("persistent = 0")

    def filling(self) -> tuple[Relation, ...]:
        """Return the relations whose targets still take space from their pools."""
        return self._relations("filling = 1 ORDER BY source, target")

    # Logical subsystems and their timers

    def long_busy_seconds(self) -> Mapping[str, int]:
        """Return the timers of the logical subsystems that have one of their own."""
        return dict(self._connection.execute("SELECT id, long_busy_seconds FROM lss"))

    def long_busy(self, lss: str) -> int:
        """How long the volumes of a logical subsystem stay frozen when nobody thaws them."""
        otherwise = int(self.switches.number("long_busy_seconds"))
        return self.long_busy_seconds().get(lss, otherwise)

    def set_long_busy(self, lss: str, seconds: int) -> None:
        """Give a logical subsystem a timer of its own."""
        self._connection.execute("REPLACE INTO lss VALUES (?, ?)", (lss, seconds))

    def frozen(self) -> tuple[Volume, ...]:
        """Return the volumes whose writes wait, in the order in which their timers run out."""
        return self._volumes("frozen_until IS NOT NULL ORDER BY frozen_until, id")

    def queue_write(self, volume_id: str) -> None:
        """Let a write wait for its volume."""
        self._connection.execute("INSERT INTO queued_write (volume) VALUES (?)", (volume_id,))

    def queued_writes(self) -> tuple[tuple[int, str], ...]:
        """Return the writes that wait, in the order in which they came: number and volume."""
        return tuple(self._connection.execute("SELECT id, volume FROM queued_write ORDER BY id"))

    def drop_queued_write(self, number: int) -> None:
        """Let a write wait no longer."""
        self._connection.execute("DELETE FROM queued_write WHERE id = ?", (number,))

    # Pools

    def pools(self) -> tuple[Pool, ...]:
        """Return the extent pools that are known by more than their name."""
        query = f"SELECT {', '.join(_POOL)} FROM pool ORDER BY id"  # nosec B608 # noqa: S608 - own constants
        found = self._connection.execute(query)
        return tuple(Pool(**dict(zip(_POOL, row, strict=True))) for row in found)

    def put_pool(self, pool: Pool) -> None:
        """Add an extent pool, or replace it."""
        self._space.clear()
        self._put("pool", _POOL, [getattr(pool, name) for name in _POOL])

    def space_used(self, pool: str) -> int:
        """How many tracks of a pool are taken: all of a standard volume, and what others hold."""
        query = (
            "SELECT TOTAL(CASE WHEN space_efficient THEN allocated ELSE blocks / ? END)"
            " FROM volume WHERE pool = ?"
        )
        return int(self._connection.execute(query, (BLOCKS_PER_TRACK, pool)).fetchone()[0])

    def space_left(self, pool: str) -> float:
        """How many tracks a pool has left; a pool that nobody has described has no end."""
        if pool not in self._space:
            query = "SELECT capacity FROM pool WHERE id = ?"
            row = self._connection.execute(query, (pool,)).fetchone() or (None,)
            left = math.inf if row[0] is None else max(0, int(row[0]) - self.space_used(pool))
            self._space[pool] = left
        return self._space[pool]

    def allocate(self, volume: Volume, tracks: int) -> None:
        """Let a volume take tracks from its pool, which has them."""
        left = self.space_left(volume.pool) - tracks
        self._connection.execute(
            "UPDATE volume SET allocated = allocated + ? WHERE id = ?", (tracks, volume.id)
        )
        self._space[volume.pool] = left

    # Hosts and other arrays

    def reserved_by(self, volume_id: str) -> str | None:
        """Return the host that holds a SCSI reservation of a volume."""
        query = "SELECT host FROM reservation WHERE volume = ?"
        row = self._connection.execute(query, (volume_id,)).fetchone()
        return str(row[0]) if row else None

    def reserve(self, volume_id: str, host: str) -> None:
        """Let a host hold a SCSI reservation of a volume."""
        self._connection.execute("REPLACE INTO reservation VALUES (?, ?)", (volume_id, host))

    def release(self, volume_id: str) -> None:
        """End the reservation of a volume."""
        self._connection.execute("DELETE FROM reservation WHERE volume = ?", (volume_id,))

    def remote_copies(self) -> tuple[RemoteCopy, ...]:
        """Return the remote mirror relations by primary volume."""
        return self._remote_copies("1")

    def mirrored(self, volume_id: str) -> RemoteCopy | None:
        """Return the remote mirror relation whose primary a volume is."""
        found = self._remote_copies("primary_volume = ?", volume_id)
        return found[0] if found else None

    def put_remote_copy(self, copy: RemoteCopy) -> None:
        """Add a remote mirror relation, or replace it."""
        self._put("remote_copy", _REMOTE_COPY, [getattr(copy, name) for name in _REMOTE_COPY])

    def mounts(self) -> tuple[Mount, ...]:
        """Return what hosts have mounted, by host and volume."""
        query = f"SELECT {', '.join(_MOUNT)} FROM mount ORDER BY host, volume"  # nosec B608 # noqa: S608 - own constants
        rows = self._connection.execute(query)
        return tuple(Mount(host=h, volume=v, writing=bool(w), seen=s) for h, v, w, s in rows)

    def put_mount(self, mount: Mount) -> None:
        """Add a mount, or replace it."""
        self._put("mount", _MOUNT, [getattr(mount, name) for name in _MOUNT])

    def drop_mount(self, host: str, volume_id: str) -> None:
        """Let a host have a volume mounted no longer."""
        self._connection.execute(
            "DELETE FROM mount WHERE host = ? AND volume = ?", (host, volume_id)
        )

    def writers(self, volume_id: str) -> tuple[Mount, ...]:
        """Return the mounts of a volume whose hosts write to it all the time."""
        query = "SELECT host, seen FROM mount WHERE volume = ? AND writing = 1 ORDER BY host"
        found = self._connection.execute(query, (volume_id,))
        return tuple(Mount(host=host, volume=volume_id, seen=seen) for host, seen in found)

    def _remote_copies(self, where: str, *values: str) -> tuple[RemoteCopy, ...]:
        columns = ", ".join(_REMOTE_COPY)
        query = f"SELECT {columns} FROM remote_copy WHERE {where} ORDER BY primary_volume"  # nosec B608 # noqa: S608 - own text
        found = self._connection.execute(query, values)
        return tuple(RemoteCopy(**dict(zip(_REMOTE_COPY, row, strict=True))) for row in found)

    def _volumes(self, where: str, *values: str) -> tuple[Volume, ...]:
        query = f"SELECT {_VOLUME_COLUMNS} FROM volume WHERE {where}"  # nosec B608 # noqa: S608 - own text
        return tuple(_volume(row) for row in self._connection.execute(query, values))

    def _relations(self, where: str, *values: str) -> tuple[Relation, ...]:
        query = f"SELECT {_RELATION_COLUMNS} FROM relation WHERE {where}"  # nosec B608 # noqa: S608 - own text
        return tuple(_relation(row) for row in self._connection.execute(query, values))

    def _put(self, table: str, columns: Sequence[str], values: Iterable[object]) -> None:
        marks = ", ".join("?" * len(columns))
        statement = f"REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - own constants
        self._connection.execute(statement, tuple(values))


def _volume(row: Sequence[object]) -> Volume:
    values: Mapping[str, object] = dict(zip(_VOLUME, row, strict=True))
    return Volume(**{**values, "space_efficient": bool(values["space_efficient"])})  # type: ignore[arg-type]


@lru_cache(maxsize=4096)  # a listing reads all rows, of which hardly one has changed
def _relation(row: tuple[object, ...]) -> Relation:
    source, target, *rest = row
    values = dict(zip(_RELATION[2:], rest, strict=True))
    for name in _FLAGS:
        values[name] = bool(values[name])
    return Relation(pair=Pair(str(source), str(target)), **values)  # type: ignore[arg-type]
