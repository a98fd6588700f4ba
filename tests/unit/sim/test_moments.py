"""Whether the pairs of a command are one point in time of what hosts wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flashd.sim import flashcopy
from flashd.sim.array import Array
from flashd.sim.flashcopy import Options

from .flashing import establish, resync, resync_all, reverse

if TYPE_CHECKING:
    from pathlib import Path

PAIRS = ("0001:0002", "0003:0004", "0005:0006")
TARGETS = ("0002", "0004", "0006")


@pytest.fixture
def busy(array: Array) -> Array:
    """Return an array with three pairs whose sources a host writes to all the time."""
    array.establish(*PAIRS)
    array.mount("db1", "0001", "0003", "0005")
    return array


def test_pairs_of_one_command_are_apart_while_a_host_writes(busy: Array) -> None:
    resync_all(busy, *PAIRS)
    assert not busy.one_point_in_time(*TARGETS)
    assert not busy.one_point_in_time("0002", "0004")
    assert not busy.one_point_in_time("0002", "0006")
    assert busy.one_point_in_time("0002")


def test_pairs_are_together_with_freeze_or_by_the_switch(busy: Array) -> None:
    resync_all(busy, *PAIRS, freeze=True)
    assert busy.one_point_in_time(*TARGETS)
    resync_all(busy, *PAIRS)
    busy.switch("pairs_together", "yes")
    resync_all(busy, *PAIRS)
    assert busy.one_point_in_time(*TARGETS)


def test_two_commands_are_never_together(busy: Array) -> None:
    busy.switch("pairs_together", "yes")
    resync_all(busy, PAIRS[0])
    resync_all(busy, PAIRS[1])
    assert not busy.one_point_in_time("0002", "0004")


def test_only_hosts_that_write_set_pairs_apart(array: Array) -> None:
    array.establish(*PAIRS)
    array.mount("db1", "0001", "0003", "0005", writing=False)
    resync_all(array, *PAIRS)
    assert array.one_point_in_time(*TARGETS)
    array.mount("db1", "0001", "0005")
    array.unmount("db1", "0003")
    resync_all(array, *PAIRS)
    assert not array.one_point_in_time("0002", "0006")


def test_a_host_does_not_write_to_what_another_has_reserved(busy: Array) -> None:
    busy.reserve("db2", "0003")
    resync_all(busy, *PAIRS)
    assert busy.content("0003") == "0003@0"
    busy.reserve("db1", "0003")
    resync_all(busy, *PAIRS)
    assert busy.content("0003") != "0003@0"


def test_a_host_does_not_write_over_what_was_flashed_over_its_data(array: Array) -> None:
    array.establish("0001:0002", "0002:0003")
    array.mount("db1", "0002")
    resync_all(array, "0002:0003")
    assert array.content("0003") == "0002@2", "it had mounted a fresh copy, and wrote to it"
    resync_all(array, "0001:0002", "0002:0003")
    assert (array.content("0002"), array.content("0003")) == ("0001@0", "0001@0")


def test_what_stays_frozen_is_of_one_instant_over_two_commands_too(busy: Array) -> None:
    resync_all(busy, PAIRS[0], freeze=True)
    resync_all(busy, PAIRS[1], freeze=True)
    assert busy.one_point_in_time("0002", "0004"), "what 0001 held is held back until a thaw"
    with busy.inventory() as held:
        flashcopy.thaw(held, "00")
        flashcopy.settle(held)
    resync_all(busy, PAIRS[2], freeze=True)
    assert not busy.one_point_in_time("0002", "0006")


def test_what_is_no_copy_any_more_is_of_no_point_in_time(array: Array) -> None:
    array.establish("0001:0002", "0003:0004")
    assert array.one_point_in_time("0002", "0004")
    array.write("0004")
    assert not array.one_point_in_time("0002", "0004")
    assert not array.one_point_in_time("0009")


def test_before_and_after_one_write_are_two_points_in_time(array: Array) -> None:
    array.establish("0001:0002")
    array.write("0001")
    assert array.one_point_in_time("0002")
    assert establish(array, "0001:0003", Options(persist=True)) == ""
    assert not array.one_point_in_time("0002", "0003")


def test_a_copy_of_a_copy_shows_when_its_own_source_held_that(array: Array) -> None:
    array.establish("0001:0002", "0002:0003", "0004:0005")
    array.write("0001")
    assert resync(array, "0001:0002") == ""
    array.write("0004")
    assert resync(array, "0004:0005") == ""
    assert array.one_point_in_time("0002", "0005")
    assert not array.one_point_in_time("0003", "0005"), "0002 was 0001@0 only before 0004@1"


def test_a_restored_source_is_a_copy_of_its_target(array: Array) -> None:
    array.establish("0001:0002")
    array.write("0001")
    assert reverse(array, "0001:0002") == ""
    assert array.volume("0001").copied_from == "0002"
    assert array.one_point_in_time("0001")


STEPS = st.lists(
    st.one_of(st.sampled_from(["w0001", "w0003", "w0005"]), st.sampled_from(PAIRS)), max_size=12
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_it_agrees_with_a_record_of_all_states(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    """Keep every state that the sources were ever in, and look for one that the targets show."""
    array = _three_pairs(tmp_path_factory.mktemp("record"))
    states = [_contents(array, "0001", "0003", "0005")]
    for step in steps:
        if step.startswith("w"):
            array.write(step[1:])
            states.append(_contents(array, "0001", "0003", "0005"))
        else:
            assert resync(array, step) == ""
    assert array.one_point_in_time(*TARGETS) == (_contents(array, *TARGETS) in states)


def _three_pairs(directory: Path) -> Array:
    array = Array.create(directory / "a.array")
    array.add_volumes(*(f"{number:04X}" for number in range(1, 7)))
    array.establish(*PAIRS)
    return array


def _contents(array: Array, *volumes: str) -> tuple[str, ...]:
    return tuple(array.content(volume) for volume in volumes)
