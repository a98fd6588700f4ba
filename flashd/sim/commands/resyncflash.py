"""resyncflash: bring incremental relations to a new point in time."""

from flashd.sim import flashcopy, messages
from flashd.sim.commands import pairwise
from flashd.sim.commands.command import Answer, Call, Command
from flashd.sim.grammar import Grammar


def run(call: Call) -> Answer:
    """Resync each pair."""
    options = pairwise.shape(call.request)
    return pairwise.on_each_pair(
        call, lambda pair: flashcopy.resync(call.held, pair, options), messages.resynced
    )


RESYNCFLASH = Command(
    name="resyncflash",
    grammar=Grammar(
        flags=pairwise.SHAPE_FLAGS,
        options=pairwise.SHAPE_OPTIONS,
        excluding=pairwise.CP_OR_NOCP,
        operands=True,
        needs_operand=True,
    ),
    run=run,
    changes=True,
)
