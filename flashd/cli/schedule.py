"""`flashd schedule`."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

import click

from flashd.cli.words import VERSION, json_option, print_json

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


class Instant(click.ParamType[datetime]):
    """A time as people write it: `2026-11-22`, `2026-11-22 10:00[:30]`, or with a `T`."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read it."""
        if isinstance(value, datetime):
            return value
        try:
            return datetime.fromisoformat(str(value).strip())
        except ValueError:
            self.fail(f"{value!r} is no time; write such as 2026-11-22T10:00", param, ctx)


@click.command
@click.option("--from", "start", type=Instant(), help="Look from this time on; default: now.")
@click.option("--last", type=Instant(), help="When the last run was.")
@click.option(
    "--count", type=click.IntRange(1, 10000), default=5, show_default=True, help="How many."
)
@click.option("--timezone", help="The zone of the schedule, such as Europe/Paris.")
@json_option
@click.argument("expressions", nargs=-1, required=True, metavar="EXPR...")
def command(
    start: datetime | None,
    last: datetime | None,
    count: int,
    timezone: str | None,
    expressions: tuple[str, ...],
    *,
    as_json: bool,
) -> int:
    """Tell the next times at which a schedule lets a run start; reads no configuration.

    Several EXPR form one list; put -- before one that begins with a dash.
    """
    from flashd.core.schedule import ScheduleError, parse
    from flashd.wiring import system_clock

    zone = _zone(timezone) if timezone else None
    now = start or system_clock().now().astimezone(zone)
    try:
        schedule = parse(expressions)
    except ScheduleError as error:
        raise click.UsageError(str(error)) from None
    ran = _in(last, zone) if last else None
    found = list(islice(schedule.starts(_in(now, zone), ran), count))
    if as_json:
        print_json({"version": VERSION, "next": [one.isoformat() for one in found]})
        return 0
    for one in found:
        click.echo(f"{one.isoformat()} {one:%a}")
    if not found:
        click.echo("this schedule lets no run start", err=True)
    return 0


def _zone(name: str) -> ZoneInfo:
    from flashd.config.zone import find_zone

    if zone := find_zone(name):
        return zone
    raise click.UsageError(f"{name!r} is not a time zone; write such as Europe/Paris")


def _in(instant: datetime, zone: ZoneInfo | None) -> datetime:
    """Put a time in the schedule's own zone; without one all times are its local time."""
    if zone is None:
        return instant.replace(tzinfo=None)
    return instant.astimezone(zone) if instant.tzinfo else instant.replace(tzinfo=zone)
