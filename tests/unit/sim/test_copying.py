"""Which tracks are copied when: in the background, before a write, and on the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flashd.sim import flashcopy
from flashd.sim.flashcopy import UNPREDICTABLE, Options
from flashd.sim.ids import Pair

from .flashing import establish, pairs, reason, resync, withdraw

if TYPE_CHECKING:
    from flashd.sim.array import Array

PAIR = "0100:0101"
NOCOPY = Options(record=True, background_copy=False)
PASSING = Options()


@pytest.fixture
def slow(array: Array) -> Array:
    """Return an array that copies 10 tracks a second; its clock shows 1000 and stands."""
    array.switch("copy_rate", "10")
    array.switch("tracks_per_write", "7")
    array.show_time(1000.0, runs=False)
    return array


def left(array: Array) -> int:
    return array.out_of_sync_tracks(PAIR)


def test_a_full_copy_starts_with_all_tracks(slow: Array) -> None:
    slow.establish("0001:0002")
    assert slow.out_of_sync_tracks("0001:0002") == slow.volume("0001").blocks // 128


@pytest.mark.parametrize(("at", "there"), [(1009.9, True), (1010.0, False)])
def test_a_passing_relation_ends_with_its_last_track(
    slow: Array,
    at: float,
    there: bool,  # noqa: FBT001 - a table's column
) -> None:
    assert establish(slow, PAIR, PASSING) == ""
    slow.show_time(at, runs=False)
    assert (pairs(slow) == [PAIR]) == there
    assert slow.content("0101") == "0100@0"


def test_without_a_copy_tracks_are_copied_as_they_are_written_on_either_side(slow: Array) -> None:
    assert establish(slow, PAIR, NOCOPY) == ""
    slow.show_time(9000.0, runs=False)
    assert left(slow) == 100
    slow.write("0100")
    assert left(slow) == 93
    slow.write("0101")
    assert left(slow) == 86
    assert slow.relation(PAIR).background_copy is False


def test_a_write_spares_the_background_copy_its_tracks(slow: Array) -> None:
    slow.establish(PAIR)
    slow.show_time(1002.0, runs=False)
    slow.write("0100")
    assert left(slow) == 73
    slow.show_time(1002.05, runs=False)
    slow.write("0101")
    assert left(slow) == 66
    slow.show_time(1002.1, runs=False)
    assert left(slow) == 65, "fractions of a track are not lost at each write"


def test_writes_copy_the_last_track_and_no_more(slow: Array) -> None:
    slow.switch("tracks_per_write", "99")
    assert establish(slow, PAIR, Options(persist=True, background_copy=False)) == ""
    slow.write("0100")
    assert left(slow) == 1
    assert withdraw(slow, PAIR) == ""
    assert slow.content("0101") == UNPREDICTABLE
    assert establish(slow, PAIR, Options(background_copy=False)) == ""
    slow.write("0100")
    assert pairs(slow) == [PAIR]
    slow.write("0100")
    assert pairs(slow) == []
    assert slow.content("0101") == "0100@1", "it was complete, so it stays"


def test_a_number_that_was_set_by_hand_stays(slow: Array) -> None:
    slow.establish(PAIR)
    slow.set_relation(PAIR, uncopied=5, held=True)
    slow.write("0100")
    assert left(slow) == 5


def test_a_resync_adds_what_changed_to_what_nocopy_left(slow: Array) -> None:
    assert establish(slow, PAIR, NOCOPY) == ""
    slow.write("0100")
    assert resync(slow, PAIR) == ""
    assert left(slow) == 100
    slow.show_time(1001.0, runs=False)
    assert left(slow) == 90, "the new options ask for a background copy"


@pytest.mark.parametrize("options", [NOCOPY, Options(record=True)])
def test_withdrawn_before_the_last_track_the_target_is_unpredictable(
    slow: Array, options: Options
) -> None:
    assert establish(slow, PAIR, options) == ""
    slow.show_time(1009.9, runs=False)
    assert withdraw(slow, PAIR) == ""
    assert (pairs(slow), slow.content("0101")) == ([], UNPREDICTABLE)
    assert not slow.one_point_in_time("0101")


def test_withdrawn_after_the_last_track_it_stays(slow: Array) -> None:
    slow.establish(PAIR)
    slow.show_time(1010.0, runs=False)
    assert withdraw(slow, PAIR) == ""
    assert slow.content("0101") == "0100@0"


def when_copied(array: Array, sequence: str | None = None) -> str:
    with array.inventory() as held:
        return reason(flashcopy.withdraw_when_copied(held, Pair.parse(PAIR), sequence))


def test_a_withdrawal_may_wait_for_the_copy(slow: Array) -> None:
    assert establish(slow, PAIR, NOCOPY) == ""
    assert when_copied(slow) == ""
    slow.show_time(1009.0, runs=False)
    assert (pairs(slow), left(slow)) == ([PAIR], 10)
    slow.show_time(1010.0, runs=False)
    assert (pairs(slow), slow.content("0101")) == ([], "0100@0")


def test_a_number_that_was_set_by_hand_does_not_hold_a_withdrawal_off(slow: Array) -> None:
    slow.establish(PAIR)
    slow.set_relation(PAIR, uncopied=50, held=True)
    assert when_copied(slow) == ""
    slow.show_time(1005.0, runs=False)
    assert pairs(slow) == []


def test_a_withdrawal_of_what_is_copied_or_failed_does_not_wait(slow: Array) -> None:
    assert "in no FlashCopy" in when_copied(slow)
    slow.establish(PAIR)
    slow.set_relation(PAIR, state="Tgt Failed")
    assert when_copied(slow) == ""
    assert (pairs(slow), slow.content("0101")) == ([], UNPREDICTABLE)
    slow.establish(PAIR)
    slow.show_time(1010.0, runs=False)
    assert when_copied(slow) == ""
    assert (pairs(slow), slow.content("0101")) == ([], "0100@0")


def test_a_sequence_number_has_to_be_the_relation_s(slow: Array) -> None:
    assert establish(slow, PAIR, Options(persist=True, sequence="00A0")) == ""
    assert "number 00A0" in when_copied(slow, "1")
    with slow.inventory() as held:
        wrong = flashcopy.withdraw(held, Pair.parse(PAIR), "a1")
        right = flashcopy.withdraw(held, Pair.parse(PAIR), "a0")
    assert ("number 00A0" in reason(wrong), reason(right)) == (True, "")


def test_a_flash_onto_the_source_of_a_copy_that_was_not_asked_for_copies_first(slow: Array) -> None:
    slow.add_volumes("0102", "0103", blocks=100 * 128)
    slow.establish("0100:0102")
    slow.switch("copy_rate", "unlimited")
    assert establish(slow, "0102:0103", NOCOPY) == ""
    slow.write("0100")
    assert resync(slow, "0100:0102") == ""
    assert slow.out_of_sync_tracks("0102:0103") == 93
    assert slow.content("0103") == "0100@0"


def under_way(array: Array) -> tuple[list[str], list[str]]:
    """Tell the pairs that are being copied, and those that are not in the background."""
    with array.inventory() as held:
        return [str(one.pair) for one in held.copying()], [str(one.pair) for one in held.uncopied()]


def test_what_is_being_copied_is_told_until_the_last_track(slow: Array) -> None:
    slow.add_volumes("0200", "0201")
    assert establish(slow, "0200:0201", NOCOPY) == ""
    slow.establish(PAIR)
    slow.show_time(1009.9, runs=False)
    assert under_way(slow) == ([PAIR], ["0200:0201"])
    slow.show_time(1010.0, runs=False)
    assert under_way(slow) == ([], ["0200:0201"])
