"""FlashCopy's own rules, on the face that tests use."""

import pytest

from flashd.sim import flashcopy
from flashd.sim.array import Array
from flashd.sim.errors import SimError
from flashd.sim.flashcopy import Options, Refused
from flashd.sim.ids import Pair

INCREMENTAL = Options(record=True, persist=True)


def establish(array: Array, pair: str, options: Options = INCREMENTAL) -> str:
    """Return why it is refused, or nothing."""
    with array.inventory() as held:
        outcome = flashcopy.establish(held, Pair.parse(pair), options)
    return outcome.reason if isinstance(outcome, Refused) else ""


def resync(array: Array, pair: str, options: Options = INCREMENTAL) -> str:
    with array.inventory() as held:
        outcome = flashcopy.resync(held, Pair.parse(pair), options)
    return outcome.reason if isinstance(outcome, Refused) else ""


def test_a_target_holds_what_the_source_held_at_that_instant(array: Array) -> None:
    array.write("0001")
    array.establish("0001:0002")
    array.write("0001")
    assert (array.content("0001"), array.content("0002")) == ("0001@2", "0001@1")


def test_a_write_to_the_target_is_overwritten_by_the_next_resync(array: Array) -> None:
    array.establish("0001:0002")
    assert array.write("0002").startswith("0002@")
    assert resync(array, "0001:0002") == ""
    assert array.content("0002") == "0001@0"


def test_a_source_has_twelve_targets_at_most(array: Array) -> None:
    plain = Options(persist=True)
    for target in range(2, 14):
        assert establish(array, f"0001:{target:04X}", plain) == ""
    assert "12 targets" in establish(array, "0001:000E", plain)


def test_a_source_has_one_incremental_relation_unless_multinc(array: Array) -> None:
    assert establish(array, "0001:0002") == ""
    assert "incremental" in establish(array, "0001:0003")
    assert establish(array, "0001:0004", Options(persist=True)) == ""
    assert establish(array, "0001:0005", Options(record=True, multinc=True)) == ""


def test_a_target_has_one_source(array: Array) -> None:
    array.establish("0001:0003")
    assert "volume 0001" in establish(array, "0002:0003")
    assert "already" in establish(array, "0001:0003")
    assert "opposite" in establish(array, "0003:0001")
    assert "same volume" in establish(array, "0003:0003")
    assert "0FFF does not exist" in establish(array, "0FFF:0004")
    assert "0FFF does not exist" in establish(array, "0004:0FFF")


def test_of_pairs_that_are_made_together_all_or_none_are(array: Array) -> None:
    with pytest.raises(SimError, match="0003:0002"):
        array.establish("0001:0002", "0003:0002")
    assert (array.relations(), array.content("0002")) == ((), "0002@0")


def test_cascading_is_a_switch(array: Array) -> None:
    array.establish("0001:0002")
    assert establish(array, "0002:0003") == ""
    array.switch("cascading", "refuse")
    assert "source and target" in establish(array, "0003:0004")
    assert "source and target" in establish(array, "0005:0001")


def test_a_target_may_be_larger_unless_it_is_space_efficient(array: Array) -> None:
    assert "smaller" in establish(array, "0101:0100")
    array.set_volume("0101", space_efficient=True)
    thin = Options(persist=True, space_efficient_target=True)
    assert "as large as" in establish(array, "0100:0101", thin)
    array.set_volume("0101", space_efficient=False)
    assert establish(array, "0100:0101") == ""


def test_record_implies_persist(array: Array) -> None:
    assert establish(array, "0001:0002", Options(record=True)) == ""
    assert array.relation("0001:0002").persistent


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"recording": False}, "not recording"),
        ({"state": "Invalid"}, "in state Invalid"),
        ({"revertible": True}, "revertible"),
        ({"uncopied": 3, "held": True}, "still running"),
        ({"uncopied": 3, "background_copy": False}, ""),
    ],
)
def test_not_every_relation_can_be_resynced(
    array: Array, change: dict[str, object], reason: str
) -> None:
    array.establish("0001:0002")
    array.set_relation("0001:0002", **change)
    refused = resync(array, "0001:0002")
    assert reason in refused
    assert bool(reason) == bool(refused)


def test_a_relation_that_is_not_there_is_neither_resynced_nor_withdrawn(array: Array) -> None:
    assert "in no FlashCopy relationship" in resync(array, "0001:0002")
    with array.inventory() as held:
        gone = flashcopy.withdraw(held, Pair.parse("0001:0002"))
    assert isinstance(gone, Refused)


def test_a_copy_goes_on_by_the_array_s_clock(array: Array) -> None:
    array.switch("copy_rate", "10")
    array.show_time(1000.0, runs=False)
    array.establish("0100:0101")
    assert array.out_of_sync_tracks("0100:0101") == 100
    array.show_time(1004.0, runs=False)
    assert array.out_of_sync_tracks("0100:0101") == 60
    array.show_time(1001.0, runs=False)  # going back undoes nothing
    assert array.out_of_sync_tracks("0100:0101") == 60
    array.switch("copy_rate", "0")
    array.show_time(5000.0, runs=False)
    assert array.out_of_sync_tracks("0100:0101") == 60
    array.switch("copy_rate", "unlimited")
    assert array.out_of_sync_tracks("0100:0101") == 0


def test_a_resync_copies_what_changed_on_either_side(array: Array) -> None:
    array.establish("0100:0101")
    array.switch("copy_rate", "0")
    array.switch("tracks_per_write", "7")
    assert resync(array, "0100:0101") == ""
    assert array.out_of_sync_tracks("0100:0101") == 0
    array.write("0100")
    array.write("0101")
    assert resync(array, "0100:0101") == ""
    assert array.out_of_sync_tracks("0100:0101") == 14
    array.switch("tracks_per_write", "5000")
    array.switch("resync_while_copying", "accept")
    array.write("0100")
    assert resync(array, "0100:0101") == ""
    assert array.out_of_sync_tracks("0100:0101") == 100


def test_a_relation_that_is_not_persistent_ends_with_its_copy(array: Array) -> None:
    array.switch("copy_rate", "0")
    assert establish(array, "0001:0002", Options()) == ""
    assert establish(array, "0003:0004", Options(background_copy=False)) == ""
    assert len(array.relations()) == 2
    array.switch("copy_rate", "unlimited")
    assert [str(r.pair) for r in array.relations()] == ["0003:0004"]


def test_a_withdrawn_copy_that_was_not_complete_is_worth_nothing(array: Array) -> None:
    array.establish("0001:0002", cp=False)
    array.establish("0003:0004")
    with array.inventory() as held:
        flashcopy.withdraw(held, Pair.parse("0001:0002"))
        flashcopy.withdraw(held, Pair.parse("0003:0004"))
    assert (array.content("0002"), array.content("0004")) == ("unpredictable", "0003@0")


def test_hosts_may_not_write_to_an_inhibited_volume(array: Array) -> None:
    assert establish(array, "0001:0002", Options(persist=True, target_inhibit=True)) == ""
    with pytest.raises(SimError, match="may not write"):
        array.write("0002")
    array.set_relation("0001:0002", source_writable=False)
    with pytest.raises(SimError, match="may not write"):
        array.write("0001")


@pytest.mark.parametrize(("switch", "dated"), [("yes", True), ("no", False)])
def test_whether_mkflash_sets_the_date_of_the_sync_is_a_switch(
    array: Array,
    switch: str,
    dated: bool,  # noqa: FBT001 - a table's column
) -> None:
    array.switch("synced_on_establish", switch)
    array.establish("0001:0002")
    assert (array.relation("0001:0002").synced_at is not None) == dated


def test_whether_a_resync_sets_the_date_of_creation_is_a_switch(array: Array) -> None:
    array.establish("0001:0002", synced_at=1000.0)
    assert resync(array, "0001:0002") == ""
    assert array.relation("0001:0002").created_at == 1000.0
    array.switch("created_on_resync", "yes")
    assert resync(array, "0001:0002") == ""
    assert array.relation("0001:0002").created_at > 1000.0
