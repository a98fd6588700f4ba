"""flashd sim switch and switches: behaviour that nobody outside IBM can be sure of."""

import click

from flashd.sim.array import Array
from flashd.sim.cli.arguments import array_file
from flashd.sim.layout import Layout, Report, render
from flashd.sim.switches import SWITCHES


@click.command()
@array_file
@click.argument("name")
@click.argument("value")
def switch(array: Array, name: str, value: str) -> None:
    """Move a switch."""
    array.switch(name, value)


@click.command()
def switches() -> None:
    """List the switches: default, what they take, how the default is known, what they do.

    V verbatim in public material, C seen in public code, I inferred, R recalled, U unknown.
    """
    rows = tuple(
        (s.name, s.default or "-", "|".join(s.accepts), s.tag, s.source, s.meaning)
        for s in SWITCHES.values()
    )
    report = Report(("Switch", "Default", "Takes", "Known", "Source", "Meaning"), rows)
    click.echo("\n".join(render(report, Layout())))
