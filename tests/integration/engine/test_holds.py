"""Held: nothing is sent, by anyone; whenever the hold comes, and until it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flashd.engine.cycle import Cycle
from flashd.engine.events import Event
from flashd.engine.holds import place, release
from flashd.engine.request import Request
from flashd.model.health import Status
from flashd.model.hold import Hold, Kind, Scope
from flashd.model.run import Outcome
from tests.integration.engine.doors import followed, guarded_store
from tests.integration.engine.house import (
    HOUR,
    OTHER,
    SERIAL,
    Lab,
    asked,
    down,
    health,
    outcomes,
    resource,
    ticks,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from flashd.engine.holds import Placed
    from flashd.engine.world import World
    from flashd.model.verdict import Finding

PAIRS = ("0001:0002", "0101:0102")
DB, HERE, ALL = Scope(Kind.SERVICE, "db"), Scope(Kind.ARRAY, SERIAL), Scope(Kind.ALL)
MINUTE = timedelta(minutes=1)


def nightly(lab: Lab, *, recording: bool = True) -> None:
    lab.clones(*PAIRS, record=recording)
    lab.define("db", resource(*PAIRS, recording=recording))


async def hold(world: World, scope: Scope = DB, lasting: timedelta | None = None) -> Placed:
    now = world.clock.now()
    until = None if lasting is None else now + lasting
    return await place(world, [Hold(scope=scope, reason="move", by="ann", since=now, until=until)])


def later(lab: Lab, span: timedelta) -> None:
    lab.clock.ahead += span
    lab.clock.older += span.total_seconds()


def holding(lab: Lab, scope: Scope = DB) -> Callable[[], Awaitable[Finding]]:
    """Make a look at a guard during which somebody holds, as another process would."""

    async def look() -> Finding:
        async with lab.open() as other:
            await hold(other, scope)
        return down()

    return look


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("scope", [DB, HERE, ALL], ids=str)
async def test_a_person_is_refused_before_any_guard_is_asked(
    lab: Lab, scope: Scope, *, force: bool, dry_run: bool
) -> None:
    nightly(lab)
    async with lab.open() as world:
        await hold(world, scope)
        (result,) = await asked(world, "db", force=force, dry_run=dry_run)
        assert (result.outcome, result.exit_code) == (Outcome.REFUSED, 4)
        assert result.reason == f"held by ann until it is released ({scope}): move"
        assert await outcomes(world, "db") == ([] if dry_run else ["refused"])
    assert lab.guards["db is down"].taken == 0
    assert not lab.changes()


async def test_a_hold_of_something_else_holds_nobody(lab: Lab) -> None:
    nightly(lab)
    async with lab.open() as world:
        await hold(world, Scope(Kind.SERVICE, "web"))
        await hold(world, Scope(Kind.ARRAY, OTHER))
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE


@pytest.mark.parametrize("serial", [SERIAL, OTHER])
async def test_a_service_on_two_arrays_is_held_by_either(lab: Lab, serial: str) -> None:
    lab.clones(PAIRS[0])
    lab.clones(PAIRS[0], serial=OTHER)
    lab.define(
        "db", resource(PAIRS[0]), resource(PAIRS[0], name="sync#2", serial=OTHER), looks=[down()]
    )
    async with lab.open() as world:
        await hold(world, Scope(Kind.ARRAY, serial))
        (result,) = await asked(world, "db", force=True)
        assert result.outcome is Outcome.REFUSED
    assert not lab.changes()
    assert not lab.changes(OTHER)


async def test_the_daemon_leaves_it_alone_and_says_so_once(lab: Lab) -> None:
    nightly(lab)
    async with lab.open() as world:
        await hold(world, DB, HOUR)
        await ticks(world, 3)
        standing = (await world.store.standings())["db"]
        (held,) = (await world.store.holds()).values()
        assert (standing.decision, standing.reason) == ("not-due", "held")
        assert standing.look_at == held.until
        assert (standing.failures, standing.retry_at) == (0, None)
        assert await outcomes(world, "db") == []
        assert lab.told.kinds().count(Event.DECISION_CHANGED) == 1
        assert Event.RESYNC_REFUSED not in lab.told.kinds()
        assert lab.guards["db is down"].taken == 0
    assert not lab.changes()


async def test_it_ends_by_the_clock_though_nobody_lifts_it(lab: Lab) -> None:
    nightly(lab)
    async with lab.open() as world:
        await hold(world, DB, HOUR)
        later(lab, HOUR)
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE
        assert await world.store.holds()


async def test_the_daemon_lifts_it_at_its_time_and_resyncs(lab: Lab) -> None:
    nightly(lab)
    async with lab.open() as world:
        await hold(world, DB, HOUR)
        await ticks(world)
        later(lab, HOUR)
        await ticks(world)
        assert await outcomes(world, "db") == ["done"]
        assert not await world.store.holds()
    (facts,) = lab.told.facts(Event.HOLD_LIFTED)
    assert facts["flashd.hold.scope"] == "service db"
    assert facts["event.reason"] == "move"


async def test_a_release_has_the_daemon_look_at_once(lab: Lab) -> None:
    nightly(lab)
    async with lab.open() as world:
        await hold(world)
        await ticks(world)
        assert (await world.store.standings())["db"].look_at is None
        assert list(await world.store.due(world.clock.now())) == []
        released = await release(world, [DB], "bob")
        assert [one.scope for one in released.lifted] == [DB]
        assert list(await world.store.due(world.clock.now())) == ["db"]
        await ticks(world)
        assert await outcomes(world, "db") == ["done"]
    assert lab.told.facts(Event.HOLD_RELEASED)[0]["user.name"] == "bob"


async def test_a_release_tells_what_still_binds(lab: Lab) -> None:
    nightly(lab)
    async with lab.open() as world:
        await hold(world, DB)
        await hold(world, HERE)
        await hold(world, ALL, -HOUR)
        released = await release(world, [DB, ALL], "bob")
        assert [one.scope for one in released.lifted] == [DB], "the other had ended by itself"
        assert [one.scope for one in released.remaining] == [HERE]
        assert lab.told.kinds().count(Event.HOLD_LIFTED) == 1
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.REFUSED


async def test_a_release_while_a_batch_is_being_written_down_is_not_lost(lab: Lab) -> None:
    """The daemon has read the hold; somebody releases; the daemon writes what it made of it."""
    nightly(lab)
    async with lab.open() as other:
        await hold(other)
        calls: list[object] = []

        class Slow:
            """Releases just before where services stand is written."""

            def __getattr__(self, name: str) -> object:
                method = getattr(other.store, name)
                if name != "stand":
                    return method

                async def stand(standings: object) -> None:
                    if not calls:
                        calls.append(await release(other, [DB], "bob"))
                    await method(standings)

                return stand

        async with lab.open(dress=lambda _store: Slow()) as world:  # type: ignore[arg-type,return-value]
            await ticks(world)
            assert calls
            assert list(await world.store.due(world.clock.now())) == ["db"]


# the race: a hold that comes while a run is on its way


async def test_a_hold_between_the_first_look_and_the_turn_needs_no_login(lab: Lab) -> None:
    nightly(lab)
    lab.define("db", resource(*PAIRS), looks=[holding(lab)])
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert (result.outcome, result.exit_code) == (Outcome.REFUSED, 4)
        assert "held by ann" in result.reason
    assert not lab.changes()
    assert Event.RESYNC_STARTED not in lab.told.kinds()


async def test_the_daemon_makes_no_fuss_of_a_hold_that_comes_before_the_turn(lab: Lab) -> None:
    nightly(lab)
    lab.define("db", resource(*PAIRS), looks=[holding(lab)])
    async with lab.open() as world:
        await ticks(world)
        standing = (await world.store.standings())["db"]
        assert (standing.decision, standing.reason) == ("not-due", "held")
        assert standing.look_at is None
        assert await outcomes(world, "db") == []
    assert Event.RESYNC_REFUSED not in lab.told.kinds()
    assert not lab.changes()


async def test_a_hold_just_before_the_intent_is_written_stops_it(lab: Lab) -> None:
    nightly(lab)
    async with lab.open() as other:
        placed: list[Placed] = []

        class Late:
            """Holds just before the intent is written."""

            def __getattr__(self, name: str) -> object:
                method = getattr(other.store, name)
                if name != "intend":
                    return method

                async def intend(*args: object) -> object:
                    placed.append(await hold(other))
                    return await method(*args)

                return intend

        async with lab.open(dress=lambda _store: Late()) as world:  # type: ignore[arg-type,return-value]
            (result,) = await asked(world, "db")
            assert (result.outcome, result.exit_code) == (Outcome.REFUSED, 4)
            assert result.reason == "held by ann until it is released (service db): move"
            assert not await world.store.open_runs()
            assert await outcomes(world, "db") == ["refused"]
        ((run, *_),) = [one.open_runs for one in placed]
        assert (run.service, run.steps) == ("db", ())
    assert not lab.changes()


async def test_a_hold_while_dscli_waits_stops_the_command(lab: Lab) -> None:
    nightly(lab)
    async with lab.open(dress=lambda store: followed(store, "intend", holding(lab))) as world:
        (result,) = await asked(world, "db")
        assert (result.outcome, result.exit_code) == (Outcome.REFUSED, 4)
        assert "held by ann" in result.reason
        assert not await world.store.open_runs()
        (run,) = await world.store.history(["db"], 9)
        assert [step.unsent for step in run.steps] == [result.reason]
    assert not lab.changes()


async def test_a_command_that_was_sent_goes_on_and_the_hold_names_its_run(lab: Lab) -> None:
    nightly(lab)
    async with lab.open() as other:
        placed: list[Placed] = []

        class Late:
            """Holds as soon as the answer is there."""

            def __getattr__(self, name: str) -> object:
                method = getattr(other.store, name)
                if name != "answered_last":
                    return method

                async def answered(*args: object) -> object:
                    placed.append(await hold(other, ALL))
                    return await method(*args)

                return answered

        async with lab.open(dress=lambda _store: Late()) as world:  # type: ignore[arg-type,return-value]
            (result,) = await asked(world, "db")
            assert result.outcome is Outcome.DONE
    ((run,),) = [one.open_runs for one in placed]
    assert run.id == result.run
    assert lab.acted() == ["resyncflash"]


async def test_a_hold_between_withdraw_and_establish_leaves_the_pair_withdrawn(lab: Lab) -> None:
    """No copy until the hold ends is told; one that nobody expects would be worse."""
    nightly(lab, recording=False)
    lab.define(
        "db", resource(*PAIRS, recording=False), looks=[down(), down(), holding(lab), down()]
    )
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert (result.outcome, result.exit_code) == (Outcome.REFUSED, 4)
        assert "held by ann" in result.reason
        assert "withdrawn, to be established by the next run" in result.reason
        assert lab.acted() == ["rmflash"]
        assert (await health(world, "db")).status is Status.WARN
        (result,) = await asked(world, "db", force=True)
        assert result.outcome is Outcome.REFUSED
        again = await hold(world, ALL)
        assert [str(one.pair) for one in again.withdrawn] == list(PAIRS)
        await release(world, [DB, ALL], "ann")
        await ticks(world)
        assert (await health(world, "db")).status is Status.UP
        assert not await world.store.withdrawals()
    assert lab.acted() == ["rmflash", "mkflash"]
    assert lab.fresh(*PAIRS)


async def test_a_hold_that_comes_in_a_batch_holds_the_services_whose_turn_is_to_come(
    lab: Lab,
) -> None:
    nightly(lab)
    lab.clones("0201:0202")
    lab.define("web", resource("0201:0202"))

    lab.define("db", resource(*PAIRS), looks=[down(), holding(lab, ALL)])
    async with lab.open() as world:
        results = {one.service: one for one in await asked(world, "db", "web")}
    assert "held by ann" in results["db"].reason
    assert len(lab.acted()) == (results["web"].outcome is Outcome.DONE), "its turn may be first"
    assert results["web"].outcome is Outcome.DONE or "held by ann" in results["web"].reason


async def test_a_crash_before_the_hold_is_recovered_though_it_is_held(lab: Lab) -> None:
    """Recovery only reads and closes: it is no resync."""
    nightly(lab)
    lab.array().add_fault("lie", "resyncflash")
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.UNKNOWN
        placed = await hold(world)
        assert [run.id for run in placed.open_runs] == [result.run]
        await ticks(world)
        assert not await world.store.open_runs()
        assert await outcomes(world, "db") == ["failed"]
    assert len(lab.changes()) <= 2


# reminders


def reminded(lab: Lab) -> int:
    return lab.told.kinds().count(Event.HOLD_REMINDED)


async def test_a_hold_that_outlasts_sync_max_delay_is_reminded_of_once_a_span(lab: Lab) -> None:
    nightly(lab)  # its sync_max_delay is 2 h
    async with lab.open() as world:
        await hold(world)
        for span, count in (
            (2 * HOUR - MINUTE, 0),
            (MINUTE, 1),
            (HOUR, 1),
            (HOUR - MINUTE, 1),
            (MINUTE, 2),
            (21 * HOUR, 3),
            (MINUTE, 3),
        ):
            later(lab, span)
            await ticks(world, 2)
            assert reminded(lab) == count, (span, count)
    (message, *_) = lab.told.messages(Event.HOLD_REMINDED)
    assert "lasts for 2h, longer than sync_max_delay of db; held by ann" in message
    async with lab.open() as world:
        await ticks(world)
    assert reminded(lab) == 3, "a restart repeats nothing"


async def test_a_reminder_follows_a_changed_definition(lab: Lab) -> None:
    nightly(lab)
    async with lab.open() as world:
        await hold(world)
        later(lab, HOUR)
        await ticks(world)
        assert reminded(lab) == 0
    lab.define("db", resource(*PAIRS), max_delay=HOUR / 2)
    async with lab.open() as world:
        await ticks(world)
        assert reminded(lab) == 0
        later(lab, HOUR / 2)
        await ticks(world)
        assert reminded(lab) == 1
    del lab.services["db"]
    async with lab.open() as world:
        later(lab, 5 * HOUR)
        await ticks(world)
        assert await world.store.holds(), "a hold of what is gone stays until it is released"
    assert reminded(lab) == 1


async def test_holding_warns_of_clones_that_grow_too_old_meanwhile(lab: Lab) -> None:
    lab.clones(*PAIRS, age=HOUR)
    lab.define("db", resource(*PAIRS))
    async with lab.open() as world:
        await ticks(world)
        assert (await hold(world, DB, HOUR / 2)).stale == ()
        for lasting in (2 * HOUR, None):
            ((name, at),) = (await hold(world, ALL, lasting)).stale
            assert name == "db"
            assert timedelta(0) <= world.clock.now() + HOUR - at < MINUTE


async def test_holding_again_replaces(lab: Lab) -> None:
    nightly(lab)
    async with lab.open() as world:
        first = await hold(world, DB, HOUR)
        second = await hold(world, DB, 2 * HOUR)
        assert (first.replaced, second.replaced) == ((), first.holds)
        assert list((await world.store.holds()).values()) == list(second.holds)
        ended = await hold(world, DB, -HOUR)
        assert ended.replaced == second.holds
        assert (await hold(world)).replaced == (), "what had ended was not taken from anybody"


async def test_a_tick_at_rest_asks_one_question(lab: Lab) -> None:
    nightly(lab)
    asked_of: list[str] = []
    async with lab.open(dress=lambda store: guarded_store(store, asked_of.append)) as world:
        for scope in (DB, HERE, ALL):
            await hold(world, scope)
        cycle = Cycle(world, Request())
        await cycle.tick()  # makes sure of the standings, and looks at what is new
        await cycle.idle()
        asked_of.clear()
        await cycle.tick()
        assert not cycle.under_way
    assert asked_of == ["agenda"]
