"""revertflash: go back to what targets held when they became revertible."""

from flashd.sim import flashcopy
from flashd.sim.commands import sourcewise
from flashd.sim.commands.command import Answer, Call, Command


def run(call: Call) -> Answer:
    """Revert the revertible relations of each source."""
    return sourcewise.on_each_source(call, flashcopy.revert, "reverted")


REVERTFLASH = Command(name="revertflash", grammar=sourcewise.GRAMMAR, run=run, changes=True)
