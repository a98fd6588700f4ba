"""What lsflash, lsfbvol and the other listings show."""

from collections.abc import Callable
from datetime import UTC, datetime
from subprocess import CompletedProcess

import pytest

from flashd.sim.array import Array

Dscli = Callable[..., CompletedProcess[str]]

COLUMNS = (
    "ID,SrcLSS,SequenceNum,Timeout,ActiveCopy,Recording,Persistent,Revertible,"
    "SourceWriteEnabled,TargetWriteEnabled,BackgroundCopy"
)
LONG_COLUMNS = COLUMNS + ",OutOfSyncTracks,DateCreated,DateSynced,State,isTgtSE"
AGED = "Thu Sep 18 23:04:04 CEST 2014"
PLAIN = ("-bnr", "off", "-hdr", "off", "-fmt", "delim")


def test_lsflash_has_eleven_columns_and_sixteen_with_l(dscli: Dscli) -> None:
    short = dscli("lsflash", "-bnr", "off", "-fmt", "delim", "0001:0002")
    long = dscli("lsflash", "-l", "-bnr", "off", "-fmt", "delim", "0001:0002")
    row = "0001:0002,00,0,300,Disabled,Enabled,Enabled,Disabled,Enabled,Enabled,Enabled"
    assert short.stdout == f"{COLUMNS}\n{'=' * len(COLUMNS)}\n{row}\n"
    rest = f",0,{AGED},{AGED},Valid,-"
    assert long.stdout == f"{LONG_COLUMNS}\n{'=' * len(LONG_COLUMNS)}\n{row}{rest}\n"


@pytest.mark.parametrize(
    ("operands", "found"),
    [
        (["0001:0002"], ["0001:0002"]),
        (["1:2"], ["0001:0002"]),
        (["IBM.2107-75ABC01/0001:IBM.2107-75ABC01/0002"], ["0001:0002"]),
        (["0001:0002", "0005:0006", "0003:0004"], ["0001:0002", "0003:0004"]),
        (["0001:0002", "0001"], ["0001:0002"]),
        (["0102"], ["0101:0102"]),
        (["01"], ["0101:0102"]),
        (["0002-0003"], ["0001:0002", "0003:0004"]),
        (["0005-0100"], []),
        (["0000-FFFF"], ["0001:0002", "0003:0004", "0101:0102"]),
        (["0000-ffff"], ["0001:0002", "0003:0004", "0101:0102"]),
    ],
)
def test_lsflash_finds_what_is_named_and_omits_the_rest(
    dscli: Dscli, operands: list[str], found: list[str]
) -> None:
    done = dscli("lsflash", *PLAIN, *operands)
    rows = [line.split(",")[0] for line in done.stdout.splitlines()]
    assert rows == (found or ["CMUC00234I lsflash: No Flash Copy found."])
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Europe/Paris", AGED),
        ("UTC", "Thu Sep 18 21:04:04 UTC 2014"),
        ("America/New_York", "Thu Sep 18 17:04:04 EDT 2014"),
    ],
)
def test_dates_are_shown_in_the_zone_of_the_client(dscli: Dscli, zone: str, shown: str) -> None:
    done = dscli("lsflash", "-l", *PLAIN, "0001:0002", TZ=zone)
    assert done.stdout.split(",")[12:14] == [shown, shown]


def test_dates_can_be_shown_in_the_zone_of_the_array(dscli: Dscli, array: Array) -> None:
    array.switch("date_zone", "America/New_York")
    done = dscli("lsflash", "-l", *PLAIN, "0001:0002", TZ="UTC")
    assert done.stdout.split(",")[13] == "Thu Sep 18 17:04:04 EDT 2014"


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC), "Sun Oct 25 02:59:59 CEST 2026"),
        (datetime(2026, 10, 25, 1, 59, 59, tzinfo=UTC), "Sun Oct 25 02:59:59 CET 2026"),
    ],
    ids=["first time", "second time"],
)
def test_a_resync_is_dated_by_the_array_s_clock_to_the_second(
    dscli: Dscli, array: Array, at: datetime, shown: str
) -> None:
    array.show_time(at.timestamp() + 0.75, runs=False)
    dscli("resyncflash", "-record", "-persist", "0001:0002")
    done = dscli("lsflash", "-l", *PLAIN, "0001:0002")
    assert done.stdout.split(",")[12:14] == [AGED, shown]


def test_an_unexpected_state_is_shown_as_it_is(dscli: Dscli, array: Array) -> None:
    array.set_relation(
        "0001:0002",
        state="Tgt Failed",
        recording=False,
        target_writable=False,
        uncopied=7,
        held=True,
    )
    done = dscli("lsflash", "-l", *PLAIN, "0001:0002")
    assert done.stdout == (
        "0001:0002,00,0,300,Enabled,Disabled,Enabled,Disabled,Enabled,Disabled,Enabled,"
        f"7,{AGED},{AGED},Tgt Failed,-\n"
    )


def test_a_space_efficient_target_is_told_and_columns_can_be_more(
    dscli: Dscli, array: Array
) -> None:
    array.establish("0005:0009")
    array.switch("extra_columns", "PMIR,ESERepVolStat")
    done = dscli("lsflash", "-l", "-bnr", "off", "-fmt", "delim", "0005:0009")
    header, _, row = done.stdout.splitlines()
    assert header == LONG_COLUMNS + ",PMIR,ESERepVolStat"
    assert row.endswith(",Valid,ESE,-,-")


def test_the_default_format_pads_columns_under_a_rule(dscli: Dscli) -> None:
    banner, header, rule, *rows = dscli("lsflash", "0000-FFFF").stdout.splitlines()
    assert banner.startswith("Date/Time: ")
    assert header.startswith("ID        SrcLSS SequenceNum ")
    assert set(rule) == {"="}
    assert len(rule) >= len(header)
    assert [row.index("300") for row in rows] == [header.index("Timeout")] * 3


def test_stanza_xml_and_another_delimiter(dscli: Dscli) -> None:
    quiet = ("lsflash", "-s", "-bnr", "off", "0001:0002")
    assert dscli(*quiet, "-fmt", "stanza").stdout == "ID 0001:0002\n\n"
    assert '<PROPERTY NAME="ID"><VALUE>0001:0002<' in dscli(*quiet, "-fmt", "xml").stdout
    piped = dscli("lsflash", *PLAIN, "-delim", "|", "0001:0002").stdout
    assert piped.startswith("0001:0002|00|0|")


def test_setoutput_and_setenv_say_the_same(stream: Dscli) -> None:
    one = stream("setenv -header off -delim |", "lsflash 0001:0002")
    other = stream("setoutput -fmt delim -delim | -p off -hdr off -v off", "lsflash 0001:0002")
    assert one.stdout.split("\n")[1:] == other.stdout.split("\n")[1:]
    assert "dscli> 0001:0002|00|" in one.stdout


def test_lsfbvol_counts_blocks_and_l_tells_the_kind(dscli: Dscli, array: Array) -> None:
    array.set_volume("0009", volgrp="V1,V2")
    short = dscli("lsfbvol", "-bnr", "off", "-fmt", "delim", "0009")
    header, _, row = short.stdout.splitlines()
    assert header.endswith(",datatype,extpool,cap (2^30B),cap (10^9B),cap (blocks)")
    assert row == "vol_0009,0009,Online,Normal,Normal,2107-900,FB 512,P0,10.0,-,20971520"
    long = dscli("lsfbvol", "-l", *PLAIN, "0001-0009").stdout.splitlines()
    assert len(long) == 8
    assert ",P0,ESE,DS,10.0,-,20971520,V1,V2,20971520," in long[-1]
    assert "No FB Volume found" in dscli("lsfbvol", "0FFF").stdout


def test_listings_that_are_bound_to_no_image_say_so(dscli: Dscli) -> None:
    assert "DS: -\n" in dscli("lssi").stdout
    assert dscli("ver", "-bnr", "off").stdout == "DSCLI 7.8.57.2\n"
    assert dscli("lssi", "-s", *PLAIN).stdout == "IBM.2107-75ABC01\n"


@pytest.mark.parametrize(
    "words",
    [
        ("lsflash", "-nope", "0001"),
        ("lsflash",),
        ("lsflash", "0001:"),
        ("lsflash", "00G1"),
        ("lsflash", "00001"),
        ("lsflash", "-fmt"),
        ("lsflash", "-fmt", "json", "0001"),
        ("lsflash", "-dev"),
        ("lssi", "0001"),
        ("lsflash", "IBM.2107-75XYZ02/0001"),
        ("resyncflash", "-cp", "-nocp", "0001:0002"),
        ("lsflsh", "0001"),
        ("lsflash 'x",),
    ],
)
def test_what_is_not_understood_is_exit_2(dscli: Dscli, words: tuple[str, ...]) -> None:
    done = dscli(*words)
    assert (done.returncode, done.stdout, done.stderr[:5]) == (2, "", "CMMCI")
