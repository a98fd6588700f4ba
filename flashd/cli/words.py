"""What the commands share: names of services, JSON, errors, who asks."""

from __future__ import annotations

import getpass
import json
import os
from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from flashd.config.configuration import Configuration
    from flashd.errors import FlashdError
    from flashd.model.service import Service

VERSION = 1
"""Of the JSON documents."""

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
