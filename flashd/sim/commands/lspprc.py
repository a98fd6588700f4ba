"""lspprc: list remote mirror relations. Its columns are recalled, those of -l as well."""

from flashd.sim import messages
from flashd.sim.commands import listing
from flashd.sim.commands.command import Answer, Call, Command
from flashd.sim.commands.listing import Listing, qualified
from flashd.sim.ids import Pair, listed_range, volume_id
from flashd.sim.nouns import RemoteCopy


def _pair(call: Call, copy: RemoteCopy) -> str:
    return f"{qualified(call, copy.primary_volume)}:{copy.secondary_volume}"


LISTING = Listing[RemoteCopy](
    cells={
        "ID": _pair,
        "State": lambda _, copy: copy.state,
        "Reason": lambda *_: "-",
        "Type": lambda _, copy: copy.kind,
        "Out Of Sync Tracks": lambda *_: "0",
        "Tgt Read": lambda *_: "Disabled",
        "Src Cascade": lambda *_: "Disabled",
        "Tgt Cascade": lambda *_: "Invalid",
        "Date Suspended": lambda *_: "-",
        "SourceLSS": lambda _, copy: copy.primary_volume[:2],
        "Timeout (secs)": lambda *_: "60",
        "Critical Mode": lambda *_: "Disabled",
        "First Pass Status": lambda *_: "Invalid",
    },
    short=(
        "ID",
        "State",
        "Reason",
        "Type",
        "SourceLSS",
        "Timeout (secs)",
        "Critical Mode",
        "First Pass Status",
    ),
    nothing=messages.nothing_found("lspprc", "Remote Mirror and Copy", known=True),
)


def run(call: Call) -> Answer:
    """List the mirrors that pairs, volumes, ranges of volumes or LSSs name, on either side."""
    found = [
        copy
        for copy in call.held.remote_copies()
        if any(_meant(call, copy, operand) for operand in call.request.operands)
    ]
    return LISTING.answer(call, found)


def _meant(call: Call, copy: RemoteCopy, operand: str) -> bool:
    image = call.identity.serial
    secondary = copy.secondary_volume.rpartition("/")[2]
    if ":" in operand:
        first, _, last = operand.partition(":")
        pair = Pair(volume_id(first, image), volume_id(last))
        return pair == Pair(copy.primary_volume, secondary)
    first, last = listed_range(operand, image)
    return first <= copy.primary_volume <= last or first <= secondary <= last


LSPPRC = Command(
    name="lspprc",
    grammar=listing.grammar("-remotedev", needs_operand=True),
    run=run,
)
