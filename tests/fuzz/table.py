"""Everything that is fuzzed, in one table."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.fuzz import (
    answered,
    cluster,
    config,
    counters,
    dscli,
    gate,
    hostviews,
    managers,
    readers,
    remote,
    schedules,
    session,
    simulator,
    stored,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fuzz.target import Target

TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        target.name: target
        for module in (
            *(
                dscli,
                session,
                gate,
                counters,
                managers,
                hostviews,
                answered,
                cluster,
                readers,
                remote,
            ),
            *(schedules, config, words, stored, simulator),
        )
        for target in module.TARGETS
    }
)
