"""-freeze: hosts' writes wait until somebody thaws, or the logical subsystem's timer runs out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flashd.sim import flashcopy
from flashd.sim.flashcopy import QUEUED, Options

from .flashing import establish, resync, resync_all

if TYPE_CHECKING:
    from flashd.sim.array import Array

FROZEN = Options(record=True, freeze=True)


@pytest.fixture
def still(array: Array) -> Array:
    """Return an array whose clock shows 1000 and stands."""
    array.show_time(1000.0, runs=False)
    return array


def thaw(array: Array, lss: str) -> None:
    with array.inventory() as held:
        flashcopy.thaw(held, lss)
        flashcopy.settle(held)


def test_writes_wait_for_the_thaw_in_their_order(still: Array) -> None:
    still.add_volumes("0200")
    still.establish("0001:0002", "0200:0003")
    resync_all(still, "0001:0002", "0200:0003", freeze=True)
    assert [still.write(volume) for volume in ("0001", "0200", "0001")] == [QUEUED] * 3
    assert (still.content("0001"), still.content("0200")) == ("0001@0", "0200@0")
    thaw(still, "00")
    assert (still.content("0001"), still.content("0200")) == ("0001@2", "0200@0")
    thaw(still, "02")
    assert still.content("0200") == "0200@1"
    assert still.write("0200") == "0200@2"
    assert still.content("0002") == "0001@0"


@pytest.mark.parametrize(("timer", "last"), [(None, 1299.0), (60, 1059.0)])
def test_the_timer_of_the_logical_subsystem_thaws(
    still: Array, timer: int | None, last: float
) -> None:
    if timer is not None:
        still.set_long_busy("00", timer)
    assert establish(still, "0001:0002", FROZEN) == ""
    still.write("0001")
    still.show_time(last, runs=False)
    assert still.content("0001") == "0001@0"
    still.show_time(last + 1, runs=False)
    assert still.content("0001") == "0001@1"
    assert still.write("0001") == "0001@2"


def test_the_timer_of_another_subsystem_counts_for_its_own(still: Array) -> None:
    still.set_long_busy("02", 60)
    still.switch("long_busy_seconds", "120")
    assert establish(still, "0001:0002", FROZEN) == ""
    still.show_time(1119.0, runs=False)
    assert still.write("0001") == QUEUED
    still.show_time(1120.0, runs=False)
    assert still.write("0001") == "0001@2"


def test_a_clock_that_is_set_back_lets_the_timer_go_on(still: Array) -> None:
    assert establish(still, "0001:0002", FROZEN) == ""
    still.show_time(1100.0, runs=False)
    still.show_time(500.0, runs=False)
    still.show_time(699.0, runs=False)
    assert still.write("0001") == QUEUED
    still.show_time(700.0, runs=False)
    assert still.write("0001") == "0001@2"


def test_a_second_freeze_starts_the_timer_anew(still: Array) -> None:
    assert establish(still, "0001:0002", FROZEN) == ""
    still.show_time(1299.0, runs=False)
    assert resync(still, "0001:0002", FROZEN) == ""
    still.show_time(1300.0, runs=False)
    assert still.write("0001") == QUEUED


def test_only_the_sources_that_were_flashed_freeze(still: Array) -> None:
    still.establish("0001:0002", "0003:0004")
    assert resync(still, "0001:0002", FROZEN) == ""
    assert still.write("0003") == "0003@1"
    assert still.write("0002").startswith("0002@")
    assert resync(still, "0003:0005", FROZEN) != ""
    assert still.write("0003") == "0003@2"


def test_a_write_that_waited_for_a_volume_that_may_no_longer_be_written_is_lost(
    still: Array,
) -> None:
    assert establish(still, "0001:0002", FROZEN) == ""
    still.write("0001")
    still.set_relation("0001:0002", source_writable=False)
    thaw(still, "00")
    assert still.content("0001") == "0001@0"
    still.set_relation("0001:0002", source_writable=True)
    assert still.content("0001") == "0001@0"
