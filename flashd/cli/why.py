"""`flashd why`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from flashd.cli.held import hold_of, no_chance, to_show
from flashd.cli.names import SERVICE
from flashd.cli.status import login_of
from flashd.cli.words import VERSION, chosen, instant, json_option, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from flashd.config.configuration import Configuration
    from flashd.core.explain import Link
    from flashd.model.observation import Picture, Standing
    from flashd.model.run import RunRecord
    from flashd.model.service import Service
    from flashd.wiring import Home


@click.command
@click.argument("service", type=SERVICE)
@json_option
@click.pass_obj
def command(home: Home, service: str, *, as_json: bool) -> int:
    """Explain the present decision: what holds it back or lets it run, since when, what next."""
    import asyncio

    configuration, bad = to_show(home)
    status = asyncio.run(_why(home, configuration, service, as_json=as_json))
    return bad or status


async def _why(home: Home, configuration: Configuration, name: str, *, as_json: bool) -> int:
    from flashd.core.explain import explain, looks_since
    from flashd.wiring import system_clock

    wanted = chosen(configuration, [name])[0]
    auth = login_of(home, configuration, needed=False)
    async with home.records(configuration, auth) as records:
        now = system_clock().now()
        known = await records.picture(wanted.arrays, with_runs=True, with_enrolments=True)
        runs = await records.store.history([name], 1)
    links = explain(wanted, known, now)
    run = runs[0] if runs else None
    document = _document(wanted, known, now, links, run)
    if as_json:
        print_json(document)
    else:
        interval = configuration.settings.check_interval
        _print(document, looks_since(known.standings.get(name), run, now, interval))
    return 0


def _document(
    service: Service, known: Picture, now: datetime, links: tuple[Link, ...], run: RunRecord | None
) -> dict[str, Any]:
    from flashd.core.explain import next_chance
    from flashd.core.health import assess

    standing = known.standings.get(service.name)
    chance = next_chance(service, known, now)
    return {
        "version": VERSION,
        "service": service.name,
        "status": str(assess(service, known, now).status),
        "decision": standing.decision if standing else None,
        "reason": standing.reason if standing else None,
        "since": instant(standing.since) if standing else None,
        "look_at": instant(standing.look_at) if standing else None,
        "chain": [{"name": one.name, "lets": one.lets, "words": one.words} for one in links],
        "guards": _guards(standing, run),
        "last_run": {"run": run.id, "outcome": str(run.outcome or "open"), "reason": run.reason}
        if run
        else None,
        "next": {"at": instant(chance[0]), "reason": chance[1]} if chance else None,
        "hold": hold_of(service, known, now),
    }


def _guards(standing: Standing | None, run: RunRecord | None) -> list[Mapping[str, object]]:
    """Tell each guard's last word in the last run, unless the last turn was another one."""
    if run is None or (standing and standing.refused and standing.reason != run.reason):
        return []
    return list({one["guard"]: one for one in run.evidence if "guard" in one}.values())


def _mark(lets: object) -> str:
    return "  lets    " if lets else "  HOLDS   "


def _print(document: dict[str, Any], since: str) -> None:
    click.echo(f"{document['service']} is {document['status']}")
    if document["decision"]:
        words = document["reason"] or "not looked at yet"
        click.echo(f"decision   {document['decision']}: {words}")
        click.echo(f"since      {document['since'] or 'the beginning'}")
    for link in document["chain"]:
        click.echo(f"{_mark(link['lets'])} {link['name']}: {link['words']}")
    for guard in document["guards"]:
        mark = _mark(guard["verdict"] in {"down", "clear"})
        said = f"{guard['verdict']}, {guard['reason']} (told at {guard['at'][:19]}Z{since})"
        click.echo(f"{mark} guard {guard['guard']}: {said}")
    if run := document["last_run"]:
        click.echo(f"last run   {run['run']} {run['outcome']}: {run['reason']}")
    chance = document["next"]
    when = f"{chance['at']} ({chance['reason']})" if chance else no_chance(document["hold"])
    click.echo(f"next       {when}")
