"""lsextpool: list extent pools: how full they are, and whether they are past their threshold."""

import math
from dataclasses import dataclass

from flashd.sim import messages
from flashd.sim.commands import listing
from flashd.sim.commands.command import Answer, Call, Command
from flashd.sim.commands.listing import Listing, bare, qualified, wanted
from flashd.sim.inventory import Inventory
from flashd.sim.nouns import TRACKS_PER_GIB, Pool

TRACKS_PER_EXTENT = TRACKS_PER_GIB  # the larger of the two sizes of extents
ENDLESS_EXTENTS = 1_000_000
"""What a pool is shown with whose size nobody gave."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A pool and its use, in extents; a part of an extent is taken whole."""

    pool: Pool
    capacity: int
    used: int
    volumes: int

    @property
    def available(self) -> int:
        """How many extents are left."""
        return max(0, self.capacity - self.used)

    @property
    def percent(self) -> int:
        """How much is allocated."""
        return 100 * self.used // self.capacity if self.capacity else 100

    @property
    def status(self) -> str:
        """`exceeded` once less is left than the threshold says, in percent."""
        low = 100 * self.available < self.pool.threshold * self.capacity
        return "exceeded" if low else "below"


LISTING = Listing[Filled](
    cells={
        "Name": lambda _, filled: filled.pool.name or filled.pool.id,
        "ID": lambda call, filled: qualified(call, filled.pool.id),
        "stgtype": lambda *_: "fb",
        "rankgrp": lambda _, filled: str(filled.pool.rankgrp),
        "status": lambda _, filled: filled.status,
        "availstor (2^30B)": lambda _, filled: str(filled.available),
        "%allocated": lambda _, filled: str(filled.percent),
        "available": lambda _, filled: str(filled.available),
        "reserved": lambda _, filled: str(filled.pool.reserved),
        "numvols": lambda _, filled: str(filled.volumes),
    },
    short=(
        "Name",
        "ID",
        "stgtype",
        "rankgrp",
        "status",
        "availstor (2^30B)",
        "%allocated",
        "available",
        "reserved",
        "numvols",
    ),
    nothing=messages.nothing_found("lsextpool", "Extent Pool"),
)


def pools(held: Inventory) -> tuple[Filled, ...]:
    """Return all pools: those that are described, and those that only volumes name."""
    described = {pool.id: pool for pool in held.pools()}
    volumes = [volume.pool for volume in held.volumes()]
    ids = sorted({*described, *volumes} - {"-"}, key=lambda name: (len(name), name))
    return tuple(_filled(held, described.get(name), name, volumes.count(name)) for name in ids)


def _filled(held: Inventory, pool: Pool | None, name: str, volumes: int) -> Filled:
    known = pool or Pool(id=name, rankgrp=int(name[1:]) % 2 if name[1:].isdigit() else 0)
    tracks = known.capacity
    capacity = ENDLESS_EXTENTS if tracks is None else tracks // TRACKS_PER_EXTENT
    used = math.ceil(held.space_used(name) / TRACKS_PER_EXTENT)
    return Filled(known, capacity, used, volumes)


def run(call: Call) -> Answer:
    """List the pools that were asked for, or all."""
    ids = {bare(call, operand) for operand in call.request.operands}
    found = [
        filled
        for filled in pools(call.held)
        if (not ids or filled.pool.id in ids)
        and wanted(call, "-stgtype", "fb")
        and wanted(call, "-rankgrp", str(filled.pool.rankgrp))
    ]
    return LISTING.answer(call, found)


LSEXTPOOL = Command(name="lsextpool", grammar=listing.grammar("-stgtype", "-rankgrp"), run=run)
