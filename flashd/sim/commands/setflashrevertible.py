"""setflashrevertible: let relations be able to go back."""

from flashd.sim import flashcopy, messages
from flashd.sim.commands import pairwise
from flashd.sim.commands.command import Answer, Call, Command
from flashd.sim.grammar import Grammar


def run(call: Call) -> Answer:
    """Make each pair revertible."""
    options = pairwise.shape(call.request)
    return pairwise.on_each_pair(
        call,
        lambda pair: flashcopy.make_revertible(call.held, pair, options),
        lambda pair: messages.flash_done(call.request.verb, pair, "made revertible"),
    )


SETFLASHREVERTIBLE = Command(
    name="setflashrevertible",
    grammar=Grammar(
        flags=frozenset(("-tgtpprc", "-tgtoffline", "-tgtinhibit", "-tgtse", "-freeze")),
        options=frozenset(("-dev", "-seqnum")),
        operands=True,
        needs_operand=True,
    ),
    run=run,
    changes=True,
)
