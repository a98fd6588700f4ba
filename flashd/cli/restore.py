"""`flashd restore`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flashd.cli.held import document as hold_document
from flashd.cli.held import some
from flashd.cli.words import VERSION, instant, json_option, print_json
from flashd.core.counting import counted

if TYPE_CHECKING:
    from flashd.model.backup import Busy, Restored, Unsaid
    from flashd.wiring import Home

_REFUSED = 4


@click.command
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--nothing-ran-since/--something-ran-since",
    "nothing_ran",
    default=None,
    help="Whether no flashd ran since FILE was written: whether its open withdrawals count.",
)
@json_option
@click.pass_obj
def command(home: Home, file: Path, *, nothing_ran: bool | None, as_json: bool) -> int:
    """Add what the backup FILE has and the store lacks; what the store knows now stays.

    The store may be of either kind, and the daemon may run meanwhile. Refused while a run is
    open or somebody is at work.
    """
    import asyncio

    from flashd.model.backup import Restored

    found = asyncio.run(_restore(home, file, nothing_ran=nothing_ran))
    if as_json:
        print_json(_document(found))
    elif isinstance(found, Restored):
        _tell(file, found)
    else:
        _tell_refused(found)
    return 0 if isinstance(found, Restored) else _REFUSED


async def _restore(home: Home, file: Path, *, nothing_ran: bool | None) -> Restored | Busy | Unsaid:
    from flashd.engine.copies import restore
    from flashd.wiring import command_events, system_clock

    async with home.store_of(home.settings_at_hand()) as store:
        return await restore(store, file, system_clock(), command_events(), nothing_ran=nothing_ran)


def _document(found: Restored | Busy | Unsaid) -> dict[str, object]:
    from flashd.model.backup import Restored

    if not isinstance(found, Restored):
        return {"version": VERSION, "outcome": "refused", "reason": _reason(found)}
    return {
        "version": VERSION,
        "outcome": "done",
        "made_at": instant(found.backup.made_at),
        "rows": dict(found.taken),
        "left_out": [
            {"array": one.array, "pair": one.pair, "service": one.service, "reason": one.reason}
            for one in found.disbelieved
        ],
        "holds": [hold_document(hold) for hold in found.holds],
    }


def _reason(found: Busy | Unsaid) -> str:
    from flashd.model.backup import Busy

    if isinstance(found, Busy):
        return found.reason
    pairs = some([f"{one.pair} on {one.array}" for one in found.withdrawals])
    return f"nobody said whether flashd ran since the backup was taken, and {pairs} hang on it"


def _tell_refused(found: Busy | Unsaid) -> None:
    from flashd.model.backup import Busy

    click.echo(f"flashd: nothing was restored: {_reason(found)}", err=True)
    hint = (
        "Try again when that has ended."
        if isinstance(found, Busy)
        else "Say --nothing-ran-since, and they are established by the next run; or"
        " --something-ran-since, and they are not."
    )
    click.echo(f"flashd: {hint}", err=True)


def _tell(file: Path, found: Restored) -> None:
    from flashd.core.holds import words

    made_at = instant(found.backup.made_at)
    click.echo(f"{file} of {made_at}: {counted(sum(found.taken.values()), 'row')} taken over")
    for hold in found.holds:
        click.echo(f"flashd: binds again: {words(hold)}", err=True)
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
