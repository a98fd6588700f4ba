"""Every answer of om that we have, through the whole guard."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from flashd.adapters.guards.opensvc import OpensvcGuard
from flashd.config.guards import OpensvcOptions
from flashd.model.verdict import Verdict
from tests.transcripts.guards.playing import Then

CASES = sorted(case.parent for case in Path(__file__).parent.glob("opensvc-*/*/case.json"))

OM = """#!/bin/sh
case "$*" in
"oratst print status --format json --refresh") answer=instance ;;
"daemon status --format json") answer=cluster ;;
"oratst instance status --node * --refresh --output json") answer=instances ;;
esac
cat "$ANSWERS/$answer.answer" 2>/dev/null && exit
echo 'no such answer' >&2
exit 1
"""


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: Path) -> None:
    om = tmp_path / "om"
    om.write_text(OM)
    om.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("ANSWERS", str(case))


@pytest.mark.usefixtures("answers")
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
async def test_says_what_the_case_expects(case: Path) -> None:
    expected = json.loads((case / "case.json").read_text())
    verdict, reason = Verdict(expected.pop("verdict")), expected.pop("reason")
    now = datetime.fromisoformat(expected.pop("now"))
    options = OpensvcOptions.model_validate(
        {"version": case.parent.name.removeprefix("opensvc-"), **expected}
    )

    finding = await OpensvcGuard(options, clock=Then(now)).look()

    assert (finding.verdict, finding.reason) == (verdict, reason)
    json.dumps(finding.evidence)


@pytest.mark.parametrize("version", ["2.1", "3"])
def test_there_are_cases_of_every_verdict(version: str) -> None:
    folder = Path(__file__).parent / f"opensvc-{version}"
    cases = [json.loads(case.read_text()) for case in folder.glob("*/case.json")]
    assert {case["verdict"] for case in cases} == {"down", "up", "unknown"}
