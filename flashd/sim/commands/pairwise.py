"""Commands that act on pairs: one after the other, a message for each, in the order given."""

from collections.abc import Callable

from flashd.sim import messages
from flashd.sim.commands.command import SERVER, SUCCESS, Answer, Call
from flashd.sim.flashcopy import Options, Refused
from flashd.sim.grammar import Request
from flashd.sim.ids import Pair
from flashd.sim.nouns import Relation

SHAPE_FLAGS = frozenset(
    {
        "-record",
        "-persist",
        "-cp",
        "-nocp",
        "-tgtse",
        "-multinc",
        "-tgtinhibit",
        "-tgtpprc",
        "-tgtoffline",
        "-freeze",
        "-resetreserve",
    }
)
SHAPE_OPTIONS = frozenset(("-dev", "-seqnum", "-pmir"))
CP_OR_NOCP = ("-cp", "-nocp")


def shape(request: Request) -> Options:
    """Read what the relation shall be like."""
    flags = request.flags
    return Options(
        record="-record" in flags,
        persist="-persist" in flags,
        background_copy="-nocp" not in flags,
        multinc="-multinc" in flags,
        target_inhibit="-tgtinhibit" in flags,
        space_efficient_target="-tgtse" in flags,
        sequence=request.options.get("-seqnum", "0"),
    )


def on_each_pair(
    call: Call, act: Callable[[Pair], Relation | Refused], said: Callable[[Pair], str]
) -> Answer:
    """Act on all pairs; one that is refused stops none of the others."""
    pairs = [Pair.parse(operand, call.identity.serial) for operand in call.request.operands]
    outcomes = [(pair, act(pair)) for pair in pairs]
    verb = call.request.verb
    texts = tuple(
        messages.copy_services_failure(verb, pair, outcome.reason)
        if isinstance(outcome, Refused)
        else said(pair)
        for pair, outcome in outcomes
    )
    refused = tuple(str(pair) for pair, outcome in outcomes if isinstance(outcome, Refused))
    acted = tuple(str(pair) for pair, outcome in outcomes if not isinstance(outcome, Refused))
    code = exit_code(call, bool(acted), bool(refused))
    return Answer(messages=texts, exit=code, acted=acted, refused=refused)


def exit_code(call: Call, *some: bool) -> int:
    """Return the exit code when (some acted, some refused)."""
    acted, refused = some
    if not refused:
        return SUCCESS
    return int(call.held.switches["partial_exit"]) if acted else SERVER
