"""`flashd release`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flashd.cli.held import configured, document, in_force, scopes
from flashd.cli.names import ARRAY, SERVICE
from flashd.cli.words import VERSION, json_option, person, print_json

if TYPE_CHECKING:
    from flashd.config.configuration import Configuration
    from flashd.engine.holds import Released
    from flashd.model.hold import Scope
    from flashd.wiring import Home


@click.command
@click.argument("services", nargs=-1, type=SERVICE, metavar="[SERVICE]...")
@click.option(
    "--array", "arrays", multiple=True, type=ARRAY, metavar="A", help="The hold of that array."
)
@click.option("--all", "everything", is_flag=True, help="The hold of all services.")
@json_option
@click.pass_obj
def command(
    home: Home,
    services: tuple[str, ...],
    arrays: tuple[str, ...],
    *,
    everything: bool,
    as_json: bool,
) -> int:
    """End holds, each by the scope it was laid on; other holds of the same services stay."""
    import asyncio

    if not (services or arrays or everything):
        raise click.UsageError("name services, --array A or --all")
    configuration = in_force(home)
    wanted, released = asyncio.run(
        _release(home, configuration, services, arrays, everything=everything)
    )
    if as_json:
        print_json(
            {
                "version": VERSION,
                "released": [document(hold) for hold in released.lifted],
                "remaining": [document(hold) for hold in released.remaining],
            }
        )
    else:
        _tell(wanted, released)
    return 0


async def _release(
    home: Home,
    configuration: Configuration,
    services: tuple[str, ...],
    arrays: tuple[str, ...],
    *,
    everything: bool,
) -> tuple[list[Scope], Released]:
    """Release; also what the configuration names no more."""
    from flashd.engine.holds import release
    from flashd.wiring import command_events

    async with home.world(configuration, None, command_events()) as world:
        known = configured(configuration.services) | set(await world.store.holds())
        wanted = scopes(services, arrays, known, everything=everything)
        return wanted, await release(world, wanted, person())


def _tell(wanted: list[Scope], released: Released) -> None:
    from flashd.core.holds import words

    lifted = {hold.scope: hold for hold in released.lifted}
    for scope in wanted:
        if hold := lifted.get(scope):
            click.echo(f"{scope}: released, was {words(hold)}")
        else:
            click.echo(f"{scope}: was not held", err=True)
    for hold in released.remaining:
        click.echo(f"still {words(hold)}", err=True)
