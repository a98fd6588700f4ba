"""Volumes, pairs, and relations as an array reports them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Self, cast

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_VOLUME = re.compile(r"[0-9A-Fa-f]{4}")


class VolumeId(str):
    """A volume of one array: four hex digits, of which two are the logical subsystem."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Normalise to upper case, as the array prints it."""
        digits = text.strip()
        if not _VOLUME.fullmatch(digits):
            raise ValueError(f"{text!r} is not a volume id; write four hex digits, such as 0A1F")
        return super().__new__(cls, digits.upper())


def wwid_of(wwnn: str, volume: VolumeId) -> str:
    """Tell by which name hosts know a volume of the storage image that has this WWNN.

    Source: OpenSVC's collector matches `6`, the WWNN without its first digit, zeros, and the
    volume's id, 32 digits in all (NAA 6, IBM's registered extended form).
    """
    head = f"6{wwnn[1:]}"
    return f"{head}{volume:0>{32 - len(head)}}".lower()


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """A source volume and the target volume that holds its clone."""

    source: VolumeId
    target: VolumeId

    def __post_init__(self) -> None:
        if self.source == self.target:
            raise ValueError(f"volume {self.source} cannot be its own target")

    @classmethod
    def parse(cls, text: str) -> Pair:
        """Read the DS CLI notation, `0065:0073`."""
        source, colon, target = text.strip().partition(":")
        if not (source and colon and target):
            raise ValueError(f"{text!r} is not a pair; write source:target, such as 0065:0073")
        return cls(VolumeId(source), VolumeId(target))

    @property
    def volumes(self) -> tuple[VolumeId, VolumeId]:
        """Both ends."""
        return (self.source, self.target)

    def __str__(self) -> str:
        return f"{self.source}:{self.target}"


@dataclass(frozen=True, slots=True)
class ArrayTime:
    """A date as dscli prints it: Java's `Date.toString`, whole seconds, a zone abbreviation.

    The abbreviation is kept as text: what instant it means is a question for `core.instants`.
    """

    text: str
    local: datetime
    label: str

    def __post_init__(self) -> None:
        if self.local.tzinfo is not None:
            raise ValueError("an array's local time carries its zone in the label only")

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A FlashCopy relation as the array reported it at one instant.

    `None` stands for what the report did not say, or said in words that are not known; the
    latter are kept in `unread` as `Column=text`.
    """

    pair: Pair
    state: str
    recording: bool | None
    persistent: bool | None
    revertible: bool | None
    source_write_enabled: bool | None
    target_write_enabled: bool | None
    background_copy: bool | None
    out_of_sync_tracks: int | None
    created: ArrayTime | None
    synced: ArrayTime | None
    space_efficient_target: bool | None
    unread: tuple[str, ...] = ()

    @property
    def copied(self) -> ArrayTime | None:
        """The point in time the clone holds: the last resync, else the establish.

        None too where a date was printed that could not be read: an older one must not
        stand in for it.
        """
        if self.unread and any(note.startswith("Date") for note in self.unread):
            return None
        return self.synced or self.created

    @property
    def valid(self) -> bool:
        """Whether the array says that all is well; no other word of `State` is sure.

        Source: OpenSVC's ibmdssnap takes `Valid` alone for good. A target whose pool ran full is
        dated like any other, and holds nothing that can be used.
        """
        return self.state == "Valid"

    @property
    def copying(self) -> bool:
        """Whether a background copy is still running, or may be."""
        return self.background_copy is not False and self.out_of_sync_tracks != 0


@dataclass(frozen=True, slots=True)
class Ends:
    """Relations by either end: the volumes that are a source, and what is on each target."""

    sources: frozenset[VolumeId]
    on_target: Mapping[VolumeId, tuple[Relation, ...]]

    @classmethod
    def of(cls, relations: Mapping[Pair, Relation]) -> Ends:
        """Put relations in order."""
        on_target: dict[VolumeId, tuple[Relation, ...]] = {}
        for pair, relation in relations.items():
            on_target[pair.target] = (*on_target.get(pair.target, ()), relation)
        return cls(frozenset(pair.source for pair in relations), MappingProxyType(on_target))


@dataclass(frozen=True, slots=True)
class Listing:
    """All relations of one array, read in one command between two instants of this host.

    A listing exists only if the whole answer was understood. `steady` is when the reading began, in
    seconds of the monotonic clock.
    """

    array: str
    began_at: datetime
    ended_at: datetime
    relations: Mapping[Pair, Relation]
    steady: float | None = field(default=None, compare=False)
    _ends: Ends | None = field(default=None, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "relations", MappingProxyType(dict(self.relations)))

    @property
    def ends(self) -> Ends:
        """The relations by either end, put in order once: each command asks for a few of many."""
        if self._ends is None:
            object.__setattr__(self, "_ends", Ends.of(self.relations))
        return cast("Ends", self._ends)
