"""reverseflash: source and target change roles."""

from flashd.sim import flashcopy, messages
from flashd.sim.commands import pairwise
from flashd.sim.commands.command import Answer, Call, Command
from flashd.sim.grammar import Grammar


def run(call: Call) -> Answer:
    """Reverse each pair."""
    options = pairwise.shape(call.request)
    return pairwise.on_each_pair(
        call, lambda pair: flashcopy.reverse(call.held, pair, options), messages.reversed_pair
    )


REVERSEFLASH = Command(
    name="reverseflash",
    grammar=Grammar(
        flags=frozenset(("-record", "-persist", "-fast", "-tgtpprc", "-tgtoffline", "-tgtinhibit")),
        options=frozenset(("-dev", "-seqnum")),
        operands=True,
        needs_operand=True,
    ),
    run=run,
    changes=True,
)
