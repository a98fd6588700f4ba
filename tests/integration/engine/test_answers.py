"""What became of a command is what the array shows, whatever was answered."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.host import LinuxHost
from flashd.adapters.processes import lives
from flashd.engine.events import Event
from flashd.engine.observe import observe
from flashd.errors import ArrayUnreachable
from flashd.model.health import Status
from flashd.model.run import Outcome
from tests.integration.engine.house import (
    HOUR,
    SERIAL,
    Lab,
    asked,
    health,
    outcomes,
    resource,
    ticks,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flashd.model.run import Carrier

PAIRS = ("0001:0002", "0101:0102", "0003:0004")
Fault = tuple[str, "Mapping[str, object]"]


def nightly(lab: Lab) -> None:
    lab.clones(*PAIRS)
    lab.define("db", resource(*PAIRS))


def fault(lab: Lab, name: str, **options: object) -> None:
    lab.array().add_fault(name, "resyncflash", **options)  # type: ignore[arg-type]


DONE_ANYWAY: dict[str, Fault] = {
    "all done, nothing said": ("lost-answer", {}),
    "all done, nothing said, exit 3": ("lost-answer", {"exit": 3}),
    "dscli killed after": ("die-after", {}),
    "nonsense": ("garbage", {}),
    "German": ("language", {}),
    "an answer cut short": ("cut-short", {"bytes": 80}),
    "one message of three": ("cut-short", {"rows": 1}),
}


@pytest.mark.parametrize(("name", "options"), DONE_ANYWAY.values(), ids=DONE_ANYWAY.keys())
async def test_what_the_array_shows_done_is_done(
    lab: Lab, name: str, options: Mapping[str, object]
) -> None:
    nightly(lab)
    fault(lab, name, **options)
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert (result.outcome, result.exit_code) == (Outcome.DONE, 0), result.reason
        assert (await health(world, "db")).status is Status.UP
    assert lab.fresh(*PAIRS)


async def test_a_plain_no_is_a_failure_and_nothing_is_claimed(lab: Lab) -> None:
    nightly(lab)
    fault(lab, "refused", text="not now")
    async with lab.open() as world:
        before = (await health(world, "db")).last_resync
        (result,) = await asked(world, "db")
        assert (result.outcome, result.exit_code) == (Outcome.FAILED, 1)
        assert "not now" in result.reason
        assert not await world.store.open_runs()
        after = (await health(world, "db")).last_resync
    assert before is None
    assert after is not None
    assert after.earliest is not None
    assert (lab.clock.now() - after.earliest).total_seconds() > 23 * 3600


NOT_KNOWN: dict[str, Fault] = {
    "a lie": ("lie", {}),
    "dscli killed before": ("die-before", {}),
    "two pairs silent": ("partial", {"pairs": 1, "silent": "yes"}),
}


@pytest.mark.parametrize(("name", "options"), NOT_KNOWN.values(), ids=NOT_KNOWN.keys())
async def test_what_is_not_proved_is_unknown_and_closed_by_the_next_look(
    lab: Lab, name: str, options: Mapping[str, object]
) -> None:
    nightly(lab)
    fault(lab, name, **options)
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert (result.outcome, result.exit_code) == (Outcome.UNKNOWN, 5)
        assert await outcomes(world, "db") == ["open"]
        assert (await health(world, "db")).status is Status.UNKNOWN
        await ticks(world)
        assert (await outcomes(world, "db"))[0] == "failed"
        assert not await world.store.open_runs()
        assert (await health(world, "db")).status is Status.WARN
        assert len(lab.changes()) == 1, "the daemon waits after a failure"
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE
    assert lab.fresh(*PAIRS)


async def test_partly_done_names_what_is_left_and_does_not_block_its_repair(lab: Lab) -> None:
    nightly(lab)
    fault(lab, "partial", pairs=1)
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert (result.outcome, result.exit_code) == (Outcome.FAILED, 1)
        assert "partly done: 1 of 3 pairs, not 0101:0102, 0003:0004" in result.reason
        assert (await health(world, "db")).status is Status.WARN
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE
    assert lab.fresh(*PAIRS)
    assert lab.changes()[1].command.endswith(" ".join(PAIRS)), "all pairs at one point in time"


async def test_a_command_that_hangs_is_killed_whole_and_its_outcome_is_unknown(lab: Lab) -> None:
    nightly(lab)
    lab.timeout = 2.0
    lab.environment["FLASHD_SIM_WRAPPER"] = "1"
    fault(lab, "hang")
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert (result.outcome, result.exit_code) == (Outcome.UNKNOWN, 5)
        (run,) = await world.store.open_runs()
        assert not lives(run.steps[0].intent.carrier.group)
        await ticks(world)
        assert (await outcomes(world, "db"))[0] == "failed"
    assert not lab.acted()


class Helpless(LinuxHost):
    """A host on which a process will not end, as one of another user in the group of dscli."""

    helpless = True

    async def end(self, carrier: Carrier) -> bool | None:
        return False if self.helpless else await super().end(carrier)


async def test_a_client_that_would_not_end_may_act_for_as_long_as_it_lives(lab: Lab) -> None:
    nightly(lab)
    fault(lab, "die-before")
    lab.host = host = Helpless()
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.UNKNOWN
        lab.clock.ahead, lab.clock.older = HOUR, HOUR.total_seconds()
        await ticks(world, 2)
        (run,) = await world.store.open_runs()
        group = run.steps[0].intent.carrier.group
        (waited,) = [one for one in await world.store.history(["db"], 9) if one.id != run.id]
        assert f"process group {group} on {host.name}, has not been seen to end" in waited.reason
        assert len(lab.changes()) == 1, "nothing is sent meanwhile"
        host.helpless = False
        await ticks(world, 2)
        assert (await outcomes(world, "db"))[0] == "failed"
    assert lab.acted() == ["resyncflash"]


async def test_done_but_it_hangs_before_it_says_so(lab: Lab) -> None:
    nightly(lab)
    lab.timeout = 2.0
    lab.array().add_fault("hang", "resyncflash", position="after")
    async with lab.open() as world:
        (result,) = await asked(world, "db")
    assert result.outcome is Outcome.DONE
    assert lab.acted() == ["resyncflash"]


async def test_an_array_that_cannot_be_read_afterwards_leaves_the_outcome_open(lab: Lab) -> None:
    nightly(lab)
    lab.array().add_fault("unreachable", "*", nth=4)
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert (result.outcome, result.exit_code) == (Outcome.UNKNOWN, 5)
        assert (await health(world, "db")).status is Status.UNKNOWN
        (result,) = await asked(world, "db", force=True)
        assert await outcomes(world, "db") == ["done", "done"]


async def test_an_array_that_cannot_be_read_at_all_sends_nothing(lab: Lab) -> None:
    nightly(lab)
    lab.array().add_fault("unreachable", "*", times=-1)
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert (result.outcome, result.exit_code) == (Outcome.FAILED, 1)
        status = await health(world, "db")
        assert status.status is Status.UNKNOWN
    assert not lab.array().journal()


async def test_two_who_find_an_array_readable_again_tell_it_once(lab: Lab) -> None:
    nightly(lab)
    async with lab.open() as world:
        for times in (1, 2):
            lab.array().add_fault("unreachable", "*")
            with pytest.raises(ArrayUnreachable):
                await observe(world, SERIAL)
            await asyncio.gather(observe(world, SERIAL), observe(world, SERIAL))
            assert lab.told.kinds().count(Event.ARRAY_READABLE) == times
        await observe(world, SERIAL)
    assert lab.told.kinds().count(Event.ARRAY_READABLE) == 2


async def test_an_array_that_fails_is_left_alone_for_a_while_and_told_once(lab: Lab) -> None:
    nightly(lab)
    lab.array().add_fault("unreachable", "*", times=-1)
    async with lab.open() as world:
        await ticks(world, 3)
    assert len(lab.array().logins()) == 1
    assert lab.told.kinds().count(Event.ARRAY_UNREADABLE) == 1


@pytest.mark.parametrize("nth", [2, 3])
async def test_a_session_that_cannot_be_had_fails_without_an_intent(lab: Lab, nth: int) -> None:
    nightly(lab)
    lab.array().add_fault("unreachable", "*", nth=nth)
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert (result.outcome, result.exit_code) == (Outcome.FAILED, 1)
        runs = await world.store.history(["db"], 9)
        assert [(run.open, run.steps) for run in runs] == [(False, ())]
    assert not lab.changes()


async def test_a_refused_login_is_never_tried_again(lab: Lab) -> None:
    nightly(lab)
    lab.array().add_fault("login-refused", "*")
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert (result.outcome, result.exit_code) == (Outcome.FAILED, 1)
        (result,) = await asked(world, "db", force=True)
        assert "logins as opensvc are stopped" in result.reason
    assert len(lab.array().logins()) == 1
    assert lab.told.kinds().count(Event.LOGINS_STOPPED) == 1


LISTINGS: dict[str, Fault] = {
    "cut in a line": ("cut-short", {"bytes": 300}),
    "nonsense": ("garbage", {}),
    "German": ("language", {}),
    "nothing": ("lost-answer", {}),
    "a header alone": ("cut-short", {"rows": 0}),
}


@pytest.mark.parametrize(("name", "options"), LISTINGS.values(), ids=LISTINGS.keys())
async def test_half_a_listing_is_none(lab: Lab, name: str, options: Mapping[str, object]) -> None:
    nightly(lab)
    lab.array().add_fault(name, "lsflash", **options)  # type: ignore[arg-type]
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert (result.outcome, result.exit_code) == (Outcome.FAILED, 1)
    assert not lab.changes()


async def test_rows_that_are_missing_from_a_listing_refuse(lab: Lab) -> None:
    nightly(lab)
    lab.array().add_fault("cut-short", "lsflash", rows=2)
    async with lab.open() as world:
        (result,) = await asked(world, "db")
    assert result.outcome is Outcome.REFUSED
    assert not lab.changes()
