"""Every answer that we have to a guard that runs no program: played to it, text in, finding out."""

from __future__ import annotations

import json
import re
from hashlib import sha256
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


ASKED = {
    "pacemaker": ["crm_mon --output-as=xml -1", "cibadmin --query --scope status"],
    "powerha": ["id -u", "clRGinfo -s oratst_rg", "lssrc -ls clstrmgrES"],
    "vcs": [
        "hasys -state",
        "hagrp -display ora_sg -attribute SystemList Probed AutoDisabled",
        "hagrp -state ora_sg",
    ],
    "aix": [
        "id -u",
        "odmget -q attribute=unique_id CuAt",
        "lsdev -C -c disk -F name:status",
        "mount",
        "lspv",
        "lsvg -o",
    ],
    "opensvc-2.1": [
        "om oratst print status --format json --refresh",
        "om daemon status --format json",
    ],
    "opensvc-3": ["om oratst instance status --node * --refresh --output json"],
    "mounts": ["storage", "devices sda~8:0 sdb~8:16 dm-3=253:3"],
    "lvm": ["lvm"],
    "scsi-reservation": ["storage", "reservations dm-3"],
    "kubernetes": [
        "/apis/apps/v1/namespaces/tst/statefulsets/db",
        "/api/v1/namespaces/tst/persistentvolumeclaims/data-db-0",
        "/api/v1/persistentvolumes/pv-tst-10a2",
        "/apis/storage.k8s.io/v1/csidrivers/block.csi.ibm.com",
        "/api/v1/namespaces/tst/pods?limit=500",
        "/apis/storage.k8s.io/v1/volumeattachments?limit=500",
        "/api/v1/nodes?limit=500",
    ],
}
"""What is asked, and nothing else: the documents promise it to whoever grants the rights for it."""
NAMED = {"mounts": "down-multipath", "scsi-reservation": "clear"}


@pytest.mark.parametrize(("kind", "asked"), ASKED.items(), ids=ASKED.keys())
async def test_the_evidence_tells_what_was_asked_and_which_answer_was_judged(
    kind: str, asked: list[str]
) -> None:
    name = NAMED.get(kind, "down")
    (case,) = [case for case in cases(kind) if case.name == name]
    told = (await look(case)).evidence["asked"]
    assert isinstance(told, dict)
    assert list(told) == asked
    answers = {sha256(text).hexdigest() for text in case.answers.values()}
    assert set(told.values()) == answers


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
