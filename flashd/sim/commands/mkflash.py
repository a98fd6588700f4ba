"""mkflash: establish relations."""

from flashd.sim import flashcopy, messages
from flashd.sim.commands import pairwise
from flashd.sim.commands.command import Answer, Call, Command
from flashd.sim.grammar import Grammar


def run(call: Call) -> Answer:
    """Establish each pair."""
    options = pairwise.shape(call.request)
    return pairwise.on_each_pair(
        call, lambda pair: flashcopy.establish(call.held, pair, options), messages.established
    )


MKFLASH = Command(
    name="mkflash",
    grammar=Grammar(
        flags=pairwise.SHAPE_FLAGS | {"-wait"},
        options=pairwise.SHAPE_OPTIONS,
        excluding=pairwise.CP_OR_NOCP,
        operands=True,
        needs_operand=True,
    ),
    run=run,
    changes=True,
)
