"""`flashd rehearse`."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, timedelta
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypedDict, Unpack

import click

from flashd.cli.schedule import Instant
from flashd.cli.words import json_option, print_json
from flashd.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from flashd.model.service import Windows
    from flashd.rehearsal.terms import Terms
    from flashd.wiring import Home

_CHANCE = click.FloatRange(0, 1)
_INTERRUPTED = 130
"""As shells tell SIGINT."""


class Wishes(TypedDict):
    """The options as click hands them over."""

    days: float
    start: datetime | None
    seed: int
    arrays: tuple[Path, ...]
    in_use: tuple[str, ...]
    up: float
    unknown: float
    faults: float
    copy_rate: float | None
    login_seconds: float
    command_seconds: float


@click.command
@click.option(
    "--days", type=click.FloatRange(0, 3660, min_open=True), default=30, show_default=True
)
@click.option("--start", type=Instant(), help="When it begins, in UTC unless told; default: now.")
@click.option("--seed", default=1, show_default=True, help="Of all that chance decides.")
@click.option(
    "--array",
    "arrays",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file of flashd sim make or import, in place of an array as configured; only read.",
)
@click.option(
    "--in-use",
    multiple=True,
    metavar="SCHEDULE",
    help="When clones are in use; default: while the service's own window is closed.",
)
@click.option("--up", type=_CHANCE, default=0, help="Chance a window that somebody is still there.")
@click.option("--unknown", type=_CHANCE, default=0, help="Chance that a guard cannot answer.")
@click.option("--faults", type=_CHANCE, default=0, help="Chance of a fault, a login or command.")
@click.option("--copy-rate", type=click.FloatRange(0, min_open=True), help="Tracks a second.")
@click.option("--login-seconds", type=click.FloatRange(0), default=3.4, show_default=True)
@click.option("--command-seconds", type=click.FloatRange(0), default=1.0, show_default=True)
@click.option("--jobs", type=click.IntRange(1), help="Groups of arrays at once; default: cores.")
@click.option("--commands", metavar="FILE", help="Write every dscli command there; -: print them.")
@json_option
@click.pass_obj
def rehearse(
    home: Home, *, jobs: int | None, commands: str | None, as_json: bool, **wishes: Unpack[Wishes]
) -> int:
    """Run the daemon's own code on a twin of this configuration, in virtual time.

    No host, array, dscli or state store is asked or changed. Exit 3 unless every service was up
    all the time and missed no window.
    """
    if as_json and commands == "-":
        raise click.UsageError("--commands - and --json both want standard output")
    from flashd.rehearsal.show import command_lines, document, show
    from flashd.rehearsal.whole import rehearse as play

    terms = _terms(wishes)
    configuration = home.configuration
    if not configuration.services:
        raise ConfigError("no service is configured", "Write one in services.d/.")
    with ExitStack() as kept:
        out = _opened(commands, kept)
        try:
            with _progress(wishes["days"]) as progress:
                found = play(configuration, terms, progress, jobs=jobs or os.cpu_count() or 1)
        except KeyboardInterrupt:
            click.echo("flashd: interrupted; a rehearsal sends nothing", err=True)
            return _INTERRUPTED
        if as_json:
            print_json(document(found, terms))
        elif commands != "-":
            show(found, terms, configuration.settings.timezone)
        if commands is not None:
            _write(commands, command_lines(found), out)
    return found.exit_code


def _terms(wishes: Wishes) -> Terms:
    from flashd.rehearsal.terms import Terms
    from flashd.wiring import system_clock

    start = wishes["start"] or system_clock().now().replace(microsecond=0)
    return Terms(
        start=(start if start.tzinfo else start.replace(tzinfo=UTC)).astimezone(UTC),
        span=timedelta(days=wishes["days"]),
        seed=wishes["seed"],
        arrays=wishes["arrays"],
        in_use=_schedule(wishes["in_use"]),
        up=wishes["up"],
        unknown=wishes["unknown"],
        faults=wishes["faults"],
        copy_rate=wishes["copy_rate"],
        login_seconds=wishes["login_seconds"],
        command_seconds=wishes["command_seconds"],
    )


def _schedule(expressions: tuple[str, ...]) -> Windows | None:
    from flashd.core.schedule import ScheduleError, parse

    try:
        return parse(expressions) if expressions else None
    except ScheduleError as error:
        raise click.UsageError(f"--in-use: {error}") from None


def _opened(where: str | None, kept: ExitStack) -> TextIO | None:
    """Open the file of the commands, before anything is played."""
    if where is None or where == "-":
        return None
    try:
        return kept.enter_context(Path(where).open("w", encoding="utf-8"))
    except OSError as error:
        raise _unwritable(where, error) from error


def _write(where: str, lines: Iterator[str], out: TextIO | None) -> None:
    if out is None:
        for line in lines:
            click.echo(line)
        return
    try:
        out.writelines(f"{line}\n" for line in lines)
        out.flush()
    except OSError as error:
        raise _unwritable(where, error) from error


def _unwritable(where: str, error: OSError) -> ConfigError:
    return ConfigError(f"cannot write {where}: {error.strerror}", "Name another file.")


@contextmanager
def _progress(days: float) -> Iterator[Callable[[float], None]]:
    """Show which day it is, where a person looks on."""
    if not sys.stderr.isatty():
        yield lambda _part: None
        return
    try:
        yield _Days(days).show
    finally:
        click.echo("\r\x1b[K", nl=False, err=True)


@dataclass(slots=True)
class _Days:
    """Tells the day of a rehearsal, each once."""

    days: float
    shown: int = 0

    def show(self, part: float) -> None:
        whole = ceil(self.days)
        day = min(int(part * self.days) + 1, whole)
        if day > self.shown:
            self.shown = day
            click.echo(f"\rrehearsing: day {day} of {whole}", nl=False, err=True)
