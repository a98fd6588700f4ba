"""`flashd plan`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flashd.cli.names import SERVICE
from flashd.cli.words import VERSION, chosen, instant, json_option, print_json

if TYPE_CHECKING:
    from datetime import datetime

    from flashd.model.run import Step
    from flashd.model.service import Service
    from flashd.model.volumes import Pair
    from flashd.wiring import Home

    Seen = dict[tuple[str, Pair], datetime]


@click.command
@click.argument("services", nargs=-1, required=True, metavar="SERVICE...", type=SERVICE)
@json_option
@click.pass_obj
def command(home: Home, services: tuple[str, ...], *, as_json: bool) -> int:
    """Tell the exact dscli commands that a resync would send, without asking any array."""
    import asyncio

    return asyncio.run(_plan(home, services, as_json=as_json))


async def _plan(home: Home, names: tuple[str, ...], *, as_json: bool) -> int:
    from flashd.core.command import render
    from flashd.core.plan import outline

    configuration = home.configuration
    wanted = chosen(configuration, names)
    async with home.memory(configuration) as store:
        sightings = {(one.array, one.pair): one for one in await store.sightings()}
        withdrawals = await store.withdrawals()
    seen = {clone: sighting.observed_at for clone, sighting in sightings.items()}
    relations = {clone: sighting.relation for clone, sighting in sightings.items()}
    planned = [(service, outline(service, relations, withdrawals)) for service in wanted]
    documents = [
        {
            "name": service.name,
            "commands": [render(step) for step in steps],
            "notes": _notes(service, steps, seen),
        }
        for service, steps in planned
    ]
    if as_json:
        print_json({"version": VERSION, "services": documents})
        return 0
    for document in documents:
        for line in document["commands"]:
            click.echo(line)
        for note in document["notes"]:
            click.echo(f"{document['name']}: {note}", err=True)
    return 0


def _notes(service: Service, steps: tuple[Step, ...], seen: Seen) -> list[str]:
    """Say what was taken from the last observation."""
    times = [seen[clone] for clone in service.clones if clone in seen]
    if not times:
        return ["no array was observed yet: -tgtse would be added for space-efficient targets"]
    oldest = instant(min(times))
    option = "with" if any(step.space_efficient for step in steps) else "without"
    return [f"{option} -tgtse, by the last observation of {oldest}; no array was asked"]
