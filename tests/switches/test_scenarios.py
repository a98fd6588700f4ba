"""flashd is right under every position of every switch of the simulated array.

`make test` tries rows in which every two positions meet, and every position meets every scenario.
`make switches` tries each position alone, too, in all of them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from flashd.model.run import Outcome
from tests.integration.engine.house import HOUR, asked, outcomes, ticks
from tests.switches.expected import DEVIATIONS, expected
from tests.switches.oracle import pairs_of, right_freshness, right_history, right_results
from tests.switches.pairwise import Row, pairwise
from tests.switches.positions import all_positions, dice, moved, positions, put, seed, single_moves
from tests.switches.scenarios import SCENARIOS, Scenario
from tests.switches.site import Site

if TYPE_CHECKING:
    from pathlib import Path

    from flashd.engine.request import Result
    from flashd.engine.world import World

ALL = bool(os.environ.get("FLASHD_TEST_ALL"))
ROWS = pairwise({"scenario": tuple(SCENARIOS), **all_positions()}, dice("rows"))


def alone() -> list[tuple[str, str, str]]:
    """Pair every position with all scenarios, where `FLASHD_TEST_ALL` asks for it."""
    moves = single_moves() if ALL else ()
    return [(name, position, scenario) for name, position in moves for scenario in SCENARIOS]


@pytest.fixture
def lab(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.mark.parametrize("name", SCENARIOS)
async def test_as_the_switches_stand_by_themselves(lab: Site, name: str) -> None:
    await ends_as_expected(lab, name, {})


@pytest.mark.parametrize(("switch", "position", "name"), alone())
async def test_one_switch_moved(lab: Site, switch: str, position: str, name: str) -> None:
    await ends_as_expected(lab, name, {switch: position})


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["scenario"])
async def test_all_switches_moved(lab: Site, row: Row) -> None:
    await ends_as_expected(lab, row["scenario"], row)


@pytest.mark.parametrize("word", positions("standard_target_word"))
async def test_a_standard_target_is_none_that_takes_space_as_written(lab: Site, word: str) -> None:
    """However the array calls it: it gets no -tgtse, which might be refused."""
    row = {"standard_target_word": word, "tgtse_on_standard": "refuse"}
    await ends_as_expected(lab, "several pairs", row)
    assert "-tgtse" not in lab.changes()[-1].command


def test_the_table_of_deviations_names_what_there_is() -> None:
    switches = all_positions()
    for one in DEVIATIONS:
        assert one.scenario in SCENARIOS
        assert all(set(ones) <= set(switches[name]) for name, ones in one.where.items())
        assert one.ends != SCENARIOS[one.scenario].ends
        assert one.why


async def ends_as_expected(lab: Site, name: str, row: Row) -> None:
    """Play a scenario, and judge it."""
    print(f"FLASHD_TEST_SEED={seed()} {name}: {moved(row)}")  # noqa: T201 - shown where it fails
    scenario, ends = SCENARIOS[name], expected(name, row)
    scenario.prepare(lab)
    put(lab.array(), row)
    scenario.first(lab)
    async with lab.open() as world:
        play = ticked if scenario.daemon else played
        ended, complaint = await play(lab, world, scenario, len(ends.outcomes))
        assert ended == list(ends.outcomes), complaint
        assert tuple(lab.acted()) == ends.acted
        assert ends.said in complaint
        assert scenario.check(lab)
        await right_history(lab, world)
        await right_freshness(lab, world)


async def played(
    lab: Site, world: World, scenario: Scenario, count: int
) -> tuple[list[Outcome], str]:
    """Ask until there are so many answers; judge each, and tell the first complaint."""
    results: list[Result] = []
    while len(results) < count:
        if results:
            lab.let_pass(HOUR)
            scenario.meanwhile(lab)
        came = await asked(world, *lab.services, patience=20)
        right_results(lab, came)
        await right_freshness(lab, world)
        results += sorted(came, key=lambda one: one.service)
    complaints = [one.reason for one in results if one.exit_code]
    return [one.outcome for one in results], "".join(complaints[:1])


async def ticked(lab: Site, world: World, _: Scenario, count: int) -> tuple[list[Outcome], str]:
    """Let the daemon look twice."""
    await ticks(world, 2)
    assert lab.fresh(*pairs_of(lab, "db"))
    ended = await outcomes(world, "db")
    return [Outcome(one) for one in ended[: count + 1]], ""
