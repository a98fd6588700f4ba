"""lsvolgrp: list volume groups, those that every array has included."""

from flashd.sim import messages
from flashd.sim.commands import listing
from flashd.sim.commands.command import Answer, Call, Command
from flashd.sim.commands.listing import Listing, bare, qualified, wanted
from flashd.sim.hosts import VolumeGroup

LISTING = Listing[VolumeGroup](
    cells={
        "Name": lambda _, group: group.name,
        "ID": lambda call, group: qualified(call, group.id),
        "Type": lambda _, group: group.type,
    },
    short=("Name", "ID", "Type"),
    nothing=messages.nothing_found("lsvolgrp", "Volume Group", known=True),
)


def run(call: Call) -> Answer:
    """List the groups that were asked for, or all."""
    ids = {bare(call, operand) for operand in call.request.operands}
    found = [
        group
        for group in call.held.hosts.groups()
        if (not ids or group.id in ids) and wanted(call, "-type", group.type)
    ]
    return LISTING.answer(call, found)


LSVOLGRP = Command(name="lsvolgrp", grammar=listing.grammar("-type"), run=run)
