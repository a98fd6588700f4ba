"""flashd sim behaviours: what the simulator does, how that is known, how to find out."""

import json
from dataclasses import asdict

import click

from flashd.sim.behaviours import TAGS, catalogue, find
from flashd.sim.cli.arguments import as_json
from flashd.sim.layout import Layout, Report, render


@click.command()
@click.argument("name", required=False)
@click.option("--tag", type=click.Choice(list(TAGS)), help="Only those known in this way.")
@as_json
def behaviours(name: str | None, tag: str | None, *, as_json: bool) -> None:
    """List what the simulator does and how that is known; with NAME, all about one.

    V verbatim in public material, C seen in public code, I inferred, R recalled, U unknown.
    """
    wanted = [find(name)] if name else [b for b in catalogue().values() if tag in {None, b.tag}]
    if as_json:
        click.echo(json.dumps([asdict(behaviour) for behaviour in wanted], indent=2))
    elif name:
        (one,) = wanted
        click.echo(
            f"{one.name}: {one.says}\nknown: {one.tag}, {TAGS[one.tag]}\nsource: {one.source}\n"
            f"find out: {one.how}\nswitches: {', '.join(one.switches) or '-'}"
        )
    else:
        rows = tuple((b.name, b.tag, ",".join(b.switches) or "-", b.way, b.says) for b in wanted)
        report = Report(("Behaviour", "Known", "Switch", "FindOut", "What"), rows)
        click.echo("\n".join(render(report, Layout())))
