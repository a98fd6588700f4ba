"""What flashd has seen of an array, with when it saw it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flashd.model.run import NO_DOUBT, Doubt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from flashd.model.enrolment import Enrolment
    from flashd.model.hold import Hold, Scope
    from flashd.model.run import RunRecord
    from flashd.model.service import Service
    from flashd.model.volumes import Pair, Relation, VolumeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The last that was seen of one configured pair.

    `relation` is None where the array was read and the pair was not there.
    `before_at` is the beginning of the last reading that showed another date than the present
    one (None: none did), `since_at` the end of the first reading that showed the present one:
    the copy was taken between the two.
    """

    array: str
    pair: Pair
    relation: Relation | None
    observed_at: datetime
    before_at: datetime | None
    since_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayRecord:
    """How reading an array went; `failure` says why the last attempt failed, if it did."""

    array: str
    observed_at: datetime | None = None
    failed_at: datetime | None = None
    failure: str | None = None
    failures: int = 0
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """A pair that flashd withdrew, or was about to, and has not established again."""

    array: str
    pair: Pair
    service: str
    run: str
    synced: str | None
    created: str | None
    space_efficient: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Logins to an array are stopped: the user's password was refused.

    `pwfile` is the fingerprint of the password file that failed; another file closes the breaker.
    """

    array: str
    username: str
    pwfile: str
    opened_at: datetime
    reason: str


REFUSED, WOULD_REFUSE = "refused", "would-refuse"
"""Decisions of a `Standing` that a last turn was refused; the second one by an observer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The present decision about a service, since when, and when to look again.

    `failures` counts the runs that failed in a row; `retry_at` binds the daemon only.
    """

    service: str
    decision: str = "new"
    reason: str = ""
    since: datetime | None = None
    look_at: datetime | None = None
    failures: int = 0
    retry_at: datetime | None = None

    @property
    def refused(self) -> bool:
        """Whether the last turn was refused; then `reason` says by what."""
        return self.decision in {REFUSED, WOULD_REFUSE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """All that flashd knows at one moment: what decisions are taken from.

    `zones` are the zones in which arrays are configured to write their dates. `doubt`: how long an
    array may still carry out a command that nobody answered. `enrolments` are there for who shows
    them only, as are `open_runs`, by their services; `demands_enrolment`: who has none is refused.
    """

    sightings: Mapping[tuple[str, Pair], Sighting]
    arrays: Mapping[str, ArrayRecord]
    withdrawals: Mapping[tuple[str, Pair], Withdrawal]
    open_runs: Mapping[str, RunRecord]
    standings: Mapping[str, Standing]
    zones: Mapping[str, ZoneInfo | None]
    holds: Mapping[Scope, Hold] = field(default_factory=dict)
    doubt: Doubt = NO_DOUBT
    enrolments: Mapping[str, Enrolment] = field(default_factory=dict)
    demands_enrolment: bool = False

    _by_volume: dict[tuple[str, VolumeId], list[Sighting]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def relations_of(self, service: Service) -> dict[tuple[str, Pair], Relation | None]:
        """Tell what was last seen of all pairs that have a volume in common with the service's."""
        seen = self._sightings_by_volume()
        return {
            (array, sighting.pair): sighting.relation
            for array, pair in service.clones
            for volume in pair.volumes
            for sighting in seen.get((array, volume), ())
        }

    def _sightings_by_volume(self) -> Mapping[tuple[str, VolumeId], Sequence[Sighting]]:
        """Go through all sightings once: who asks of every service would do it for each of them."""
        if not self._by_volume:
            for (array, pair), sighting in self.sightings.items():
                for volume in pair.volumes:
                    self._by_volume.setdefault((array, volume), []).append(sighting)
        return self._by_volume
