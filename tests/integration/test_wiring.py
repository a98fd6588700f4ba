"""What the parts of one process share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flashd.adapters.arrays.breaker import BreakerArray
from flashd.errors import LoginRefused, LoginStopped
from flashd.wiring import Home, command_events
from tests.contract.arrays import Heard
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


async def test_a_new_password_file_is_logged_in_with_at_once(tmp_path: Path) -> None:
    made = make_home(tmp_path)
    made.settings(mode="interactive")
    home = Home(made.etc)
    auth = home.auth(home.configuration)
    async with home.world(home.configuration, auth, command_events()) as world:
        for _ in range(2):
            await world.arrays(ARRAY).observe(Heard())
        made.array.write_pwfile(tmp_path / "state" / f"{ARRAY}.pwfile", password="not the one")
        with pytest.raises(LoginRefused):
            await world.arrays(ARRAY).observe(Heard())
        with pytest.raises(LoginStopped):
            await world.arrays(ARRAY).observe(Heard())
    assert [one.outcome for one in made.array.logins()] == ["ok", "wrong password"]


async def test_a_reload_to_oneshot_ends_the_session_that_was_kept(tmp_path: Path) -> None:
    made = make_home(tmp_path)
    made.settings(mode="interactive")
    home = Home(made.etc)
    auth = home.auth(home.configuration)
    async with home.world(home.configuration, auth, command_events()) as world:
        await world.arrays(ARRAY).observe(Heard())
        (kept,) = home.kept.values()
        made.settings(mode="oneshot")
        again = home.anew()
        heir = again.assemble(again.configuration, auth, world.events, world.store).after(world)
        await heir.arrays(ARRAY).observe(Heard())
        assert kept.groups == frozenset()
        await kept.close()
    assert home.kept == {}
