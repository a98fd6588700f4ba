"""Every answer that we have to a guard that runs no program: played to it, text in, finding out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from flashd.config.guards import BUILT_IN_GUARDS
from flashd.model.verdict import Verdict
from tests.transcripts.guards.playing import HERE, KINDS, Case, cases, look

PLAYED = ("kubernetes", "http", "hosts", "io", "process")
CASES = [case for kind in PLAYED for case in cases(kind)]
WITHOUT = {
    "tcp": "it reads nothing: what counts is how a connection ends",
    "command": "what it prints is told and never read; its exit status counts",
}
PAGE = (Path(__file__).parents[3] / "docs/guards.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_says_what_the_case_expects(case: Case) -> None:
    finding = await look(case)
    assert (finding.verdict, finding.reason) == (case.told["verdict"], case.told["reason"])
    json.dumps(finding.evidence, allow_nan=False)


@pytest.mark.parametrize("kind", PLAYED)
def test_there_are_cases_of_every_verdict(kind: str) -> None:
    proof = "down" if BUILT_IN_GUARDS[kind].proves else "clear"
    assert {case.told["verdict"] for case in cases(kind)} == {proof, "up", "unknown"}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_case_is_named_after_its_verdict(case: Case) -> None:
    named = case.name.partition("-")[0]
    assert (named if named in {"down", "clear", "up"} else "unknown") == Verdict(
        case.told["verdict"]
    )


def test_every_guard_has_its_answers_here() -> None:
    folders = {kind.removesuffix("-2.1").removesuffix("-3") for kind in KINDS}
    assert folders | WITHOUT.keys() == set(BUILT_IN_GUARDS)
    assert not folders & WITHOUT.keys()
    assert {file.parent.parent.name for file in HERE.glob("*/*/case.json")} == set(KINDS)


@pytest.mark.parametrize("kind", BUILT_IN_GUARDS)
def test_the_page_says_of_every_guard_what_it_needs_and_cannot_see(kind: str) -> None:
    (section,) = re.findall(rf"(?ms)^## {kind}\n(.*?)(?=^## |\Z)", PAGE)
    for word in ("type: " + kind, "**Cannot see**", "**Rights**"):
        assert word in section, f"{kind} without {word}"
    verdict = "**Down**" if BUILT_IN_GUARDS[kind].proves else "**Clear**"
    assert kind == "command" or (verdict in section and "**Up**" in section)
