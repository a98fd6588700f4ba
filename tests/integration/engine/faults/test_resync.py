"""A fault while one resync command is under way: what is said, and what is so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flashd.model.health import Status
from tests.integration.engine.faults.table import (
    DONE,
    FAILED,
    IN_TIME,
    LIMIT,
    ONE,
    REFUSED,
    SEVERAL,
    UNKNOWN,
    Row,
    furnish,
    judged,
    looked,
)
from tests.integration.engine.house import DAY, Lab, asked, health, outcomes, resource

if TYPE_CHECKING:
    from pathlib import Path

SHOWN = "the array shows"
NOT_SHOWN = "the array shows no pair done by the resync"
ROWS = {
    # acted, and the client does not learn it, or learns it badly
    "killed after": Row("die-after", {}, DONE, SHOWN),
    "killed within the answer": Row("die-answering", {"bytes": 30}, DONE, SHOWN),
    "ended without a word": Row("lost-answer", {}, DONE, SHOWN),
    "connection lost after": Row("connection-lost", {}, DONE, SHOWN, position="after"),
    "dscli gives up, the array acts": Row("client-timeout", {"seconds": 0.2}, DONE, SHOWN),
    "hangs after": Row("hang", {}, DONE, SHOWN, position="after"),
    "the answer before": Row("previous-answer", {}, DONE, SHOWN),
    "one line": Row("glued", {}, DONE, SHOWN),
    "broken lines": Row("wrapped", {"bytes": 40}, DONE, SHOWN),
    "NUL": Row("noise", {"how": "nul"}, DONE, SHOWN),
    "no UTF-8": Row("noise", {"how": "utf8"}, DONE, SHOWN),
    "CR": Row("noise", {"how": "cr"}, DONE, SHOWN),
    "bit by bit": Row("drip", {"seconds": 0.5}, DONE, SHOWN),
    "output closed": Row("closed-output", {}, DONE, SHOWN),
    "a child keeps the output": Row("left-child", {}, DONE, SHOWN),
    "exit 1 of a success": Row("wrong-exit", {"exit": 1}, DONE, SHOWN),
    "exit 2 of a success": Row("wrong-exit", {"exit": 2}, DONE, SHOWN),
    "exit 3 of a success": Row("wrong-exit", {"exit": 3}, DONE, SHOWN),
    "warnings": Row("warnings", {}, DONE, SHOWN),
    "of another pair": Row("confused", {"how": "other-pair"}, DONE, SHOWN),
    "of a pair twice": Row("confused", {"how": "same-pair"}, DONE, SHOWN),
    "yes and no": Row("confused", {"how": "contradiction"}, DONE, SHOWN),
    # not acted, or not on all
    "killed before": Row("die-before", {}, UNKNOWN, NOT_SHOWN, FAILED),
    "connection lost before": Row("connection-lost", {}, UNKNOWN, "connection to", FAILED),
    "hangs before": Row("hang", {}, UNKNOWN, f"no whole answer {IN_TIME}", FAILED),
    "a lie": Row("lie", {}, UNKNOWN, NOT_SHOWN, FAILED),
    "no": Row("refused", {"text": "not today"}, FAILED, "not today"),
    "no, exit 0": Row("refused", {"text": "not today", "exit": 0}, FAILED, "not today"),
    # somebody else
    "somebody's resync just before": Row("others-resync", {}, DONE, SHOWN),
    "somebody's resync just after": Row("others-resync", {}, DONE, SHOWN, position="after"),
    "a write just after": Row("others-write", {}, DONE, SHOWN, position="after"),
    "recording lost before": Row(
        "others-change", {"text": "Recording=Disabled"}, FAILED, "not recording and persistent"
    ),
    "persistence lost before": Row(
        "others-change", {"text": "Persistent=Disabled"}, UNKNOWN, "in no FlashCopy", FAILED
    ),  # it ended with its copy
    "not valid before": Row("others-change", {"text": "State=Tgt Failed"}, FAILED, "Tgt Failed"),
    "revertible before": Row("others-change", {"text": "Revertible=Enabled"}, FAILED, "revertible"),
    "gone before": Row("others-withdraw", {}, UNKNOWN, "relationship", FAILED),
    "gone after": Row("others-withdraw", {}, UNKNOWN, NOT_SHOWN, FAILED, position="after"),
    "reversed before": Row("others-reverse", {}, UNKNOWN, "relationship", FAILED),
    "reversed after": Row("others-reverse", {}, UNKNOWN, NOT_SHOWN, FAILED, position="after"),
    "not valid after": Row(
        "others-change",
        {"text": "State=Tgt Failed"},
        UNKNOWN,
        "in state Tgt Failed",
        FAILED,
        position="after",
    ),
    "clock an hour back": Row("clock-steps", {"seconds": -3600}, DONE, SHOWN),
    "clock two days back": Row("clock-steps", {"seconds": -172800}, UNKNOWN, NOT_SHOWN, FAILED),
    "clock an hour ahead": Row("clock-steps", {"seconds": 3600}, DONE, SHOWN),
}
OF_SEVERAL = {
    "one pair, the others denied": Row(
        "partial", {"pairs": 1}, FAILED, "partly done: 1 of 3 pairs, not 0101:0102, 0003:0004"
    ),
    "one pair, the others silent": Row(
        "partial",
        {"pairs": 1, "silent": "yes"},
        UNKNOWN,
        "partly done: 1 of 3 pairs, not 0101:0102, 0003:0004",
        FAILED,
    ),
    "one pair gone before": Row(
        "others-withdraw", {"pair": "0101:0102"}, UNKNOWN, "partly done: 2 of 3 pairs", FAILED
    ),
    "one pair not recording": Row(
        "others-change",
        {"pair": "0101:0102", "text": "Recording=Disabled"},
        FAILED,
        "partly done: 2 of 3 pairs, not 0101:0102",
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
async def test_several_pairs(tmp_path: Path, row: Row) -> None:
    await judged(furnish(Lab(tmp_path)), row, SEVERAL)


@pytest.mark.parametrize("row", OF_SEVERAL.values(), ids=OF_SEVERAL.keys())
async def test_some_of_several_pairs(tmp_path: Path, row: Row) -> None:
    await judged(furnish(Lab(tmp_path)), row, SEVERAL)


ALONE = ("killed after", "ended without a word", "killed before", "a lie", "no", "one line")


@pytest.mark.parametrize("name", ALONE)
async def test_one_pair(tmp_path: Path, name: str) -> None:
    await judged(furnish(Lab(tmp_path), ONE), ROWS[name], ONE)


async def test_what_is_done_but_not_as_it_should_be_is_told(tmp_path: Path) -> None:
    lab = furnish(Lab(tmp_path))
    Row("others-change", {"text": "Recording=Disabled"}, DONE, position="after").plan(lab)
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert result.outcome is DONE
        status = await health(world, "db")
    assert status.status is Status.WARN
    assert "has not Recording Enabled" in " ".join(status.reasons)


async def test_a_pool_that_fills_while_the_second_pair_is_copied(tmp_path: Path) -> None:
    """The array says yes to all; the copies that found no space are none, and are named."""
    lab = Lab(tmp_path, timeout=LIMIT)
    array = lab.array()
    tracks = 100
    array.put_pool("P9", capacity=tracks)
    for pair in SEVERAL:
        source, target = pair.split(":")
        array.add_volumes(source, blocks=tracks * 128)
        array.add_volumes(target, blocks=tracks * 128, pool="P9", space_efficient=True)
    array.establish(*SEVERAL, synced_at=array.now() - DAY.total_seconds(), cp=False)
    lab.define("db", resource(*SEVERAL))
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert result.outcome is UNKNOWN
        assert "partly done: 1 of 3 pairs, not 0101:0102, 0003:0004" in result.reason
        assert "0101:0102 is in state Tgt Failed, 0003:0004 is in state" in result.reason
        await looked(world)
        assert (await outcomes(world, "db"))[0] == "failed"
        (result,) = await asked(world, "db", force=True)
        assert result.outcome is REFUSED
        assert "is in state Tgt Failed, not Valid" in result.reason
        assert (await health(world, "db")).status is Status.WARN
    assert lab.acted() == ["resyncflash"]
    assert [lab.fresh(pair) for pair in SEVERAL] == [True, False, False]
