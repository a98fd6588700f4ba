"""An array that acts once the client is gone: one intent makes one resync, however late it is.

Old dates say "not yet" until the waiting time is over. Both sides of it are in the tables: what is
carried out within it, and what never was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from flashd.engine.cycle import Cycle
from flashd.engine.events import Event
from flashd.engine.request import Request
from flashd.model.health import Status
from flashd.model.run import Outcome
from tests.integration.engine.doors import followed
from tests.integration.engine.house import (
    DAY,
    HOUR,
    Lab,
    Told,
    asked,
    health,
    outcomes,
    resource,
    ticks,
    until,
)
from tests.integration.engine.test_crash import process

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import Enum

    from flashd.engine.world import World

PAIRS = ("0001:0002", "0101:0102", "0003:0004")
LONG = 3600.0
"""Seconds after which the array acts, unless `the_time_has_come`."""

Fault = tuple[str, "Mapping[str, object]"]


@pytest.fixture
def nightly(lab: Lab) -> Lab:
    lab.late = 600.0
    lab.clones(*PAIRS)
    lab.define("db", resource(*PAIRS))
    return lab


def plan(lab: Lab, fault: Fault, verb: str = "resyncflash") -> None:
    name, options = fault
    lab.array().add_fault(name, verb, **options)  # type: ignore[arg-type]


def the_time_has_come(lab: Lab) -> None:
    """Let the array do now what it has put off."""
    array = lab.array()
    with array.file.change() as rows:
        rows.execute("UPDATE late_act SET at = ?", (array.now(),))


async def truthful(lab: Lab, world: World) -> None:
    """Freshness is never claimed beyond what is so."""
    bounds = (await health(world, "db")).last_resync
    if bounds and bounds.earliest and world.clock.now() - bounds.earliest < HOUR:
        assert lab.fresh(*PAIRS)


async def in_doubt(lab: Lab, world: World) -> None:
    """Nobody sends anything, and whoever asks is told why and until when."""
    status = await health(world, "db")
    assert status.status is Status.UNKNOWN
    assert "the array may carry it out until" in " ".join(status.reasons)
    sent = len(lab.changes())
    await ticks(world, 2)
    (result,) = await asked(world, "db", force=True)
    assert (result.outcome, result.exit_code) == (Outcome.REFUSED, 4)
    assert "still open: its command is not confirmed" in result.reason
    assert "the array may carry it out until" in result.reason
    assert len(lab.changes()) == sent
    await truthful(lab, world)


async def asked_in_vain(lab: Lab, world: World) -> str:
    """Ask for a resync of which nobody knows whether it took place; tell the reason."""
    (result,) = await asked(world, "db")
    assert (result.outcome, result.exit_code) == (Outcome.UNKNOWN, 5)
    await in_doubt(lab, world)
    return result.reason


LATE: dict[str, Fault] = {
    "killed": ("acts-late", {"seconds": LONG}),
    "ended without a word": ("acts-late", {"seconds": LONG, "exit": 0}),
    "ended with exit 3": ("acts-late", {"seconds": LONG, "exit": 3}),
    "one pair at once, the others late": ("acts-late", {"seconds": LONG, "pairs": 1}),
}


@pytest.mark.parametrize("fault", LATE.values(), ids=LATE.keys())
async def test_invariant_4_what_is_carried_out_late_is_sent_once(
    nightly: Lab, fault: Fault
) -> None:
    plan(nightly, fault)
    async with nightly.open() as world:
        assert "said nothing of" in await asked_in_vain(nightly, world)
        the_time_has_come(nightly)
        await ticks(world)
        assert (await outcomes(world, "db"))[0] == "done"
        assert not await world.store.open_runs()
        assert (await health(world, "db")).status is Status.UP
    assert nightly.acted() == ["resyncflash"]


NEVER: dict[str, Fault] = {
    "dscli killed before": ("die-before", {}),
    "no connection, before": ("connection-lost", {}),
    "two pairs silent": ("partial", {"pairs": 1, "silent": "yes"}),
    "a lie": ("lie", {}),
}


@pytest.mark.parametrize("fault", NEVER.values(), ids=NEVER.keys())
async def test_what_was_not_carried_out_is_believed_when_the_wait_is_over(
    nightly: Lab, fault: Fault
) -> None:
    plan(nightly, fault)
    async with nightly.open() as world:
        await asked_in_vain(nightly, world)
        object.__setattr__(world.pace, "late", timedelta(0))  # it is over
        await ticks(world)
        assert (await outcomes(world, "db"))[0] == "failed"
        assert not await world.store.open_runs()
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE
    assert nightly.fresh(*PAIRS)
    assert len(nightly.changes()) == 2


PLAIN: dict[str, Fault] = {
    "the array says no": ("refused", {}),
    "no, though with exit 0": ("refused", {"exit": 0}),
    "no to the others": ("partial", {"pairs": 1}),
}


@pytest.mark.parametrize("fault", PLAIN.values(), ids=PLAIN.keys())
async def test_a_plain_no_needs_no_wait(nightly: Lab, fault: Fault) -> None:
    plan(nightly, fault)
    async with nightly.open() as world:
        (result,) = await asked(world, "db")
        assert (result.outcome, result.exit_code) == (Outcome.FAILED, 1)
        assert not await world.store.open_runs()
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE
    assert len(nightly.changes()) == 2


async def test_a_late_withdraw_does_not_end_a_new_relation(lab: Lab) -> None:
    """Sent again at once, the first rmflash would end what the second run established."""
    lab.late = 600.0
    lab.clones(*PAIRS, record=False)
    lab.define("db", resource(*PAIRS, recording=False))
    plan(lab, ("acts-late", {"seconds": LONG}), "rmflash")
    async with lab.open() as world:
        await asked_in_vain(lab, world)
        the_time_has_come(lab)
        assert not lab.array().relations()
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE, result.reason
        assert not await world.store.withdrawals()
    assert lab.acted() == ["rmflash", "mkflash"]
    assert lab.fresh(*PAIRS)


async def test_the_daemon_says_once_what_it_waits_for(nightly: Lab) -> None:
    """Looks at the array alone, between those at the service, leave the decision as it is."""
    plan(nightly, ("die-before", {}))
    async with nightly.open() as world:
        cycle = Cycle(world, Request(patience=1.0))
        await cycle.start()
        for _ in range(5):
            await cycle.tick()
            await cycle.idle()
            nightly.clock.ahead += timedelta(seconds=59)  # the service is looked at after 60
            nightly.clock.older += 60.0
        assert await outcomes(world, "db") == ["open", "refused"]
        assert (await world.store.standings())["db"].decision == "refused"
    assert len(nightly.array().journal("lsflash")) > 3


def pass_time(lab: Lab, seconds: float) -> None:
    """Let both clocks go on."""
    lab.clock.ahead += timedelta(seconds=seconds)
    lab.clock.older += seconds


async def refused_for_doubt(world: World, name: str = "db") -> None:
    (result,) = await asked(world, name, force=True)
    assert (result.outcome, result.exit_code) == (Outcome.REFUSED, 4)
    assert "the array may carry it out until" in result.reason


async def test_invariant_4_a_slow_last_look_takes_nothing_from_the_wait(lab: Lab) -> None:
    lab.late = 20.0
    lab.clones(*PAIRS)
    lab.define("db", resource(*PAIRS))
    plan(lab, LATE["killed"])
    slow = partial(pass_time, lab, 25)
    async with lab.open(dress=lambda store: followed(store, "intend", slow)) as world:
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.UNKNOWN
        await refused_for_doubt(world)
    assert len(lab.changes()) == 1


@dataclass
class Slow(Told):
    """Hears the answer to a resync after a quarter of an hour, which is dscli's own limit."""

    lab: Lab | None = None

    def tell(self, event: Enum, message: str, facts: Mapping[str, object]) -> None:
        if event is Event.COMMAND_ANSWERED and self.lab and "resyncflash" in str(facts):
            pass_time(self.lab, 900)
        super().tell(event, message, facts)


async def test_invariant_4_the_wait_counts_from_the_end_of_a_client(nightly: Lab) -> None:
    nightly.late = 20.0
    plan(nightly, LATE["ended with exit 3"])
    async with nightly.open(events=Slow(lab=nightly)) as world:
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.UNKNOWN
        await refused_for_doubt(world)
        pass_time(nightly, 21)
        await ticks(world)
        assert (await outcomes(world, "db"))[0] == "failed"
    assert len(nightly.changes()) == 1


async def test_invariant_4_the_wall_clock_has_no_say_in_the_wait(nightly: Lab) -> None:
    plan(nightly, LATE["killed"])
    async with nightly.open() as world:
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.UNKNOWN
        nightly.clock.ahead += 30 * DAY
        await refused_for_doubt(world)
        nightly.clock.ahead -= 60 * DAY
        nightly.clock.older += 601
        await ticks(world)
        assert (await outcomes(world, "db"))[0] == "failed"


async def test_invariant_4_a_client_that_recovery_ends_is_waited_for_too(nightly: Lab) -> None:
    plan(nightly, ("hang", {}))
    with process(nightly, "recording") as flashd:
        await until(nightly.changes)
        flashd.kill()
        flashd.wait()
    async with nightly.open() as world:
        await ticks(world)
        assert (await outcomes(world, "db"))[0] == "open"
        await refused_for_doubt(world)
        assert len(nightly.changes()) == 1
        nightly.clock.older += 601
        await ticks(world)
        assert (await outcomes(world, "db")) == ["failed", "refused", "refused", "done"]


async def test_invariant_3_what_a_run_in_doubt_named_is_nobody_elses(nightly: Lab) -> None:
    """Nor does it keep anybody from other volumes, whatever became of its service."""
    nightly.clones("0005:0006")
    plan(nightly, LATE["killed"])
    async with nightly.open() as world:
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.UNKNOWN
    del nightly.services["db"]
    nightly.define("moved here", resource(PAIRS[2]))
    nightly.define("beside", resource("0005:0006"))
    async with nightly.open() as world:
        (result,) = await asked(world, "moved here", force=True)
        assert (result.outcome, result.exit_code) == (Outcome.REFUSED, 4)
        assert "still open" in result.reason
        (result,) = await asked(world, "beside")
        assert result.outcome is Outcome.DONE, result.reason


@pytest.mark.parametrize(("ahead", "said"), [(60, False), (900, True)])
async def test_a_date_that_this_command_cannot_have_made_is_said_to_be_so(
    nightly: Lab, ahead: int, *, said: bool
) -> None:
    """Somebody else's resync after our lost command: fresh it is, whose it is only dates tell."""
    nightly.array().add_fault("die-before", "resyncflash")
    async with nightly.open() as world:
        await asked(world, "db")
        nightly.clock.ahead, nightly.clock.older = timedelta(seconds=ahead), float(ahead)
        nightly.array().set_clock(offset=ahead)
        nightly.array().add_fault("others-resync", "lsflash")
        await ticks(world)
        run = (await world.store.history(["db"], 9))[0]
        assert run.outcome is Outcome.DONE
        assert ("somebody else's resync" in run.reason) is said
    assert nightly.acted() == []
