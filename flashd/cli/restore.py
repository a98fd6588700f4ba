"""`flashd restore`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flashd.cli.words import VERSION, instant, json_option, print_json

if TYPE_CHECKING:
    from flashd.model.backup import Busy, Restored
    from flashd.wiring import Home

_REFUSED = 4


@click.command
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--nothing-ran-since",
    is_flag=True,
    help="No flashd ran since FILE was written: take over its open withdrawals too.",
)
@json_option
@click.pass_obj
def command(home: Home, file: Path, *, nothing_ran_since: bool, as_json: bool) -> int:
    """Add what the backup FILE has and the store lacks; what the store knows now stays.

    The store may be of either kind, and the daemon may run meanwhile. Refused while a run is
    open or somebody is at work.
    """
    from flashd.model.backup import Busy

    found = asyncio.run(_restore(home, file, nothing_ran=nothing_ran_since))
    if as_json:
        print_json(_document(found))
    elif isinstance(found, Busy):
        click.echo(f"flashd: nothing was restored: {found.reason}", err=True)
        click.echo("flashd: Try again when that has ended.", err=True)
    else:
        _tell(file, found)
    return _REFUSED if isinstance(found, Busy) else 0


async def _restore(home: Home, file: Path, *, nothing_ran: bool) -> Restored | Busy:
    from flashd.engine.copies import restore
    from flashd.wiring import command_events, system_clock

    async with home.store_of(home.settings_at_hand()) as store:
        return await restore(store, file, system_clock(), command_events(), nothing_ran=nothing_ran)


def _document(found: Restored | Busy) -> dict[str, object]:
    from flashd.model.backup import Busy

    if isinstance(found, Busy):
        return {"version": VERSION, "outcome": "refused", "reason": found.reason}
    return {
        "version": VERSION,
        "outcome": "done",
        "made_at": instant(found.backup.made_at),
        "rows": dict(found.taken),
        "left_out": [
            {"array": one.array, "pair": one.pair, "service": one.service, "reason": one.reason}
            for one in found.disbelieved
        ],
    }


def _tell(file: Path, found: Restored) -> None:
    made_at = instant(found.backup.made_at)
    click.echo(f"{file} of {made_at}: {sum(found.taken.values())} rows taken over")
    for one in found.disbelieved:
        click.echo(
            f"flashd: {one.pair} on {one.array} stays withdrawn, and {one.service} does not"
            f" establish it: {one.reason}",
            err=True,
        )
    if found.disbelieved:
        click.echo(
            "flashd: Where such a pair is missing, `flashd resync` prints the mkflash line to run.",
            err=True,
        )
