"""lsfbvol: list fixed block volumes."""

from collections.abc import Callable, Mapping

from flashd.sim import messages
from flashd.sim.commands import listing
from flashd.sim.commands.command import Answer, Call, Command
from flashd.sim.commands.listing import Listing, qualified, wanted
from flashd.sim.ids import volume_range
from flashd.sim.nouns import Volume

_BLOCKS_PER_GIB = 2**21
_BYTES_PER_BLOCK = 512


def sam(volume: Volume) -> str:
    """Return the storage allocation method."""
    return "ESE" if volume.space_efficient else "Standard"


def gibibytes(blocks: int) -> str:
    """Return a capacity as `cap (2^30B)` rounds it."""
    return f"{blocks / _BLOCKS_PER_GIB:.1f}"


def decimal_gigabytes(call: Call, blocks: int) -> str:
    """Return a capacity in units of 10^9 bytes, which volumes made by other units lack."""
    if not call.held.switches.on("decimal_capacity"):
        return "-"
    return f"{blocks * _BYTES_PER_BLOCK / 10**9:.1f}"


_FILTERS: Mapping[str, Callable[[Volume], str]] = {
    "-extpool": lambda volume: volume.pool,
    "-volgrp": lambda volume: volume.volgrp,
    "-lss": lambda volume: volume.lss,
    "-sam": sam,
    "-type": lambda volume: volume.datatype.replace("FB ", ""),
    "-datastate": lambda volume: volume.datastate,
    "-configstate": lambda volume: volume.configstate,
    "-accessstate": lambda volume: volume.accstate,
}
"""Options that keep the volumes of a pool, a group and so on; recalled."""


LISTING = Listing[Volume](
    cells={
        "Name": lambda _, volume: volume.name or "-",
        "ID": lambda call, volume: qualified(call, volume.id),
        "accstate": lambda _, volume: volume.accstate,
        "datastate": lambda _, volume: volume.datastate,
        "configstate": lambda _, volume: volume.configstate,
        "deviceMTM": lambda *_: "2107-900",
        "datatype": lambda _, volume: volume.datatype,
        "extpool": lambda call, volume: qualified(call, volume.pool),
        "sam": lambda _, volume: sam(volume),
        "captype": lambda *_: "DS",
        "cap (2^30B)": lambda _, volume: gibibytes(volume.blocks),
        "cap (10^9B)": lambda call, volume: decimal_gigabytes(call, volume.blocks),
        "cap (blocks)": lambda _, volume: str(volume.blocks),
        "volgrp": lambda call, volume: qualified(call, volume.volgrp),
        "reqcap (blocks)": lambda _, volume: str(volume.blocks),
        "eam": lambda *_: "rotateexts",
        "perfgrp": lambda *_: "PG0",
        "resgrp": lambda *_: "RG0",
    },
    short=(
        "Name",
        "ID",
        "accstate",
        "datastate",
        "configstate",
        "deviceMTM",
        "datatype",
        "extpool",
        "cap (2^30B)",
        "cap (10^9B)",
        "cap (blocks)",
    ),
    nothing=messages.NO_VOLUME,
)
SHORT = LISTING.short
LONG = LISTING.long


def run(call: Call) -> Answer:
    """List the volumes that were asked for, or all."""
    named = [volume_range(operand, call.identity.serial) for operand in call.request.operands]
    found = [
        volume
        for volume in call.held.volumes()
        if (not named or any(first <= volume.id <= last for first, last in named))
        and all(wanted(call, option, of(volume)) for option, of in _FILTERS.items())
    ]
    return LISTING.answer(call, found)


LSFBVOL = Command(name="lsfbvol", grammar=listing.grammar(*_FILTERS), run=run)
