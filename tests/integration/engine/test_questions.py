"""What a turn asks of the store and of the array, and how often: thousands have theirs at once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import pytest

from flashd.core.holds import words
from flashd.engine.batch import run_batch
from flashd.engine.events import Event
from flashd.engine.holds import place
from flashd.engine.request import Request
from flashd.errors import StoreError
from flashd.model.hold import Hold, Kind, Scope
from flashd.model.run import Outcome
from tests.integration.engine.doors import followed, guarded_store
from tests.integration.engine.house import OTHER, SERIAL, Lab, asked, down, resource, up

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flashd.model.observation import Standing
    from flashd.ports.store import Store

PAIR, SECOND = "0001:0002", "0003:0004"


def nightly(lab: Lab, *looks: object) -> None:
    lab.clones(PAIR)
    lab.define("db", resource(PAIR), looks=looks)  # type: ignore[arg-type]


def counted(calls: Counter[str], store: Store) -> Store:
    """Count what a store is asked."""
    return guarded_store(store, lambda name: calls.update([name]))


async def test_a_refusal_is_written_at_once_and_before_it_is_told(lab: Lab) -> None:
    nightly(lab, up())
    calls: Counter[str] = Counter()
    async with lab.open(dress=partial(counted, calls)) as world:
        (result,) = await asked(world, "db")
        (run,) = await world.store.history(None, 9)
    assert (run.id, run.outcome, run.reason) == (result.run, Outcome.REFUSED, result.reason)
    assert run.ended_at == run.started_at
    assert run.evidence == result.evidence
    assert calls["write_ended"] == 1
    assert not {"open_run", "close_run", "footing", "enrolment"} & calls.keys()
    told = [one for one in lab.told.kinds() if one in {Event.GUARD_READ, Event.RESYNC_REFUSED}]
    assert told == [Event.GUARD_READ, Event.RESYNC_REFUSED]
    assert [one["flashd.run.id"] for one in lab.told.facts(Event.RESYNC_REFUSED)] == [run.id]


async def test_a_refusal_that_cannot_be_written_is_a_failure_of_the_store(lab: Lab) -> None:
    nightly(lab, up())

    def door(called: str) -> None:
        if called == "write_ended":
            raise StoreError("disk full")

    async with lab.open(dress=lambda store: guarded_store(store, door)) as world:
        (result,) = await asked(world, "db")
        assert (result.outcome, result.reason) == (Outcome.FAILED, "disk full")
        assert not await world.store.history(None, 9)
    assert Event.STORE_FAILED in lab.told.kinds()
    assert Event.RESYNC_REFUSED not in lab.told.kinds()


@pytest.mark.parametrize("sends", [False, True])
async def test_an_array_is_listed_again_for_who_may_send_and_not_for_who_is_refused(
    lab: Lab, *, sends: bool
) -> None:
    """46 s from the listing to the turn: it would be too old once a login is through."""
    nightly(lab, *((down(), down()) if sends else (up(),)))
    calls = []

    def late() -> None:
        calls.append("standings")
        if len(calls) == 1:  # what is known is read after the listing, and before guards look
            lab.clock.ahead += timedelta(seconds=46)
            lab.clock.older += 46

    async with lab.open(dress=lambda store: followed(store, "standings", late)) as world:
        (result,) = await asked(world, "db")
    assert result.outcome is (Outcome.DONE if sends else Outcome.REFUSED), result.reason
    assert len(lab.array().journal("lsflash")) == (3 if sends else 1)  # and one after


async def test_who_is_refused_and_held_meanwhile_is_refused_for_the_hold(lab: Lab) -> None:
    """What binds by now is the reason, also where a guard would have refused."""
    nightly(lab, up())
    placed: list[Hold] = []

    async def hold() -> None:
        if not placed:  # after what is known was read, and before the turn
            scope = Scope(Kind.SERVICE, "db")
            placed.append(Hold(scope=scope, reason="works", by="ann", since=world.clock.now()))
            await place(world, placed)

    async with lab.open(dress=lambda store: followed(store, "holds", hold)) as world:
        (result,) = await asked(world, "db")
        assert placed
        assert (result.outcome, result.reason) == (Outcome.REFUSED, words(placed[0]))
        assert (await world.store.history(None, 9))[0].reason == result.reason


async def test_a_turn_reads_the_enrolment_when_it_begins_and_before_the_command(lab: Lab) -> None:
    """With all else that a turn begins with, and with all that has a say at its end."""
    nightly(lab)
    calls: Counter[str] = Counter()
    async with lab.open(dress=partial(counted, calls)) as world:
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE
    assert [calls[one] for one in ("footing", "say", "enrolment")] == [1, 1, 0]


class Overheard:
    """A store that tells of whom it was asked where they stand."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.asked: list[set[str] | None] = []

    async def standings(self, services: Iterable[str] | None = None) -> Mapping[str, Standing]:
        names = None if services is None else set(services)
        self.asked.append(names)
        return await self._store.standings(names)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._store, name)


async def test_a_batch_asks_where_its_own_services_stand_and_no_others(lab: Lab) -> None:
    nightly(lab, up())
    lab.clones(SECOND, serial=OTHER)
    lab.define("far", resource(SECOND, serial=OTHER))
    heard: list[Overheard] = []

    def dress(store: Store) -> Store:
        heard.append(Overheard(store))
        return cast("Store", heard[0])

    async with lab.open(dress=dress) as world:
        await world.store.enlist(world.services, world.clock.now())
        await run_batch(world, (SERIAL,), [world.services["db"]], Request())
        assert {name for names in heard[0].asked for name in names or {"all"}} == {"db"}
        assert (await world.store.standings())["db"].decision == "refused"
