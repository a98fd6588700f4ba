"""flashd sim fault and faults: let something go wrong."""

import click

from flashd.sim.array import Array
from flashd.sim.cli.arguments import array_file
from flashd.sim.errors import SimError
from flashd.sim.faults import ALWAYS, CONNECT, KINDS, LOGIN
from flashd.sim.layout import Layout, Report, render


@click.command()
@array_file
@click.argument("name", required=False)
@click.option("--command", "pattern", help="Verb or text of the command, with * and ?.")
@click.option("--hmc", help="Console, for faults of a connection or a login.")
@click.option("--nth", default=1, show_default=True, help="Strike the n-th such event.")
@click.option("--times", default=1, show_default=True, help="Strike so often.")
@click.option("--always", is_flag=True, help="Strike every time.")
@click.option("--position", default="", help="before or after the array acts, where both can be.")
@click.option("--seconds", help="How long, instead of for ever.")
@click.option("--bytes", help="How much of an answer is left.")
@click.option("--rows", help="How many rows of an answer are left.")
@click.option("--pairs", help="How many pairs are done.")
@click.option("--silent", flag_value="yes", help="Say nothing about the pairs that are not done.")
@click.option("--text", help="What is said.")
@click.option("--exit", help="The exit code.")
@click.option("--signal", help="Number of the signal that kills.")
@click.option("--clear", is_flag=True, help="Forget the faults of this name, or all.")
def fault(  # noqa: PLR0913 - click hands each option over by its name
    *,
    array: Array,
    name: str | None,
    pattern: str | None,
    hmc: str | None,
    nth: int,
    times: int,
    always: bool,
    position: str,
    clear: bool,
    **options: str | None,
) -> None:
    """Let a fault strike a coming command, login or connection."""
    if clear:
        array.clear_faults(name or "*")
        return
    if name is None:
        raise SimError("which fault? `flashd sim faults` lists them")
    array.add_fault(
        name,
        _event(name, pattern, hmc),
        position=position,
        nth=nth,
        times=ALWAYS if always else times,
        **{key: value for key, value in options.items() if value is not None},
    )


@click.command()
def faults() -> None:
    """List the faults: where they can strike, which options they take, what they do."""
    rows = tuple(
        (k.name, "|".join(k.positions), " ".join(f"--{o}" for o in k.options) or "-", k.meaning)
        for k in KINDS.values()
    )
    report = Report(("Fault", "Strikes", "Options", "Meaning"), rows)
    click.echo("\n".join(render(report, Layout())))


def _event(name: str, pattern: str | None, hmc: str | None) -> str:
    early = name in KINDS and KINDS[name].positions[0] in {CONNECT, LOGIN}
    if (hmc if not early else pattern) is not None:
        wrong, right = ("--command", "--hmc") if early else ("--hmc", "--command")
        raise SimError(f"fault {name} is matched by {right}, not {wrong}")
    return (hmc if early else pattern) or "*"
