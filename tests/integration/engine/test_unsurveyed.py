"""An array that can be listed, though not what it has that a copy could harm."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flashd.engine.cycle import Cycle
from flashd.engine.events import Event
from flashd.engine.observe import observe
from flashd.engine.request import Request
from flashd.errors import LoginRefused
from flashd.model.run import Outcome
from tests.integration.engine.house import SERIAL, Lab, asked, health, outcomes, resource

if TYPE_CHECKING:
    from flashd.engine.world import World

PAIR, SECOND = "0001:0002", "0101:0102"
DENIED = "CMUN00033E lspprc: Unsupported task."
TRIES = 5
"""At once, and after 1, 2, 4 and 8 minutes more."""


def deny(lab: Lab, text: str = DENIED) -> None:
    """Let the user list copies and volumes, but no mirrors."""
    lab.array().add_fault("refused", "lspprc", times=-1, text=text)


def surveys(lab: Lab) -> int:
    """Count how often it was asked what a copy could harm."""
    return sum(entry.command.startswith("lsfbvol -dev") for entry in lab.array().journal())


async def minutes(lab: Lab, world: World, count: int) -> None:
    """Tick once a minute of the clocks passed in, as the daemon does."""
    cycle = Cycle(world, Request())
    for _ in range(count):
        await cycle.tick()
        await cycle.idle()
        lab.clock.ahead += timedelta(minutes=1)
        lab.clock.older += 60


async def test_who_may_not_list_mirrors_is_told_once_and_asks_ever_more_seldom(lab: Lab) -> None:
    lab.clones(PAIR)
    lab.define("db", resource(PAIR))
    deny(lab)
    async with lab.open() as world:
        await minutes(lab, world, 20)
        kinds = lab.told.kinds()
        assert Event.ARRAY_UNREADABLE not in kinds
        assert Event.ARRAY_READABLE not in kinds
        assert kinds.count(Event.RESYNC_FAILED) == 1
        assert kinds.count(Event.DECISION_CHANGED) == 1
        assert surveys(lab) == TRIES
        standing = (await world.store.standings())["db"]
        assert (standing.decision, standing.failures) == ("failed", TRIES)
        (record,) = (await world.store.arrays()).values()
        assert (record.failure, record.failures, record.retry_at) == (None, 0, None)
        assert await outcomes(world, "db") == ["failed"]
        reasons = (await health(world, "db")).reasons
        assert reasons
        assert not [one for one in reasons if "could not be read" in one]
    assert not lab.changes()


async def test_it_goes_on_by_itself_once_the_user_may(lab: Lab) -> None:
    lab.clones(PAIR)
    lab.define("db", resource(PAIR))
    deny(lab)
    async with lab.open() as world:
        await minutes(lab, world, 1)
        lab.array().clear_faults()
        await minutes(lab, world, 2)
        assert await outcomes(world, "db") == ["failed", "done"]
        assert (await world.store.standings())["db"].failures == 0
    assert lab.acted() == ["resyncflash"]


@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_person_is_told_who_must_be_allowed_to_list(lab: Lab, *, dry_run: bool) -> None:
    lab.clones(PAIR)
    lab.define("db", resource(PAIR))
    for text in (DENIED, "CMUC99999E lspprc: Something else."):
        deny(lab, text)
        async with lab.open() as world:
            (result,) = await asked(world, "db", dry_run=dry_run)
        assert (result.outcome, result.exit_code) == (Outcome.FAILED, 1)
        begins = f"array {SERIAL} was listed, but what a copy could harm could not be read: "
        assert result.reason.startswith(begins)
        assert text.partition(" ")[0] in result.reason
        assert result.reason.endswith("; nothing is sent")
        assert "lsfbvol, lspprc, lshostconnect, lsvolgrp, lssi" in result.hint
        assert "role monitor suffices" in result.hint
        assert "op_copy_services" not in result.hint
        lab.array().clear_faults()
    assert not lab.changes()


async def test_the_services_of_a_batch_are_all_refused_by_one_question(lab: Lab) -> None:
    lab.clones(PAIR, SECOND)
    lab.define("db", resource(PAIR))
    lab.define("web", resource(SECOND))
    deny(lab)
    async with lab.open() as world:
        results = await asked(world, "db", "web")
        assert [one.outcome for one in results] == [Outcome.FAILED] * 2
        assert surveys(lab) == 1
        assert await outcomes(world) == ["failed", "failed"]


async def test_a_login_refused_while_asking_stops_logins_as_ever(lab: Lab) -> None:
    lab.clones(PAIR)
    lab.define("db", resource(PAIR))
    lab.array().add_fault("login-refused", nth=2, times=-1)
    async with lab.open() as world:
        await minutes(lab, world, 5)
        assert lab.told.kinds().count(Event.LOGINS_STOPPED) == 1
        assert len(lab.array().logins()) == 2
        with pytest.raises(LoginRefused):
            await observe(world, SERIAL)
        (record,) = (await world.store.arrays()).values()
        assert record.failures
    assert not lab.changes()
