"""What the commands share: names of services, JSON, tables, who asks."""

from __future__ import annotations

import getpass
import json
import os
import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from flashd.config.configuration import Configuration
    from flashd.errors import FlashdError
    from flashd.model.service import Service

VERSION = 1
"""Of the JSON documents."""

_WIDE = 1 << 20

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def chosen(configuration: Configuration, names: Sequence[str]) -> list[Service]:
    """Pick services by name, all where none is named; raises a usage error for unknown ones."""
    known = {service.name: service for service in configuration.services}
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            guess = f"; did you mean {close[0]!r}?" if close else ""
            raise click.UsageError(f"there is no service {name!r}{guess}")
    return [known[name] for name in dict.fromkeys(names)] if names else list(known.values())


def instant(at: datetime | None) -> str | None:
    """Write an instant in UTC, in whole seconds, as JSON has it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def print_json(document: object) -> None:
    """Print one document."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: coloured and fitted on a terminal, one line a row elsewhere."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    terminal = sys.stdout.isatty()
    drawn = Table(*columns, box=box.SIMPLE_HEAD if terminal else None, pad_edge=False)
    for column in drawn.columns[:-1]:
        column.no_wrap = True
    for row in rows:
        drawn.add_row(*(Text(cell, style=_style(cell) if terminal else "") for cell in row))
    Console(width=None if terminal else _WIDE, highlight=False).print(drawn)


def _style(cell: str) -> str:
    return {
        "up": "green",
        "done": "green",
        "warn": "yellow",
        "refused": "yellow",
        "unknown": "red",
        "failed": "red",
    }.get(cell, "")


def tell(error: FlashdError) -> int:
    """Print an error, each mistake of a configuration at its place; returns the exit status."""
    mistakes = getattr(error, "mistakes", None)
    if mistakes is not None:
        for mistake in mistakes:
            click.echo(str(mistake), err=True)
        return error.exit_code
    click.echo(f"flashd: {error.message}", err=True)
    if error.hint:
        click.echo(f"flashd: {error.hint}", err=True)
    return error.exit_code


def person() -> str:
    """Name who runs this command; under sudo, who ran that."""
    return os.environ.get("SUDO_USER") or _login_name()


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
