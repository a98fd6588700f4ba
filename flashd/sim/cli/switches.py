"""flashd sim switch and switches: behaviour that nobody outside IBM can be sure of."""

import json

import click

from flashd.sim.array import Array
from flashd.sim.behaviours import Behaviour, of_switch
from flashd.sim.cli.arguments import array_file, as_json
from flashd.sim.layout import Layout, Report, render
from flashd.sim.switches import SWITCHES, Switch

COLUMNS = ("Switch", "Default", "Takes", "Known", "Source", "FindOut", "Meaning")


@click.command()
@array_file
@click.argument("name")
@click.argument("value")
def switch(array: Array, name: str, value: str) -> None:
    """Move a switch."""
    array.switch(name, value)


@click.command()
@as_json
def switches(*, as_json: bool) -> None:
    """List the switches: default, what they take, how the default is known, what they do.

    V verbatim in public material, C seen in public code, I inferred, R recalled, U unknown.
    FindOut is how the owner of a real array finds its position: compare (flashd sim compare),
    list (a command that reads), scratch (a change on scratch volumes), never (not to be tried);
    flashd sim behaviours NAME says more.
    """
    rows = [(switch, of_switch(switch.name)) for switch in SWITCHES.values()]
    if as_json:
        click.echo(json.dumps([_facts(*row) for row in rows], indent=2))
        return
    report = Report(COLUMNS, tuple(_row(*row) for row in rows))
    click.echo("\n".join(render(report, Layout())))


def _row(switch: Switch, behaviour: Behaviour) -> tuple[str, ...]:
    takes = "|".join(switch.accepts)
    known = (switch.tag, behaviour.source, behaviour.way)
    return (switch.name, switch.default or "-", takes, *known, switch.meaning.replace("`", ""))


def _facts(switch: Switch, behaviour: Behaviour) -> dict[str, object]:
    return {
        "name": switch.name,
        "default": switch.default,
        "takes": switch.accepts,
        "tag": switch.tag,
        "source": behaviour.source,
        "meaning": switch.meaning.replace("`", ""),
        "behaviour": behaviour.name,
        "find_out": behaviour.how,
    }
