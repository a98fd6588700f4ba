"""A twin lists what its original lists, whatever the format of the paste."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from flashd.sim.array import Array
from flashd.sim.commands import COMMANDS
from flashd.sim.commands.command import Call
from flashd.sim.errors import SimError
from flashd.sim.grammar import parse, split
from flashd.sim.hosts import access
from flashd.sim.layout import Layout, Report, render
from flashd.sim.nouns import TRACKS_PER_GIB, Volume
from flashd.sim.reading import read
from flashd.sim.twin import Access, Twin, Wishes, make, notes, plan
from flashd.sim.twin.dates import BadDateError, Zone

SERIAL = "IBM.2107-75DWA61"
LISTINGS = (
    "lssi",
    "lsfbvol -l",
    "lsflash -l 0000-FFFF",
    "lshostconnect -l",
    "lsvolgrp",
    "lspprc 0000-FFFF",
)
NOW = 1_700_000_000.0
ACCESS = Access(
    consoles=("10.0.0.1", "10.0.0.2"),
    user="op",
    password="pw",
    role="monitor",
    copy_rate="0",
)

layouts = st.builds(
    Layout,
    format=st.sampled_from(("default", "delim", "delim", "stanza", "xml")),
    delim=st.sampled_from((*",|;:\t#~!/", "::")),
    header=st.booleans(),
    fullid=st.booleans(),
)
names = st.from_regex(r"[A-Za-z][\w.-]{0,8}( [a-z]{1,3})?", fullmatch=True)
volumes: st.SearchStrategy[dict[str, object]] = st.builds(
    dict,
    name=st.just("") | names,
    blocks=st.integers(1, 10**7),
    datatype=st.sampled_from(("FB 512", "FB 520P")),
    space_efficient=st.booleans(),
    pool=st.sampled_from(("P0", "P3")),
    volgrp=st.sampled_from(("-", "V0", "V0,V1")),
)
instants = st.integers(1_000_000_000, int(NOW))
relations: st.SearchStrategy[dict[str, object]] = st.builds(
    dict,
    recording=st.booleans(),
    persistent=st.just(True),
    background_copy=st.booleans(),
    target_writable=st.booleans(),
    source_writable=st.booleans(),
    state=st.sampled_from(("Valid", "Tgt Failed")),
    sequence=st.sampled_from(("0", "0010")),
    uncopied=st.sampled_from((0, 17)),
    created_at=instants,
    synced_at=st.none() | instants,
)


def listings(array: Array, layout: Layout, *commands: str) -> dict[str, str]:
    """Return what each command prints, without a process."""
    printed: dict[str, str] = {}
    for text in commands or LISTINGS:
        command = COMMANDS[text.split()[0]]
        request = parse(command.grammar, split(text))
        with array.inventory() as held:
            answer = command.run(Call(request, held, array.identity, layout.fullid))
        lines = render(answer.report, layout) if answer.report else []
        printed[text] = "\n".join((*lines, *answer.messages))
    return printed


def paste(printed: Mapping[str, str]) -> str:
    return "".join(f"dscli> {command}\n{text}\n" for command, text in printed.items())


def original(
    path: Path, kinds: Sequence[dict[str, object]], states: Sequence[dict[str, object]]
) -> Array:
    array = Array.create(path, SERIAL)
    array.switch("copy_rate", "0")
    with array.inventory() as held:
        access.add(held, "aix1", ("C05076000000000A", "C05076000000000B"))
        access.add(held, "lnx 2", (), "LinuxRHEL")
        for number, kind in enumerate(kinds):
            name = f"{number:04X}"
            held.put_volume(Volume(id=name, **kind))  # type: ignore[arg-type]
    for number, state in enumerate(states):
        source, target = f"{2 * number:04X}", f"{2 * number + 1:04X}"
        like = array.volume(source)
        size = {"blocks": like.blocks, "datatype": like.datatype}
        array.set_volume(target, space_efficient=False, **size)
        array.establish(f"{source}:{target}")
        array.set_relation(f"{source}:{target}", copy_from=NOW, **state)
    array.set_volume("0001", accstate="Fenced")
    with array.inventory() as held:
        held.set_long_busy("00", 120)
    array.mirror("0000", "0100", state="Copy Pending")
    return array


def twin_of(text: str, **wishes: object) -> Twin:
    return plan(read(text), replace(Wishes(now=NOW, blocks=2**21), **wishes))  # type: ignore[arg-type]


@settings(deadline=None, max_examples=30, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    kinds=st.lists(volumes, min_size=4, max_size=5),
    states=st.lists(relations, min_size=1, max_size=2),
    layout=layouts,
    zone=st.sampled_from(("client", "Europe/Paris", "America/New_York")),
)
def test_a_twin_lists_what_its_original_lists(
    kinds: list[dict[str, object]], states: list[dict[str, object]], layout: Layout, zone: str
) -> None:
    assume(not (layout.fullid and layout.delim == "/"))  # then even a person could not tell
    with tempfile.TemporaryDirectory() as directory:
        array = original(Path(directory, "a"), kinds, states)
        array.switch("date_zone", zone)
        plain = layout.format == "default" and not layout.header
        wanted = LISTINGS[:-1] if plain else LISTINGS  # states of mirrors are of several words
        printed = listings(array, layout, *wanted)
        twin = twin_of(paste(printed), zone="" if zone == "client" else zone)
        assert twin.troubles == ()
        made = make(Path(directory, "b"), twin, ACCESS)
        made.switch("date_zone", zone)
        assert listings(made, layout, *wanted) == printed
        assert [note for note in twin.notes if "different zones" not in note] == []


BANNER = "Date/Time: September 18, 2014 11:04:04 PM CEST IBM DSCLI Version: 7.7.10.317 DS: {}\n"
FLASH = """\
ID        SrcLSS SequenceNum Timeout ActiveCopy Recording Persistent Revertible\
 SourceWriteEnabled TargetWriteEnabled BackgroundCopy OutOfSyncTracks\
 DateCreated                   DateSynced                    State isTgtSE
=============================
0065:0073 00     0           300     Disabled   Enabled   Enabled    Disabled  \
 Enabled            Enabled            Enabled        0              \
 Thu Sep 18 23:04:04 CEST 2014 Thu Sep 18 23:04:04 CEST 2014 Valid ESE
0066:0074 00     0           300     Enabled    Enabled   Enabled    Disabled  \
 Enabled            Disabled           Enabled        1200           \
 Thu Sep 18 23:04:04 CEST 2014 -                             Valid -
"""
VOLUMES = """\
Name,ID,accstate,datastate,configstate,deviceMTM,datatype,extpool,cap (2^30B),cap (10^9B)\
,cap (blocks)
=============
erp_a,0065,Online,Normal,Normal,2107-922,FB 512,P2,-,5.0,4096000
"""


def test_what_a_paste_lacks_is_filled_from_what_is_there_and_said(tmp_path: Path) -> None:
    twin = twin_of(BANNER.format(SERIAL) + FLASH)
    assert (twin.serial, twin.wwnn, twin.model, twin.troubles) == (SERIAL, "", "", ())
    assert {v.id: v.blocks for v in twin.volumes} == dict.fromkeys(
        ("0065", "0066", "0073", "0074"), 2**21
    )
    assert [v.id for v in twin.volumes if v.space_efficient] == ["0073"]
    assert [v.content for v in twin.volumes] == ["0065@0", "0066@0", "0065@0", "0066@0"]
    said = " / ".join(twin.notes)
    for part in ("no lssi", "no lshostconnect", "4 volumes are in no lsfbvol (0065, 0066,"):
        assert part in said
    array = make(tmp_path / "t", twin, ACCESS)
    assert array.relation("0065:0073").synced_at == 1_411_074_244.0
    assert array.relation("0066:0074").synced_at is None
    assert not array.relation("0066:0074").target_writable
    assert array.out_of_sync_tracks("0066:0074") == 1200
    assert array.switches["copy_rate"] == "0"
    assert array.consoles == ("10.0.0.1", "10.0.0.2")
    assert [(u.name, u.role) for u in array.users()] == [("op", "monitor")]


def test_a_partner_s_size_is_taken_and_a_short_listing_told() -> None:
    twin = twin_of(VOLUMES + BANNER.format(SERIAL) + FLASH)
    sizes = {v.id: (v.blocks, v.pool) for v in twin.volumes}
    assert sizes["0065"] == (4_096_000, "P2")
    assert sizes["0073"] == (4_096_000, "P0")
    assert sizes["0074"] == (2**21, "P0")
    assert any("lsfbvol without -l" in note for note in twin.notes)


def test_relations_without_dates_are_as_of_now() -> None:
    rows = "ID,SrcLSS,SequenceNum,Timeout,ActiveCopy,Recording\n===\n1:2,00,0,300,Disabled,Enabled"
    twin = twin_of(rows, serial=SERIAL)
    (relation,) = twin.relations
    assert (relation.created_at, relation.synced_at, relation.persistent) == (NOW, NOW, True)
    assert any("lsflash without -l" in note for note in twin.notes)
    assert not any("no lsflash" in note for note in twin.notes)


def test_copies_under_way_and_a_clock_that_is_ahead_are_told() -> None:
    relations = twin_of(FLASH, serial=SERIAL).relations
    (one,) = notes.of_relations(relations, NOW, "2000")
    assert one == "1 copies were under way: they go on at 2000 tracks a second"
    *_, ahead = notes.of_relations(relations, 1_411_074_244.0 - 90, "2000")
    assert "--offset 90s" in ahead
    assert notes.of_relations((), NOW, "2000") == ()


def test_what_a_host_connection_says_is_kept_as_it_is() -> None:
    hosts = (
        "Name ID   WWPN             HostType Profile           portgrp volgrpID ESSIOport\n"
        "================================================================================\n"
        "aix  0003 C0507601234500AC -        IBM pSeries - AIX       0 V2       I0030,I0100\n"
    )
    (host,) = twin_of(BANNER.format(SERIAL) + hosts + VOLUMES).connections
    assert (host.host_type, host.profile, host.lbs) == ("-", "IBM pSeries - AIX", "512")
    assert (host.portgrp, host.volgrp, host.ioports) == ("0", "V2", "I0030,I0100")


def test_groups_without_a_listing_are_named_after_their_ids() -> None:
    shown = "dscli> showfbvol 73\nName a\nID   0073\naccstate Online\nvolgrp V3\n\n"
    twin = twin_of(BANNER.format(SERIAL) + VOLUMES + shown)
    assert [(group.id, group.name) for group in twin.groups] == [("V3", "vg_V3")]
    assert any("no lsvolgrp" in note for note in twin.notes)


def test_nothing_found_is_not_missing() -> None:
    text = f"{BANNER.format(SERIAL)}{VOLUMES}CMUC00234I lsflash: No Flash Copy found.\n"
    assert not any("no lsflash" in note for note in twin_of(text).notes)


def test_new_columns_become_the_twin_s_own(tmp_path: Path) -> None:
    lines = FLASH.splitlines()
    more = "\n".join((f"{lines[0]} PMIR", lines[1], f"{lines[2]}     no"))
    array = make(tmp_path / "t", twin_of(BANNER.format(SERIAL) + more), ACCESS)
    assert array.switches["extra_columns"] == "PMIR"


def test_a_pool_has_as_much_left_as_it_said(tmp_path: Path) -> None:
    pools = (
        "Name ID stgtype rankgrp status availstor (2^30B) %allocated available reserved numvols\n"
        "======================================================================================\n"
        "fast P2 fb            0 below                 80          3        80        1       1\n"
    )
    twin = twin_of(VOLUMES + BANNER.format(SERIAL) + pools)
    array = make(tmp_path / "t", twin, ACCESS)
    assert array.space_left("P2") // TRACKS_PER_GIB == 80
    assert " 80 " in listings(array, Layout(), "lsextpool P2")["lsextpool P2"].splitlines()[2]


@pytest.mark.parametrize(
    ("text", "wishes", "part"),
    [
        ("", {}, "neither lsfbvol nor lsflash"),
        ("hello", {}, "no part of a listing"),
        (VOLUMES, {}, "of which image"),
        (BANNER.format(SERIAL) + VOLUMES, {"serial": "IBM.2107-75XYZ02"}, "but about"),
        (
            BANNER.format(SERIAL) + VOLUMES + BANNER.format("IBM.2107-75XYZ02") + FLASH,
            {},
            "choose with --serial",
        ),
    ],
)
def test_what_makes_no_array_is_told(text: str, wishes: dict[str, str], part: str) -> None:
    with pytest.raises(SimError) as told:
        twin_of(text, **wishes)
    assert part in str(told.value)


def test_of_several_images_one_is_chosen() -> None:
    text = BANNER.format(SERIAL) + VOLUMES + BANNER.format("IBM.2107-75XYZ02") + FLASH
    twin = twin_of(text, serial="75XYZ02")
    assert (twin.serial, len(twin.volumes)) == ("IBM.2107-75XYZ02", 4)
    assert {volume.blocks for volume in twin.volumes} == {2**21}  # not that of the other's 0065
    assert twin.notes[-1] == f"left out: {SERIAL}, of which it speaks too"


@pytest.mark.parametrize(
    ("old", "new", "line", "part"),
    [
        ("4096000", "many", 4, "'many' is no number"),
        ("Sep 18 23:04:04 CEST", "Sep 18 23:04:04 XYZT", 7, "abbreviation of a zone"),
        ("Sep 18 23:04:04 CEST", "Sep 18 25:04:04 CEST", 7, "no date like"),
        ("0066:0074", "0066:0073", 8, "target of another"),
        ("1200", "12x0", 8, "'12x0' is no number"),
        ("Disabled           Enabled ", "Perhaps            Enabled ", 8, "neither"),
    ],
)
def test_a_line_that_cannot_be_is_told(old: str, new: str, line: int, part: str) -> None:
    text = BANNER.format(SERIAL) + VOLUMES + FLASH
    assert not twin_of(text).troubles
    troubles = twin_of(text.replace(old, new)).troubles
    assert [trouble.line for trouble in troubles][:1] == [line]
    assert all(part in trouble.problem for trouble in troubles)
    assert all(trouble.hint for trouble in troubles)


@pytest.mark.parametrize(
    ("zone", "text", "instant"),
    [
        ("", "-", None),
        ("", "Thu Sep 18 23:04:04 CEST 2014", 1_411_074_244),
        ("", "Thu Sep 18 21:04:04 UTC 2014", 1_411_074_244),
        ("Europe/Paris", "Thu Sep 18 23:04:04 CEST 2014", 1_411_074_244),
        ("Europe/Paris", "Sun Oct 25 02:30:00 CEST 2026", 1_792_888_200),
        ("Europe/Paris", "Sun Oct 25 02:30:00 CET 2026", 1_792_891_800),
        ("America/Sao_Paulo", "Thu Sep 18 18:04:04 BRT 2014", 1_411_074_244),
    ],
)
def test_a_date_is_read_by_the_label_of_its_zone(
    zone: str, text: str, instant: float | None
) -> None:
    assert Zone(zone).instant(text) == instant


def test_what_is_no_date_is_told() -> None:
    for text in ("", "yesterday", "Thu Sep 18 23:04:04 XYZT 2014"):
        with pytest.raises(BadDateError):
            Zone().instant(text)


def test_a_report_of_an_array_is_what_render_gets(tmp_path: Path) -> None:
    array = original(tmp_path / "a", [{}] * 2, [])
    assert listings(array, Layout(format="delim"), "lsvolgrp")["lsvolgrp"] == "\n".join(
        render(
            Report(
                ("Name", "ID", "Type"),
                (
                    ("aix1", "V0", "SCSI Mask"),
                    ("lnx 2", "V1", "SCSI Mask"),
                    ("All CKD", "V10", "FICON/ESCON All"),
                    ("All Fixed Block-512", "V20", "SCSI All"),
                    ("All Fixed Block-520", "V30", "OS400 All"),
                ),
            ),
            Layout(format="delim"),
        )
    )


def test_what_other_commands_printed_does_no_harm() -> None:
    others = (
        "dscli> lsarraysite\narsite DA Pair dkcap (10^9B) State Array\n====\nS1 0 1\nS2 and more\n"
        "dscli> lsrank\nCMUN02099E lsrank: Unsupported task\n"
        "dscli> showrank R0\nID R0\nSN x\n"
    )
    twin = twin_of(f"{BANNER.format(SERIAL)}{VOLUMES}{others}dscli> lsflash 0000-FFFF\n{FLASH}")
    assert (twin.troubles, len(twin.relations), len(twin.volumes)) == ((), 2, 4)
    broken = f"dscli> lsflash 0000-FFFF\nCMUN02099E lsflash: no\n{BANNER.format(SERIAL)}{VOLUMES}"
    assert [t.problem for t in twin_of(broken).troubles] == [
        "dscli refused: CMUN02099E lsflash: no"
    ]


def test_a_volume_that_was_shown_counts_as_listed() -> None:
    shown = "Name          erp\nID            0073\naccstate      Online\nsam           ESE\n"
    more = "cap (blocks)  4096000\nvolgrp        V3\n"
    twin = twin_of(f"dscli> showfbvol 73\n{BANNER.format(SERIAL)}{shown}{more}\n{VOLUMES}")
    (volume,) = [v for v in twin.volumes if v.id == "0073"]
    assert (volume.name, volume.blocks, volume.volgrp) == ("erp", 4_096_000, "V3")
    assert volume.space_efficient
    assert [group.id for group in twin.groups] == ["V3"]


MESS = (BANNER.format(SERIAL) + VOLUMES + FLASH + BANNER.format("-")).splitlines()


@settings(deadline=None)
@given(
    lines=st.lists(
        st.one_of(
            st.sampled_from(MESS),
            st.tuples(st.sampled_from(MESS), st.integers(0, 120)).map(lambda cut: cut[0][: cut[1]]),
            st.sampled_from(("dscli> ", "dscli> lsflash -l", "<INSTANCE>", "====", "Name a", "")),
            st.text(max_size=30),
        ),
        max_size=14,
    )
)
def test_no_paste_breaks_the_reader(lines: list[str]) -> None:
    text = "\n".join(lines)
    reading = read(text)
    assert all(0 < trouble.line <= len(text.splitlines()) for trouble in reading.troubles)
    try:
        twin = twin_of(text, serial=SERIAL)
    except SimError:
        return
    targets = [relation.pair.target for relation in twin.relations]
    assert len(targets) == len(set(targets))
    ids = {volume.id for volume in twin.volumes}
    assert {v for r in twin.relations for v in (r.pair.source, r.pair.target)} <= ids


def test_listings_that_contradict_each_other_are_told_and_the_first_one_stays() -> None:
    again = FLASH.replace("Valid ESE", "Invalid ESE")
    twin = twin_of(BANNER.format(SERIAL) + FLASH + again)
    ((line, problem, earlier),) = [(t.line, t.problem, t.earlier) for t in twin.troubles]
    assert problem == "0065:0073 has State 'Invalid' here, but had 'Valid'"
    assert line - earlier == len(FLASH.splitlines())
    assert {relation.state for relation in twin.relations} == {"Valid"}


def test_a_volume_has_one_size() -> None:
    twin = twin_of(BANNER.format(SERIAL) + VOLUMES + VOLUMES.replace("4096000", "4096001"))
    assert [t.problem[:24] for t in twin.troubles] == ["0065 has cap (blocks) '4"]
    assert [volume.blocks for volume in twin.volumes] == [4_096_000]


def test_the_same_said_twice_is_no_contradiction() -> None:
    full = VOLUMES.replace(",0065,", f",{SERIAL}/0065,").replace(",P2,", f",{SERIAL}/P2,")
    short = VOLUMES.replace(",4096000", ",-")
    twin = twin_of(BANNER.format(SERIAL) + VOLUMES + full + short + FLASH + FLASH)
    assert twin.troubles == ()


def test_a_serial_number_alone_is_completed() -> None:
    assert twin_of(FLASH, serial="75KXA71").serial == "IBM.2107-75KXA71"
    with pytest.raises(SimError, match="not a storage image"):
        twin_of(FLASH, serial="my array")


@pytest.mark.parametrize("text", ["9" * 23, "9" * 5000, "1200\u00b2"])
def test_numbers_that_no_array_has_are_told(text: str) -> None:
    twin = twin_of(BANNER.format(SERIAL) + VOLUMES + FLASH.replace("1200", text))
    assert [trouble.line for trouble in twin.troubles] == [8]
    assert len(str(twin.troubles[0])) < 500  # not the whole of it


def test_a_date_that_cannot_be_shown_is_told() -> None:
    with pytest.raises(BadDateError, match="between the years"):
        Zone().instant("Thu Sep 18 23:04:04 CEST 0001")
