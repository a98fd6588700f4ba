"""Commands that name sources, and mean all revertible relations of each."""

from collections.abc import Callable

from flashd.sim import messages
from flashd.sim.commands import pairwise
from flashd.sim.commands.command import Answer, Call
from flashd.sim.flashcopy import Refused
from flashd.sim.grammar import Grammar
from flashd.sim.ids import volume_id
from flashd.sim.inventory import Inventory
from flashd.sim.nouns import Relation

GRAMMAR = Grammar(
    options=frozenset(("-dev", "-seqnum")),
    operands=True,
    needs_operand=True,
)


def on_each_source(
    call: Call, act: Callable[[Inventory, Relation], Relation | Refused], done: str
) -> Answer:
    """Act on the revertible relations of each source; with -seqnum on those of that number."""
    sources = [volume_id(operand, call.identity.serial) for operand in call.request.operands]
    number = pairwise.sequence(call.request)
    outcomes: list[tuple[str, Relation | Refused]] = []
    for source in sources:
        found = _revertible(call.held, source, number)
        outcomes += [(str(relation.pair), act(call.held, relation)) for relation in found]
        if not found:
            outcomes.append((source, Refused("no FlashCopy relationship of it is revertible")))
    verb = call.request.verb
    said = [messages.flash_done(verb, subject, done) for subject, _ in outcomes]
    return pairwise.answer(call, tuple(outcomes), said)


def _revertible(held: Inventory, source: str, number: str | None) -> list[Relation]:
    return [
        relation
        for relation in held.from_source(source)
        if relation.revertible and (number is None or int(number, 16) == int(relation.sequence, 16))
    ]
