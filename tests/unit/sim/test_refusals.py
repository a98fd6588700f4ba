"""What the array refuses for its code level, for reservations and mirrors, and for the volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flashd.sim.flashcopy import Options

from .flashing import INCREMENTAL, establish, pairs, resync

if TYPE_CHECKING:
    from collections.abc import Callable

    from flashd.sim.array import Array

MULTINC = Options(record=True, multinc=True)


def cascades(array: Array) -> list[str]:
    return [establish(array, "0002:0003"), establish(array, "0004:0001")]


def several_record(array: Array) -> list[str]:
    return [establish(array, "0001:0003", MULTINC), resync(array, "0001:0002", MULTINC)]


TRIED = {
    "cascading": (cascades, "a volume cannot be source and target at once"),
    "multinc": (several_record, "-multinc is not known at code level"),
}


@pytest.mark.parametrize(
    ("switch", "level", "position", "accepted"),
    [
        ("cascading", "88.30.102.0", "by-level", True),
        ("cascading", "88.29.99.0", "by-level", False),
        ("cascading", "87.51.0.0", "by-level", False),
        ("cascading", "89.0.0.0", "by-level", True),
        ("cascading", "87.51.0.0", "accept", True),
        ("cascading", "89.0.0.0", "refuse", False),
        ("multinc", "88.40", "by-level", True),
        ("multinc", "88.39", "by-level", False),
        ("multinc", "88.39", "accept", True),
        ("multinc", "88.57", "refuse", False),
    ],
)
def test_what_the_code_level_decides(
    array: Array,
    switch: str,
    level: str,
    position: str,
    accepted: bool,  # noqa: FBT001 - a table's column
) -> None:
    attempt, reason = TRIED[switch]
    array.set_code_level(level)
    array.switch(switch, position)
    array.establish("0001:0002")
    assert [said.startswith(reason) for said in attempt(array)] == [not accepted] * 2
    assert establish(array, "0005:0006") == "", "neither"


def test_twelve_relations_of_which_one_is_incremental_and_no_more(array: Array) -> None:
    array.switch("copy_rate", "0")
    array.establish("0001:0002")
    for number in range(3, 14):
        assert "incremental" in establish(array, f"0001:{number:04X}")
        assert establish(array, f"0001:{number:04X}", Options()) == ""
    assert "12 targets" in establish(array, "0001:000E", Options())
    array.switch("copy_rate", "unlimited")
    assert pairs(array) == ["0001:0002"]


@pytest.mark.parametrize("act", [establish, resync])
def test_a_reserved_target_is_refused_unless_the_reservation_may_be_broken(
    array: Array, act: Callable[[Array, str, Options], str]
) -> None:
    if act is resync:
        array.establish("0001:0002")
    array.write("0001")
    array.reserve("db1", "0002", "0001")
    assert "reserved by host db1" in act(array, "0001:0002", INCREMENTAL)
    assert (array.reserved_by("0002"), array.content("0002")[:6]) == (
        "db1",
        "0001@0" if act is resync else "0002@0",
    )
    assert act(array, "0001:0002", Options(record=True, break_reservation=True)) == ""
    assert (array.reserved_by("0002"), array.content("0002")) == (None, "0001@1")
    assert array.reserved_by("0001") == "db1", "a source's is nobody's business"


def test_reservations_may_not_matter(array: Array) -> None:
    array.switch("reserved_target", "accept")
    array.reserve("db1", "0002")
    assert establish(array, "0001:0002") == ""
    assert array.reserved_by("0002") == "db1"


def test_a_mirrored_target_is_refused_unless_that_is_permitted(array: Array) -> None:
    array.mirror("0002", "IBM.2107-75XYZ01/0002")
    assert "remote mirror primary" in establish(array, "0001:0002")
    assert establish(array, "0002:0003") == "", "a source may be mirrored"
    permitted = Options(record=True, target_mirrored=True)
    assert establish(array, "0001:0002", permitted) == ""
    with array.inventory() as held:
        assert [copy.state for copy in held.remote_copies()] == ["Copy Pending"]
    assert "remote mirror primary" in resync(array, "0001:0002")
    array.switch("mirrored_target", "accept")
    assert resync(array, "0001:0002") == ""


def test_the_option_for_ckd_volumes_may_be_refused(array: Array) -> None:
    offline = Options(record=True, target_offline=True)
    assert establish(array, "0001:0002", offline) == ""
    array.switch("tgtoffline_on_fb", "refuse")
    assert "CKD" in resync(array, "0001:0002", offline)
    assert resync(array, "0001:0002", INCREMENTAL) == ""


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"datatype": "3390"}, "different kinds"),
        ({"datatype": "FB 520P"}, ""),
        ({"accstate": "Fault"}, "0002 is Fault, Normal"),
        ({"configstate": "Deconfiguring"}, "0002 is Online, Deconfiguring"),
    ],
)
def test_volumes_have_to_be_alike_and_well(
    array: Array, facts: dict[str, object], reason: str
) -> None:
    array.set_volume("0002", **facts)
    assert reason in establish(array, "0001:0002")
    assert pairs(array) == ([] if reason else ["0001:0002"])


def test_a_target_on_the_other_internal_server_is_accepted(array: Array) -> None:
    array.add_volumes("0201", "0301")
    assert establish(array, "0001:0201") == ""
    assert establish(array, "0002:0301") == ""
