"""showfbvol: all about one volume, a line each value.

Public: volgrp, ranks, sam, realextents and virtualextents, migrating, GUID, safeguarded and
`SGC Recovered` (V). The other names, and the order, are recalled (R). With -metrics: what was
counted of its I/O; the fields of hosts, `DASDtrans`, `phread`, `phwrite` and the form of the date
are public (V), the others recalled.
"""

import math
from collections.abc import Callable, Mapping

from flashd.sim import messages
from flashd.sim.commands import listing
from flashd.sim.commands.command import SERVER, Answer, Call, Command
from flashd.sim.commands.lsfbvol import LISTING, sam
from flashd.sim.grammar import LISTING_OPTIONS, Grammar, UsageError
from flashd.sim.ids import volume_id
from flashd.sim.layout import Report, metrics_date
from flashd.sim.nouns import TRACKS_PER_GIB, Volume

_GUID_DIGITS = 32
_MIB_PER_GIB = 1024

Cells = Mapping[str, Callable[[Call, Volume], str]]


def guid(wwnn: str, volume: str) -> str:
    """Return the serial number under which hosts see a volume, as public code joins the two.

    It is a 6, the WWNN without its first digit, zeros, and the volume's id.
    """
    head = f"6{wwnn[1:]}"
    return head + volume.zfill(_GUID_DIGITS - len(head))


def _extents(volume: Volume) -> int:
    return math.ceil(volume.tracks / TRACKS_PER_GIB)


def _real_extents(volume: Volume) -> int:
    """Return the extents that the volume takes now."""
    if not volume.space_efficient:
        return _extents(volume)
    return math.ceil(volume.allocated / TRACKS_PER_GIB)


_CELLS: Cells = {
    **{name: LISTING.cells[name] for name in LISTING.long[: LISTING.long.index("datatype") + 1]},
    "addrgrp": lambda _, volume: volume.id[0],
    "extpool": LISTING.cells["extpool"],
    "exts": lambda _, volume: str(_extents(volume)),
    "captype": LISTING.cells["captype"],
    **{name: LISTING.cells[name] for name in LISTING.long if name.startswith("cap (")},
    "volgrp": LISTING.cells["volgrp"],
    "ranks": lambda *_: "1",
    "dbexts": lambda *_: "0",
    "sam": lambda _, volume: sam(volume),
    "repcapalloc": lambda *_: "-",
    "eam": LISTING.cells["eam"],
    "reqcap (blocks)": LISTING.cells["reqcap (blocks)"],
    "realextents": lambda _, volume: str(_real_extents(volume)),
    "virtualextents": lambda _, volume: str(_extents(volume)) if volume.space_efficient else "0",
    "realcap (MiB)": lambda _, volume: str(_real_extents(volume) * _MIB_PER_GIB),
    "migrating": lambda *_: "0",
    "perfgrp": LISTING.cells["perfgrp"],
    "migratingfrom": lambda *_: "-",
    "resgrp": LISTING.cells["resgrp"],
    "GUID": lambda call, volume: guid(call.identity.wwnn, volume.id),
    "safeguarded": lambda *_: "no",
    "SGC Recovered": lambda *_: "no",
}
COLUMNS = tuple(_CELLS)

_WRITES_A_STEP = 4  # `bytewrit` counts in steps of 128 KiB, in which small writes hide


def _copied(call: Call, volume: Volume) -> str:
    """Return the tracks that a background copy wrote onto a volume so far."""
    onto = call.held.onto_target(volume.id)
    return str(volume.tracks - call.held.out_of_sync(onto)) if onto else "0"


_METRICS: Cells = {
    "ID": lambda call, volume: f"{call.identity.serial}/{volume.id}",
    "Date": lambda call, _: metrics_date(call.held.at, call.held.switches["date_zone"]),
    "normrdrqts": lambda *_: "0",
    "normrdhits": lambda *_: "0",
    "normwritereq": lambda _, volume: str(volume.host_writes),
    "normwritehits": lambda _, volume: str(volume.host_writes),
    **{
        name: lambda *_: "0"
        for name in (
            *("seqreadreqs", "seqreadhits", "seqwritereq", "seqwritehits", "cachfwrreqs"),
            *("cachfwrhits", "cachefwreqs", "cachfwhits", "inbcachload", "bypasscach"),
        )
    },
    "DASDtrans": _copied,
    "seqDASDtrans": lambda *_: "0",
    "cachetrans": _copied,
    "NVSspadel": lambda *_: "0",
    "normwriteops": lambda *_: "0",
    "seqwriteops": lambda *_: "0",
    "phread": lambda *_: "0",
    "phwrite": _copied,
    "phbyteread": lambda *_: "0",
    "phbytewrite": lambda *_: "0",
    "byteread": lambda *_: "0",
    "bytewrit": lambda _, volume: str(volume.host_writes // _WRITES_A_STEP),
    "PPRCtrks": lambda *_: "0",
    "NVSspallo": lambda *_: "0",
}
"""What is counted since the volume was made; hosts' reads are not simulated."""


def run(call: Call) -> Answer:
    """Show the volume, if it is there."""
    if len(call.request.operands) != 1:
        raise UsageError("one volume is shown at a time")
    name = volume_id(call.request.operands[0], call.identity.serial)
    if (volume := call.held.volume(name)) is None:
        return Answer(messages=(messages.no_such_volume("showfbvol", name),), exit=SERVER)
    cells = _METRICS if "-metrics" in call.request.flags else _CELLS
    row = tuple(cell(call, volume) for cell in cells.values())
    return Answer(report=Report(tuple(cells), (row,), single=True))


SHOWFBVOL = Command(
    name="showfbvol",
    grammar=Grammar(
        flags=(listing.FLAGS - {"-s", "-l"}) | {"-metrics"},
        options=LISTING_OPTIONS | {"-dev"},
        operands=True,
        needs_operand=True,
    ),
    run=run,
)
