"""The catalogue of behaviours, the switches and the page say the same."""

import re
from pathlib import Path

import pytest

from flashd.sim import messages
from flashd.sim.behaviours import (
    COMPARE,
    LIST,
    NEVER,
    SCRATCH,
    TAGS,
    Behaviour,
    catalogue,
    find,
    of_switch,
    only_by_changing,
    renewed,
)
from flashd.sim.commands import (
    lsextpool,
    lsfbvol,
    lsflash,
    lshostconnect,
    lspprc,
    lssi,
    lsvolgrp,
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


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_switch_is_known_as_its_behaviour_is_or_the_source_says_how_else(switch: str) -> None:
    behaviour = of_switch(switch)
    elsewhere = re.findall(r"\b[VCIRU]\b", behaviour.source)
    assert SWITCHES[switch].tag in {behaviour.tag, *elsewhere}


NO_SWITCH = {
    "script-prompt", "default-profile", "profile-login", "showenv-help", "no-configuration",
    "stanza-and-xml", "message-texts", "reverse-message", "other-messages", "accounts",
    "pwfile-records", "frozen-columns", "either-side", "lspprc-columns", "establish-again-passing",
    "message-each", "mirror-state",
}  # fmt: skip
"""What is recalled or unknown and cannot be moved; each new one is thought about here first."""


def test_what_nobody_is_sure_of_has_a_switch_or_says_that_it_has_none() -> None:
    unsure = [b for b in catalogue().values() if b.tag in "RU" and not b.switches]
    assert {behaviour.name for behaviour in unsure} == NO_SWITCH
    page = PAGE.read_text()
    assert all(re.search(rf"^\| {name} .* no switch \|$", page, re.MULTILINE) for name in NO_SWITCH)


COLUMNS = {
    "lsflash": (lsflash.SHORT, lsflash.SHORT + lsflash.LONG),
    **{
        module.__name__.rpartition(".")[2]: (module.LISTING.short, module.LISTING.long)
        for module in (lsextpool, lsfbvol, lshostconnect, lspprc, lssi, lsvolgrp)
    },
}


@pytest.mark.parametrize("verb", COLUMNS)
def test_the_columns_of_a_listing_are_as_many_as_is_said(verb: str) -> None:
    short, long = map(len, COLUMNS[verb])
    more = f", {long} with `-l`" if long > short else ""
    said = find(f"{verb}-columns").says
    assert said.partition(";")[0] == f"{short} columns of `{verb}`{more}"


ID = re.compile(r"\bCM[A-Z]{2,3}\d{4,5}[IWE]\b")
SEVERAL_PLACES = {
    "CMUC00191E", "CMUC00234I", "CMUN00018E", "CMUN02098E", "CMUN03099W", "CMUN81131I",
}  # fmt: skip
"""Of one meaning each: login refused, none found, no connection, no answer, warning, withdrawn."""


def test_each_message_id_stands_in_the_catalogue() -> None:
    ids = set(ID.findall(Path(messages.__file__).read_text()))
    said = {one for b in catalogue().values() for one in ID.findall(f"{b.says} {b.source}")}
    assert ids == said


def test_an_id_means_one_thing() -> None:
    text = Path(messages.__file__).read_text()
    ids = re.findall(rf'f?"({ID.pattern})', text)
    assert {one for one in ids if ids.count(one) > 1} <= SEVERAL_PLACES
