"""What is remembered, for who only looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.model.observation import Picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from zoneinfo import ZoneInfo

    from flashd.model.run import Doubt
    from flashd.ports.store import Memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What is remembered, and what is needed to read it rightly: no way leads to an array.

    `zones` are the zones in which arrays write their dates. `doubt`: how long a command that
    nobody answered may still be carried out.
    """

    store: Memory
    zones: Mapping[str, ZoneInfo | None]
    doubt: Doubt
    demands_enrolment: bool

    async def picture(
        self, arrays: Iterable[str] | None = None, *, with_runs: bool = False
    ) -> Picture:
        """Gather what is known, of these arrays or of all; runs and enrolments only if asked."""
        store = self.store
        return Picture(
            sightings={(one.array, one.pair): one for one in await store.sightings(arrays)},
            arrays=await store.arrays(),
            withdrawals={(one.array, one.pair): one for one in await store.withdrawals(arrays)},
            last_runs=await store.last_runs() if with_runs else {},
            standings=await store.standings(),
            zones=self.zones,
            holds=await store.holds(),
            doubt=self.doubt,
            enrolments=await store.enrolments() if with_runs else {},
            demands_enrolment=self.demands_enrolment,
        )
