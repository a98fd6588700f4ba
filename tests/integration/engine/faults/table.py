"""A row of a table of faults, and what must be so after each, whatever flashd said."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from flashd.engine.batch import look_at
from flashd.model.run import Outcome
from flashd.sim.ids import Pair
from tests.hanging import hangs, hung
from tests.integration.engine.house import SERIAL, Lab, asked, health, outcomes, resource
from tests.leaping import over

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from flashd.engine.world import World

SEVERAL = ("0001:0002", "0101:0102", "0003:0004")
ONE = SEVERAL[:1]
LIMIT = 60.0
"""Seconds that a client has here, of which none is waited for: see `hanging`."""

IN_TIME = f"within {LIMIT:g} s"

DONE, REFUSED, FAILED, UNKNOWN = Outcome.DONE, Outcome.REFUSED, Outcome.FAILED, Outcome.UNKNOWN


@dataclass(frozen=True)
class Row:
    """A fault, and what comes of it.

    `outcome` is what who asked is told, `words` what stands in its reason, `closed` how the run is
    closed by the next look where it was unknown. `sent`: how many changing commands the array read.
    """

    fault: str
    options: Mapping[str, object]
    outcome: Outcome
    words: str = ""
    closed: Outcome | None = None
    sent: int = 1
    verb: str = "resyncflash"
    position: str = ""
    nth: int = 1
    more: Mapping[str, object] = field(default_factory=dict)

    def plan(self, lab: Lab) -> None:
        """Let it come."""
        lab.array().add_fault(
            self.fault,
            self.verb,
            position=self.position,
            nth=self.nth,
            **self.options,  # type: ignore[arg-type]
        )


def furnish(lab: Lab, pairs: tuple[str, ...] = SEVERAL, *, record: bool = True) -> Lab:
    """Give a lab one service that is due, and clients the time of these tests."""
    lab.timeout = LIMIT
    lab.clones(*pairs, record=record)
    lab.define("db", resource(*pairs, recording=record))
    return lab


@asynccontextmanager
async def hanging(lab: Lab, row: Row) -> AsyncIterator[None]:
    """Have the time of a client be over once it hangs.

    A limit that is waited for must be short, and is then reached by others, too, whenever a busy
    machine gives them no processor for so long.
    """
    if not hangs(row.fault, row.options):
        yield
        return
    async with over(LIMIT, partial(hung, lab.array())):
        yield


async def judged(lab: Lab, row: Row, pairs: tuple[str, ...]) -> None:
    """Ask for a resync under a fault, look again, and hold what was said against the array."""
    row.plan(lab)
    before = {pair: lab.array().content(pair.split(":")[1]) for pair in pairs}
    async with lab.open() as world, hanging(lab, row):
        (result,) = await asked(world, "db")
        assert result.outcome is row.outcome, result.reason
        assert result.exit_code == {DONE: 0, REFUSED: 4, FAILED: 1, UNKNOWN: 5}[row.outcome]
        assert row.words in result.reason, result.reason
        await truthful(lab, world, pairs)
        if row.outcome is UNKNOWN:
            assert await outcomes(world, "db") == ["open"]
            await looked(world)
            assert (await outcomes(world, "db"))[0] == str(row.closed)
        assert not await world.store.open_runs()
        await truthful(lab, world, pairs)
        intents = sum(len(run.steps) for run in await world.store.history(["db"], 99))
    assert len(lab.changes()) == row.sent <= intents
    assert any(one.fired for one in lab.array().faults()), "it did not strike"
    nothing_lost(lab, before)


async def looked(world: World) -> None:
    """Look once, as `flashd status --refresh` does, which waits for no backoff."""
    await look_at(world, SERIAL)


async def truthful(lab: Lab, world: World, pairs: tuple[str, ...]) -> None:
    """No clone is claimed to be fresher than the array made it."""
    bounds = (await health(world, "db")).last_resync
    made = [one.synced_at for one in lab.array().relations() if str(one.pair) in pairs]
    if bounds and bounds.earliest and len(made) == len(pairs):
        ahead = lab.array().now() - lab.clock.now().timestamp()
        assert bounds.earliest.timestamp() <= min(filter(None, made)) - min(ahead, 0) + 1


def nothing_lost(lab: Lab, before: Mapping[str, str]) -> None:
    """Each target holds what it held, or what its source held at some time since."""
    for pair, content in before.items():
        name = Pair.parse(pair)
        held = lab.array().content(name.target)
        assert held == content or held.partition("@")[0] == name.source
