"""What a tick asks the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flashd.model.hold import Hold
    from flashd.model.observation import ArrayRecord
    from flashd.model.run import RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """All that a tick goes by, as it was at one instant.

    `due` are the services to look at, the longest overdue first; `open_runs` those without an end,
    oldest first; `ripe` the holds that have ended or are to be reminded of; `arrays` tells how
    reading each array went last.
    """

    due: Sequence[str]
    open_runs: Sequence[RunRecord]
    ripe: Sequence[Hold]
    arrays: Mapping[str, ArrayRecord]
