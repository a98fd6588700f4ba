"""The one login of `flashd doctor`, in time and with its memory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from flashd import wiring
from flashd.doctor.arrays import log_in
from flashd.errors import ArrayUnreachable, LoginRefused, LoginStopped
from flashd.model.volumes import Listing
from tests.e2e.home import ARRAY, make_home

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_login_that_hangs_is_ended_in_time_and_stops_nothing(tmp_path: Path) -> None:
    simulated = make_home(tmp_path)
    simulated.service("payroll", "0001:0002")
    simulated.array.add_fault("login-hang")
    home = wiring.Home(simulated.etc)
    auth = home.auth(home.configuration)
    async with home.world(home.configuration, auth, wiring.command_events()) as world:
        late, _ = await log_in(world, ARRAY, limit=1.0)
        assert isinstance(late, ArrayUnreachable)
        assert "within 1 s" in late.message
        listed, output = await log_in(world, ARRAY)
        assert isinstance(listed, Listing)
        assert "IBM DSCLI Version: " in output
        assert await world.store.arrays() == {}, "nothing is remembered of it"
        assert await world.store.sightings() == []


async def test_a_refused_login_is_remembered_like_the_daemon_s(tmp_path: Path) -> None:
    simulated = make_home(tmp_path)
    simulated.service("payroll", "0001:0002")
    simulated.array.add_fault("login-refused", times=-1)
    home = wiring.Home(simulated.etc)
    auth = home.auth(home.configuration)
    async with home.world(home.configuration, auth, wiring.command_events()) as world:
        refused, _ = await log_in(world, ARRAY)
        assert isinstance(refused, LoginRefused)
        assert not isinstance(refused, LoginStopped)
        assert await world.store.breaker(ARRAY)
        stopped, _ = await log_in(world, ARRAY)
        assert isinstance(stopped, LoginStopped)
        assert len(simulated.array.logins()) == 1
        os.utime(tmp_path / "state" / f"{ARRAY}.pwfile")
        again, _ = await log_in(world, ARRAY)
        assert isinstance(again, LoginRefused)
        assert len(simulated.array.logins()) == 2
