"""Everything that is fuzzed, in one table."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.fuzz import (
    answered,
    config,
    counters,
    dscli,
    hostviews,
    managers,
    readers,
    remote,
    schedules,
    simulator,
    stored,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fuzz.target import Target

TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        target.name: target
        for module in (
            *(dscli, counters, managers, hostviews, answered, readers, remote),
            *(schedules, config, stored, simulator),
        )
        for target in module.TARGETS
    }
)
