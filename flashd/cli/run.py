"""`flashd run`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from flashd.wiring import Home


@click.command
@click.option("--observe", is_flag=True, help="Decide and log, but change no array.")
@click.option(
    "--log-format",
    type=click.Choice(["json", "console"]),
    default="json",
    show_default=True,
    help="JSON lines (ECS) for machines, or lines for people.",
)
@click.pass_obj
def command(home: Home, *, observe: bool, log_format: str) -> int:
    """Run the daemon, in the foreground; events go to standard output."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until it can reload: by default it would end us
    import asyncio

    from flashd.daemon.service import run
    from flashd.wiring import daemon_events

    out = sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115 - it is open as long as we live
    events = daemon_events(out, console=log_format == "console")
    return asyncio.run(run(home, events, observe=observe))
