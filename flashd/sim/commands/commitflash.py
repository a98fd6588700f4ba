"""commitflash: give up the way back."""

from flashd.sim import flashcopy
from flashd.sim.commands import sourcewise
from flashd.sim.commands.command import Answer, Call, Command


def run(call: Call) -> Answer:
    """Commit the revertible relations of each source."""
    return sourcewise.on_each_source(call, flashcopy.commit, "committed")


COMMITFLASH = Command(name="commitflash", grammar=sourcewise.GRAMMAR, run=run, changes=True)
