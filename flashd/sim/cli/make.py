"""flashd sim make: a new array."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict, Unpack

import click

from flashd.sim import array as defaults
from flashd.sim import bounds
from flashd.sim.array import Array
from flashd.sim.cli.arguments import instant
from flashd.sim.errors import SimError
from flashd.sim.hosts import access
from flashd.sim.ids import Pair, image_id, volume_id
from flashd.sim.nouns import DEFAULT_BLOCKS, TRACKS_PER_GIB


class Wishes(TypedDict):
    """The options, as click hands them over."""

    serial: str
    hmc: tuple[str, ...]
    user: str
    password: str
    role: str
    pairs: tuple[str, ...]
    volumes: tuple[str, ...]
    sources: tuple[str, ...]
    ese: tuple[str, ...]
    pools: tuple[str, ...]
    places: tuple[str, ...]
    code_level: str
    hosts: tuple[str, ...]
    blocks: int
    bare: bool
    record: bool
    cp: bool
    synced: str | None


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--serial", default=defaults.DEFAULT_SERIAL, show_default=True)
@click.option("--hmc", multiple=True, default=(defaults.DEFAULT_CONSOLE,), show_default=True)
@click.option("--user", default=defaults.DEFAULT_USER, show_default=True)
@click.option("--password", default=defaults.DEFAULT_PASSWORD, show_default=True)
@click.option("--role", default="op_copy_services", show_default=True)
@click.option("--pair", "pairs", multiple=True, help="Two volumes and their relation, 0001:0002.")
@click.option("--volume", "volumes", multiple=True, help="A volume in no relation.")
@click.option("--source", "sources", multiple=True, help="A volume to copy from, in no relation.")
@click.option("--ese", multiple=True, help="Make this volume space efficient.")
@click.option("--pool", "pools", multiple=True, help="A pool and its size in GiB: P1=500.")
@click.option("--place", "places", multiple=True, help="Put volumes into a pool: P1=0002,0004.")
@click.option("--code-level", default=defaults.VERSION_OF_MICROCODE, show_default=True)
@click.option("--host", "hosts", multiple=True, help="A host and what it sees: aix1=0002,0004.")
@click.option(
    "--blocks",
    type=click.IntRange(1, bounds.MOST),
    default=DEFAULT_BLOCKS,
    show_default=True,
    help="Size of each volume.",
)
@click.option("--bare", is_flag=True, help="Make the volumes of the pairs, but no relations.")
@click.option(
    "--record/--no-record", default=True, show_default=True, help="Incremental relations."
)
@click.option("--cp/--nocp", default=True, show_default=True, help="With a background copy.")
@click.option("--synced", help="When the relations were last synced: '26h ago', or ISO 8601.")
def make(file: Path, **wishes: Unpack[Wishes]) -> None:
    """Make an array file with volumes and persistent relations."""
    pairs = [Pair.parse(pair) for pair in wishes["pairs"]]
    array = Array.create(
        file,
        image_id(wishes["serial"]),
        consoles=wishes["hmc"],
        user=wishes["user"],
        password=wishes["password"],
        role=wishes["role"],
    )
    try:
        array.set_code_level(wishes["code_level"])
        _add_volumes(array, pairs, wishes)
        _add_pools(array, wishes)
        _add_hosts(array, wishes)
        if not wishes["bare"]:
            _establish(array, pairs, wishes)
    except SimError:
        file.unlink()  # half an array would be taken for a whole one
        raise
    click.echo(_how_to_use(array, wishes["user"]))


def _add_volumes(array: Array, pairs: Sequence[Pair], wishes: Wishes) -> None:
    of_pairs = [volume for pair in pairs for volume in (pair.source, pair.target)]
    alone = [volume_id(text) for text in wishes["volumes"] + wishes["sources"]]
    ids = dict.fromkeys(of_pairs + alone)
    thin = {volume_id(text) for text in wishes["ese"]}
    if unknown := thin - ids.keys():
        raise SimError(f"--ese names volumes that are not made: {', '.join(sorted(unknown))}")
    array.add_volumes(*(ids.keys() - thin), blocks=wishes["blocks"])
    array.add_volumes(*thin, blocks=wishes["blocks"], space_efficient=True)


def _add_pools(array: Array, wishes: Wishes) -> None:
    for pool, size in map(_name_and_value, wishes["pools"]):
        array.put_pool(pool, capacity=bounds.count(size, f"{pool}: size in GiB") * TRACKS_PER_GIB)
    for pool, volumes in map(_name_and_value, wishes["places"]):
        for volume in volumes.split(","):
            array.set_volume(volume, pool=pool)


def _add_hosts(array: Array, wishes: Wishes) -> None:
    for host, volumes in map(_name_and_value, wishes["hosts"]):
        with array.inventory() as held:
            access.add(held, host)
            access.map_volumes(held, host, [volume_id(text) for text in volumes.split(",")])


def _name_and_value(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign and value):
        raise SimError(f"{text!r}: write NAME=VALUE")
    return name, value


def _establish(array: Array, pairs: Sequence[Pair], wishes: Wishes) -> None:
    synced = wishes["synced"]
    array.establish(
        *map(str, pairs),
        synced_at=None if synced is None else instant(synced, array.now()),
        record=wishes["record"],
        cp=wishes["cp"],
    )


def _how_to_use(array: Array, user: str) -> str:
    first, *others = array.consoles
    second = f" -mc2 {others[0]}" if others else ""
    serial = array.identity.serial
    return (
        f"made {array.path}: {serial}, {len(array.volumes())} volumes,"
        f" {len(array.relations())} relations\n"
        f"export FLASHD_SIM={array.path.resolve()}\n"
        f"flashd-dscli managepwfile -action add -mc1 {first}{second}"
        f" -pwfile {serial}.pwfile -name {user} -pw ...\n"
        f"flashd-dscli -hmc1 {first} -user {user} -pwfile {serial}.pwfile lsflash -l 0000-FFFF"
    )
