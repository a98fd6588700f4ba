"""flashd sim fault and faults: let something go wrong."""

from typing import Any

import click

from flashd.sim.array import Array
from flashd.sim.cli.arguments import NUMBER, array_file, instant, seconds
from flashd.sim.errors import SimError
from flashd.sim.faults import ALWAYS, CONNECT, KINDS, LOGIN, OF_ARRAY, OF_HOST, When
from flashd.sim.kinds import Kind
from flashd.sim.layout import Layout, Report, render


@click.command()
@array_file
@click.argument("name", required=False)
@click.option("--command", "pattern", help="Verb or text of the command, with * and ?.")
@click.option("--hmc", help="Console, for faults of a connection or a login.")
@click.option(
    "--nth", type=NUMBER, default=1, show_default=True, help="Strike the n-th such event."
)
@click.option("--times", type=NUMBER, default=1, show_default=True, help="Strike so often.")
@click.option("--always", is_flag=True, help="Strike every time.")
@click.option("--at", help="Count events from this instant on: ISO 8601 with its offset.")
@click.option("--after", help="Count events after this time, such as 10m.")
@click.option(
    "--clock",
    type=click.Choice([OF_HOST, OF_ARRAY]),
    default=OF_HOST,
    show_default=True,
    help="Whose clock --at and --after mean.",
)
@click.option("--chance", type=float, help="Strike each event so likely, 0 to 1.")
@click.option("--seed", type=NUMBER, default=0, show_default=True, help="Draw by this number.")
@click.option("--position", default="", help="before or after the array acts, where both can be.")
@click.option("--how", help="In which way; `flashd sim faults` lists them.")
@click.option("--seconds", help="How long, instead of for ever.")
@click.option("--bytes", help="How much of an answer is left.")
@click.option("--rows", help="How many rows of an answer are left, or repeated.")
@click.option("--column", help="Which column of a table.")
@click.option("--pair", help="Whose pair, instead of all.")
@click.option("--pairs", help="How many pairs are done.")
@click.option("--silent", flag_value="yes", help="Say nothing about the pairs that are not done.")
@click.option("--text", help="What is said, or what changes.")
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
    at: str | None,
    after: str | None,
    clock: str,
    chance: float | None,
    seed: int,
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
    given: dict[str, Any] = {key: value for key, value in options.items() if value is not None}
    array.add_fault(
        name,
        _event(name, pattern, hmc),
        position=position,
        nth=nth,
        times=ALWAYS if always else times,
        when=When(at=_from(array, at, after, clock), clock=clock, chance=chance, seed=seed),
        **given,
    )


def _from(array: Array, at: str | None, after: str | None, clock: str) -> float | None:
    """Return from which instant on events count, by the clock that is meant."""
    if at is not None and after is not None:
        raise SimError("give --at or --after, not both")
    now = array.now() if clock == OF_ARRAY else array.clock.now()
    if after is not None:
        return now + seconds(after)
    return None if at is None else instant(at, now)


@click.command()
def faults() -> None:
    """List the faults: where they can strike, which options they take, what they do."""
    rows = tuple((k.name, "|".join(k.positions), _options(k), k.meaning) for k in KINDS.values())
    report = Report(("Fault", "Strikes", "Options", "Meaning"), rows)
    click.echo("\n".join(render(report, Layout())))


def _options(kind: Kind) -> str:
    named = (f"--how {'|'.join(kind.ways)}" if o == "how" else f"--{o}" for o in kind.options)
    return " ".join(named) or "-"


def _event(name: str, pattern: str | None, hmc: str | None) -> str:
    early = name in KINDS and KINDS[name].positions[0] in {CONNECT, LOGIN}
    if (hmc if not early else pattern) is not None:
        wrong, right = ("--command", "--hmc") if early else ("--hmc", "--command")
        raise SimError(f"fault {name} is matched by {right}, not {wrong}")
    return (hmc if early else pattern) or "*"
