"""What dscli printed is read back, in each of its formats and as people paste it."""

from collections.abc import Sequence
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashd.sim.commands import lsfbvol, lsflash, lssi
from flashd.sim.layout import Layout, Report, render
from flashd.sim.reading import Table, read
from flashd.sim.reading.paste import echoed
from flashd.sim.reading.shapes import SHAPES, canonical

LSFLASH = lsflash.SHORT + lsflash.LONG
DATE = "Thu Sep 18 23:04:04 CEST 2014"

numbers = st.integers(0, 0xFFFF).map("{:04X}".format)
abled = st.sampled_from(("Enabled", "Disabled"))
names = st.from_regex(r"[A-Za-z][\w-]{0,8}( [a-z]{1,3})?", fullmatch=True)
groups = st.sampled_from(("-", "V1", "V1,V22", "V1,V2,V3"))
volumes = st.tuples(
    names,
    numbers,
    st.sampled_from(("Online", "Fenced")),
    st.sampled_from(("Normal", "Failed")),
    st.just("Normal"),
    st.just("2107-900"),
    st.sampled_from(("FB 512", "FB 520P")),
    st.sampled_from(("P0", "P11")),
    st.sampled_from(("Standard", "ESE")),
    st.just("DS"),
    st.sampled_from(("10.0", "1024.5")),
    st.just("-"),
    st.integers(1, 10**9).map(str),
    groups,
    st.integers(1, 10**9).map(str),
    st.just("rotateexts"),
    st.just("PG0"),
    st.just("RG0"),
)
relations = st.tuples(
    st.tuples(numbers, numbers).map(":".join),
    st.just("00"),
    st.sampled_from(("0", "0010")),
    st.just("300"),
    *(abled,) * 7,
    st.integers(0, 10**6).map(str),
    st.sampled_from((DATE, "-")),
    st.sampled_from((DATE, "-")),
    st.sampled_from(("Valid", "Tgt Failed")),
    st.sampled_from(("ESE", "-")),
)
listings = st.one_of(
    st.tuples(st.just("lsfbvol"), st.just(lsfbvol.LONG), st.lists(volumes, min_size=1, max_size=4)),
    st.tuples(st.just("lsflash"), st.just(LSFLASH), st.lists(relations, min_size=1, max_size=4)),
)
layouts = st.builds(
    Layout,
    format=st.sampled_from(("default", "delim", "delim", "stanza", "xml")),
    delim=st.sampled_from((*",|;:\t#~!/", "::")),
    header=st.booleans(),
)


def cells(table: Table) -> list[tuple[str, ...]]:
    return [tuple(row.cells.values()) for row in table.rows]


@given(listing=listings, layout=layouts)
def test_what_was_printed_is_read_back_in_every_format(
    listing: tuple[str, tuple[str, ...], Sequence[tuple[str, ...]]], layout: Layout
) -> None:
    verb, columns, rows = listing
    text = "\n".join(render(Report(columns, tuple(rows)), layout))
    reading = read(text)
    assert reading.troubles == ()
    (table,) = reading.tables
    assert (table.verb, table.columns, cells(table)) == (verb, columns, list(rows))
    if layout.format in {"default", "delim"}:
        assert (table.format, table.header) == (layout.format, layout.header)
    if layout.format == "delim":
        assert table.delim == layout.delim


BANNER = "Date/Time: September 18, 2014 11:04:04 PM CEST IBM DSCLI Version: 7.7.10.317 DS: {}"
SAMPLE = f"""\
[root@mgmt ~]# dscli -cfg /opt/ibm/dscli/profile/dscli.profile
{BANNER.format("IBM.2107-75DWA61")}

dscli> lssi
{BANNER.format("-")}
Name ID               Storage Unit     Model WWNN             State  ESSNet  Volume Group desc
===============================================================================================
-    IBM.2107-75DWA61 IBM.2107-75DWA60 961   5005076305FFD123 Online Enabled V0           -
dscli> lsfbvol -l
{BANNER.format("IBM.2107-75DWA61")}
Name     ID   accstate datastate configstate deviceMTM datatype extpool sam      captype\
 cap (2^30B) cap (10^9B) cap (blocks) volgrp reqcap (blocks) eam        perfgrp resgrp
====================================================================
ERP data 0001 Online   Normal    Normal      2107-900  FB 512   P0      Standard DS     \
        10.0           -     20971520 V1,V2         20971520 rotateexts PG0     RG0
Press Enter To Continue...
Name     ID   accstate datastate configstate deviceMTM datatype extpool sam      captype\
 cap (2^30B) cap (10^9B) cap (blocks) volgrp reqcap (blocks) eam        perfgrp resgrp
====================================================================
-        0002 Online   Normal    Normal      2107-900  FB 520P  P1      ESE      DS     \
        20.0           -     41943040 -             41943040 rotateexts PG0     RG0
dscli> lsflash -l 0000-FFFF
{BANNER.format("IBM.2107-75DWA61")}
CMUC00234I lsflash: No Flash Copy found.
dscli> quit
"""


def test_a_long_paste_is_cut_into_its_listings() -> None:
    reading = read(SAMPLE.replace("\n", "\r\n"))
    assert reading.troubles == ()
    assert [table.verb for table in reading.tables] == ["lssi", "lsfbvol"]
    image, volumes = reading.tables
    assert (image.device, volumes.device) == ("", "IBM.2107-75DWA61")
    assert image.rows[0]["WWNN"] == "5005076305FFD123"
    assert [row["Name"] for row in volumes.rows] == ["ERP data", "-"]
    assert [row["volgrp"] for row in volumes.rows] == ["V1,V2", "-"]
    assert [row["cap (blocks)"] for row in volumes.rows] == ["20971520", "41943040"]
    assert reading.nothing == ("lsflash",)


def test_right_aligned_numbers_stay_in_their_columns() -> None:
    (table,) = read(SAMPLE).of("lsfbvol")
    assert table.rows[1]["cap (2^30B)"] == "20.0"
    assert table.rows[1].line == 17


def test_lost_blanks_are_made_up_for_by_what_cells_look_like() -> None:
    shrunk = "\n".join(" ".join(line.split()) for line in SAMPLE.splitlines())
    (table,) = read(shrunk).of("lsfbvol")
    assert [row["Name"] for row in table.rows] == ["ERP data", "-"]
    assert [row["datatype"] for row in table.rows] == ["FB 512", "FB 520P"]


def test_a_stream_glues_its_prompt_to_the_first_line_of_an_answer() -> None:
    text = "dscli> dscli> Name,ID,Type\n============\na,V1,SCSI Mask\nb,V2,SCSI Mask\ndscli> \n"
    (table,) = read(text).tables
    assert (table.verb, table.delim, table.rule) == ("lsvolgrp", ",", True)
    assert cells(table) == [("a", "V1", "SCSI Mask"), ("b", "V2", "SCSI Mask")]


def test_a_session_s_banner_may_stand_on_two_lines() -> None:
    (table,) = read(f"{BANNER.format('')}\nIBM.2107-75DWA61\nName,ID,Type\na,V1,SCSI Mask\n").tables
    assert table.device == "IBM.2107-75DWA61"


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("lsfbvol -l -dev IBM.2107-75DWA61", "lsfbvol -l -dev IBM.2107-75DWA61"),
        ("$ /opt/ibm/dscli/dscli -cfg F lsflash -l 0000-FFFF", "lsflash -l 0000-FFFF"),
        ("# dscli -cfg F 'lshostconnect -l'", "lshostconnect -l"),
        ("$ dscli -hmc1 ls -user x lssi", "lssi"),
        ("lssan01 0001 Online Normal Normal 2107-900", None),
        ("Name ID Type", None),
    ],
)
def test_an_echoed_command_is_told_from_a_row(line: str, command: str | None) -> None:
    assert echoed(line, prompted=False) == command


def test_columns_that_are_not_known_are_kept() -> None:
    header = ",".join((*LSFLASH, "PMIR", "ESERepVolStat"))
    row = f"0001:0002,00,0,300,{'Enabled,' * 7}0,-,{DATE},Valid,-,no,-"
    (table,) = read(f"{header}\n{'=' * 20}\n{row}").tables
    assert table.rows[0]["PMIR"] == "no"
    assert table.rows[0]["DateSynced"] == DATE


def test_one_column_needs_the_command_that_printed_it() -> None:
    assert read("0001\n0002\n").tables == ()
    (table,) = read("dscli> lsfbvol -s -hdr off\n0001\n0002\n").tables
    assert cells(table) == [("0001",), ("0002",)]
    banner = BANNER.format("IBM.2107-75DWA61")
    (again,) = read(f"dscli> lsfbvol -s -hdr off\n{banner}\n0001\n").tables
    assert (again.verb, again.banner) == ("lsfbvol", banner)
    (headed,) = read("ID\n==\n0001:0002\n", "lsflash -s").tables
    assert (headed.verb, cells(headed)) == ("lsflash", [("0001:0002",)])


def test_names_and_values_of_a_show_command() -> None:
    text = (
        "Name            my vol\nID              0001\nnew thing       a b\nGUID            6005\n"
    )
    (table,) = read(f"dscli> showfbvol 0001\n{text}").tables
    assert table.verb == "showfbvol"
    assert dict(table.rows[0].cells) == {
        "Name": "my vol",
        "ID": "0001",
        "new thing": "a b",
        "GUID": "6005",
    }


HOSTS = "Name,ID,WWPN,HostType,Profile,portgrp,volgrpID,ESSIOport"


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("hello\n", 1, "no part of a listing"),
        ("Name,ID,Type\n====\na,V1\n", 3, "2 fields for 3 columns"),
        ("Name,ID,Type\n====\na,V1,V2,SCSI,Mask\n", 3, "does not fit"),
        ("CMUN00018E Unable to connect\n", 1, "dscli refused"),
        ("<INSTANCE><PROPERTY NAME='ID'/>\n", 1, "ends inside"),
        (f"\n\n{HOSTS}\na,0000,5005076305FFD123,x,y,0,0,V0,V1,all\n", 4, "several ways"),
    ],
)
def test_what_is_not_understood_is_told_by_its_line(text: str, line: int, part: str) -> None:
    (trouble,) = read(text).troubles
    assert (trouble.line, part in trouble.problem) == (line, True), trouble
    assert trouble.hint


def test_the_columns_known_here_are_those_that_are_printed() -> None:
    assert SHAPES["lsfbvol"].short == lsfbvol.SHORT
    assert SHAPES["lsfbvol"].long == lsfbvol.LONG
    assert SHAPES["lsflash"].short == lsflash.SHORT
    assert SHAPES["lsflash"].long == LSFLASH
    assert SHAPES["lssi"].long == lssi.COLUMNS
    assert canonical("cap(2^30B)") == "cap (2^30B)"


LONG = "ID,SrcLSS,SequenceNum,Timeout,ActiveCopy,Recording\n==\n"


@pytest.mark.parametrize(
    "text",
    [
        f"{LONG}1:2{',' * 5000}\n",
        f"0065:0073{',' * 100_000}",
        "\0" * 1_000_000,
        "ID 0001:0002\n" * 10_000,
        "press " * 200_000,
        f"IBM DSCLI{' ' * 1_000_000}x",
        f"{'=' * 1_000_000}x",
        f"{'ID,' * 300_000}\n===",
        "<INSTANCE>" * 100_000,
        "<INSTANCE>" + "<PROPERTY NAME='a'>" * 50_000 + "</INSTANCE>",
        "".join(map(chr, range(0x2000, 0x2C00))) * 300,
    ],
    ids=range(11),
)
def test_no_paste_takes_long(text: str) -> None:
    begun = process_time()
    read(text)
    assert process_time() - begun < 5  # the worst took hours


def test_what_stands_around_a_session_is_passed_over() -> None:
    text = (
        "=~=~=~=~=~=~=~=~=~=~=~= PuTTY log 2026.01.02 10:00:00 =~=~=~=~=~=~=~=~=~=~=~=\n"
        'Script started on 2026-01-02 10:00:00+01:00 [TERM="xterm" COLUMNS="80"]\n'
        "\x1b]0;me@aix1: ~\x07Enter the primary management console IP address: 10.0.0.1\n"
        "Enter the secondary management console IP address:\n"
        "Enter your username: monitor\n"
        "Enter your password:\n"
        "dscli> lsflash 1\n"
        f"{LONG}0001:0002,00,0,300,Disabled,Enabled\n"
        "dscli> quit\n"
        'Script done on 2026-01-02 10:01:00+01:00 [COMMAND_EXIT_CODE="0"]\n'
    )
    reading = read(text)
    assert reading.troubles == ()
    assert [row["ID"] for table in reading.tables for row in table.rows] == ["0001:0002"]


def test_what_is_not_known_may_be_left_out() -> None:
    (trouble,) = read("hello world").troubles
    assert "--anyway" in trouble.hint
