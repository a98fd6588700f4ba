"""The daemon keeps its history within the bounds of flashd.yaml."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from flashd.adapters.clock import SystemClock
from flashd.adapters.host import LinuxHost
from flashd.adapters.stores.store import open_store
from flashd.daemon.pruning import SLICE
from flashd.model.run import Outcome, RunRecord, Trigger
from tests.e2e.site import SERIAL

if TYPE_CHECKING:
    from tests.e2e.site import Site

MORE = 5
"""Runs beyond one slice."""


async def fill(site: Site, count: int, days: int) -> None:
    """Write so many runs that ended so many days ago, all of one service."""
    store = await open_store(site.settings["state"], LinuxHost())
    at = SystemClock().now() - timedelta(days=days)
    some = RunRecord(
        id="", service="gone", trigger=Trigger.PERSON, by="me", arrays=(SERIAL,), started_at=at
    )
    for number in range(count):
        await store.open_run(replace(some, id=f"RUN{number}"))
        await store.close_run(f"RUN{number}", at, Outcome.DONE, "", [])
    await store.close()


async def test_what_is_older_than_it_is_kept_goes_slice_by_slice(site: Site) -> None:
    site.service("db", "0001:0002", hours=1)
    site.settings["history"] = {"keep": "2d"}
    site.write()
    await fill(site, SLICE + MORE + 1, days=3)
    with site.daemon() as daemon:
        daemon.until("history-pruned", count=2)
        assert daemon.stop() == 0
        told = [one for one in daemon.events() if one["event"]["action"] == "history-pruned"]
    assert [one["flashd"]["history"]["pruned"] for one in told] == [SLICE, MORE]
    assert {one["event"]["type"][0] for one in told} == {"deletion"}
    left = site.json("history", "gone", "--limit", "1000")["runs"]
    assert [one["run"] for one in left] == [f"RUN{SLICE + MORE}"], "the last of a service stays"


async def test_nothing_goes_that_is_as_young_as_it_may_be(site: Site) -> None:
    site.service("db", "0001:0002", hours=1)
    site.settings["history"] = {"keep": "4d"}
    site.write()
    await fill(site, 3, days=3)
    with site.daemon() as daemon:
        daemon.until("decision-changed", "db")
        assert daemon.stop() == 0
        assert "history-pruned" not in daemon.actions()
    assert len(site.json("history", "gone")["runs"]) == 3
