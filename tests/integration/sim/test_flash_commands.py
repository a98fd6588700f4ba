"""FlashCopy's rarer commands and options, as a client sees them."""

from __future__ import annotations

from collections.abc import Callable
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

import pytest

from flashd.sim.flashcopy import QUEUED, UNPREDICTABLE

if TYPE_CHECKING:
    from flashd.sim.array import Array

Dscli = Callable[..., CompletedProcess[str]]

RESYNC = ("resyncflash", "-persist", "-record")
FAILED = "Copy Services operation failure: simulated:"


def said(done: CompletedProcess[str]) -> list[str]:
    return done.stdout.splitlines()[1:]


def row(done: CompletedProcess[str]) -> dict[str, str]:
    """Return the one row of a listing in delim format."""
    head, _, only = said(done)
    return dict(zip(head.split(","), only.split(","), strict=True))


def test_freeze_shows_and_unfreezeflash_ends_it(dscli: Dscli, array: Array) -> None:
    array.set_long_busy("00", 120)
    assert dscli(*RESYNC, "-freeze", "0001:0002", "0101:0102").returncode == 0
    assert [array.write(volume) for volume in ("0001", "0101")] == [QUEUED] * 2
    shown = row(dscli("lsflash", "-l", "-fmt", "delim", "0001:0002"))
    assert (shown["SourceWriteEnabled"], shown["Timeout"]) == ("Disabled", "120")
    other = row(dscli("lsflash", "-l", "-fmt", "delim", "0003:0004"))
    assert (other["SourceWriteEnabled"], other["Timeout"]) == ("Enabled", "120")
    done = dscli("unfreezeflash", "-dev", "IBM.2107-75ABC01", "0", "01")
    assert said(done) == [
        "CMUC00099I unfreezeflash: simulated: 00 successfully thawed.",
        "CMUC00099I unfreezeflash: simulated: 01 successfully thawed.",
    ]
    assert (array.content("0001"), array.content("0101")) == ("0001@1", "0101@1")
    shown = row(dscli("lsflash", "-fmt", "delim", "0101:0102"))
    assert (shown["SourceWriteEnabled"], shown["Timeout"]) == ("Enabled", "300")


def test_the_pairs_of_a_command_are_together_by_freeze_alone(dscli: Dscli, array: Array) -> None:
    array.mount("db1", "0001", "0101")
    dscli(*RESYNC, "0001:0002", "0101:0102")
    assert not array.one_point_in_time("0002", "0102")
    dscli(*RESYNC, "-freeze", "0001:0002", "0101:0102")
    assert array.one_point_in_time("0002", "0102")
    dscli("unfreezeflash", "00", "01")
    assert array.one_point_in_time("0002", "0102")
    assert array.content("0001") != array.content("0002")


@pytest.mark.parametrize("operand", ["000", "xy", "IBM.2107-75XYZ01/00"])
def test_what_is_no_logical_subsystem_is_not_thawed(dscli: Dscli, operand: str) -> None:
    done = dscli("unfreezeflash", operand)
    assert (done.returncode, done.stdout) == (2, "")


def test_reverseflash_turns_the_pair_for_all_that_comes(dscli: Dscli, array: Array) -> None:
    array.write("0001")
    done = dscli("reverseflash", "-record", "-persist", "1:2")
    assert said(done) == [
        "CMUC00169I reverseflash: FlashCopy volume pair 0001:0002 successfully reversed."
    ]
    assert array.content("0001") == "0001@0"
    assert FAILED in dscli(*RESYNC, "0001:0002").stderr
    assert "No Flash Copy found" in dscli("lsflash", "0001:0002").stdout
    assert dscli(*RESYNC, "0002:0001").returncode == 0
    assert array.journal("reverseflash")[0].acted == ("0001:0002",)


def test_reverseflash_waits_for_the_copy_unless_it_is_fast(dscli: Dscli, array: Array) -> None:
    array.switch("copy_rate", "0")
    array.write("0001")
    dscli(*RESYNC, "0001:0002")
    done = dscli("reverseflash", "-record", "-persist", "0001:0002")
    assert done.returncode == 4
    assert f"reverseflash: 0001:0002: {FAILED}" in done.stderr
    assert dscli("reverseflash", "-record", "-persist", "-fast", "0001:0002").returncode == 0
    assert array.content("0002") == UNPREDICTABLE


def test_commit_and_revert_need_a_revertible_relation(dscli: Dscli, array: Array) -> None:
    done = dscli("commitflash", "0001")
    assert (done.returncode, FAILED in done.stderr) == (4, True)
    done = dscli("setflashrevertible", "0001:0002", "0101:0102")
    assert said(done)[0] == (
        "CMUC00099I setflashrevertible: simulated: 0001:0002 successfully made revertible."
    )
    assert row(dscli("lsflash", "-fmt", "delim", "0001:0002"))["Revertible"] == "Enabled"
    array.write("0002")
    array.write("0102")
    kept = array.content("0102")
    assert said(dscli("revertflash", "0001")) == [
        "CMUC00099I revertflash: simulated: 0001:0002 successfully reverted."
    ]
    assert FAILED in dscli("commitflash", "-seqnum", "5", "0101").stderr
    assert dscli("commitflash", "-seqnum", "0000", "0101").returncode == 0
    assert (array.content("0002"), array.content("0102")) == ("0001@0", kept)
    assert array.journal("revertflash")[0].acted == ("0001:0002",)


def test_mkflash_may_wait_for_the_copy(dscli: Dscli, array: Array) -> None:
    array.add_volumes("0200", "0201", blocks=20 * 128)
    array.switch("copy_rate", "50")
    assert dscli("mkflash", "-persist", "-wait", "0200:0201").returncode == 0
    (entry,) = array.journal("mkflash")
    assert entry.answered_at is not None
    assert entry.answered_at - entry.at >= 0.4
    assert array.out_of_sync_tracks("0200:0201") == 0


def test_a_command_that_waits_has_acted_when_its_client_is_killed(
    start: Callable[..., object], array: Array, eventually: Callable[[Callable[[], object]], None]
) -> None:
    array.switch("copy_rate", "0")
    start("mkflash", "-persist", "-wait", "0005:0006")
    eventually(lambda: len(array.relations()) == 4)
    assert [entry.phase for entry in array.journal("mkflash")] == ["acted"]
    assert array.journal("mkflash")[0].answered_at is None


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("-seqnum", "12345"), "sequence number"),
        (("-seqnum", "xyz"), "sequence number"),
        (("-pmir", "perhaps"), "-pmir takes no, required, preferred"),
        (("-fast",), "unknown"),
    ],
)
def test_what_an_option_does_not_take_is_a_syntax_error(
    dscli: Dscli, array: Array, words: tuple[str, ...], why: str
) -> None:
    done = dscli(*RESYNC, *words, "0001:0002")
    assert (done.returncode, why in done.stderr) == (2, True)
    assert array.relation("0001:0002").sequence == "0"


def test_pmir_and_seqnum_are_taken(dscli: Dscli, array: Array) -> None:
    assert dscli(*RESYNC, "-pmir", "preferred", "-seqnum", "0010", "0001:0002").returncode == 0
    assert array.relation("0001:0002").sequence == "0010"


def test_rmflash_may_mean_one_sequence_number(dscli: Dscli, array: Array) -> None:
    dscli(*RESYNC, "-seqnum", "0010", "0001:0002")
    done = dscli("rmflash", "-quiet", "-seqnum", "10", "0001:0002", "0101:0102")
    assert "0001:0002 successfully removed" in done.stdout
    assert f"rmflash: 0101:0102: {FAILED}" in done.stderr
    assert [str(relation.pair) for relation in array.relations()] == ["0003:0004", "0101:0102"]


def test_rmflash_may_copy_the_rest_first(dscli: Dscli, array: Array) -> None:
    array.switch("copy_rate", "0")
    dscli("mkflash", "-persist", "-nocp", "0005:0006")
    assert dscli("rmflash", "-quiet", "-cp", "0005:0006").returncode == 0
    assert array.relation("0005:0006").persistent is False
    array.switch("copy_rate", "unlimited")
    assert "0005:0006" not in dscli("lsflash", "0000-FFFF").stdout
    assert array.content("0006") == "0005@0"


def test_rmflash_may_resync_a_last_time(dscli: Dscli, array: Array) -> None:
    array.write("0001")
    assert dscli("rmflash", "-quiet", "-resync", "0001:0002").returncode == 0
    assert array.content("0002") == "0001@1"
    assert [str(relation.pair) for relation in array.relations()] == ["0003:0004", "0101:0102"]
    assert FAILED in dscli("rmflash", "-quiet", "-resync", "0001:0002").stderr


def test_a_reservation_holds_a_resync_off(dscli: Dscli, array: Array) -> None:
    array.reserve("db1", "0002")
    done = dscli(*RESYNC, "0001:0002", "0101:0102")
    assert "reserved by host db1" in done.stderr
    assert "0101:0102 successfully" in done.stdout
    assert dscli(*RESYNC, "-resetreserve", "0001:0002").returncode == 0
    assert array.reserved_by("0002") is None


@pytest.mark.parametrize(
    ("flag", "change"),
    [
        ("-record", {"recording": False}),
        ("-persist", {"persistent": False, "uncopied": 1, "held": True}),
        ("-revertible", {"revertible": False}),
        ("-cp", {"background_copy": False}),
        ("-activecp", {"uncopied": 0, "held": True}),
    ],
)
def test_lsflash_shows_only_what_has_what_is_asked_for(
    dscli: Dscli, array: Array, flag: str, change: dict[str, object]
) -> None:
    for pair in ("0001:0002", "0101:0102"):
        array.set_relation(pair, revertible=True, uncopied=1, held=True)
    array.drop_relation("0003:0004")
    array.set_relation("0001:0002", **change)
    assert said(dscli("lsflash", "-s", "-fmt", "delim", "0000-FFFF"))[2:] == [
        "0001:0002",
        "0101:0102",
    ]
    assert said(dscli("lsflash", "-s", "-fmt", "delim", flag, "0000-FFFF"))[2:] == ["0101:0102"]
    assert "No Flash Copy found" in dscli("lsflash", flag, "0001:0002").stdout


def test_a_monitor_reverses_and_thaws_nothing(dscli: Dscli, array: Array) -> None:
    array.add_user("opensvc", "opensvc", "monitor")
    for words in (
        ("reverseflash", "0001:0002"),
        ("setflashrevertible", "0001:0002"),
        ("commitflash", "0001"),
        ("revertflash", "0001"),
        ("unfreezeflash", "00"),
    ):
        assert "Unsupported task" in dscli(*words).stderr
    assert [str(r.pair) for r in array.relations()] == ["0001:0002", "0003:0004", "0101:0102"]


@pytest.mark.parametrize(
    ("switch", "words"),
    [
        ("rmflash_options", ("rmflash", "-quiet", "-cp", "0001:0002")),
        ("rmflash_options", ("rmflash", "-quiet", "-resync", "0001:0002")),
        ("rmflash_options", ("rmflash", "-quiet", "-seqnum", "0", "0001:0002")),
        ("lsflash_filters", ("lsflash", "-activecp", "0001:0002")),
    ],
)
def test_options_that_are_only_recalled_may_not_be_known(
    dscli: Dscli, array: Array, switch: str, words: tuple[str, ...]
) -> None:
    array.switch(switch, "refuse")
    done = dscli(*words)
    assert (done.returncode, "is unknown" in done.stderr) == (2, True)
    plain = [word for word in words if word in {"rmflash", "lsflash", "-quiet", "0001:0002"}]
    assert "0001:0002" in dscli(*plain).stdout
    array.switch(switch, "accept")
    assert dscli(*words[:1], *words[1:-1], "0101:0102").returncode == 0


def test_mkflash_may_wait_for_nothing(dscli: Dscli, array: Array) -> None:
    array.switch("mkflash_wait", "nothing")
    array.switch("copy_rate", "0")
    assert dscli("mkflash", "-persist", "-wait", "0005:0006").returncode == 0
    assert array.out_of_sync_tracks("0005:0006") > 0
