"""`flashd sim`: make simulated arrays, look into them, and let things go wrong."""

from typing import Any

import click

from flashd.sim.cli.behaviours import behaviours
from flashd.sim.cli.compare import compare
from flashd.sim.cli.faults import fault, faults
from flashd.sim.cli.host import host
from flashd.sim.cli.imports import import_
from flashd.sim.cli.make import make
from flashd.sim.cli.show import journal, show
from flashd.sim.cli.states import set_clock, set_relation, set_timer, write
from flashd.sim.cli.switches import switch, switches
from flashd.sim.cli.users import user
from flashd.sim.errors import SimError
from flashd.sim.terminal import in_utf8


class SimGroup(click.Group):
    """Turns wrong use of the simulator into click's usage error, exit 2."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read all words that follow `sim`; what is not text could be written nowhere."""
        if unreadable := [word for word in args if not in_utf8(word)]:
            raise click.UsageError(f"{unreadable[0]!a} is not UTF-8")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Run a command."""
        try:
            return super().invoke(ctx)
        except SimError as error:
            raise click.UsageError(str(error)) from error


@click.group(cls=SimGroup)
def sim() -> None:
    """Make and drive simulated DS8000 arrays; flashd-dscli is their client."""


for _command in (
    make,
    show,
    journal,
    write,
    set_relation,
    set_clock,
    set_timer,
    fault,
    faults,
    switch,
    switches,
    behaviours,
    compare,
    host,
    import_,
    user,
):
    sim.add_command(_command)
