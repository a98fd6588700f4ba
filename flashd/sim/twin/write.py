"""Write a twin into a new array file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flashd.sim.array import Array
from flashd.sim.inventory import Inventory
from flashd.sim.twin.plan import Twin


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How one logs in to the twin, which no listing tells; and how fast its copies are."""

    consoles: Sequence[str]
    user: str
    password: str
    role: str
    copy_rate: str


def make(path: Path, twin: Twin, access: Access) -> Array:
    """Make the array file, or leave none behind."""
    array = Array.create(
        path,
        twin.serial,
        consoles=access.consoles,
        user=access.user,
        password=access.password,
        role=access.role,
    )
    try:
        _fill(array, twin, access.copy_rate)
    except BaseException:
        path.unlink()  # half a twin would be taken for a whole one
        raise
    return array


def _fill(array: Array, twin: Twin, copy_rate: str) -> None:
    if twin.extra_columns:
        array.switch("extra_columns", ",".join(twin.extra_columns))
    if twin.copying:
        array.switch("copy_rate", copy_rate)
    with array.file.change() as rows:
        for column in ("wwnn", "model"):
            if value := getattr(twin, column):
                rows.execute(f"UPDATE array SET {column} = ?", (value,))  # nosec B608 # noqa: S608 - own words
    with array.inventory() as held:
        _put_all(held, twin)


def _put_all(held: Inventory, twin: Twin) -> None:
    for volume in twin.volumes:
        held.put_volume(volume)
    for relation in twin.relations:
        held.put_relation(relation)
    for lss, seconds in twin.timers.items():
        if seconds != held.long_busy(lss):
            held.set_long_busy(lss, seconds)
    for pool in twin.pools:
        held.put_pool(pool)
    for mirror in twin.mirrors:
        held.put_remote_copy(mirror)
    for group in twin.groups:
        held.hosts.put_group(group)
    for connection in twin.connections:
        held.hosts.put_connection(connection)
