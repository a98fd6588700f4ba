"""Another world in the place of one in which a batch is under way."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flashd.engine.cycle import Cycle
from flashd.engine.places import Places
from flashd.engine.request import Request
from flashd.engine.world import Pace
from flashd.model.protection import Protection
from flashd.model.run import Outcome
from flashd.model.volumes import Pair
from tests.integration.engine.doors import followed
from tests.integration.engine.house import (
    HOUR,
    SERIAL,
    Lab,
    asked,
    down,
    outcomes,
    resource,
    until,
)

if TYPE_CHECKING:
    from flashd.engine.world import World
    from flashd.model.verdict import Finding

PAIR, OTHER = "0001:0002", "0101:0102"


def heir(lab: Lab, world: World, **changes: object) -> World:
    """Make the world that a reload would make."""
    services = {"services": dict(lab.services)}
    return replace(world, **{**services, **changes}).after(world)  # type: ignore[arg-type]


async def test_what_was_changed_while_dscli_waits_is_not_sent(lab: Lab) -> None:
    lab.clones(PAIR, OTHER)

    def reload() -> None:
        lab.define("db", resource(OTHER))
        heir(lab, world).succeed()

    lab.define("db", resource(PAIR))
    async with lab.open(dress=lambda store: followed(store, "intend", reload)) as world:
        world = replace(world, services=dict(lab.services))  # noqa: PLW2901 - reload is told it
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.REFUSED
        assert result.reason == "a reload changed its definition meanwhile"
        assert not await world.store.open_runs()
    assert not lab.changes()


@pytest.mark.parametrize("how", ["removed", "changed"])
async def test_a_withdraw_is_followed_by_its_establish(lab: Lab, how: str) -> None:
    """What is begun is ended: else the pair has no copy, and perhaps no next run."""
    lab.clones(PAIR, record=False)

    def reload() -> Finding:
        if how == "removed":
            del lab.services["db"]
        else:
            lab.define("db", resource(PAIR, recording=False), max_delay=9 * HOUR)
        heir(lab, world).succeed()
        return down()

    # at first, before the withdraw, before the establish
    lab.define("db", resource(PAIR, recording=False), looks=[down(), down(), reload])
    async with lab.open() as world:
        world = replace(world, services=dict(lab.services))  # noqa: PLW2901 - reload is told it
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE, result.reason
        assert not await world.store.withdrawals()
    assert lab.acted() == ["rmflash", "mkflash"]


async def test_invariant_2_a_reload_that_protects_it_leaves_a_pair_withdrawn(lab: Lab) -> None:
    lab.clones(PAIR, record=False)

    def reload() -> Finding:
        heir(lab, world, protected=Protection(volumes=frozenset({(SERIAL, "0002")}))).succeed()
        return down()

    lab.define("db", resource(PAIR, recording=False), looks=[down(), down(), reload])
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.REFUSED
        assert len(await world.store.withdrawals()) == 1
    assert lab.acted() == ["rmflash"]


async def test_nothing_is_sent_by_an_answer_of_a_host_that_is_reached_otherwise_now(
    lab: Lab,
) -> None:
    lab.clones(PAIR)

    def reload() -> None:
        heir(lab, world, looks_by="another pin").succeed()

    lab.define("db", resource(PAIR))
    async with lab.open(dress=lambda store: followed(store, "intend", reload)) as world:
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.REFUSED
    assert not lab.changes()


async def test_invariant_2_a_volume_that_a_reload_protects_is_no_target_any_more(lab: Lab) -> None:
    lab.clones(PAIR)

    def reload() -> None:
        heir(lab, world, protected=Protection(volumes=frozenset({(SERIAL, "0002")}))).succeed()

    lab.define("db", resource(PAIR))
    async with lab.open(dress=lambda store: followed(store, "intend", reload)) as world:
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.REFUSED
        assert "0002" in result.reason
        assert "protected" in result.reason
    assert not lab.changes()


async def test_invariant_2_a_source_of_a_reload_is_no_target_any_more(lab: Lab) -> None:
    lab.clones(PAIR)

    def reload() -> None:
        lab.define("new", resource("0002:0003"))
        heir(lab, world).succeed()

    lab.define("db", resource(PAIR))
    async with lab.open(dress=lambda store: followed(store, "intend", reload)) as world:
        world = replace(world, services=dict(lab.services))  # noqa: PLW2901 - reload is told it
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.REFUSED
        assert "source" in result.reason
    assert not lab.changes()


async def test_a_batch_that_ends_after_a_reload_brings_no_removed_service_back(lab: Lab) -> None:
    lab.clones(PAIR, OTHER)

    async def reload() -> Finding:
        del lab.services["goes"]
        cycle.adopt(heir(lab, world))
        await cycle.start()
        return down()

    lab.define("goes", resource(PAIR), looks=[reload, down()])
    lab.define("stays", resource(OTHER))
    async with lab.open() as world:
        world = replace(world, services=dict(lab.services))  # noqa: PLW2901 - reload is told it
        cycle = Cycle(world, Request())
        await cycle.tick()
        await cycle.idle()
        assert set(await world.store.standings()) == {"stays"}
        assert await outcomes(world, "goes") == []
        assert await outcomes(world, "stays") == ["done"]
        assert {one.pair for one in await world.store.sightings()} == {Pair.parse(OTHER)}
    assert not lab.fresh(PAIR)


async def test_a_changed_service_is_looked_at_by_its_new_definition(lab: Lab) -> None:
    lab.clones(PAIR, age=HOUR)
    lab.define("db", resource(PAIR), max_delay=9 * HOUR)
    async with lab.open() as world:
        world = replace(world, services=dict(lab.services))  # noqa: PLW2901 - reload is told it
        cycle = Cycle(world, Request())
        await cycle.tick()
        await cycle.idle()
        assert await outcomes(world, "db") == []
        lab.define("db", resource(PAIR), max_delay=HOUR / 2)
        cycle.adopt(heir(lab, world))
        await cycle.tick()
        await cycle.idle()
        assert await outcomes(world, "db") == ["done"]
    assert lab.fresh(PAIR)


async def test_a_service_whose_guard_hangs_is_looked_at_by_its_new_definition_at_once(
    lab: Lab,
) -> None:
    """Its old look goes on beside; nobody waits for it, and what it says is nobody's any more."""
    ended = asyncio.Event()

    async def hang() -> Finding:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError

    lab.clones(PAIR)
    old = lab.define("db", resource(PAIR), looks=[hang])
    often = Pace(check_interval=timedelta(seconds=1))
    async with lab.open() as world:
        world = replace(world, services=dict(lab.services), pace=often)  # noqa: PLW2901 - reload is told it
        cycle = Cycle(world, Request())
        await cycle.tick()
        await until(lambda: not cycle.under_way)
        lab.clock.older += 2
        await cycle.tick()
        assert not cycle.under_way, "it is being looked at already"
        lab.define("db", resource(PAIR), max_delay=HOUR)
        assert lab.services["db"] != old
        cycle.adopt(heir(lab, world))
        async with asyncio.timeout(60):
            while await outcomes(world, "db") != ["done"]:
                await cycle.tick()
                await asyncio.sleep(0.1)
        assert not ended.is_set()
        world.drain.wanted = True
        assert await cycle.drained(20)
        assert ended.is_set(), "what hangs is ended with the daemon"
    assert lab.fresh(PAIR)


async def test_an_heir_shares_all_that_is_no_definition(lab: Lab) -> None:
    async with lab.open() as world:
        new = heir(lab, world, places=Places())
        assert new.drain is world.drain
        assert new.unreturned is world.unreturned
        assert new.store is world.store
        assert new.places is world.places
        new.succeed()
        assert world.newest is new
        newer = heir(lab, new)
        newer.succeed()
        assert world.newest is newer
        assert new.newest is newer
