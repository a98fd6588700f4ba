"""A store that is watched as it is written to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flashd.rehearsal.store import KeepingStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from flashd.model.observation import ArrayRecord
    from flashd.model.run import Outcome, RunRecord
    from flashd.model.volumes import Listing, Pair
    from flashd.rehearsal.watch import Watch


class WatchedStore(KeepingStore):
    """Writes as any store does, and tells `watch`."""

    watch: Watch

    async def record_listing(self, listing: Listing, pairs: Iterable[Pair]) -> None:
        """See `Observations`."""
        await super().record_listing(listing, pairs)
        await self._judge(self.watch.listed(listing))

    async def record_failure(self, record: ArrayRecord) -> None:
        """See `Observations`."""
        await super().record_failure(record)
        await self._judge(self.watch.failed(record))

    async def open_run(self, run: RunRecord) -> None:
        """See `Runs`."""
        await super().open_run(run)
        self.watch.open_runs[run.id] = run

    async def close_run(
        self,
        run: str,
        at: datetime,
        outcome: Outcome,
        reason: str,
        evidence: Sequence[Mapping[str, object]],
    ) -> None:
        """See `Runs`."""
        await super().close_run(run, at, outcome, reason, evidence)
        if (known := self.watch.open_runs.pop(run, None)) and outcome != "refused":
            await self._judge({known.service})

    async def write_ended(self, run: RunRecord) -> None:
        """See `Runs`."""
        await super().write_ended(run)
        if run.outcome != "refused":
            await self._judge({run.service})

    async def _judge(self, names: AbstractSet[str]) -> None:
        if names:
            arrays = {array for name in names for array in self.watch.services[name].arrays}
            self.watch.judge(names, await self.sightings(arrays), await self.withdrawals(arrays))
