"""What an array has that a copy can harm: who reaches a volume, and whether it is well."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flashd.model.inventory import (
    EVERYTHING,
    HostConnection,
    Image,
    Part,
    Reach,
    VolumeGroup,
)
from flashd.model.volumes import VolumeId
from tests.unit.core.builders import REACH, inventory, volume

STOCK = inventory("0001:0002")
HOST = HostConnection(id="0000", name="tst1", wwpn="10000000C9A1B2C3", group="V1")
GROUPS = {
    "V1": VolumeGroup(id="V1", name="a", type="SCSI Mask"),
    "V2": VolumeGroup(id="V2", name="b", type="SCSI Map 256"),
    "V20": VolumeGroup(id="V20", name="c", type="SCSI All"),
    "V21": VolumeGroup(id="V21", name="All", type="SCSI Mask"),
    "V22": VolumeGroup(id="V22", name="d", type="FICON/ESCON All"),
    "V23": VolumeGroup(id="V23", name="e", type=""),
    "V24": VolumeGroup(id="V24", name="f", type="SCSI All 256"),
    "V25": VolumeGroup(id="V25", name="g", type="OS400 Mask"),
}
REACHES = {
    "its own group": ("V1", True),
    "another group": ("V2", False),
    "everything": ("V20", True),
    "everything, of mainframes": ("V22", True),
    "a group that is only called so": ("V21", False),
    "a group whose type is not told": ("V23", True),
    "a group of a type that nobody knows": ("V24", True),
    "another group, of IBM i": ("V25", False),
    "a group that nobody knows": ("V99", True),
    "none": (None, False),
}


@pytest.mark.parametrize(("group", "reaches"), REACHES.values(), ids=REACHES.keys())
def test_who_can_reach_a_volume(group: str | None, *, reaches: bool) -> None:
    one = replace(HOST, group=group)
    reach = Reach(groups=GROUPS, connections=(one,))
    assert reach.mapped_to(volume("0001")) == ((one,) if reaches else ())


def test_of_several_connections_those_that_reach_it_are_told() -> None:
    others = [
        replace(HOST, id=f"000{n}", group=group) for n, group in enumerate(("V2", "V1", None))
    ]
    reach = Reach(groups=GROUPS, connections=tuple(others))
    assert reach.mapped_to(volume("0001")) == (others[1],)
    assert reach.mapped_to(replace(volume("0001"), groups=())) == ()


WELL = ("Online", "Normal", "Normal")
STATES = {
    "as they should be": (WELL, True),
    "no access": (("Fenced", "Normal", "Normal"), False),
    "data lost": (("Online", "Pinned", "Normal"), False),
    "being configured": (("Online", "Normal", "Migrating"), False),
    "in another order": (("Normal", "Normal", "Online"), False),
    "in small letters": (("online", "normal", "normal"), False),
    "not told": (("", "", ""), False),
}


@pytest.mark.parametrize(("states", "well"), STATES.values(), ids=STATES.keys())
def test_a_volume_is_well_only_in_the_words_that_are_sure(
    states: tuple[str, str, str], *, well: bool
) -> None:
    assert replace(volume("0001"), states=states).well is well


def test_a_host_is_told_by_its_name_and_its_port() -> None:
    assert str(HOST) == "tst1 10000000C9A1B2C3"


def test_a_wwid_is_made_of_the_array_s_name_and_the_volume_s() -> None:
    image = Image("5005076303FFC111")
    assert image.wwid(VolumeId("0A1F")) == "6005076303ffc1110000000000000a1f"
    assert image.owns("6005076303ffc1110000000000000a1f")
    assert not image.owns("6005076303ffc1120000000000000a1f")


PARTS = {
    "nothing on demand": (None, None, set()),
    "who reaches it": (REACH, None, {Part.REACH}),
    "that nobody reaches it": (Reach(groups={}, connections=()), None, {Part.REACH}),
    "its name": (None, Image("5005076303FFC111"), {Part.IMAGE}),
    "everything": (REACH, Image("5005076303FFC111"), EVERYTHING),
}


@pytest.mark.parametrize(("reach", "image", "parts"), PARTS.values(), ids=PARTS.keys())
def test_what_was_not_asked_is_told_from_what_is_not_there(
    reach: Reach | None, image: Image | None, parts: set[Part]
) -> None:
    assert replace(STOCK, reach=reach, image=image).parts == parts


def test_what_was_read_cannot_be_changed_afterwards() -> None:
    volumes = dict(STOCK.volumes)
    kept = replace(STOCK, volumes=volumes)
    volumes.clear()
    assert kept.volumes == STOCK.volumes
    groups = dict(GROUPS)
    reach = Reach(groups=groups, connections=())
    groups.clear()
    assert reach.groups == GROUPS
    with pytest.raises(TypeError):
        reach.groups["V9"] = GROUPS["V1"]  # type: ignore[index]
