"""Space efficient volumes, and what happens when their pool has no more tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flashd.sim.errors import SimError
from flashd.sim.flashcopy import UNPREDICTABLE, Options

from .flashing import establish, pairs, resync, withdraw

if TYPE_CHECKING:
    from flashd.sim.array import Array

THIN = Options(record=True, space_efficient_target=True)
THIN_NOCOPY = Options(record=True, space_efficient_target=True, background_copy=False)


@pytest.fixture
def pool(array: Array) -> Array:
    """Return an array with pool P9: 250 tracks, of them 100 for 0200; 0201 and 0202 are thin.

    10 tracks are copied a second, a write takes 40, and the clock shows 1000 and stands.
    """
    array.put_pool("P9", capacity=250)
    array.add_volumes("0200", blocks=100 * 128, pool="P9")
    array.add_volumes("0201", "0202", blocks=100 * 128, pool="P9", space_efficient=True)
    array.switch("copy_rate", "10")
    array.switch("tracks_per_write", "40")
    array.show_time(1000.0, runs=False)
    return array


def allocated(array: Array, *volumes: str) -> list[int]:
    return [array.volume(volume).allocated for volume in volumes]


def test_a_standard_volume_takes_all_at_once_and_a_thin_one_as_it_is_written(pool: Array) -> None:
    assert pool.space_left("P9") == 150
    for _ in range(4):
        pool.write("0201")
    assert allocated(pool, "0200", "0201") == [0, 100]
    assert pool.space_left("P9") == 50


def test_a_pool_that_nobody_described_has_no_end(pool: Array) -> None:
    assert pool.space_left("P0") == float("inf")
    pool.put_pool("P8", name="endless")
    assert pool.space_left("P8") == float("inf")


def test_the_last_track_of_a_pool_can_be_taken_and_the_next_cannot(pool: Array) -> None:
    pool.put_pool("P9", capacity=140)
    pool.write("0201")
    assert pool.space_left("P9") == 0
    with pytest.raises(SimError, match="no space from pool P9"):
        pool.write("0202")
    assert pool.write("0200") == "0200@1"
    pool.put_pool("P9", capacity=180)
    assert pool.write("0202") == "0202@1"


def test_a_target_takes_space_as_it_is_copied_onto(pool: Array) -> None:
    assert establish(pool, "0100:0201", THIN) == ""
    assert allocated(pool, "0201") == [0]
    pool.show_time(1003.0, runs=False)
    assert allocated(pool, "0201") == [30]
    pool.write("0100")
    assert allocated(pool, "0201") == [70]
    pool.show_time(1006.0, runs=False)
    assert (allocated(pool, "0201"), pool.out_of_sync_tracks("0100:0201")) == ([100], 0)
    pool.write("0100")
    assert resync(pool, "0100:0201", THIN) == ""
    pool.show_time(1020.0, runs=False)
    assert allocated(pool, "0201") == [100], "it has them all"
    assert pool.relation("0100:0201").filling is False


def test_a_target_without_a_copy_takes_what_either_side_s_writes_touch_once(pool: Array) -> None:
    assert establish(pool, "0100:0201", THIN_NOCOPY) == ""
    pool.show_time(5000.0, runs=False)
    assert allocated(pool, "0201") == [0]
    pool.write("0100")
    assert allocated(pool, "0201") == [40]
    pool.write("0201")
    assert allocated(pool, "0201") == [80]
    assert pool.out_of_sync_tracks("0100:0201") == 20


def test_a_target_that_hosts_wrote_all_of_takes_no_more_for_its_copy(pool: Array) -> None:
    assert establish(pool, "0100:0201", THIN_NOCOPY) == ""
    for _ in range(3):
        pool.write("0201")
    assert (allocated(pool, "0201"), pool.out_of_sync_tracks("0100:0201")) == ([100], 0)
    assert pool.relation("0100:0201").filling is False


def test_a_full_pool_fails_the_relation(pool: Array) -> None:
    pool.put_pool("P9", capacity=150)
    assert establish(pool, "0100:0201", THIN) == ""
    pool.show_time(1005.0, runs=False)
    assert (pool.relation("0100:0201").state, allocated(pool, "0201")) == ("Valid", [50])
    pool.show_time(1005.1, runs=False)
    relation = pool.relation("0100:0201")
    assert (relation.state, pool.content("0201")) == ("Tgt Failed", UNPREDICTABLE)
    assert (allocated(pool, "0201"), pool.out_of_sync_tracks("0100:0201")) == ([50], 50)
    assert pool.write("0100") == "0100@1"
    assert "state Tgt Failed" in resync(pool, "0100:0201", THIN)
    assert withdraw(pool, "0100:0201") == ""


def test_a_write_to_the_source_fails_the_relation_that_has_no_space_for_it(pool: Array) -> None:
    pool.put_pool("P9", capacity=139)
    assert establish(pool, "0100:0201", THIN_NOCOPY) == ""
    assert pool.write("0100") == "0100@1"
    assert pool.relation("0100:0201").state == "Tgt Failed"
    assert pool.content("0201") == UNPREDICTABLE


def test_a_full_pool_may_end_the_relation_instead(pool: Array) -> None:
    pool.switch("ese_pool_full", "withdraw")
    pool.put_pool("P9", capacity=139)
    assert establish(pool, "0100:0201", THIN_NOCOPY) == ""
    assert pool.write("0100") == "0100@1"
    assert (pairs(pool), pool.content("0201")) == ([], UNPREDICTABLE)


@pytest.mark.parametrize("capacity", [139, 140])
def test_a_full_pool_may_keep_the_source_from_being_written_instead(
    pool: Array, capacity: int
) -> None:
    pool.switch("ese_pool_full", "refuse-writes")
    pool.put_pool("P9", capacity=capacity)
    assert establish(pool, "0100:0201", THIN_NOCOPY) == ""
    if capacity == 140:
        assert pool.write("0100") == "0100@1"
    with pytest.raises(SimError, match="target 0201 gets no space"):
        pool.write("0100")
    assert (pool.relation("0100:0201").state, pool.content("0201")) == ("Valid", "0100@0")


def test_a_copy_that_may_not_fail_waits_for_space(pool: Array) -> None:
    pool.switch("ese_pool_full", "refuse-writes")
    pool.put_pool("P9", capacity=150)
    assert establish(pool, "0100:0201", THIN) == ""
    pool.show_time(2000.0, runs=False)
    assert pool.out_of_sync_tracks("0100:0201") == 50
    pool.show_time(3000.0, runs=False)
    assert pool.out_of_sync_tracks("0100:0201") == 50
    pool.put_pool("P9", capacity=400)
    pool.show_time(3001.0, runs=False)
    assert pool.out_of_sync_tracks("0100:0201") == 40
    pool.show_time(3005.0, runs=False)
    assert (pool.out_of_sync_tracks("0100:0201"), allocated(pool, "0201")) == (0, [100])


def test_of_two_copies_into_one_pool_the_later_pair_runs_out(pool: Array) -> None:
    pool.put_pool("P9", capacity=250)
    pool.add_volumes("0203", blocks=100 * 128, pool="P9", space_efficient=True)
    for pair in ("0100:0201", "0001:0202", "0200:0203"):
        pool.set_volume(pair[:4], blocks=100 * 128)
        assert establish(pool, pair, THIN) == ""
    pool.show_time(1020.0, runs=False)
    states = {str(relation.pair): relation.state for relation in pool.relations()}
    assert states == {"0001:0202": "Valid", "0100:0201": "Tgt Failed", "0200:0203": "Tgt Failed"}
    assert allocated(pool, "0202", "0201", "0203") == [100, 50, 0]


@pytest.mark.parametrize(("position", "taken"), [("never", [80]), ("on-establish", [0])])
def test_a_target_may_give_its_space_back_as_it_is_established(
    pool: Array, position: str, taken: list[int]
) -> None:
    pool.switch("ese_release", position)
    pool.write("0201")
    pool.write("0201")
    assert establish(pool, "0100:0201", THIN_NOCOPY) == ""
    assert allocated(pool, "0201") == taken
    assert resync(pool, "0100:0201", THIN_NOCOPY) == ""
    assert allocated(pool, "0201") == taken


def test_tgtse_onto_a_standard_volume_is_as_the_switch_says(pool: Array) -> None:
    pool.switch("tgtse_on_standard", "refuse")
    assert "a standard volume, which -tgtse does not permit" in establish(pool, "0100:0200", THIN)
    assert establish(pool, "0100:0201", THIN) == ""
    assert establish(pool, "0100:0200", Options()) == ""
    withdraw(pool, "0100:0200")
    pool.switch("tgtse_on_standard", "accept")
    assert establish(pool, "0100:0200", Options(space_efficient_target=True)) == ""
