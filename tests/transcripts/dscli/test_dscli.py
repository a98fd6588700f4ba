"""Every answer of dscli that we have, through the whole adapter.

Shapes and messages are those of public material; where it gives no text, the text says that it
is made up. A case is a folder: `command` is what dscli must be given, `answer` and `errors` are
its two streams, `expected.json` its exit code and what comes of it.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import flashd.errors
from flashd.adapters.arrays.oneshot import OneshotArray
from flashd.adapters.clock import SystemClock
from flashd.adapters.host import LinuxHost
from flashd.core.firewall import Cleared
from tests.contract.arrays import Heard, fake_dscli, pairs_of

if TYPE_CHECKING:
    from flashd.model.run import Answer
    from flashd.model.volumes import Listing

HERE = Path(__file__).parent
CASES = sorted(found.parent for found in HERE.glob("*/*/expected.json"))

REPLAY = """#!/bin/sh
cat >"$GIVEN"
cat "$CASE/answer"
if [ -e "$CASE/errors" ]; then cat "$CASE/errors" >&2; fi
exit "$EXIT"
"""


def name_of(case: Path) -> str:
    return str(case.relative_to(HERE))


@pytest.fixture
def expected(case: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((case / "expected.json").read_text())
    return found


@pytest.fixture
def array(case: Path, expected: dict[str, Any], tmp_path: Path) -> OneshotArray:
    given = {"CASE": str(case), "GIVEN": str(tmp_path / "given"), "EXIT": str(expected["exit"])}
    return OneshotArray(fake_dscli(tmp_path, REPLAY, given), SystemClock(), LinuxHost())


@pytest.mark.parametrize("case", CASES, ids=name_of)
async def test_comes_to_what_the_case_expects(
    case: Path, expected: dict[str, Any], array: OneshotArray, tmp_path: Path
) -> None:
    command = (case / "command").read_text()
    if "accounts" in expected:
        check_answer(await change(array, command.strip()), expected)
    elif error := expected.get("error"):
        with pytest.raises(flashd.errors.ArrayError) as raised:
            await array.observe(Heard())
        assert type(raised.value) is getattr(flashd.errors, error)
    else:
        check_listing(await array.observe(Heard()), expected)
    assert (tmp_path / "given").read_text() == command


async def change(array: OneshotArray, command: str) -> Answer:
    async with array.session(Heard(), command) as session:
        return await session.change(Cleared(command), pairs_of(command), math.inf)


def check_answer(answer: Answer, expected: dict[str, Any]) -> None:
    said = {str(pair): str(account) for pair, account in answer.accounts.items()}
    assert said == expected["accounts"]
    assert (answer.exit_status, answer.refused) == (expected["exit"], expected["refused"])


def check_listing(listing: Listing, expected: dict[str, Any]) -> None:
    relations = {str(pair): relation for pair, relation in listing.relations.items()}
    assert set(relations) == set(expected["relations"])
    for pair, columns in expected["relations"].items():
        for column, value in columns.items():
            seen = getattr(relations[pair], column)
            assert (seen.text if hasattr(seen, "text") else seen) == value


def test_there_are_cases_of_every_end() -> None:
    found = [json.loads((case / "expected.json").read_text()) for case in CASES]
    assert {case.get("error") for case in found} >= {
        "ArrayUnreachable",
        "ArrayRejected",
        "LoginRefused",
    }
    assert {case.get("refused") for case in found} >= {True, False}
    assert {one for case in found for one in case.get("accounts", {}).values()} == {
        "accepted",
        "rejected",
        "silent",
    }
