"""What an array is made of: several reports in one stream, understood as a whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.arrays.stock import lasting, parse_inventory, questions
from flashd.adapters.arrays.tables import NotUnderstoodError
from flashd.model.inventory import (
    EVERYTHING,
    HostConnection,
    Image,
    Inventory,
    Part,
    Reach,
    Volume,
    VolumeGroup,
)
from flashd.model.volumes import VolumeId
from tests.unit.core.builders import ARRAY, NOW, OTHER_ARRAY

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

VOLUMES = """\
Name|ID|accstate|datastate|configstate|deviceMTM|datatype|extpool|cap (blocks)|volgrp
======================================================================================
PRD_01|0001|Online|Normal|Normal|2107-900|FB 512|P0|41943040|V1,V11
-|0002|Online|Normal|Normal|2107-900|FB 520P|P0|41943041|-
"""
MIRRORS = f"""\
ID|State|Reason|Type|SourceLSS|Timeout (secs)|Critical Mode|First Pass Status
=============================================================================
{ARRAY}/0001:{OTHER_ARRAY}/0002|Full Duplex|-|Metro Mirror|00|60|Disabled|Invalid
"""
HOSTS = """\
Name|ID|WWPN|HostType|Profile|portgrp|volgrpID|ESSIOport
========================================================
tst1|0000|10000000c9a1b2c3|pSeries|IBM pSeries - AIX|0|V1|all
new|0001|10000000C9A1B2C4|pSeries|IBM pSeries - AIX|0|-|all
"""
GROUPS = """\
Name|ID|Type
============
tst1|V1|SCSI Mask
All Fixed Block-512|V20|SCSI All
"""
IMAGES = f"""\
Name|ID|Storage Unit|Model|WWNN|State|ESSNet|Volume Group|desc
==============================================================
-|{ARRAY}|IBM.2107-75ABC00|981|5005076303FFC111|Online|Enabled|V0|-
-|{OTHER_ARRAY}|IBM.2107-75XYZ00|981|5005076303FFC222|Online|Enabled|V0|-
"""
NONE = "CMUC00234I lspprc: No Remote Mirror and Copy found.\n"
NO_HOSTS = "CMUC00234I lshostconnect: No Host Connection found.\n"
WHOLE = (VOLUMES, MIRRORS, HOSTS, GROUPS, VOLUMES, HOSTS, MIRRORS, IMAGES)
PROMPT = "dscli> "


def stock(*reports: str, parts: AbstractSet[Part] = EVERYTHING) -> Inventory:
    return parse_inventory("".join(reports), ARRAY, parts, NOW, NOW)


OUTPUT = "-bnr off -hdr on -fmt delim -delim |"
COMMANDS = {
    "lsfbvol": f"lsfbvol -dev {ARRAY} -l {OUTPUT}",
    "lspprc": f"lspprc -dev {ARRAY} -fullid {OUTPUT} 0000-FFFF",
    "lshostconnect": f"lshostconnect -dev {ARRAY} {OUTPUT}",
    "lsvolgrp": f"lsvolgrp -dev {ARRAY} {OUTPUT}",
    "lssi": f"lssi {OUTPUT}",
}
HOSTS_TOO = [
    *("lsfbvol", "lspprc", "lshostconnect", "lsvolgrp"),
    *("lsfbvol", "lshostconnect", "lspprc"),
]
ASKED: dict[str, tuple[set[Part], list[str]]] = {
    "nothing on demand": (set(), ["lspprc", "lsfbvol", "lspprc"]),
    "the image": ({Part.IMAGE}, ["lspprc", "lsfbvol", "lspprc", "lssi"]),
    "who reaches it": ({Part.REACH}, HOSTS_TOO),
    "everything": ({Part.REACH, Part.IMAGE}, [*HOSTS_TOO, "lssi"]),
}


@pytest.mark.parametrize(("parts", "asked"), ASKED.values(), ids=ASKED.keys())
def test_every_report_is_asked_for_the_whole_array_with_a_delimiter_that_no_cell_has(
    parts: set[Part], asked: list[str]
) -> None:
    assert questions(ARRAY, parts) == tuple(COMMANDS[one] for one in asked)


def test_only_which_images_a_console_has_holds_for_as_long_as_a_login() -> None:
    assert lasting() == {COMMANDS["lssi"]}


@pytest.mark.parametrize(("parts", "asked"), ASKED.values(), ids=ASKED.keys())
def test_what_proves_by_not_being_there_is_asked_twice_and_not_twice_in_a_row(
    parts: set[Part], asked: list[str]
) -> None:
    del parts
    assert asked.count("lspprc") == 2
    assert asked.count("lshostconnect") in {0, 2}
    assert asked.count("lsfbvol") == asked.count("lshostconnect") or "lsvolgrp" not in asked
    assert all(one != after for one, after in pairwise(asked))


BARE = (MIRRORS, VOLUMES, MIRRORS)


def test_what_was_not_asked_is_not_taken_for_nothing() -> None:
    whole, bare = stock(*WHOLE), stock(*BARE, parts=set())
    assert bare == replace(whole, reach=None, image=None)
    assert stock(*BARE, IMAGES, parts={Part.IMAGE}) == replace(whole, reach=None)
    assert stock(*WHOLE[:-1], parts={Part.REACH}) == replace(whole, image=None)


@pytest.mark.parametrize(
    "parts", [set(), {Part.IMAGE}, {Part.REACH}], ids=["nothing", "image", "reach"]
)
def test_answers_to_something_else_are_no_inventory(parts: set[Part]) -> None:
    with pytest.raises(NotUnderstoodError):
        stock(*WHOLE, parts=parts)
    for less in (BARE, (*BARE, IMAGES)):
        with pytest.raises(NotUnderstoodError):
            stock(*less)


def test_a_mirror_that_one_of_both_answers_lacks_is_no_inventory_of_volumes_alone() -> None:
    for reports in ((MIRRORS, VOLUMES, NONE), (NONE, VOLUMES, MIRRORS)):
        with pytest.raises(NotUnderstoodError, match="lspprc was asked twice"):
            stock(*reports, parts=set())


@pytest.mark.parametrize("mirrors", [MIRRORS, NONE])
def test_one_answer_that_came_double_is_not_two_of_them(mirrors: str) -> None:
    for reports in ((mirrors, mirrors, VOLUMES), (VOLUMES, mirrors, mirrors), (mirrors, VOLUMES)):
        with pytest.raises(NotUnderstoodError):
            stock(*reports, parts=set())


@pytest.mark.parametrize("line", range(len("".join(BARE).splitlines())))
def test_answers_in_a_session_that_break_off_are_no_inventory(line: int) -> None:
    lines = "".join(BARE).splitlines(keepends=True)
    with pytest.raises(NotUnderstoodError):
        stock(*lines[:line], parts=set())


def test_all_of_it_is_read() -> None:
    assert stock(*WHOLE) == Inventory(
        array=ARRAY,
        began_at=NOW,
        ended_at=NOW,
        volumes={
            VolumeId("0001"): Volume(
                id=VolumeId("0001"),
                name="PRD_01",
                datatype="FB 512",
                blocks=41943040,
                groups=("V1", "V11"),
                states=("Online", "Normal", "Normal"),
            ),
            VolumeId("0002"): Volume(
                id=VolumeId("0002"),
                name="-",
                datatype="FB 520P",
                blocks=41943041,
                groups=(),
                states=("Online", "Normal", "Normal"),
            ),
        },
        mirrored=frozenset({VolumeId("0001")}),
        reach=Reach(
            groups={
                "V1": VolumeGroup(id="V1", name="tst1", type="SCSI Mask"),
                "V20": VolumeGroup(id="V20", name="All Fixed Block-512", type="SCSI All"),
            },
            connections=(
                HostConnection(id="0000", name="tst1", wwpn="10000000C9A1B2C3", group="V1"),
                HostConnection(id="0001", name="new", wwpn="10000000C9A1B2C4", group=None),
            ),
        ),
        image=Image("5005076303FFC111"),
    )


def test_prompts_banners_and_remarks_change_nothing() -> None:
    banner = (
        f"Date/Time: November 21, 2026 2:00:00 AM UTC IBM DSCLI Version: 7.7.10.317 DS: {ARRAY}\n"
    )
    spoken = [f"{PROMPT}{banner}{report}" for report in WHOLE]
    remark = "CMUC00999I lsfbvol: simulated: nothing of note.\n"
    assert stock(*spoken, remark, PROMPT) == stock(*WHOLE)


def test_a_header_may_stand_right_after_a_prompt() -> None:
    assert stock(*(f"{PROMPT}{report}" for report in WHOLE)) == stock(*WHOLE)


def test_nothing_found_is_a_report() -> None:
    found = stock(VOLUMES, NONE, NO_HOSTS, GROUPS, VOLUMES, NO_HOSTS, NONE, IMAGES)
    assert found.reach
    assert (found.mirrored, found.reach.connections) == (frozenset(), ())


REMARK = "CMUC00999I lsfbvol: simulated: nothing of note.\n"
WARNING = "CMUC00999W simulated: the password expires in 5 days.\n"
LACKS = "CMUN00999W {}: simulated: LSS 01 could not be read.\n"
HARMLESS = {
    "a remark": REMARK,
    "a warning": WARNING,
    "a line of a banner": "Welcome to the console\n",
    "a line of a banner with a stroke": "console 1|7.7.10\n",
}


@pytest.mark.parametrize("line", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_no_row_can_be_may_stand_before_the_first_report(line: str) -> None:
    assert stock(line, *WHOLE) == stock(*WHOLE)


@pytest.mark.parametrize("line", [REMARK, WARNING], ids=["a remark", "a warning"])
def test_who_found_nothing_may_remark_upon_it(line: str) -> None:
    rest = (HOSTS, GROUPS, VOLUMES, HOSTS, NONE, IMAGES)
    assert stock(VOLUMES, NONE, line, *rest) == stock(VOLUMES, NONE, *rest)


@pytest.mark.parametrize("report", ["lspprc", "lsfbvol", "lshostconnect", "lsvolgrp", "lssi"])
def test_what_warns_of_a_report_is_no_answer_wherever_it_stands(report: str) -> None:
    """Also where it has said that it found nothing: of a part it does not know."""
    lacks = LACKS.format(report)
    bare = (NONE, VOLUMES, NONE)
    for place in range(len(bare) + 1):
        with pytest.raises(NotUnderstoodError):
            stock(*bare[:place], lacks, *bare[place:], parts=set())
    for first, second in ((lacks, lacks), ("", lacks), (lacks, "")):
        with pytest.raises(NotUnderstoodError):
            stock(NONE, first, VOLUMES, NONE, second, parts=set())
    nobody = (VOLUMES, NONE, NO_HOSTS, GROUPS, VOLUMES, NO_HOSTS, NONE, IMAGES)
    for place in range(len(nobody) + 1):
        with pytest.raises(NotUnderstoodError):
            stock(*nobody[:place], lacks, *nobody[place:])


def test_an_error_is_no_remark_whatever_it_is_of() -> None:
    error = "CMUN00999E simulated: no.\n"
    for reports in ((error, NONE, VOLUMES, NONE), (NONE, error, VOLUMES, NONE)):
        with pytest.raises(NotUnderstoodError):
            stock(*reports, parts=set())
    with pytest.raises(NotUnderstoodError):
        stock(NONE, VOLUMES, NONE, error, parts=set())


SIDES = {
    "the primary": (f"{ARRAY}/0001:{OTHER_ARRAY}/0002", {"0001"}),
    "the secondary": (f"{OTHER_ARRAY}/0001:{ARRAY}/0002", {"0002"}),
    "both, within one array": (f"{ARRAY}/0001:{ARRAY}/0002", {"0001", "0002"}),
    "a side whose array is not told": ("0001:0002", {"0001", "0002"}),
    "neither": (f"{OTHER_ARRAY}/0001:{OTHER_ARRAY}/0002", set()),
    "ours in small letters": (f"{ARRAY.lower()}/0a01:{OTHER_ARRAY}/0002", {"0A01"}),
}


@pytest.mark.parametrize(("pair", "mirrored"), SIDES.values(), ids=SIDES.keys())
def test_a_volume_of_ours_on_either_side_is_mirrored(pair: str, mirrored: set[str]) -> None:
    row = MIRRORS.replace(f"{ARRAY}/0001:{OTHER_ARRAY}/0002", pair)
    assert stock(VOLUMES, row, HOSTS, GROUPS, VOLUMES, HOSTS, row, IMAGES).mirrored == mirrored


def without(text: str, column: str) -> str:
    return text.replace(f"|{column}", "|Other", 1)


BAD = {
    "nothing": ("", "there is no answer of lsfbvol"),
    "a report that is missing": ("".join((*WHOLE[:3], *WHOLE[4:])), "10 of 8 columns"),
    "the last one missing": ("".join(WHOLE[:-1]), "no answer of lssi"),
    "another order": ("".join((MIRRORS, VOLUMES, *WHOLE[2:])), "before the first header"),
    "one of them twice": ("".join((VOLUMES, *WHOLE)), "lsfbvol was asked twice"),
    "a header without a row": (
        VOLUMES.partition("PRD_01")[0] + "".join(WHOLE[1:]),
        "lsfbvol has a header but no row",
    ),
    "a row after nothing": (
        VOLUMES + NONE + MIRRORS.split("\n")[2] + "\n" + "".join(WHOLE[2:]),
        "lspprc found nothing, and said",
    ),
    "a row that is cut": ("".join(WHOLE).replace("|V1,V11", ""), "9 of 10 columns"),
    "commas where they part cells": (
        "".join((VOLUMES.replace("|", ","), *WHOLE[1:])),
        "11 of 10 columns",
    ),
    "a line that does not end": ("".join(WHOLE)[:-1], "a line that does not end"),
    "an error in the middle": (
        VOLUMES + "CMUN00001E lspprc: simulated: no.\n" + "".join(WHOLE[1:]),
        "there is a table, and the message",
    ),
    "a warning in the middle": (
        VOLUMES + "CMUN00001W lspprc: simulated: maybe.\n" + "".join(WHOLE[1:]),
        "there is a table, and the message",
    ),
    "nothing found by another command": (
        "".join((VOLUMES, NONE.replace("lspprc:", "lsflash:"), *WHOLE[2:])),
        "there is a table, and the message",
    ),
    "an error after nothing": (
        VOLUMES + NONE + "CMUN00001E lspprc: simulated: no.\n" + HOSTS + GROUPS + IMAGES,
        "lspprc found nothing, and said",
    ),
    "nothing twice": (VOLUMES + NONE + NONE + HOSTS + GROUPS + IMAGES, "lspprc found nothing, and"),
    "bytes that are no text": ("".join(WHOLE).replace("PRD_01", "PRD\0"), "no text"),
    "no size": ("".join(WHOLE).replace("|41943041|", "|0|"), "has '0' blocks"),
    "a size that is none": ("".join(WHOLE).replace("41943041", "4e7"), "has '4e7' blocks"),
    "a volume that is none": ("".join(WHOLE).replace("|0002|Onl", "|02|Onl"), "not a volume id"),
    "a volume with something after it": (
        "".join(WHOLE).replace("|0002|Onl", "|0002-|Onl"),
        "is no id of",
    ),
    "a volume of another array": (
        "".join(WHOLE).replace("|0002|Onl", f"|{OTHER_ARRAY}/0002|Onl"),
        "is no id of",
    ),
    "a volume twice": ("".join(WHOLE).replace("|0002|Onl", "|0001|Onl"), "0001 twice"),
    "a group twice": ("".join(WHOLE).replace("|V20|", "|V1|"), "lsvolgrp lists V1 twice"),
    "a host in two groups": ("".join(WHOLE).replace("|0|V1|all", "|0|V1,V2|all"), "lshostconnect"),
    "a port that is none": ("".join(WHOLE).replace("10000000c9a1b2c3", "-"), "lshostconnect"),
    "a port that is too long": (
        "".join(WHOLE).replace("10000000c9a1b2c3", "10000000c9a1b2c3ff"),
        "lshostconnect",
    ),
    "a mirror that is too long": (
        "".join(WHOLE).replace(f"{OTHER_ARRAY}/0002|Full", f"{OTHER_ARRAY}/00020|Full"),
        "no remote copy relation",
    ),
    "a mirror that is none": (
        "".join(WHOLE).replace(f"{ARRAY}/0001:{OTHER_ARRAY}/0002", "0001"),
        "no remote copy relation",
    ),
    "a host that the second answer lacks": (
        "".join((*WHOLE[:5], HOSTS.replace(HOSTS.splitlines(keepends=True)[2], ""), *WHOLE[6:])),
        "lshostconnect was asked twice",
    ),
    "a volume that is in another group by the second answer": (
        "".join((*WHOLE[:4], VOLUMES.replace("|V1,V11", "|V1"), *WHOLE[5:])),
        "lsfbvol was asked twice",
    ),
    "a mirror that the first answer lacks": (
        "".join((VOLUMES, NONE, *WHOLE[2:])),
        "lspprc was asked twice",
    ),
    "a host that is called as a message is": (
        "".join(WHOLE).replace("tst1|0000", "CMUC00001I tst1|0000"),
        "a row looks like something else",
    ),
    "a host that is called as a banner is": (
        "".join(WHOLE).replace("tst1|0000", "Date/Time: tst1|0000"),
        "a row looks like something else",
    ),
    "a volume that is called as a prompt is": (
        "".join(WHOLE).replace("PRD_01|", "dscli> PRD_01|"),
        "a row looks like something else",
    ),
    "a volume that is called as a prompt is, inside": (
        "".join(WHOLE).replace("PRD_01|", "A dscli> PRD_01|"),
        "a row looks like something else",
    ),
    "an array that is not there": (
        "".join(WHOLE).replace(f"-|{ARRAY}|", "-|IBM.2107-75NONE1|"),
        f"not one image {ARRAY}",
    ),
    "an array twice": ("".join(WHOLE).replace(f"-|{OTHER_ARRAY}|", f"-|{ARRAY}|"), "not one image"),
    "no WWNN": ("".join(WHOLE).replace("|5005076303FFC111|", "|-|"), "with a WWNN"),
    "a WWNN that is too long": (
        "".join(WHOLE).replace("|5005076303FFC111|", "|5005076303FFC1110|"),
        "with a WWNN",
    ),
    "an array that is not well": (
        "".join(WHOLE).replace("FFC111|Online", "FFC111|Offline"),
        "is 'Offline', not Online",
    ),
}


@pytest.mark.parametrize(("text", "words"), BAD.values(), ids=BAD.keys())
def test_anything_else_is_no_inventory(text: str, words: str) -> None:
    with pytest.raises(NotUnderstoodError, match=words):
        stock(text)


@pytest.mark.parametrize("line", range(len("".join(WHOLE).splitlines())))
def test_a_stream_that_breaks_off_is_no_inventory(line: int) -> None:
    lines = "".join(WHOLE).splitlines(keepends=True)
    if line < len(lines) - 1:  # the last line is another array: without it ours is still whole
        with pytest.raises(NotUnderstoodError):
            stock(*lines[:line])


def test_a_column_that_is_missing_is_no_report() -> None:
    for column in ("volgrp", "cap (blocks)", "datatype", "accstate"):
        with pytest.raises(NotUnderstoodError, match=r"no answer of lsfbvol|before the first"):
            stock(without(VOLUMES, column), *WHOLE[1:])
