"""How a service stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Status(StrEnum):
    """The state of a service's clones, in the words users know."""

    UP = "up"
    WARN = "warn"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Bounds:
    """When something happened: not before `earliest`, not after `latest`.

    `None` means that nothing bounds it on that side.
    """

    earliest: datetime | None
    latest: datetime | None


@dataclass(frozen=True, slots=True)
class Health:
    """A status with all its reasons, and the two bounds of the oldest pair's last resync.

    `last_resync` is None where a pair holds no copy.
    """

    status: Status
    reasons: tuple[str, ...]
    last_resync: Bounds | None
