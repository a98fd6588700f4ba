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
        self,
        arrays: Iterable[str] | None = None,
        services: Iterable[str] | None = None,
        *,
        with_runs: bool = False,
        with_enrolments: bool = False,
    ) -> Picture:
        """Gather what is known, of these arrays or of all; the rest only if asked.

        Of `services` alone it is told where they stand, else of all: a fleet has many more than a
        batch. The enrolments of a fleet are many facts, for who shows one service's.
        """
        store = self.store
        return Picture(
            sightings={(one.array, one.pair): one for one in await store.sightings(arrays)},
            arrays=await store.arrays(),
            withdrawals={(one.array, one.pair): one for one in await store.withdrawals(arrays)},
            open_runs={run.service: run for run in await store.open_runs()} if with_runs else {},
            standings=await store.standings(services),
            zones=self.zones,
            holds=await store.holds(),
            doubt=self.doubt,
            enrolments=await store.enrolments() if with_enrolments else {},
            demands_enrolment=self.demands_enrolment,
        )
