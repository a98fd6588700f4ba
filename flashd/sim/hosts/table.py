"""Host connections, volume groups and harm, read and written inside one transaction."""

import sqlite3
from collections.abc import Sequence
from dataclasses import astuple, fields

from flashd.sim.hosts.nouns import BUILT_IN, Harm, HostConnection, VolumeGroup

SCHEMA = """
CREATE TABLE host_connection (id TEXT PRIMARY KEY, name TEXT, wwpn TEXT UNIQUE, host_type TEXT,
    profile TEXT, portgrp TEXT, volgrp TEXT, ioports TEXT, lbs TEXT, addr_discovery TEXT,
    topology TEXT, speed TEXT, "desc" TEXT);
CREATE TABLE volume_group (id TEXT PRIMARY KEY, name TEXT, type TEXT);
CREATE TABLE harm (number INTEGER PRIMARY KEY, at REAL, host TEXT, volume TEXT, lost TEXT,
    now TEXT);
"""

_CONNECTION = [field.name for field in fields(HostConnection)]
_HARM = ", ".join(field.name for field in fields(Harm))
_FIRST_WWPN = 0x10000000C9000000  # of a maker of adapters; the rest is the number of the connection


class HostTable:
    """What the array knows of hosts."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def connections(self) -> tuple[HostConnection, ...]:
        """Return all host connections by id."""
        rows = self._connection.execute("SELECT * FROM host_connection ORDER BY id")
        return tuple(HostConnection(**dict(zip(_CONNECTION, row, strict=True))) for row in rows)

    def put_connection(self, host: HostConnection) -> None:
        """Add a host connection, or replace it."""
        self._put("host_connection", astuple(host))

    def next_connection_id(self) -> str:
        """Return the lowest id that no connection has."""
        taken = {connection.id for connection in self.connections()}
        return next(name for number in range(0x10000) if (name := f"{number:04X}") not in taken)

    def of(self, host: str) -> tuple[HostConnection, ...]:
        """Return the connections of one host."""
        return tuple(c for c in self.connections() if c.name == host)

    def groups(self) -> tuple[VolumeGroup, ...]:
        """Return all volume groups by number, those that every array has included."""
        rows = self._connection.execute("SELECT id, name, type FROM volume_group")
        made = tuple(VolumeGroup(id=i, name=name, type=kind) for i, name, kind in rows)
        named = {group.id for group in made}
        built_in = tuple(group for group in BUILT_IN if group.id not in named)
        return tuple(sorted(made + built_in, key=lambda group: (len(group.id), group.id)))

    def put_group(self, group: VolumeGroup) -> None:
        """Add a volume group, or replace it."""
        self._put("volume_group", astuple(group))

    def next_group_id(self) -> str:
        """Return the lowest id that no volume group has."""
        taken = {group.id for group in self.groups()}
        return next(name for number in range(0x10000) if (name := f"V{number}") not in taken)

    def harm(self) -> tuple[Harm, ...]:
        """Return all harm in the order in which hosts saw it."""
        query = f"SELECT {_HARM} FROM harm ORDER BY number"  # nosec B608 # noqa: S608 - own constants
        rows = self._connection.execute(query)
        return tuple(
            Harm(at=at, host=host, volume=volume, lost=lost, now=now)
            for at, host, volume, lost, now in rows
        )

    def note_harm(self, harm: Harm) -> None:
        """Record that a volume changed under a host."""
        self._connection.execute(
            f"INSERT INTO harm ({_HARM}) VALUES (?, ?, ?, ?, ?)",  # nosec B608 # noqa: S608 - own constants
            astuple(harm),
        )

    def reservations(self) -> tuple[tuple[str, str], ...]:
        """Return which volume is reserved by which host."""
        rows = self._connection.execute("SELECT volume, host FROM reservation ORDER BY volume")
        return tuple((str(volume), str(host)) for volume, host in rows)

    def _put(self, table: str, values: Sequence[object]) -> None:
        marks = ", ".join("?" * len(values))
        self._connection.execute(f"REPLACE INTO {table} VALUES ({marks})", values)  # noqa: S608 - own constants


def wwpn_of(connection_id: str) -> str:
    """Return a port name for a connection whose own nobody gave."""
    return f"{_FIRST_WWPN + int(connection_id, 16):016X}"
