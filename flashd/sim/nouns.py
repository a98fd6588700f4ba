"""What the array keeps: volumes, relations and accounts."""

import math
from dataclasses import dataclass

from flashd.sim.ids import Pair

BLOCKS_PER_TRACK = 128
TRACKS_PER_GIB = 16_384
DEFAULT_BLOCKS = 20_971_520  # 10 GiB


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A fixed block volume; `content` names the write whose data it holds, such as `0001@7`.

    Writes and flashes have their places in one order, the array's generations. The content is
    there since `changed_at`. A copy is what `copied_from` held from generation `same_from` until
    before `same_until`; None while it still does. `allocated` counts the tracks that a space
    efficient volume takes; `host_writes` are those of the writes that hosts did. These wait until
    `frozen_until`, by the array's clock.
    """

    id: str
    name: str = ""
    blocks: int = DEFAULT_BLOCKS
    datatype: str = "FB 512"
    space_efficient: bool = False
    pool: str = "P0"
    volgrp: str = "-"
    accstate: str = "Online"
    datastate: str = "Normal"
    configstate: str = "Normal"
    writes: int = 0
    host_writes: int = 0
    content: str = ""
    allocated: int = 0
    changed_at: int = 0
    copied_from: str | None = None
    same_from: int = 0
    same_until: int | None = None
    frozen_until: float | None = None

    @property
    def lss(self) -> str:
        """The logical subsystem."""
        return self.id[:2]

    @property
    def tracks(self) -> int:
        """How many tracks a full copy moves."""
        return self.blocks // BLOCKS_PER_TRACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A FlashCopy relation. Instants are seconds since the epoch by the array's own clock.

    `uncopied` is what was left to copy at `copy_from`; `held` keeps it at that number.
    `source_writes` and `target_writes` remember the volumes at the last resync, since an
    incremental copy moves what changed on either side. `flashed_at` is the generation of its
    point in time. `filling`: the target takes space as it is copied onto, and `unclaimed` tracks
    have not taken theirs. `saved` is the content to which a revertible relation can go back.
    """

    pair: Pair
    created_at: float
    synced_at: float | None
    recording: bool
    persistent: bool
    background_copy: bool = True
    multinc: bool = False
    target_writable: bool = True
    source_writable: bool = True
    revertible: bool = False
    state: str = "Valid"
    sequence: str = "0"
    uncopied: int = 0
    copy_from: float = 0.0
    held: bool = False
    source_writes: int = 0
    target_writes: int = 0
    flashed_at: int = 0
    filling: bool = False
    unclaimed: int = 0
    saved: str | None = None

    def out_of_sync_tracks(self, at: float, rate: float) -> int:
        """How many tracks are still to be copied at `at`, when `rate` are copied a second."""
        if self.held or not self.background_copy:
            return self.uncopied
        if math.isinf(rate):
            return 0
        return max(0, self.uncopied - int(max(0.0, at - self.copy_from) * rate))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """An extent pool; amounts are tracks, and a capacity of None has no end."""

    id: str
    name: str = ""
    rankgrp: int = 0
    capacity: int | None = None
    reserved: int = 0
    threshold: int = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteCopy:
    """A remote mirror relation: a volume of this array, and one of this or another."""

    primary_volume: str
    secondary_volume: str
    state: str = "Full Duplex"
    kind: str = "Metro Mirror"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A volume that a host uses, whether it writes to it, and the content it believes in."""

    host: str
    volume: str
    writing: bool = True
    seen: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account on the management console.

    `expired`: nothing but a change of the password works. `password_at` is when it was set, by
    the clock of the host.
    """

    name: str
    role: str
    failed_logins: int = 0
    locked: bool = False
    expired: bool = False
    password_at: float = 0.0


NOBODY = User(name="-", role="no_access")
