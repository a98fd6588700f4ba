"""A fault in a withdraw or an establish: the next runs put it right, each intent acting once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from flashd.model.health import Status
from tests.integration.engine.faults.table import (
    DONE,
    FAILED,
    ONE,
    SEVERAL,
    UNKNOWN,
    Row,
    furnish,
    hanging,
    nothing_lost,
)
from tests.integration.engine.house import Lab, asked, health, ticks

if TYPE_CHECKING:
    from pathlib import Path

RM, MK = "rmflash", "mkflash"
NOT_SENT = "the rest was not sent"
# `sent`: rmflash and mkflash until all is well
ROWS = {
    "rm: killed within the answer": Row("die-answering", {"bytes": 20}, FAILED, NOT_SENT, sent=2),
    "rm: ended without a word": Row("lost-answer", {}, FAILED, NOT_SENT, sent=2),
    "rm: connection lost after": Row(
        "connection-lost", {}, FAILED, NOT_SENT, sent=2, position="after"
    ),
    "rm: connection lost before": Row("connection-lost", {}, UNKNOWN, NOT_SENT, sent=3),
    "rm: one line": Row("glued", {}, FAILED, NOT_SENT, sent=2),
    "rm: yes and no": Row("confused", {"how": "contradiction"}, FAILED, NOT_SENT, sent=2),
    "rm: gone before": Row("others-withdraw", {}, FAILED, NOT_SENT, sent=2),
    "rm: no": Row("refused", {}, FAILED, "refused by a fault", sent=3),
    "mk: killed within the answer": Row("die-answering", {"bytes": 20}, DONE, sent=2, verb=MK),
    "mk: connection lost after": Row(
        "connection-lost", {}, DONE, sent=2, verb=MK, position="after"
    ),
    "mk: connection lost before": Row(
        "connection-lost", {}, UNKNOWN, "no pair done by the establish", sent=3, verb=MK
    ),
    "mk: one line": Row("glued", {}, DONE, sent=2, verb=MK),
    "mk: of another pair": Row("confused", {"how": "other-pair"}, DONE, sent=2, verb=MK),
    "mk: hangs after": Row("hang", {}, DONE, sent=2, verb=MK, position="after"),
    "mk: no": Row("refused", {}, FAILED, "refused by a fault", sent=3, verb=MK),
    "mk: not valid after": Row(
        "others-change",
        {"text": "State=Tgt Failed"},
        UNKNOWN,
        "in state Tgt Failed",
        sent=2,
        verb=MK,
        position="after",
    ),
}
STAYS = ("mk: not valid after",)


ALONE = ("rm: connection lost before", "mk: connection lost after", "mk: no")


@pytest.mark.parametrize("name", ROWS)
async def test_several_pairs_are_healed_by_the_next_run(tmp_path: Path, name: str) -> None:
    await healed(furnish(Lab(tmp_path), record=False), name, ROWS[name], SEVERAL)


@pytest.mark.parametrize("name", ALONE)
async def test_one_pair_is_healed_by_the_next_run(tmp_path: Path, name: str) -> None:
    await healed(furnish(Lab(tmp_path), ONE, record=False), name, ROWS[name], ONE)


async def healed(lab: Lab, name: str, row: Row, pairs: tuple[str, ...]) -> None:
    replace(row, verb=MK if row.verb == MK else RM).plan(lab)
    before = {pair: lab.array().content(pair.split(":")[1]) for pair in pairs}
    async with lab.open() as world, hanging(lab, row):
        (result,) = await asked(world, "db")
        assert result.outcome is row.outcome, result.reason
        assert row.words in result.reason
        if result.outcome is not DONE and name not in STAYS:
            (result,) = await asked(world, "db", force=True)
            assert result.outcome is DONE, result.reason
        await ticks(world)
        assert not await world.store.open_runs()
        assert not await world.store.withdrawals()
        stands = await health(world, "db")
        assert stands.status is (Status.WARN if name in STAYS else Status.UP), stands.reasons
    assert len(lab.changes()) == row.sent
    assert lab.fresh(*pairs)
    nothing_lost(lab, before)
