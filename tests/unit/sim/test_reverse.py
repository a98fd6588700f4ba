"""reverseflash and the revertible relations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from flashd.sim import flashcopy
from flashd.sim.errors import SimError
from flashd.sim.flashcopy import UNPREDICTABLE, Options
from flashd.sim.ids import Pair

from .flashing import INCREMENTAL, act, establish, pairs, reason, resync, reverse, withdraw

if TYPE_CHECKING:
    from flashd.sim.array import Array

FAST = Options(record=True, fast=True)


def make_revertible(array: Array, pair: str, options: Options = INCREMENTAL) -> str:
    return act(array, flashcopy.make_revertible, pair, options)


def commit(array: Array, pair: str) -> str:
    with array.inventory() as held:
        relation = held.relation(Pair.parse(pair))
        assert relation is not None
        return reason(flashcopy.commit(held, relation))


def revert(array: Array, pair: str) -> str:
    with array.inventory() as held:
        relation = held.relation(Pair.parse(pair))
        assert relation is not None
        return reason(flashcopy.revert(held, relation))


def test_the_source_becomes_what_the_target_is_and_the_pair_turns(array: Array) -> None:
    array.establish("0001:0002", synced_at=1000.0)
    array.write("0001")
    assert reverse(array, "0001:0002") == ""
    assert pairs(array) == ["0002:0001"]
    assert (array.content("0001"), array.content("0002")) == ("0001@0", "0001@0")
    relation = array.relation("0002:0001")
    assert (relation.recording, relation.persistent, relation.created_at) == (True, True, 1000.0)
    assert (relation.synced_at or 0) > 1000.0
    assert "in no FlashCopy" in resync(array, "0001:0002")
    assert resync(array, "0002:0001") == ""
    assert reverse(array, "0002:0001") == ""
    assert pairs(array) == ["0001:0002"]


def test_options_are_replaced_as_by_a_resync(array: Array) -> None:
    array.establish("0001:0002", "0003:0004")
    assert reverse(array, "0001:0002", Options(persist=True, target_inhibit=True)) == ""
    relation = array.relation("0002:0001")
    assert (relation.recording, relation.target_writable) == (False, False)
    assert reverse(array, "0003:0004", Options()) == ""
    assert pairs(array) == ["0002:0001"], "not persistent, and copied at once"
    assert array.content("0003") == "0003@0"


def test_only_what_changed_is_copied_back(array: Array) -> None:
    array.establish("0001:0002")
    array.switch("copy_rate", "0")
    array.write("0001")
    array.write("0002")
    assert reverse(array, "0001:0002") == ""
    assert array.out_of_sync_tracks("0002:0001") == 32
    assert array.content("0001").startswith("0002@")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"recording": False}, "not recording"),
        ({"state": "Invalid"}, "in state Invalid"),
        ({"revertible": True}, "revertible"),
        ({"uncopied": 1, "held": True}, "not complete"),
        ({"uncopied": 1, "background_copy": False}, "not complete"),
    ],
)
def test_not_every_relation_can_be_reversed(
    array: Array, change: dict[str, object], why: str
) -> None:
    array.establish("0001:0002")
    array.set_relation("0001:0002", **change)
    assert why in reverse(array, "0001:0002")
    assert pairs(array) == ["0001:0002"]


def test_a_fast_reverse_of_half_a_copy_leaves_only_the_source(array: Array) -> None:
    array.switch("copy_rate", "0")
    array.establish("0001:0002")
    array.write("0001")
    assert reverse(array, "0001:0002", FAST) == ""
    assert (array.content("0001"), array.content("0002")) == ("0001@0", UNPREDICTABLE)


def test_a_fast_reverse_may_leave_both(array: Array) -> None:
    array.switch("copy_rate", "0")
    array.switch("fast_reverse", "keeps")
    array.establish("0001:0002")
    array.set_relation("0001:0002", uncopied=50, held=True)
    array.write("0001")
    assert reverse(array, "0001:0002", FAST) == ""
    assert array.content("0002") == "0001@0"
    assert array.out_of_sync_tracks("0002:0001") == 50 + 16


def test_a_fast_reverse_of_a_whole_copy_leaves_both(array: Array) -> None:
    array.establish("0001:0002")
    array.write("0001")
    assert reverse(array, "0001:0002", FAST) == ""
    assert (array.content("0001"), array.content("0002")) == ("0001@0", "0001@0")


def test_a_source_in_other_relations_is_restored_only_where_cascades_are_known(
    array: Array,
) -> None:
    array.establish("0001:0002")
    assert establish(array, "0001:0003", Options(persist=True)) == ""
    array.switch("cascading", "refuse")
    assert "at once" in reverse(array, "0001:0002")
    array.switch("cascading", "accept")
    assert reverse(array, "0001:0002") == ""
    assert pairs(array) == ["0001:0003", "0002:0001"]


def test_a_source_that_is_a_target_cannot_be_restored(array: Array) -> None:
    array.establish("0001:0002", "0003:0001")
    assert "target of volume 0003" in reverse(array, "0001:0002")
    assert "in no FlashCopy" in reverse(array, "0004:0005")


def test_a_larger_target_cannot_be_copied_back(array: Array) -> None:
    array.establish("0100:0101")
    assert "smaller" in reverse(array, "0100:0101")


def test_a_target_that_is_full_of_targets_takes_no_more(array: Array) -> None:
    array.establish("0001:0002")
    for number in range(3, 15):
        assert establish(array, f"0002:{number:04X}", Options(persist=True)) == ""
    assert "12 targets" in reverse(array, "0001:0002")
    assert withdraw(array, "0002:000E") == ""
    assert reverse(array, "0001:0002") == ""


def test_a_revertible_relation_can_go_back(array: Array) -> None:
    array.establish("0001:0002")
    assert make_revertible(array, "0001:0002") == ""
    assert array.relation("0001:0002").revertible
    array.write("0002")
    assert "revertible" in resync(array, "0001:0002")
    assert revert(array, "0001:0002") == ""
    assert (array.content("0002"), array.relation("0001:0002").revertible) == ("0001@0", False)
    assert "not revertible" in revert(array, "0001:0002")
    assert resync(array, "0001:0002") == ""


def test_what_is_committed_cannot_go_back(array: Array) -> None:
    array.establish("0001:0002")
    assert "not revertible" in commit(array, "0001:0002")
    assert make_revertible(array, "0001:0002") == ""
    array.write("0002")
    kept = array.content("0002")
    assert commit(array, "0001:0002") == ""
    assert "not revertible" in revert(array, "0001:0002")
    assert "not revertible" in commit(array, "0001:0002")
    assert array.content("0002") == kept


def test_making_revertible_may_be_a_resync(array: Array) -> None:
    array.switch("set_revertible", "resyncs")
    array.establish("0001:0002")
    array.write("0001")
    assert make_revertible(array, "0001:0002", Options()) == ""
    relation = array.relation("0001:0002")
    assert (relation.recording, relation.persistent, relation.revertible) == (True, True, True)
    assert array.content("0002") == "0001@1"
    assert revert(array, "0001:0002") == ""
    assert array.content("0002") == "0001@0"


@pytest.mark.parametrize("position", ["marks", "resyncs"])
def test_making_revertible_may_freeze(array: Array, position: str) -> None:
    array.switch("set_revertible", position)
    array.establish("0001:0002")
    assert make_revertible(array, "0001:0002", Options(freeze=True)) == ""
    assert array.write("0001") == flashcopy.QUEUED


def test_only_incremental_relations_can_be_revertible(array: Array) -> None:
    assert "in no FlashCopy" in make_revertible(array, "0001:0002")
    assert establish(array, "0001:0002", Options(persist=True)) == ""
    assert "not recording" in make_revertible(array, "0001:0002")
    array.establish("0003:0004")
    array.reserve("db1", "0004")
    assert "reserved" in make_revertible(array, "0003:0004")


def test_roles_that_somebody_swapped_are_swapped_and_no_more(array: Array) -> None:
    array.write("0001")
    establish(array, "0001:0002")
    array.write("0001")
    held = array.relation("0001:0002")
    array.reverse_relation("0001:0002")
    assert array.relation("0002:0001") == replace(held, pair=held.pair.turned)
    assert (array.content("0001"), array.content("0002")) == ("0001@2", "0001@1")


def test_roles_are_not_swapped_where_the_source_is_a_target(array: Array) -> None:
    array.switch("cascading", "accept")
    establish(array, "0001:0002")
    establish(array, "0002:0003")
    with pytest.raises(SimError, match="0002:0003: the source is the target of volume 0001"):
        array.reverse_relation("0002:0003")
    assert pairs(array) == ["0001:0002", "0002:0003"]
