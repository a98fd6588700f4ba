"""What the array keeps: volumes, relations and accounts."""

import math
from dataclasses import dataclass

from flashd.sim.ids import Pair

BLOCKS_PER_TRACK = 128
DEFAULT_BLOCKS = 20_971_520  # 10 GiB


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A fixed block volume; `content` names the write whose data it holds, such as `0001@7`."""

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
    content: str = ""

    @property
    def tracks(self) -> int:
        """How many tracks a full copy moves."""
        return self.blocks // BLOCKS_PER_TRACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A FlashCopy relation. Instants are seconds since the epoch by the array's own clock.

    `uncopied` is what was left to copy at `copy_from`; `held` keeps it at that number.
    `source_writes` and `target_writes` remember the volumes at the last resync, since an
    incremental copy moves what changed on either side.
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
    timeout: int = 300
    uncopied: int = 0
    copy_from: float = 0.0
    held: bool = False
    source_writes: int = 0
    target_writes: int = 0

    def out_of_sync_tracks(self, at: float, rate: float) -> int:
        """How many tracks are still to be copied at `at`, when `rate` are copied a second."""
        if self.held or not self.background_copy:
            return self.uncopied
        if math.isinf(rate):
            return 0
        return max(0, self.uncopied - int(max(0.0, at - self.copy_from) * rate))


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
