"""flashd sim host: what hosts around the array do with its volumes."""

import click

from flashd.sim.array import Array
from flashd.sim.cli.arguments import array_file, seconds
from flashd.sim.cli.surroundings import hosts_pictures
from flashd.sim.hosts import Harm, access, use
from flashd.sim.hosts.process import HostProcess
from flashd.sim.ids import volume_id

_volumes = click.argument("volumes", metavar="VOLUME...", nargs=-1, required=True)
_name = click.argument("name")


@click.group()
@array_file
@click.pass_context
def host(ctx: click.Context, array: Array) -> None:
    """Let hosts use the volumes of an array: mount, write, reserve."""
    ctx.obj = array


@host.command()
@_name
@click.option("--wwpn", multiple=True, help="Of a port; made up unless given.")
@click.option("--type", "host_type", default=access.DEFAULT_TYPE, show_default=True)
@click.pass_obj
def add(array: Array, *, name: str, wwpn: tuple[str, ...], host_type: str) -> None:
    """Make a host: a host connection for each port, and a volume group."""
    with array.inventory() as held:
        made = access.add(held, name, wwpn, host_type)
    for connection in made:
        click.echo(f"{connection.id} {name} {connection.wwpn} {connection.volgrp}")


@host.command("map")
@_name
@_volumes
@click.pass_obj
def map_(array: Array, *, name: str, volumes: tuple[str, ...]) -> None:
    """Let a host see volumes."""
    with array.inventory() as held:
        access.map_volumes(held, name, [volume_id(text) for text in volumes])


@host.command()
@_name
@_volumes
@click.pass_obj
def unmap(array: Array, *, name: str, volumes: tuple[str, ...]) -> None:
    """Let a host see volumes no longer."""
    with array.inventory() as held:
        access.unmap_volumes(held, name, [volume_id(text) for text in volumes])


@host.command()
@_name
@_volumes
@click.pass_obj
def mount(array: Array, *, name: str, volumes: tuple[str, ...]) -> None:
    """Let a host mount volumes that it sees, without writing by itself."""
    with array.inventory() as held:
        for text in volumes:
            use.mount(held, name, volume_id(text))


@host.command()
@_name
@_volumes
@click.pass_context
def umount(ctx: click.Context, *, name: str, volumes: tuple[str, ...]) -> None:
    """Let a host umount volumes; what it finds changed under it is told, and exits 1 then."""
    array: Array = ctx.obj
    with array.inventory() as held:
        harm = [use.umount(held, name, volume_id(text), array.clock.now()) for text in volumes]
    ctx.exit(_tell(harm))


@host.command()
@_name
@_volumes
@click.pass_context
def write(ctx: click.Context, *, name: str, volumes: tuple[str, ...]) -> None:
    """Let a host write once to volumes that it has mounted; exits 1 where one was harmed."""
    array: Array = ctx.obj
    with array.inventory() as held:
        done = [use.write(held, name, volume_id(v), array.clock.now()) for v in volumes]
    harmed = _tell([harm for _, harm in done])
    click.echo("\n".join(content for content, _ in done))
    ctx.exit(harmed)


@host.command()
@_name
@_volumes
@click.pass_obj
def reserve(array: Array, *, name: str, volumes: tuple[str, ...]) -> None:
    """Let a host hold SCSI reservations."""
    with array.inventory() as held:
        for text in volumes:
            use.reserve(held, name, volume_id(text))


@host.command()
@_name
@_volumes
@click.pass_obj
def release(array: Array, *, name: str, volumes: tuple[str, ...]) -> None:
    """Let a host give its reservations back."""
    with array.inventory() as held:
        for text in volumes:
            use.release(held, name, volume_id(text))


@host.command()
@click.pass_obj
def show(array: Array) -> None:
    """Show hosts, their volumes, and the harm done to them."""
    click.echo("\n\n".join(hosts_pictures(array)))


@host.command()
@_name
@click.option("--mount", "volumes", metavar="VOLUME", multiple=True, required=True)
@click.option("--every", default="1s", show_default=True, help="How often it writes.")
@click.option("--for", "lasting", help="End after so long; else with SIGTERM or Ctrl-C.")
@click.pass_context
def run(
    ctx: click.Context, *, name: str, volumes: tuple[str, ...], every: str, lasting: str | None
) -> None:
    """Be a host: mount volumes, write to them, read back, until told to stop or umounted.

    Tells when a volume changed under it, and exits 1 then.
    """
    ids = tuple(volume_id(text) for text in volumes)
    process = HostProcess(ctx.obj, name, ids, click.echo)
    harmed = process.live(seconds(every), None if lasting is None else seconds(lasting))
    ctx.exit(1 if harmed else 0)


def _tell(harm: list[Harm | None]) -> int:
    """Tell what was lost; return the exit code."""
    for one in filter(None, harm):
        click.echo(str(one))
    return 1 if any(harm) else 0
