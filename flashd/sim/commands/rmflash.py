"""rmflash: withdraw relations."""

from flashd.sim import flashcopy, messages
from flashd.sim.commands import pairwise
from flashd.sim.commands.command import Answer, Call, Command
from flashd.sim.flashcopy import Options, Refused
from flashd.sim.grammar import Grammar, UsageError
from flashd.sim.ids import Pair
from flashd.sim.nouns import Relation


def run(call: Call) -> Answer:
    """Withdraw each pair."""
    recalled = {"-cp", "-resync", "-seqnum"} & {*call.request.flags, *call.request.options}
    if recalled and call.held.switches["rmflash_options"] == "refuse":
        raise UsageError(f"option {min(recalled)} is unknown")
    form = call.held.switches["withdraw_message"]
    return pairwise.on_each_pair(
        call,
        lambda pair: _withdraw(call, pair),
        lambda pair: messages.withdrawn(pair, form),
        flashes="-resync" in call.request.flags,
    )


def _withdraw(call: Call, pair: Pair) -> Relation | Refused:
    """Withdraw now; with -cp when all is copied; with -resync after a last resync [recalled]."""
    held, flags = call.held, call.request.flags
    number = pairwise.sequence(call.request)
    if "-resync" in flags:
        permits = Options(target_mirrored="-tgtpprc" in flags)
        outcome = flashcopy.resync(held, pair, flashcopy.fitted(held, pair, permits))
        if isinstance(outcome, Refused):
            return outcome
    if {"-cp", "-resync"} & flags:
        return flashcopy.withdraw_when_copied(held, pair, number)
    return flashcopy.withdraw(held, pair, number)


RMFLASH = Command(
    name="rmflash",
    grammar=Grammar(
        flags=frozenset(("-quiet", "-cp", "-resync", "-tgtpprc")),
        options=frozenset(("-dev", "-seqnum")),
        excluding=("-cp", "-resync"),
        operands=True,
        needs_operand=True,
    ),
    run=run,
    changes=True,
    question=messages.sure_to_withdraw,
)
