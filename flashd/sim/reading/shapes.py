"""Which columns the listings have, and what a cell of each looks like.

A cell's look decides only where a line can be cut in several ways: a comma inside a field of
comma-delimited output, a blank inside a name. Columns that are not here are taken as they are.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_IMAGE = r"(?:[A-Z]+\.\d{4}-\w+/)?"
_VOLUME = _IMAGE + r"[0-9A-Fa-f]{4}"
_GROUP = _IMAGE + r"V\d+"
_STATE = r"[A-Za-z][A-Za-z ]*|-"
_NUMBER = r"-?\d+(?:\.\d+)?|-"
_ABLED = r"Enabled|Disabled|-"
_DATE = r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d \S+ \d{4}|-"
_WORD = r"\S+"
_FREE = r".*"


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of one listing in their order, those of -l included, with the look of cells.

    `short` is how many of them the listing has without -l, where that is the beginning of it;
    `without` are those that it lacks.
    """

    verb: str
    looks: Mapping[str, re.Pattern[str]]
    without: frozenset[str] = frozenset()

    @property
    def long(self) -> tuple[str, ...]:
        """The columns with -l."""
        return tuple(self.looks)

    @property
    def short(self) -> tuple[str, ...]:
        """The columns without -l."""
        return tuple(name for name in self.looks if name not in self.without)

    def fits(self, columns: Sequence[str]) -> bool:
        """Say whether a table with these first columns is this listing."""
        return tuple(columns[:3]) in {self.long[:3], self.short[:3]}


def _shape(verb: str, short: Mapping[str, str], long: Mapping[str, str] | None = None) -> Shape:
    looks = {name: re.compile(look) for name, look in (long or short).items()}
    return Shape(verb, looks, frozenset(looks) - frozenset(short))


_FBVOL = {
    "Name": _FREE,
    "ID": _VOLUME,
    "accstate": _STATE,
    "datastate": _STATE,
    "configstate": _STATE,
    "deviceMTM": _WORD,
    "datatype": r"[A-Z]+(?: \w+)?",
    "extpool": _IMAGE + r"P\d+|-",
    "sam": r"[A-Za-z]+|-",
    "captype": r"[A-Za-z]+|-",
    "cap (2^30B)": _NUMBER,
    "cap (10^9B)": _NUMBER,
    "cap (blocks)": _NUMBER,
    "volgrp": rf"{_GROUP}(?:,{_GROUP})*|-",
    "reqcap (blocks)": _NUMBER,
    "eam": r"[A-Za-z]+|-",
    "perfgrp": _IMAGE + r"PG\d+|-",
    "resgrp": _IMAGE + r"RG\d+|-",
}
_ONLY_LONG = ("sam", "captype", "volgrp", "reqcap (blocks)", "eam", "perfgrp", "resgrp")
_FLASH = {
    "ID": f"{_VOLUME}:{_VOLUME}",
    "SrcLSS": r"[0-9A-Fa-f]{2}",
    "SequenceNum": r"[0-9A-Fa-f]+",
    "Timeout": r"\d+|-",
    "ActiveCopy": _ABLED,
    "Recording": _ABLED,
    "Persistent": _ABLED,
    "Revertible": _ABLED,
    "SourceWriteEnabled": _ABLED,
    "TargetWriteEnabled": _ABLED,
    "BackgroundCopy": _ABLED,
}
_FLASH_LONG = {
    "OutOfSyncTracks": r"\d+|-",
    "DateCreated": _DATE,
    "DateSynced": _DATE,
    "State": _STATE,
    "isTgtSE": r"[A-Za-z]+|-",
}
_HOST = {
    "Name": _FREE,
    "ID": _IMAGE + r"\w+",
    "WWPN": r"[0-9A-Fa-f]{16}",
    "HostType": _WORD,
    "Profile": _FREE,
    "portgrp": r"\d+|-",
    "volgrpID": _GROUP + "|-",
    "ESSIOport": _FREE,
}
_HOST_LONG = {
    "Name": _FREE,
    "ID": _IMAGE + r"\w+",
    "WWPN": r"[0-9A-Fa-f]{16}",
    "HostType": _WORD,
    "LBS": r"\d+|-",
    "addrDiscovery": r"[A-Za-z]+|-",
    "Profile": _FREE,
    "portgrp": r"\d+|-",
    "volgrpID": _GROUP + "|-",
    "atchtopo": _WORD,
    "ESSIOport": _FREE,
    "speed": _WORD,
    "desc": _FREE,
}
_SI = {
    "Name": _FREE,
    "ID": r"[A-Z]+\.\d{4}-\w+",
    "Storage Unit": r"[A-Z]+\.\d{4}-\w+|-",
    "Model": _WORD,
    "WWNN": r"[0-9A-Fa-f]{16}",
    "State": _STATE,
    "ESSNet": _WORD,
    "Volume Group": _GROUP + "|-",
    "desc": _FREE,
}
_POOL = {
    "Name": _FREE,
    "ID": _IMAGE + r"P\d+",
    "stgtype": r"[a-z]+",
    "rankgrp": r"\d+|-",
    "status": r"[a-z]+|-",
    "availstor (2^30B)": _NUMBER,
    "%allocated": _NUMBER,
    "available": _NUMBER,
    "reserved": _NUMBER,
    "numvols": _NUMBER,
}
_PPRC_ONLY_LONG = (
    "Out Of Sync Tracks",
    "Tgt Read",
    "Src Cascade",
    "Tgt Cascade",
    "Date Suspended",
)
_PPRC = {
    "ID": f"{_VOLUME}:{_VOLUME}",
    "State": r"[A-Za-z][A-Za-z ]*",
    "Reason": _FREE,
    "Type": _STATE,
    "Out Of Sync Tracks": _NUMBER,
    "Tgt Read": _ABLED,
    "Src Cascade": _ABLED,
    "Tgt Cascade": _STATE,
    "Date Suspended": _FREE,
    "SourceLSS": r"[0-9A-Fa-f]{2}",
    "Timeout (secs)": r"\d+|-",
    "Critical Mode": _ABLED,
    "First Pass Status": _FREE,
}

SHAPES: Mapping[str, Shape] = {
    shape.verb: shape
    for shape in (
        _shape("lsfbvol", {n: p for n, p in _FBVOL.items() if n not in _ONLY_LONG}, _FBVOL),
        _shape("lsflash", _FLASH, _FLASH | _FLASH_LONG),
        _shape("lshostconnect", _HOST, _HOST_LONG),
        _shape(
            "lsvolgrp", {"Name": _FREE, "ID": _GROUP, "Type": r"[A-Z][\w/]*(?: [A-Z0-9]\w*){0,2}"}
        ),
        _shape("lssi", _SI),
        _shape("lsextpool", _POOL),
        _shape("lspprc", {n: p for n, p in _PPRC.items() if n not in _PPRC_ONLY_LONG}, _PPRC),
    )
}

_KNOWN = sorted({name for s in SHAPES.values() for name in s.looks}, key=len, reverse=True)


def squeezed(text: str) -> str:
    """Return a text without what may differ between two ways to write a column's name."""
    return text.replace(" ", "").casefold()


_SQUEEZED = {squeezed(name): name for name in _KNOWN}
_FIRST_KNOWN = re.compile(rf"({'|'.join(map(re.escape, _KNOWN))})(?=\s|$)")
_FIRST_WORD = re.compile(r"\S+(?: \([^)]*\))?")


def canonical(name: str) -> str:
    """Return a column's name as it stands here, however its blanks and its case were written."""
    bare = name.strip()
    return _SQUEEZED.get(squeezed(bare), bare)


def header_names(header: str) -> tuple[tuple[int, str], ...]:
    """Return the columns of a padded header, and where each begins.

    Names may have blanks in them: those that are known, and a unit in brackets.
    """
    found: list[tuple[int, str]] = []
    at = 0
    while header[at:].strip():
        at += len(header[at:]) - len(header[at:].lstrip())
        name = first_name(header[at:])
        found.append((at, name))
        at += len(name)
    return tuple(found)


def first_name(text: str) -> str:
    """Return the name at the beginning of a text."""
    found = _FIRST_KNOWN.match(text) or _FIRST_WORD.match(text)
    return found[0] if found else text


def shape_of(columns: Sequence[str]) -> Shape | None:
    """Return the listing that has these columns."""
    return next((shape for shape in SHAPES.values() if shape.fits(columns)), None)
