"""What the parts of one process share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flashd.adapters.arrays.breaker import BreakerArray
from flashd.wiring import Home, command_events
from tests.e2e.home import ARRAY, make_home

if TYPE_CHECKING:
    from pathlib import Path


async def test_one_at_a_time_logs_in_to_an_array_also_after_a_reload(tmp_path: Path) -> None:
    made = make_home(tmp_path)
    made.service("db", "0001:0002")
    home = Home(made.etc)
    auth = home.auth(home.configuration)
    async with home.world(home.configuration, auth, command_events()) as world:
        again = home.anew()
        heir = again.assemble(again.configuration, auth, world.events, world.store).after(world)
        ways = [one.arrays(ARRAY) for one in (world, world, heir)]
    turns = {id(way.turn) for way in ways if isinstance(way, BreakerArray)}
    assert len(turns) == 1
