"""Due, allowed, sent, proved: and every way in which a guard, or a delay, says no."""

from __future__ import annotations

import asyncio
import selectors
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from flashd.engine.batch import run_batch
from flashd.engine.events import Event
from flashd.engine.request import Request
from flashd.errors import FlashdError
from flashd.model.health import Status
from flashd.model.protection import Protection
from flashd.model.run import Outcome
from flashd.model.verdict import Finding, Verdict
from tests.integration.engine.doors import followed
from tests.integration.engine.house import (
    HOUR,
    SERIAL,
    Lab,
    Looks,
    asked,
    clear,
    down,
    health,
    outcomes,
    resource,
    ticks,
    unknown,
    up,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PAIRS = ("0001:0002", "0101:0102", "0003:0004")

Answer = Finding | Exception


def nightly(lab: Lab, *looks: Answer, **more: object) -> None:
    lab.clones(*PAIRS)
    lab.define("db", resource(*PAIRS), looks=looks, **more)  # type: ignore[arg-type]


async def test_what_is_due_is_resynced_by_one_command_and_proved(lab: Lab) -> None:
    nightly(lab)
    async with lab.open() as world:
        await ticks(world)
        assert await outcomes(world, "db") == ["done"]
        assert (await health(world, "db")).status is Status.UP
        (run,) = await world.store.history(["db"], 9)
    assert lab.fresh(*PAIRS)
    assert [one.command for one in lab.changes()] == [
        f"resyncflash -dev IBM.2107-75ABC01 -persist -record -cp {' '.join(PAIRS)}"
    ]
    proof = run.evidence[-1]
    assert [pair["shown"] for pair in proof["pairs"]] == ["done"] * 3  # type: ignore[attr-defined]
    assert Event.RESYNC_COMPLETED in lab.told.kinds()


async def test_a_refresh_keeps_the_relation_incremental(lab: Lab) -> None:
    nightly(lab)
    async with lab.open() as world:
        await asked(world, "db")
    relations = lab.array().relations()
    assert all(one.recording and one.persistent for one in relations)


async def test_the_command_is_told_before_it_is_sent_and_its_answer_after(lab: Lab) -> None:
    nightly(lab)
    async with lab.open() as world:
        (result,) = await asked(world, "db")
    told = [
        (event, facts.get("flashd.dscli.command"))
        for event, _, facts in lab.told.events
        if facts.get("flashd.run.id") == result.run
    ]
    command = result.commands[0]
    sent = told.index((Event.COMMAND_SENT, command))
    answered = told.index((Event.COMMAND_ANSWERED, command))
    assert sent < answered
    assert told[-1][0] is Event.RESYNC_COMPLETED


@pytest.mark.parametrize(
    ("looks", "said"),
    {
        "up": ([up()], "it runs"),
        "unknown": ([unknown()], "nobody knows"),
        "raises": ([ValueError("oops")], "ValueError"),
        "raises an error of ours": ([FlashdError("no ssh")], "no ssh"),
        "gives up by itself": ([TimeoutError("connect")], "TimeoutError('connect')"),
        "is cancelled inside": ([asyncio.CancelledError()], "CancelledError"),
        "says nothing": ([lambda: None], "answered None"),
        "says Clear where it should prove": ([clear()], "nothing speaks against it"),
        "up at the last look": ([down(), up()], "it runs"),
        "unknown at the last look": ([down(), unknown()], "nobody knows"),
        "raises at the last look": ([down(), OSError("gone")], "gone"),
        "was started in between": ([down("1"), down("2")], "started between two looks"),
        "lost its incarnation": ([down("1"), down(None)], "started between two looks"),
    }.values(),
)
async def test_a_guard_that_does_not_say_down_refuses(
    lab: Lab, looks: list[Answer], said: str
) -> None:
    nightly(lab, *looks)
    async with lab.open() as world:
        (result,) = await asked(world, "db", force=True)
        assert (result.outcome, result.exit_code) == (Outcome.REFUSED, 4)
        assert said in result.reason
        assert not await world.store.open_runs()
    assert not lab.changes()


async def test_a_guard_that_can_only_veto_refuses_by_unknown_and_by_down(lab: Lab) -> None:
    nightly(lab, also={"port": Looks([unknown()])})
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.REFUSED
        lab.guards["port"] = Looks([down()])  # it has no right to prove
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.REFUSED
        lab.guards["port"] = Looks([clear()])
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE


async def test_clear_alone_proves_nothing(lab: Lab) -> None:
    lab.clones(*PAIRS)
    service = lab.define("db", resource(*PAIRS), also={"port": Looks([clear()])})
    only_veto = service.guards[1:]
    object.__setattr__(service, "guards", only_veto)
    async with lab.open() as world:
        (result,) = await asked(world, "db")
    assert "no guard has proved it down" in result.reason
    assert not lab.changes()


@pytest.mark.parametrize(("late", "outcome"), [(29.0, Outcome.DONE), (31.0, Outcome.REFUSED)])
async def test_a_reading_older_than_half_a_minute_is_none(
    lab: Lab, late: float, outcome: Outcome
) -> None:
    """Another guard takes so long that the first one's answer is too old for the command."""

    def dawdle(seconds: float) -> Finding:
        lab.clock.older += seconds
        return clear()

    too_old_to_be_used = partial(dawdle, 16)  # what was seen ahead; then it is asked anew
    nightly(lab, also={"slow": Looks([clear(), too_old_to_be_used, partial(dawdle, late)])})
    async with lab.open() as world:
        (result,) = await asked(world, "db")
    assert result.outcome is outcome, result.reason
    assert bool(lab.changes()) is (outcome is Outcome.DONE)


class Hasty(asyncio.SelectorEventLoop):
    """A loop whose time runs fifteen times as fast: half a minute is over in two seconds."""

    SPEED = 15

    def __init__(self) -> None:
        super().__init__(_Impatient())

    def time(self) -> float:
        return super().time() * self.SPEED


class _Impatient(selectors.DefaultSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(timeout / Hasty.SPEED if timeout else timeout)


async def forever() -> Finding:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize("table", [[forever], [down(), forever]], ids=["at first", "at last"])
def test_a_guard_that_hangs_refuses_and_keeps_nobody_waiting(
    lab: Lab, table: list[Callable[[], object]]
) -> None:
    lab.timeout = 600
    lab.clones("0001:0002", "0003:0004")
    lab.define("hung", resource("0001:0002"), looks=table)
    lab.define("well", resource("0003:0004"))

    async def both() -> list[Outcome]:
        async with lab.open() as world:
            return [result.outcome for result in await asked(world, "hung", "well")]

    with asyncio.Runner(loop_factory=Hasty) as runner:
        assert sorted(runner.run(both())) == [Outcome.DONE, Outcome.REFUSED]
    assert [one.acted for one in lab.changes()] == [("0003:0004",)]
    assert any("no answer in 30 s" in one for one in lab.told.messages(Event.GUARD_UNKNOWN))


async def test_unknown_alarms_and_a_refusal_is_told_once_while_it_stays(lab: Lab) -> None:
    nightly(lab, unknown())
    async with lab.open() as world:
        await ticks(world, 3)
        assert await outcomes(world, "db") == ["refused"]
    assert lab.told.kinds().count(Event.GUARD_UNKNOWN) == 1
    assert lab.told.kinds().count(Event.RESYNC_REFUSED) == 1
    assert lab.told.facts(Event.GUARD_UNKNOWN)[0]["flashd.guard.state"] == "unknown"


async def test_sync_min_delay_holds_a_person_too_and_force_bypasses_it(lab: Lab) -> None:
    nightly(lab, min_delay=timedelta(hours=30), max_delay=timedelta(hours=40))
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert (result.outcome, result.exit_code) == (Outcome.REFUSED, 4)
        assert "sync_min_delay 1d6h" in result.reason
        (result,) = await asked(world, "db", force=True)
        assert result.outcome is Outcome.DONE
        (result,) = await asked(world, "db")
        assert "allowed in 1d5h" in result.reason
    assert len(lab.changes()) == 1


async def test_sync_min_delay_counts_from_the_latest_bound(lab: Lab) -> None:
    """The array tells dates without a certain zone: CST is America's, China's and Cuba's."""
    nightly(lab, min_delay=timedelta(hours=20), max_delay=timedelta(hours=30))
    lab.array().switch("date_zone", "Asia/Shanghai")
    async with lab.open() as world:
        last = (await health(world, "db")).last_resync
        (result,) = await asked(world, "db")
        last = (await health(world, "db")).last_resync
    assert result.outcome is Outcome.REFUSED
    assert last is not None
    assert last.earliest is not None
    assert last.latest is not None
    assert last.latest - last.earliest > 12 * HOUR


FORCED = {
    "a guard": lambda lab: lab.guards.update({"db is down": Looks([up()])}),
    "a missing relation": lambda lab: lab.array().drop_relation(PAIRS[1]),
    "a running copy": lambda lab: lab.array().set_relation(PAIRS[0], uncopied=7, held=True),
    "the protected set": lambda lab: setattr(
        lab, "protected", Protection(volumes=frozenset({("IBM.2107-75ABC01", "0102")}))
    ),
    "a source that is a target": lambda lab: (
        lab.array().add_volumes("0009"),
        lab.array().establish("0004:0009"),
    ),
}


@pytest.mark.parametrize("obstacle", FORCED.values(), ids=FORCED.keys())
@pytest.mark.parametrize("dry_run", [False, True], ids=["for real", "dry"])
async def test_force_bypasses_nothing_else(
    lab: Lab, obstacle: Callable[[Lab], object], *, dry_run: bool
) -> None:
    nightly(lab)
    obstacle(lab)
    async with lab.open() as world:
        (result,) = await asked(world, "db", force=True, dry_run=dry_run)
        assert (result.outcome, result.exit_code) == (Outcome.REFUSED, 4), result.reason
    assert not lab.changes()


UNEXPECTED: dict[str, tuple[dict[str, object], str]] = {
    "not valid": ({"state": "Invalid"}, "is in state Invalid"),
    "copying in an unknown state": ({"state": "Validation Required"}, "not Valid"),
    "not persistent": ({"persistent": False, "uncopied": 5, "held": True}, "is not persistent"),
    "not recording": ({"recording": False}, "has not Recording Enabled"),
    "target writes disabled": ({"target_writable": False}, "has target writes disabled"),
    "revertible": ({"revertible": True}, "is revertible"),
    "still copying": ({"uncopied": 9, "held": True}, "is still being copied"),
}


@pytest.mark.parametrize(("changes", "said"), UNEXPECTED.values(), ids=UNEXPECTED.keys())
async def test_an_unexpected_relation_refuses_and_shows(
    lab: Lab, changes: dict[str, object], said: str
) -> None:
    nightly(lab)
    lab.array().set_relation(PAIRS[1], **changes)
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        status = (await health(world, "db")).status
    assert result.outcome is Outcome.REFUSED
    assert f"pair {PAIRS[1]} {said}" in result.reason or said in result.reason
    assert status is Status.WARN
    assert not lab.changes()


async def test_a_missing_pair_refuses_all_and_tells_the_line_that_makes_it(lab: Lab) -> None:
    nightly(lab)
    lab.array().drop_relation(PAIRS[2])
    async with lab.open() as world:
        (result,) = await asked(world, "db")
    assert PAIRS[2] in result.reason
    line = f"mkflash -dev IBM.2107-75ABC01 -record -persist -cp {PAIRS[2]}"
    assert line in result.hint
    assert not lab.changes()


async def test_a_reversed_relation_refuses(lab: Lab) -> None:
    nightly(lab)
    lab.array().reverse_relation(PAIRS[0])
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        told = (await health(world, "db")).reasons
    assert f"pair {PAIRS[0]} is reversed on the array" in result.reason
    assert any(f"pair {PAIRS[0]} is reversed on the array" in reason for reason in told)
    assert not lab.changes()


async def test_a_relation_recording_where_none_is_wanted_refuses(lab: Lab) -> None:
    lab.clones(*PAIRS)
    lab.define("db", resource(*PAIRS, recording=False))
    async with lab.open() as world:
        (result,) = await asked(world, "db")
    assert "has not Recording Disabled as configured" in result.reason
    assert not lab.changes()


async def test_a_dry_run_does_everything_but_the_changing_command(lab: Lab) -> None:
    nightly(lab)
    async with lab.open() as world:
        (result,) = await asked(world, "db", dry_run=True)
        assert (result.outcome, result.exit_code) == (Outcome.PLANNED, 0)
        assert not await world.store.history(None, 9)
    assert result.commands[0].startswith("resyncflash ")
    assert not lab.changes()
    assert lab.guards["db is down"].taken == 1
    assert Verdict.DOWN in {Verdict(str(one.get("verdict"))) for one in result.evidence}


async def test_one_login_looks_and_one_login_sends(lab: Lab) -> None:
    nightly(lab)
    async with lab.open() as world:
        await asked(world, "db")
    assert len(lab.array().journal("resyncflash")) == 1
    assert len(lab.array().journal("lsflash")) == 2


async def test_a_pair_refreshed_a_moment_ago_is_waited_for(lab: Lab) -> None:
    """The array tells whole seconds: a second resync must bear another date."""
    nightly(lab)
    async with lab.open() as world:
        (first,) = await asked(world, "db")
        (second,) = await asked(world, "db")
    assert (first.outcome, second.outcome) == (Outcome.DONE, Outcome.DONE)
    one, two = lab.changes()
    assert int(two.at) > int(one.at)


async def test_invariant_2_a_listing_that_grew_old_during_the_login_refuses(lab: Lab) -> None:
    def long_after() -> None:
        lab.clock.ahead += timedelta(seconds=75)

    lab.clones(*PAIRS)
    lab.define("db", resource(*PAIRS))
    async with lab.open(dress=lambda store: followed(store, "intend", long_after)) as world:
        (result,) = await asked(world, "db")
    assert result.outcome is Outcome.REFUSED
    assert "grew old" in result.reason
    assert not lab.changes()


async def test_a_listing_that_would_grow_old_during_a_login_is_read_again_before(lab: Lab) -> None:
    """Two turns of 46 s: at the second's beginning the listing is not too old yet."""

    def long_after() -> None:
        lab.clock.ahead += timedelta(seconds=46)

    lab.clones("0001:0002", "0003:0004")
    lab.define("one", resource("0001:0002"))
    lab.define("two", resource("0003:0004"))
    async with lab.open(dress=lambda store: followed(store, "intend", long_after)) as world:
        results = await asked(world, "one", "two")
    assert [one.outcome for one in results] == [Outcome.DONE] * 2


async def test_a_refused_service_is_looked_at_again_after_the_check_interval(lab: Lab) -> None:
    nightly(lab, up())
    async with lab.open() as world:
        await ticks(world)
        (standing,) = (await world.store.standings()).values()
        assert standing.decision == "refused"
        assert standing.look_at is not None
        moment = timedelta(milliseconds=1)
        assert list(await world.store.due(standing.look_at - moment)) == []
        assert list(await world.store.due(standing.look_at)) == ["db"]
        assert standing.since is not None
        assert standing.look_at - standing.since == world.pace.check_interval


async def test_another_batch_of_its_array_has_a_refused_service_looked_at_no_sooner(
    lab: Lab,
) -> None:
    """Two batches that share an array would have each other's services looked at for ever."""
    nightly(lab, up())
    async with lab.open() as world:
        await ticks(world)
        before = await world.store.standings()
        assert before["db"].refused
        await run_batch(world, (SERIAL,), [], Request())
        assert await world.store.standings() == before
        assert len(lab.told.messages(Event.DECISION_CHANGED)) == 1
        await world.store.look_again(world.clock.now())
        await run_batch(world, (SERIAL,), [], Request())
        assert list(await world.store.due(world.clock.now())) == ["db"]


async def test_a_refused_service_is_looked_at_at_once_after_the_clock_went_back(lab: Lab) -> None:
    """By the clock of now it would be left alone for hours."""
    nightly(lab, up())
    async with lab.open() as world:
        await ticks(world)
        (standing,) = (await world.store.standings()).values()
        await world.store.stand([replace(standing, look_at=world.clock.now() + HOUR)])
        await run_batch(world, (SERIAL,), [], Request())
        assert list(await world.store.due(world.clock.now())) == ["db"]
