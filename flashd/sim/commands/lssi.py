"""lssi: list the storage images that the console manages, which here is one."""

from flashd.sim.commands.command import Answer, Call, Command
from flashd.sim.grammar import LISTING_OPTIONS, Grammar
from flashd.sim.layout import Report

COLUMNS = (
    "Name",
    "ID",
    "Storage Unit",
    "Model",
    "WWNN",
    "State",
    "ESSNet",
    "Volume Group",
    "desc",
)


def run(call: Call) -> Answer:
    """List the image; -s gives its id alone."""
    array = call.identity
    if "-s" in call.request.flags:
        return Answer(report=Report(("ID",), ((array.serial,),)))
    unit = array.serial[:-1] + "0"
    row = ("-", array.serial, unit, array.model, array.wwnn, "Online", "Enabled", "V0", "-")
    return Answer(report=Report(COLUMNS, (row,)))


LSSI = Command(
    name="lssi",
    grammar=Grammar(flags=frozenset(("-l", "-s", "-fullid")), options=LISTING_OPTIONS),
    run=run,
    bound=False,
)
