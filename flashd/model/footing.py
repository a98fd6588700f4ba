"""What flashd's own records say of one service at one instant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flashd.model.enrolment import Enrolment
    from flashd.model.hold import Hold, Scope
    from flashd.model.lease import Held
    from flashd.model.observation import Sighting, Withdrawal


@dataclass(frozen=True, slots=True, kw_only=True)
class Footing:
    """What a turn begins with.

    `withdrawals` are the open ones of the service's pairs. `others` are enrolments of other
    services that may pin one of its targets; none where it is enrolled itself.
    """

    holds: Mapping[Scope, Hold]
    withdrawals: Sequence[Withdrawal]
    enrolment: Enrolment | None
    others: Mapping[str, Enrolment]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What is remembered of the pairs of a step."""

    sightings: Sequence[Sighting]
    withdrawals: Sequence[Withdrawal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """What has a say in whether a command may leave, just before it does: who holds what."""

    leases: Mapping[str, Held]
    holds: Mapping[Scope, Hold]
    enrolment: Enrolment | None
