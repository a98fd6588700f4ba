"""rmflash: withdraw relations."""

from flashd.sim import flashcopy, messages
from flashd.sim.commands import pairwise
from flashd.sim.commands.command import Answer, Call, Command
from flashd.sim.grammar import Grammar


def run(call: Call) -> Answer:
    """Withdraw each pair."""
    form = call.held.switches["withdraw_message"]
    return pairwise.on_each_pair(
        call,
        lambda pair: flashcopy.withdraw(call.held, pair),
        lambda pair: messages.withdrawn(pair, form),
    )


RMFLASH = Command(
    name="rmflash",
    grammar=Grammar(
        flags=frozenset(("-quiet", "-tgtpprc")),
        options=frozenset(("-dev", "-seqnum")),
        operands=True,
        needs_operand=True,
    ),
    run=run,
    changes=True,
    question=messages.sure_to_withdraw,
)
