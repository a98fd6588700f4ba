"""unfreezeflash: let hosts write again to the volumes of logical subsystems."""

from flashd.sim import flashcopy, messages
from flashd.sim.commands.command import Answer, Call, Command
from flashd.sim.grammar import Grammar
from flashd.sim.ids import lss_id


def run(call: Call) -> Answer:
    """Thaw each logical subsystem; one in which nothing is frozen is thawed as well."""
    lsses = [lss_id(operand, call.identity.serial) for operand in call.request.operands]
    for lss in lsses:
        flashcopy.thaw(call.held, lss)
    flashcopy.settle(call.held)
    said = tuple(messages.flash_done(call.request.verb, lss, "thawed") for lss in lsses)
    return Answer(messages=said, acted=tuple(lsses))


UNFREEZEFLASH = Command(
    name="unfreezeflash",
    grammar=Grammar(options=frozenset(("-dev",)), operands=True, needs_operand=True),
    run=run,
    changes=True,
)
