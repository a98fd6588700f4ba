"""Every answer of systemctl that we have, through the whole guard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flashd.adapters.guards.systemd import SystemdGuard
from flashd.config.guards import SystemdOptions
from flashd.model.verdict import Verdict

CASES = sorted(case.parent for case in Path(__file__).parent.glob("systemd/*/case.json"))

SYSTEMCTL = """#!/bin/sh
for unit; do :; done
cat "$ANSWERS/$unit.answer" 2>/dev/null && exit
echo 'Failed to get properties: Connection timed out' >&2
exit 1
"""


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: Path) -> None:
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(SYSTEMCTL)
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("ANSWERS", str(case))


@pytest.mark.usefixtures("answers")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_says_what_the_case_expects(case: Path) -> None:
    expected = json.loads((case / "case.json").read_text())
    verdict, reason = Verdict(expected.pop("verdict")), expected.pop("reason")

    finding = await SystemdGuard(SystemdOptions(**expected)).look()

    assert (finding.verdict, finding.reason) == (verdict, reason)
    json.dumps(finding.evidence)


def test_there_are_cases_of_every_verdict_that_a_unit_can_have() -> None:
    verdicts = {json.loads((case / "case.json").read_text())["verdict"] for case in CASES}
    assert verdicts == {"down", "up", "unknown"}
