"""The catalogue of behaviours, the switches and the page say the same."""

import re
from pathlib import Path

import pytest

from flashd.sim.behaviours import (
    COMPARE,
    LIST,
    NEVER,
    SCRATCH,
    TAGS,
    Behaviour,
    _data,
    catalogue,
    find,
    of_switch,
    only_by_changing,
    renewed,
)
from flashd.sim.compare.differences import _BEHAVIOUR, _LISTINGS, _OF_PROBE
from flashd.sim.errors import SimError
from flashd.sim.switches import SWITCHES

PAGE = Path(__file__).parents[3] / "docs" / "simulator-behaviour.md"
CHANGING = re.compile(r"\b(mk|rm|ch|resync|reverse|commit|set)(flash|fbvol|user|pass)\b")


@pytest.mark.parametrize("behaviour", catalogue().values(), ids=catalogue().keys())
def test_each_behaviour_says_how_it_is_known_and_found_out(behaviour: Behaviour) -> None:
    assert behaviour.says
    assert behaviour.tag in TAGS
    assert behaviour.way in {COMPARE, LIST, SCRATCH, NEVER}
    assert (behaviour.way == COMPARE) == (behaviour.check == COMPARE)
    assert set(behaviour.switches) <= SWITCHES.keys()
    if behaviour.tag in {"V", "C"}:
        assert behaviour.source != "-"
    if behaviour.way == LIST:
        assert not CHANGING.search(behaviour.check)


def test_names_are_unique_over_the_areas() -> None:
    text = (Path(__file__).parents[3] / "flashd" / "sim" / "behaviours.toml").read_text()
    names = re.findall(r"^\[\w+\.([\w-]+)\]$", text, re.MULTILINE)
    assert len(names) == len(set(names))


@pytest.mark.parametrize("switch", SWITCHES)
def test_each_switch_moves_one_behaviour(switch: str) -> None:
    named = [b.name for b in catalogue().values() if switch in b.switches]
    assert named == [of_switch(switch).name]
    assert SWITCHES[switch].meaning
    assert SWITCHES[switch].tag in TAGS


def test_what_compare_names_stands_in_the_catalogue() -> None:
    named = {*_BEHAVIOUR.values(), *_OF_PROBE.values(), "stream-exit"}
    named |= {f"{verb}-columns" for verb in _LISTINGS}
    assert named <= catalogue().keys()
    assert {catalogue()[name].way for name in named} == {COMPARE}


def test_only_what_listings_show_is_tried_by_compare() -> None:
    assert only_by_changing("withdraw_message")
    assert not only_by_changing("errors_to")


def test_the_page_has_the_catalogue_and_the_switches() -> None:
    page = PAGE.read_text()
    assert renewed(page) == page, "run: python -m flashd.sim.behaviours docs/simulator-behaviour.md"
    assert all(f"| {name} |" in page for name in catalogue())


def test_a_table_that_is_out_of_date_is_made_anew() -> None:
    old = "a\n<!-- switches begin -->\nnonsense\n<!-- switches end -->\nb\n"
    new = renewed(old)
    assert new.startswith("a\n")
    assert new.endswith("<!-- switches end -->\nb\n")
    assert "nonsense" not in new
    assert renewed(new) == new


def test_an_unknown_behaviour_is_refused() -> None:
    with pytest.raises(SimError, match="no behaviour 'nonsense'"):
        find("nonsense")


def test_positions_are_told_of_switches_that_there_are() -> None:
    assert _data()["positions"].keys() <= SWITCHES.keys()
