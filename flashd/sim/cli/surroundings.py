"""What stands around the volumes: pools, hosts, mounts, reservations, mirrors, and harm."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from flashd.sim.array import Array
from flashd.sim.commands import lsextpool
from flashd.sim.commands.lsextpool import Filled
from flashd.sim.hosts import Harm, HostConnection
from flashd.sim.layout import Layout, Report, render
from flashd.sim.nouns import Mount, RemoteCopy


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """All of it at one instant."""

    pools: tuple[Filled, ...]
    connections: tuple[HostConnection, ...]
    mounts: tuple[Mount, ...]
    reservations: tuple[tuple[str, str], ...]
    mirrors: tuple[RemoteCopy, ...]
    harm: tuple[Harm, ...]


def surroundings(array: Array) -> Surroundings:
    """Look at an array."""
    with array.inventory() as held:
        return Surroundings(
            pools=lsextpool.pools(held),
            connections=held.hosts.connections(),
            mounts=held.mounts(),
            reservations=held.hosts.reservations(),
            mirrors=held.remote_copies(),
            harm=held.hosts.harm(),
        )


def hosts_facts(array: Array) -> dict[str, object]:
    """Return it for a program."""
    seen = surroundings(array)
    return {
        "pools": [_pool(filled) for filled in seen.pools],
        "host_connections": [asdict(connection) for connection in seen.connections],
        "mounts": [asdict(mount) for mount in seen.mounts],
        "reservations": [{"volume": volume, "host": host} for volume, host in seen.reservations],
        "mirrors": [asdict(mirror) for mirror in seen.mirrors],
        "harm": [{**asdict(harm), "at": _iso(harm.at)} for harm in seen.harm],
    }


def hosts_pictures(array: Array) -> tuple[str, ...]:
    """Return it for people: a table for each kind that is there."""
    seen = surroundings(array)
    tables = (
        (("Pool", "Extents", "Used", "Volumes", "Status"), [_pool_row(f) for f in seen.pools]),
        (
            ("Host", "Id", "WWPN", "Type", "Group"),
            [(c.name, c.id, c.wwpn, c.host_type, c.volgrp) for c in seen.connections],
        ),
        (("Mounted", "By", "LastSeen"), [(m.volume, m.host, m.seen or "-") for m in seen.mounts]),
        (("Reserved", "By"), list(seen.reservations)),
        (
            ("Primary", "Secondary", "State"),
            [(m.primary_volume, m.secondary_volume, m.state) for m in seen.mirrors],
        ),
        (
            ("Harm", "Host", "Lost", "NowHolds"),
            [(h.volume, h.host, h.lost, h.now) for h in seen.harm],
        ),
    )
    return tuple(_table(columns, rows) for columns, rows in tables if rows)


def _pool(filled: Filled) -> dict[str, object]:
    end = None if filled.pool.capacity is None else filled.capacity
    return {
        **asdict(filled.pool),
        "extents": end,
        "used": filled.used,
        "volumes": filled.volumes,
        "status": filled.status,
    }


def _pool_row(filled: Filled) -> tuple[str, ...]:
    size = "no end" if filled.pool.capacity is None else str(filled.capacity)
    return (filled.pool.id, size, str(filled.used), str(filled.volumes), filled.status)


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    return "\n".join(render(Report(columns, tuple(rows)), Layout()))


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
