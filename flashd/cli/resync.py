"""`flashd resync`."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from flashd.cli.names import SERVICE
from flashd.cli.words import VERSION, chosen, json_option, person, print_json
from flashd.errors import StoreError

if TYPE_CHECKING:
    from flashd.engine.request import Request, Result
    from flashd.engine.world import World
    from flashd.model.service import Service
    from flashd.wiring import Home

_WORST_FIRST = (5, 1, 4, 0)


@click.command
@click.argument("services", nargs=-1, required=True, metavar="SERVICE...", type=SERVICE)
@click.option("--force", is_flag=True, help="Bypass sync_min_delay, and nothing else.")
@click.option("--dry-run", is_flag=True, help="Do everything but the changing commands.")
@json_option
@click.pass_obj
def command(
    home: Home, services: tuple[str, ...], *, force: bool, dry_run: bool, as_json: bool
) -> int:
    """Resync now, whatever the schedule says, if every guard proves the service down."""
    import asyncio

    results = asyncio.run(_resync(home, services, force=force, dry_run=dry_run))
    with suppress(OSError):  # who asked has gone, or his disk is full: the exit status tells
        if as_json:
            print_json({"version": VERSION, "runs": [_document(result) for result in results]})
        else:
            for result in results:
                _tell(result, commands=dry_run)
    return exit_code([result.exit_code for result in results])


def exit_code(codes: list[int]) -> int:
    """Tell the exit status of several services: the first of 5, 1, 4, 0 that occurred."""
    return next((code for code in _WORST_FIRST if code in codes), max(codes, default=0))


async def _resync(
    home: Home, names: tuple[str, ...], *, force: bool, dry_run: bool
) -> list[Result]:
    from dataclasses import replace

    from flashd.engine.request import Request
    from flashd.model.run import Trigger
    from flashd.wiring import command_events

    configuration = home.configuration
    wanted = chosen(configuration, names)
    auth = home.auth(configuration)
    async with home.world(configuration, auth, command_events()) as world:
        for array in sorted({array for service in wanted for array in service.arrays}):
            world.arrays(array)  # a missing password file ends everything before anything is sent
        request = Request(
            trigger=Trigger.PERSON,
            by=person(),
            force=force,
            dry_run=dry_run,
            patience=world.pace.command_timeout.total_seconds(),
        )
        accepted = await world.store.accepted()
        world = replace(world, accepted=accepted[0] if accepted else {})  # noqa: PLW2901 - the same
        return await _in_batches(world, wanted, request)


async def _in_batches(world: World, wanted: list[Service], request: Request) -> list[Result]:
    """Run one batch for each set of arrays, side by side; answer in the order asked."""
    import asyncio

    batches: dict[tuple[str, ...], list[Service]] = defaultdict(list)
    for service in wanted:
        batches[service.arrays].append(service)
    groups = await asyncio.gather(
        *(_batch(world, arrays, services, request) for arrays, services in batches.items())
    )
    found = {result.service: result for results in groups for result in results}
    return [found[service.name] for service in wanted]


async def _batch(
    world: World, arrays: tuple[str, ...], services: list[Service], request: Request
) -> list[Result]:
    """Run one batch; where the store fails it, the others still run to their end."""
    from flashd.engine.batch import failed, run_batch

    try:
        return await run_batch(world, arrays, services, request)
    except StoreError as error:
        return [failed(service, error) for service in services]


def _document(result: Result) -> dict[str, Any]:
    return {
        "service": result.service,
        "outcome": str(result.outcome),
        "reason": result.reason,
        "exit_code": result.exit_code,
        "run": result.run,
        "commands": list(result.commands),
        "evidence": list(result.evidence),
    }


def _tell(result: Result, *, commands: bool) -> None:
    if commands:
        for line in result.commands:
            click.echo(line)
    click.echo(f"{result.service}: {result.outcome}, {result.reason}", err=bool(result.exit_code))
    for line in result.hint.splitlines():
        click.echo(f"  {line}", err=True)
