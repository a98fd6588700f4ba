"""`flashd guard`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from flashd.cli.names import SERVICE
from flashd.cli.words import VERSION, chosen, json_option, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flashd.model.service import Service
    from flashd.model.verdict import Reading
    from flashd.wiring import Home

_REFUSED = 4
_WIDE = 8


@click.command
@click.argument("services", nargs=-1, required=True, metavar="SERVICE...", type=SERVICE)
@json_option
@click.pass_obj
def command(home: Home, services: tuple[str, ...], *, as_json: bool) -> int:
    """Ask every guard of the services now, and show what each one says. Changes nothing.

    Exit 0 where all guards would allow a resync, 4 where they would not.
    """
    import asyncio

    asked = asyncio.run(_ask(home, services))
    documents = [_document(service, readings, at) for service, readings, at in asked]
    if as_json:
        print_json({"version": VERSION, "services": documents})
    else:
        for document in documents:
            _tell(document)
    return 0 if all(document["allowed"] for document in documents) else _REFUSED


async def _ask(
    home: Home, names: tuple[str, ...]
) -> list[tuple[Service, tuple[Reading, ...], float]]:
    """Ask side by side, each service's guards as the daemon would."""
    import asyncio

    from flashd.engine.look import look
    from flashd.wiring import asks_arrays, command_events

    configuration = home.configuration
    wanted = chosen(configuration, names)
    needs = any(asks_arrays(spec) for service in wanted for spec in service.guards)
    auth = home.auth(configuration) if needs else None
    async with home.world(configuration, auth, command_events()) as world:

        async def ask(service: Service) -> tuple[Service, tuple[Reading, ...], float]:
            return service, await look(world, service), world.clock.monotonic()

        return list(await asyncio.gather(*map(ask, wanted)))


def _document(service: Service, readings: Sequence[Reading], now: float) -> dict[str, Any]:
    from flashd.core.guards import Allowed, combine
    from flashd.engine.telling import facts_of_reading

    verdict = combine(service.guards, readings, now)
    allowed = isinstance(verdict, Allowed)
    return {
        "service": service.name,
        "allowed": allowed,
        "reason": "" if isinstance(verdict, Allowed) else verdict.reason,
        "exit_code": 0 if allowed else _REFUSED,
        "guards": [
            {**facts_of_reading(one), "proves": one.proves, "seconds": round(one.took, 3)}
            for one in readings
        ],
    }


def _tell(document: Mapping[str, Any]) -> None:
    from flashd.model.printable import harmless

    said = "the guards allow a resync" if document["allowed"] else f"refused: {document['reason']}"
    click.echo(f"{document['service']}: {said}")
    for one in document["guards"]:
        said = f"{one['guard']}: {one['reason']} ({one['seconds']:.1f} s)"
        click.echo(f"  {one['verdict']:<{_WIDE}}{harmless(said)}")
        for key, value in one.get("evidence", {}).items():
            click.echo(f"{' ' * (_WIDE + 4)}{key}: {harmless(_plain(value))}")


def _plain(value: object) -> str:
    """Write evidence on one line, as JSON where it is more than a word."""
    import json

    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
