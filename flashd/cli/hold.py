"""`flashd hold`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from flashd.cli.held import configured, document, in_force, scopes, some
from flashd.cli.names import ARRAY, SERVICE
from flashd.cli.tables import table
from flashd.cli.words import VERSION, instant, json_option, person, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from flashd.config.configuration import Configuration
    from flashd.engine.holds import Placed
    from flashd.model.hold import Hold, Scope
    from flashd.wiring import Home

MOST_CHARACTERS = 1000
"""Of a reason: it stands in one line of the status and of the log."""


@click.command
@click.argument("services", nargs=-1, type=SERVICE, metavar="[SERVICE]...")
@click.option(
    "--array", "arrays", multiple=True, type=ARRAY, metavar="A", help="All services on that array."
)
@click.option("--all", "everything", is_flag=True, help="All services.")
@click.option("--until", metavar="T", help="06:00, 2026-11-27T06:00, 4h; default: until released.")
@click.option("--reason", metavar="R", help="Why; shown to whoever is held back.")
@json_option
@click.pass_obj
def command(  # noqa: PLR0913 - each is an option
    home: Home,
    services: tuple[str, ...],
    arrays: tuple[str, ...],
    until: str | None,
    reason: str | None,
    *,
    everything: bool,
    as_json: bool,
) -> int:
    """Let nobody resync until T, or until it is released. Without a scope: tell the holds."""
    import asyncio

    named = bool(services or arrays or everything)
    if not named and until is None and reason is None:
        return asyncio.run(_list(home, in_force(home), as_json=as_json))
    if not named:
        raise click.UsageError("name services, --array A or --all")
    if reason is None or not reason.strip():
        raise click.UsageError("--reason is missing: say why, for whoever is held back")
    if len(reason) > MOST_CHARACTERS:
        raise click.UsageError(f"--reason has more than {MOST_CHARACTERS} characters")
    configuration = in_force(home)
    zone = home.settings(configuration).timezone
    wanted = scopes(services, arrays, configured(configuration.services), everything=everything)
    placed = asyncio.run(_hold(home, configuration, wanted, _until(until, zone), reason))
    if as_json:
        print_json(_document(placed))
    else:
        _tell(placed, zone)
    return 0


def _until(text: str | None, zone: ZoneInfo) -> datetime | None:
    from flashd.config.until import parse_until
    from flashd.wiring import system_clock

    if text is None:
        return None
    try:
        return parse_until(text, system_clock().now(), zone)
    except ValueError as error:
        raise click.UsageError(f"--until: {error}") from None


async def _hold(
    home: Home,
    configuration: Configuration,
    wanted: Sequence[Scope],
    until: datetime | None,
    reason: str,
) -> Placed:
    from flashd.engine.holds import place
    from flashd.model.hold import Hold
    from flashd.wiring import command_events

    async with home.world(configuration, None, command_events()) as world:
        now, by = world.clock.now(), person()
        return await place(
            world,
            [Hold(scope=one, reason=reason, by=by, since=now, until=until) for one in wanted],
        )


async def _list(home: Home, configuration: Configuration, *, as_json: bool) -> int:
    from flashd.wiring import system_clock

    async with home.store(configuration) as store:
        found = list((await store.holds()).values())
    now = system_clock().now()
    holds = [hold for hold in found if hold.binds(now)]
    if as_json:
        print_json({"version": VERSION, "holds": [document(hold) for hold in holds]})
    else:
        columns = ["scope", "until", "by", "since", "reason"]
        table(columns, [_row(hold) for hold in holds])
    return 0


def _row(hold: Hold) -> list[str]:
    until, since = instant(hold.until) or "until released", instant(hold.since) or ""
    return [str(hold.scope), until, hold.by, since, hold.reason]


def _document(placed: Placed) -> dict[str, Any]:
    from flashd.core.holds import what_goes_on

    return {
        "version": VERSION,
        "holds": [document(hold) for hold in placed.holds],
        "services": list(placed.services),
        "replaced": [document(hold) for hold in placed.replaced],
        "open_runs": [
            {"run": run.id, "service": run.service, "words": what_goes_on(run)}
            for run in placed.open_runs
        ],
        "withdrawn": [
            {"service": one.service, "array": one.array, "pair": str(one.pair)}
            for one in placed.withdrawn
        ],
        "stale": [{"service": name, "at": instant(at)} for name, at in placed.stale],
    }


def _tell(placed: Placed, zone: ZoneInfo) -> None:
    """Tell what is held on standard output, and what to know about it on standard error."""
    from flashd.config.until import tell_until

    for hold in placed.holds:
        until = f"until {tell_until(hold.until, zone)}" if hold.until else "until it is released"
        click.echo(f"{hold.scope}: held {until}: {hold.reason}")
    for line in _warnings(placed):
        click.echo(line, err=True)


def _warnings(placed: Placed) -> list[str]:
    from flashd.core.holds import what_goes_on, words

    lines = [f"replaced: {words(hold)}" for hold in placed.replaced]
    lines += [f"run {run.id} of {run.service} {what_goes_on(run)}" for run in placed.open_runs]
    if placed.withdrawn:
        pairs = [f"{one.pair} of {one.service}" for one in placed.withdrawn]
        lines.append(f"no copy until the first run after the hold: {some(pairs)}")
    if placed.stale:
        names = [f"{name} (at {instant(at)})" for name, at in placed.stale]
        lines.append(f"too old before the hold ends, by sync_max_delay: {some(names)}")
    return lines
