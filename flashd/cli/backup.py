"""`flashd backup`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flashd.cli.words import VERSION, instant, json_option, print_json
from flashd.core.counting import counted

if TYPE_CHECKING:
    from flashd.model.backup import Backup
    from flashd.wiring import Home


@click.command
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Replace FILE where it exists.")
@json_option
@click.pass_obj
def command(home: Home, file: Path, *, replace: bool, as_json: bool) -> int:
    """Write one consistent state of the store to FILE, verified; the daemon may run meanwhile.

    FILE lies in a directory where the user that flashd runs as may write.
    """
    import asyncio

    backup = asyncio.run(_backup(home, file, replace=replace))
    if as_json:
        print_json(
            {
                "version": VERSION,
                "file": str(file),
                "made_at": instant(backup.made_at),
                "schema_version": backup.schema_version,
                "rows": dict(backup.rows),
            }
        )
    else:
        rows = counted(sum(backup.rows.values()), "row")
        click.echo(f"{file}: {rows}, {backup.rows['runs']} of them runs")
    return 0


async def _backup(home: Home, file: Path, *, replace: bool) -> Backup:
    from flashd.engine.copies import back_up
    from flashd.wiring import command_events, system_clock

    async with home.store_of(home.settings_at_hand()) as store:
        return await back_up(store, file, system_clock(), command_events(), replace=replace)
