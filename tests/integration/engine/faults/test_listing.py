"""A fault in a listing: before a command nothing is sent, after one nothing is claimed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.integration.engine.faults.table import (
    DONE,
    FAILED,
    IN_TIME,
    ONE,
    REFUSED,
    SEVERAL,
    UNKNOWN,
    Row,
    furnish,
    judged,
)
from tests.integration.engine.house import Lab

if TYPE_CHECKING:
    from pathlib import Path


def row(fault: str, words: str = "", **options: object) -> Row:
    """Make the row of a listing that cannot be read: nothing is sent after it."""
    return Row(fault, options, FAILED, words, sent=0, verb="lsflash")


UNREADABLE = {
    "cut in a line": row("cut-short", "does not end", bytes=300),
    "cut in the header": row("cut-short", "does not end", bytes=20),
    "a header alone": row("cut-short", "a header but no row", rows=0),
    "a row twice": row("rows-twice", "listed twice"),
    "a row of another array": row("foreign-rows", "is not the id of a pair of"),
    "no State": row("columns", "lacks the column State", how="missing", column="State"),
    "no ID": row("columns", "no table", how="missing", column="ID"),
    "DateSynced renamed": row(
        "columns", "lacks the column DateSynced", how="renamed", column="DateSynced"
    ),
    "nonsense": row("garbage", "bytes that are no text"),
    "German": row("language", "the table lacks the column"),
    "nothing": row("lost-answer", "there is no table"),
    "one line": row("glued", "does not end"),
    "broken lines": row("wrapped", "the table lacks the column", bytes=40),
    "NUL": row("noise", "bytes that are no text", how="nul"),
    "no UTF-8": row("noise", "bytes that are no text", how="utf8"),
    "killed": row("die-before", "dscli failed"),
    "killed within the answer": row("die-answering", "dscli failed", bytes=400),
    "killed at the end of a row": row("die-answering", "dscli failed", bytes=4000),
    "connection lost": row("connection-lost", "no connection to the management console"),
    "dscli gives up": row("client-timeout", "did not answer in time", seconds=0.1),
    "no": row("refused", "refused by a fault"),
    "exit 1": row("wrong-exit", "exit code 1"),
    "hangs": row("hang", f"no whole answer {IN_TIME}"),
    "output closed": row("closed-output", f"no whole answer {IN_TIME}"),
}
READABLE = {
    "in another order": row("columns", how="reordered"),
    "a new column": row("columns", how="extra"),
    "CR": row("noise", how="cr"),
    "bit by bit": row("drip", seconds=0.5),
    "a child keeps the output": row("left-child"),
    "slow": row("hang", seconds=0.5),
}
CHANGED = {
    "not valid": "State=Tgt Failed",
    "not recording": "Recording=Disabled",
    "not persistent": "Persistent=Disabled",
    "inhibited": "TargetWriteEnabled=Disabled",
    "revertible": "Revertible=Enabled",
}
WORDS = {
    "not valid": "is in state Tgt Failed, not Valid",
    "not recording": "has not Recording Enabled",
    "not persistent": "is not on the array",  # it ended with its copy
    "inhibited": "has target writes disabled",
    "revertible": "is revertible",
}


@pytest.mark.parametrize("row", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_before_a_command(tmp_path: Path, row: Row) -> None:
    await judged(furnish(Lab(tmp_path)), row, SEVERAL)


AFTER = ("cut in a line", "a header alone", "no State", "nothing", "killed", "hangs", "exit 1")


@pytest.mark.parametrize("name", AFTER)
async def test_after_a_command(tmp_path: Path, name: str) -> None:
    unread = replace(
        UNREADABLE[name],
        outcome=UNKNOWN,
        words="the array could not be read after the command was sent",
        closed=DONE,
        sent=1,
        nth=2,
    )
    await judged(furnish(Lab(tmp_path)), unread, SEVERAL)


@pytest.mark.parametrize("row", READABLE.values(), ids=READABLE.keys())
async def test_odd_but_whole(tmp_path: Path, row: Row) -> None:
    always = replace(row, outcome=DONE, sent=1)
    await judged(furnish(Lab(tmp_path), ONE), always, ONE)


async def test_rows_that_are_missing_before_a_command_refuse(tmp_path: Path) -> None:
    cut = Row("cut-short", {"rows": 2}, REFUSED, "is not on the array", sent=0, verb="lsflash")
    await judged(furnish(Lab(tmp_path)), cut, SEVERAL)


async def test_rows_that_are_missing_after_a_command_prove_nothing(tmp_path: Path) -> None:
    """What cannot be told from a pair that is gone is told by the next look."""
    cut = Row("cut-short", {"rows": 2}, UNKNOWN, "partly done", DONE, verb="lsflash", nth=2)
    await judged(furnish(Lab(tmp_path)), cut, SEVERAL)


async def test_the_listing_before_again_after_a_command_proves_nothing(tmp_path: Path) -> None:
    """A console that answers from its memory: the wait is what keeps a second resync away."""
    lab = furnish(Lab(tmp_path))
    lab.array().add_fault("previous-answer", "lsflash", nth=2)
    stale = Row("lost-answer", {}, UNKNOWN, "the array shows no pair done", DONE)
    await judged(lab, stale, SEVERAL)


@pytest.mark.parametrize("name", CHANGED)
async def test_changed_by_somebody_before_the_listing(tmp_path: Path, name: str) -> None:
    changed = Row(
        "others-change", {"text": CHANGED[name]}, REFUSED, WORDS[name], sent=0, verb="lsflash"
    )
    await judged(furnish(Lab(tmp_path)), changed, SEVERAL)


async def test_somebody_s_resync_before_our_listing_is_not_ours(tmp_path: Path) -> None:
    """It is shown, and whoever asked gets his own all the same."""
    other = Row("others-resync", {}, DONE, "the array shows", verb="lsflash")
    await judged(furnish(Lab(tmp_path)), other, SEVERAL)


async def test_somebody_s_resync_after_our_lost_command_is_taken_for_it(tmp_path: Path) -> None:
    """Whose it is cannot be seen; fresh the clone is, and no second one is sent."""
    lab = furnish(Lab(tmp_path))
    lab.array().add_fault("others-resync", "lsflash", nth=2)
    lost = Row("die-before", {}, DONE, "the array shows 3 of 3 pairs done")
    await judged(lab, lost, SEVERAL)
    assert lab.acted() == []
