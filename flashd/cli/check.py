"""`flashd check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flashd.cli.words import VERSION, json_option, print_json
from flashd.core.counting import counted
from flashd.errors import ConfigError

if TYPE_CHECKING:
    from flashd.config.auth import Auth
    from flashd.config.configuration import Configuration
    from flashd.wiring import Home


@click.command
@json_option
@click.pass_obj
def command(home: Home, *, as_json: bool) -> int:
    """Read the whole configuration; tell every mistake as file:line:column: message."""
    mistakes, hints, configuration = _read(home)
    if as_json:
        print_json({"version": VERSION, "mistakes": mistakes, "hints": hints})
    else:
        for line in [*mistakes, *(f"{hint} (hint)" for hint in hints)]:
            click.echo(line, err=True)
    if mistakes or configuration is None:
        return ConfigError.exit_code
    if not as_json:
        arrays = {array for service in configuration.services for array in service.arrays}
        services = counted(len(configuration.services), "service")
        click.echo(f"{services} on {counted(len(arrays), 'array')}: no mistake")
    return 0


def _read(home: Home) -> tuple[list[str], list[str], Configuration | None]:
    """Read everything, auth.conf too, so that all mistakes come at once."""
    try:
        configuration = home.configuration
    except ConfigError as error:
        return _lines(error), [], None
    hints = [str(hint) for hint in configuration.hints]
    if not configuration.services:
        return [], hints, configuration
    try:
        auth = home.auth(configuration)
    except ConfigError as error:
        return _lines(error), hints, configuration
    return [], [*hints, *_missing_pwfiles(home, configuration, auth)], configuration


def _missing_pwfiles(home: Home, configuration: Configuration, auth: Auth) -> list[str]:
    """Tell which password files are not there: no mistake, since they live with the state."""
    from flashd.config.pwfile import check_pwfile
    from flashd.wiring import READER

    found = []
    for array in sorted({array for service in configuration.services for array in service.arrays}):
        try:
            check_pwfile(home.settings(configuration), auth[array], READER)
        except ConfigError as error:
            found.append(f"{error.message}; {error.hint}")
    return found


def _lines(error: ConfigError) -> list[str]:
    mistakes = getattr(error, "mistakes", None)
    if mistakes is not None:
        return [str(mistake) for mistake in mistakes]
    return [f"{error.message}; {error.hint}" if error.hint else error.message]
