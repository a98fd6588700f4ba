"""lsfbvol: list fixed block volumes."""

from flashd.sim import messages
from flashd.sim.commands.command import Answer, Call, Command
from flashd.sim.grammar import LISTING_OPTIONS, Grammar
from flashd.sim.ids import volume_range
from flashd.sim.layout import Report
from flashd.sim.nouns import Volume

SHORT = (
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
)
LONG = (
    *SHORT[:8],
    "sam",
    "captype",
    *SHORT[8:],
    "volgrp",
    "reqcap (blocks)",
    "eam",
    "perfgrp",
    "resgrp",
)
_BLOCKS_PER_GIB = 2**21


def run(call: Call) -> Answer:
    """List the volumes that were asked for, or all."""
    wanted = call.request.operands
    named = [volume_range(operand, call.identity.serial) for operand in wanted]
    found = [
        volume
        for volume in call.held.volumes()
        if not named or any(first <= volume.id <= last for first, last in named)
    ]
    if not found:
        return Answer(messages=(messages.NO_VOLUME,))
    long = "-l" in call.request.flags
    prefix = f"{call.identity.serial}/" if call.fullid else ""
    rows = tuple(_row(volume, prefix, long=long) for volume in found)
    return Answer(report=Report(LONG if long else SHORT, rows))


def _row(volume: Volume, prefix: str, *, long: bool) -> tuple[str, ...]:
    head = (
        volume.name or "-",
        prefix + volume.id,
        volume.accstate,
        volume.datastate,
        volume.configstate,
        "2107-900",
        volume.datatype,
        volume.pool,
    )
    capacity = (f"{volume.blocks / _BLOCKS_PER_GIB:.1f}", "-", str(volume.blocks))
    if not long:
        return head + capacity
    kind = ("ESE" if volume.space_efficient else "Standard", "DS")
    tail = (volume.volgrp, str(volume.blocks), "rotateexts", "PG0", "RG0")
    return head + kind + capacity + tail


LSFBVOL = Command(
    name="lsfbvol",
    grammar=Grammar(
        flags=frozenset(("-l", "-fullid")), options=LISTING_OPTIONS | {"-dev"}, operands=True
    ),
    run=run,
)
