"""What an array counted of a volume's I/O, as `showfbvol -metrics` tells it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flashd.model.volumes import VolumeId

HOST_FIELDS = (
    "normrdrqts",
    "normwritereq",
    "seqreadreqs",
    "seqwritereq",
    "cachfwrreqs",
    "cachefwreqs",
    "inbcachload",
    "bypasscach",
    "byteread",
    "bytewrit",
)
"""What only hosts move.

The first six are those that a public collector of DS8000 figures adds up as the I/O rate. Others,
such as `DASDtrans`, `phwrite` and `PPRCtrks`, are moved by a background copy as well.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """Of one volume: the host fields, when they were counted by the array's words, and when read.

    `taken` is the end of the reading, in seconds of this host's monotonic clock.
    """

    array: str
    volume: VolumeId
    date: str
    taken: float
    values: Mapping[str, int]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))
