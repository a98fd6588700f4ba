"""A backup of the state store, and what became of restoring one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from flashd.model.hold import Hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a backup holds: when it was taken, of what kind of store, how many rows a table."""

    made_at: datetime
    schema_version: int
    source: str
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disbelieved:
    """An open withdrawal of a backup that was left out: it gives no right to establish."""

    array: str
    pair: str
    service: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """How many rows of a backup were taken over, by table, and which withdrawals were not.

    `holds` are those that the backup brought back: they bind again.
    """

    backup: Backup
    taken: Mapping[str, int]
    disbelieved: tuple[Disbelieved, ...] = ()
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True, slots=True)
class Busy:
    """Nothing was restored: somebody is at work."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unsaid:
    """Nothing was restored: a person has to say first whether flashd ran since the backup.

    Its open withdrawals, of which these are, hang on that.
    """

    withdrawals: tuple[Disbelieved, ...]
