"""`flashd doctor`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flashd.cli.words import VERSION, json_option, print_json

if TYPE_CHECKING:
    from flashd.core.checkup.diagnosis import Diagnosis
    from flashd.doctor.case import Wanted
    from flashd.wiring import Home

_COLOURS = {"ok": "green", "hint": "yellow", "problem": "red", "unseen": "cyan"}
_WIDE = 8


@click.command
@click.option(
    "--login/--no-login", default=True, help="Log in to each array once, and list it.  [on]"
)
@click.option("--guards/--no-guards", default=True, help="Ask every guard once.  [on]")
@click.option(
    "--unit",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Judge this unit file, not the installed flashd.service.",
)
@json_option
@click.pass_obj
def command(home: Home, *, login: bool, guards: bool, unit: Path | None, as_json: bool) -> int:
    """Check the whole installation, and say what to do. Changes nothing.

    Exit 0 without a problem, 1 with one, 2 where it is in the configuration or auth.conf.
    """
    import asyncio

    from flashd.doctor.case import Wanted
    from flashd.doctor.checkup import exit_code

    found = asyncio.run(_examine(home, Wanted(login, guards, unit), tell=not as_json))
    if as_json:
        print_json({"version": VERSION, "checks": [asdict(one) for one in found]})
    return exit_code(found)


async def _examine(home: Home, wanted: Wanted, *, tell: bool) -> list[Diagnosis]:
    """Make the checks, telling each one as soon as it is made: some take seconds."""
    from flashd.doctor.checkup import examine
    from flashd.wiring import command_events

    found = []
    async for one in examine(home, wanted, command_events()):
        found.append(one)
        if tell:
            _tell(one)
    return found


def _tell(one: Diagnosis) -> None:
    state = one.state.ljust(_WIDE)
    if sys.stdout.isatty():
        state = click.style(state, fg=_COLOURS[one.state])
    click.echo(f"{state}{one.check}: {one.words}")
    for line in filter(None, [one.hint]):
        click.echo(f"{' ' * _WIDE}  {line}")
