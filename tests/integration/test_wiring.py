"""What the parts of one process share."""

from __future__ import annotations

import asyncio
import math
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from flashd.adapters.arrays.breaker import BreakerArray
from flashd.adapters.processes import lives
from flashd.errors import LoginRefused, LoginStopped
from flashd.model.inventory import Part
from flashd.model.verdict import Verdict
from flashd.wiring import Home, command_events
from tests.contract.arrays import PLENTY, Heard, cleared, struck
from tests.e2e.home import ARRAY, make_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine
    from pathlib import Path

    from flashd.engine.world import World
    from tests.e2e.home import Home as Made

RESYNC = f"resyncflash -dev {ARRAY} -persist -record -cp 0001:0002"


async def test_one_at_a_time_logs_in_to_an_array_also_after_a_reload(tmp_path: Path) -> None:
    async with reloads(tmp_path) as reload:
        world, heir = await reload(), await reload()
        ways = [one.arrays(ARRAY) for one in (world, world, heir)]
    turns = {id(way.logins.turn) for way in ways if isinstance(way, BreakerArray)}
    assert len(turns) == 1


async def test_a_new_password_file_is_logged_in_with_at_once(tmp_path: Path) -> None:
    async with reloads(tmp_path) as reload:
        world = await reload()
        for _ in range(2):
            await world.arrays(ARRAY).observe(Heard())
        reload.made.array.write_pwfile(reload.pwfile, password="not the one")
        with pytest.raises(LoginRefused):
            await world.arrays(ARRAY).observe(Heard())
        with pytest.raises(LoginStopped):
            await world.arrays(ARRAY).observe(Heard())
        assert reload.logins == ["ok", "wrong password"]


async def test_a_password_file_that_came_while_the_turn_was_waited_for_is_the_one_to_blame(
    tmp_path: Path,
) -> None:
    async with reloads(tmp_path) as reload:
        world = await reload()
        turn = reload.home.common.turn(ARRAY)
        async with turn, asyncio.timeout(PLENTY):
            login = asyncio.create_task(refused(world))
            while not turn._waiters:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.01)
            reload.made.array.write_pwfile(reload.pwfile, password="not the one")
        await login
        with pytest.raises(LoginStopped):
            await world.arrays(ARRAY).observe(Heard())
        assert reload.logins == ["wrong password"]


async def refused(world: World) -> None:
    with pytest.raises(LoginRefused, match="wrong password"):
        await world.arrays(ARRAY).observe(Heard())


async def test_a_reload_to_oneshot_ends_the_session_that_was_kept(tmp_path: Path) -> None:
    async with reloads(tmp_path) as reload:
        old = await reload()
        await old.arrays(ARRAY).observe(Heard())
        heir = await reload(mode="oneshot")
        assert len(reload.sessions) == 1, "until somebody asks by the new settings"
        await heir.arrays(ARRAY).observe(Heard())
        assert reload.sessions == frozenset()


class Reloads:
    """A daemon's worlds, one after another, of one directory."""

    def __init__(self, made: Made, home: Home, first: World) -> None:
        self.made, self.home, self.worlds = made, home, [first]

    async def __call__(self, **dscli: str) -> World:
        """Make the world by these settings of dscli, beside those that were there before."""
        self.made.settings(**{"mode": "interactive", **dscli})
        again, old = self.home.anew(), self.worlds[-1]
        auth = again.auth(again.configuration)
        world = again.assemble(again.configuration, auth, old.events, old.store).after(old)
        self.worlds.append(world)
        return world

    @property
    def sessions(self) -> frozenset[int]:
        """Tell the process groups of all sessions that are kept."""
        kept = (one for array in self.home.common.kept.values() for one in array.ways)
        return frozenset().union(*(one.groups for one in kept))

    @property
    def pwfile(self) -> Path:
        return self.made.path / "state" / f"{ARRAY}.pwfile"

    @property
    def logins(self) -> list[str]:
        return [one.outcome for one in self.made.array.logins()]


@asynccontextmanager
async def reloads(path: Path) -> AsyncIterator[Reloads]:
    made = make_home(path)
    made.service("db", "0001:0002")
    home = Home(made.etc)
    auth = home.auth(home.configuration)
    async with home.world(home.configuration, auth, command_events()) as world:
        yield Reloads(made, home, world)


async def test_worlds_that_call_dscli_otherwise_do_not_end_each_other_s_sessions(
    tmp_path: Path,
) -> None:
    """One of them is in mid-batch, and both go on to ask."""
    async with reloads(tmp_path) as reload:
        old = await reload()
        await old.arrays(ARRAY).observe(Heard())
        new = await reload(timeout="900s")
        for _ in range(3):
            for world in (new, old):
                await world.arrays(ARRAY).observe(Heard())
        assert reload.logins == ["ok"] * 3, "the old one once more, since it was not using its own"
        sessions = reload.sessions
        assert len(sessions) == 2, "one each"
    assert not any(map(lives, sessions))


async def test_a_command_that_is_under_way_while_the_settings_change_has_its_session(
    tmp_path: Path,
) -> None:
    async with reloads(tmp_path) as reload:
        old = await reload()
        async with old.arrays(ARRAY).session(Heard(), RESYNC) as session:
            new = await reload(sessions="2")
            await new.arrays(ARRAY).observe(Heard())
            assert (await session.change(*cleared(RESYNC), math.inf)).all_accepted
        await old.arrays(ARRAY).observe(Heard())
        assert reload.logins == ["ok"] * 2
        (carrier, *_) = reload.made.array.journal("resyncflash")
        assert carrier.pid == session.carrier.group
        assert len(reload.sessions) == 2


async def test_an_older_world_asks_by_a_login_a_command_and_ends_nobody_s_session(
    tmp_path: Path,
) -> None:
    async with reloads(tmp_path) as reload:
        old = await reload(mode="oneshot")
        new = await reload()
        for world in (new, old, new, old):
            await world.arrays(ARRAY).observe(Heard())
        assert reload.logins == ["ok"] * 3
        assert len(reload.sessions) == 1


async def test_a_session_of_an_older_world_is_not_kept_for_long(tmp_path: Path) -> None:
    async with reloads(tmp_path) as reload:
        old, new = await reload(), await reload(timeout="900s")
        for world in (new, old):
            await world.arrays(ARRAY).observe(Heard())
        its, mine = reload.home.common.kept[ARRAY].ways
        assert (its.retired, mine.retired) == (False, True)


async def test_worlds_that_call_dscli_alike_share_a_session(tmp_path: Path) -> None:
    async with reloads(tmp_path) as reload:
        first, second = await reload(), await reload(timeout="900s")
        third = await reload()
        for world in (first, third, first):
            await world.arrays(ARRAY).observe(Heard())
        assert reload.logins == ["ok"]
        await second.arrays(ARRAY).observe(Heard())
        assert len(reload.sessions) == 2, "who is neither the newest nor alike has its own"
        await third.arrays(ARRAY).observe(Heard())
        assert reload.logins == ["ok"] * 2


async def test_settings_that_are_taken_back_are_in_force_again(tmp_path: Path) -> None:
    async with reloads(tmp_path) as reload:
        worlds = await reload(), await reload(timeout="900s"), await reload()
        for world in worlds:
            await world.arrays(ARRAY).observe(Heard())
        assert [one.retired for one in reload.home.common.kept[ARRAY].ways] == [False, True]
        assert len(reload.sessions) == 1


async def test_who_asks_is_not_held_up_by_who_asks_already(tmp_path: Path) -> None:
    """A login is waited for, and nothing that is asked by it."""
    async with reloads(tmp_path) as reload:
        world = await reload(sessions="2")
        reload.made.array.add_fault("hang", "lsflash")
        async with under_way(world.arrays(ARRAY).observe(Heard())), asyncio.timeout(PLENTY):
            await asyncio.to_thread(struck, reload.made.array)
            await world.arrays(ARRAY).inventory(Heard(), {Part.REACH})
        assert reload.logins == ["ok"] * 2


async def test_whether_hosts_are_mapped_is_seen_beside_a_long_resync(tmp_path: Path) -> None:
    async with reloads(tmp_path) as reload:
        service = reload.made.etc / "services.d" / "db.yaml"
        service.write_text(re.sub("guards: .*", "guards: [{type: hosts}]", service.read_text()))
        world = await reload(sessions="2")
        (spec,) = world.services["db"].guards
        reload.made.array.add_fault("hang", "resyncflash", position="after")
        async with world.arrays(ARRAY).session(Heard(), RESYNC) as session:
            work = session.change(*cleared(RESYNC), math.inf)
            async with under_way(work), asyncio.timeout(PLENTY):
                await asyncio.to_thread(struck, reload.made.array)
                finding = await world.guards(spec).look()
        assert finding.verdict is Verdict.DOWN
        (resync,) = reload.made.array.journal("resyncflash")
        after = [one for one in reload.made.array.journal() if one.id > resync.id]
        looked = [one for one in after if one.command.startswith("lshostconnect")]
        assert resync.answered_at is None
        assert len(looked) == 2
        assert all(one.answered_at is not None for one in looked)
        assert {one.pid for one in looked}.isdisjoint({resync.pid})


async def test_of_several_that_log_in_to_be_kept_one_is_refused(tmp_path: Path) -> None:
    async with reloads(tmp_path) as reload:
        world = await reload(sessions="3")
        reload.made.array.add_user("opensvc", "another")
        reload.made.array.switch("login_seconds", "0.3")
        looks = [world.arrays(ARRAY).observe(Heard()) for _ in range(3)]
        ended = await asyncio.gather(*looks, return_exceptions=True)
        assert all(isinstance(one, LoginRefused) for one in ended)
        assert reload.logins == ["wrong password"]


@asynccontextmanager
async def under_way(work: Coroutine[Any, Any, object]) -> AsyncIterator[None]:
    """Have something go on, and end it."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
