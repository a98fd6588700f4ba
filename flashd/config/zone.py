"""The time zone of this host."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

_DATABASE = "zoneinfo/"
_VARIANTS = ("posix/", "right/")


@dataclass(frozen=True, slots=True)
class HostZone:
    """A zone, and where it was learnt; `doubt` says why it is only a guess."""

    zone: ZoneInfo
    doubt: str = ""


def host_zone(environ: Mapping[str, str] | None = None, etc: Path = Path("/etc")) -> HostZone:
    """Find the zone as the C library does: `TZ`, then `/etc/localtime`, else UTC.

    The name comes from the link, or from Debian's `/etc/timezone` where the file is a copy.
    """
    name = (os.environ if environ is None else environ).get("TZ", "").removeprefix(":")
    if name:
        return _known(_below_database(name), f"TZ is {name!r}, which names no time zone")
    localtime = etc / "localtime"
    if localtime.is_symlink():
        target = str(localtime.readlink())
        if zone := find_zone(_below_database(target)):
            return HostZone(zone)
    if zone := find_zone(_first_line(etc / "timezone")):
        return HostZone(zone)
    if zone := _copied(localtime):
        return HostZone(zone)
    return (
        _known("UTC", "") if not localtime.exists() else _known("", f"{localtime} is no time zone")
    )


def find_zone(name: str) -> ZoneInfo | None:
    """Look a zone up by its name in the tz database."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@cache
def zone_names() -> frozenset[str]:
    """Tell all names, for suggestions; slow, so once, and only where one was not found."""
    from zoneinfo import available_timezones  # noqa: PLC0415 - reads a directory tree

    return frozenset(available_timezones())


def _known(name: str, doubt: str) -> HostZone:
    if zone := find_zone(name):
        return HostZone(zone)
    return HostZone(ZoneInfo("UTC"), doubt)


def _below_database(path: str) -> str:
    _, database, below = path.rpartition(_DATABASE)
    name = below if database else path
    for variant in _VARIANTS:
        name = name.removeprefix(variant)
    return name


def _first_line(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _copied(file: Path) -> ZoneInfo | None:
    try:
        return _from_content(file.read_bytes())
    except (OSError, ValueError, EOFError):
        return None


@cache
def _from_content(content: bytes) -> ZoneInfo:
    """Read a zone file; cached, since two readings of one file would not be equal."""
    return ZoneInfo.from_file(io.BytesIO(content), key="localtime")
