"""ver: the versions of the client and of the microcode."""

from flashd.sim.banners import VERSION
from flashd.sim.commands.command import Answer, Call, Command
from flashd.sim.grammar import LISTING_OPTIONS, Grammar
from flashd.sim.layout import Report


def run(call: Call) -> Answer:
    """Give the client's version; -l adds the array's."""
    if "-l" not in call.request.flags:
        return Answer(messages=(f"DSCLI {VERSION}",))
    row = (call.identity.serial, VERSION, call.identity.code_level)
    return Answer(report=Report(("Storage Image", "DSCLI", "LMC"), (row,)))


VER = Command(
    name="ver",
    grammar=Grammar(flags=frozenset(("-l",)), options=LISTING_OPTIONS),
    run=run,
    bound=False,
)
