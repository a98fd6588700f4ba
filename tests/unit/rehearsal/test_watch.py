"""When an array has to be looked at again."""

from __future__ import annotations

from datetime import UTC, datetime

from flashd.model.observation import ArrayRecord
from flashd.model.volumes import Listing
from flashd.rehearsal.clocks import VirtualClock
from flashd.rehearsal.watch import Watch

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_a_listing_after_a_failure_ends_the_backoff_that_was_waited_for() -> None:
    ended: list[bool] = []
    watch = Watch({}, {}, VirtualClock(NOW), backoff_ended=lambda: ended.append(True))
    watch.listed(Listing("A", NOW, NOW, {}))
    watch.failed(ArrayRecord(array="A", failed_at=NOW, failure="no", failures=1))
    assert not ended
    watch.listed(Listing("A", NOW, NOW, {}))
    watch.listed(Listing("A", NOW, NOW, {}))
    assert len(ended) == 1
