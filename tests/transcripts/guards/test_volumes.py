"""What hosts told of their volumes, and what that means: text in, finding out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.guards import lvm, mounts, reservation
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent


def told(case: Path, name: str) -> str:
    return (case / f"{name}.answer").read_text()


def mounted(case: Path, wwids: tuple[str, ...]) -> Finding:
    found = mounts.read_volumes(told(case, "storage"), wwids)
    return found if isinstance(found, Finding) else mounts.judge_text(found, told(case, "use"))


def active(case: Path, wwids: tuple[str, ...]) -> Finding:
    return lvm.judge_text(told(case, "lvm"), wwids)


def reserved(case: Path, wwids: tuple[str, ...]) -> Finding:
    found = mounts.read_volumes(told(case, "storage"), wwids, used=True)
    if isinstance(found, Finding):
        return found
    return reservation.judge_text(found, told(case, "reservations"))


JUDGES: dict[str, Callable[[Path, tuple[str, ...]], Finding]] = {
    "mounts": mounted,
    "lvm": active,
    "scsi-reservation": reserved,
}
CASES = sorted(case.parent for kind in JUDGES for case in (HERE / kind).glob("*/case.json"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_says_what_the_case_expects(case: Path) -> None:
    expected = json.loads((case / "case.json").read_text())
    finding = JUDGES[case.parent.name](case, tuple(expected["wwids"]))
    assert (finding.verdict, finding.reason) == (expected["verdict"], expected["reason"])
    json.dumps(finding.evidence)


@pytest.mark.parametrize("kind", JUDGES)
def test_an_answer_that_is_cut_anywhere_allows_nothing(kind: str) -> None:
    folders = {"mounts": "down-multipath", "lvm": "down", "scsi-reservation": "clear"}
    case = HERE / kind / folders[kind]
    wwids = tuple(json.loads((case / "case.json").read_text())["wwids"])
    judge = {"lvm": lambda text: lvm.judge_text(text, wwids)}
    if kind != "lvm":
        found = mounts.read_volumes(told(case, "storage"), wwids, used=True)
        assert not isinstance(found, Finding)
        of = {"mounts": mounts.judge_text, "scsi-reservation": reservation.judge_text}[kind]
        judge[kind] = lambda text: of(found, text)
    name = {"mounts": "use", "lvm": "lvm", "scsi-reservation": "reservations"}[kind]
    whole = told(case, name)
    last = whole.rindex("==>")
    for end in range(whole.index("\n", last) - 4):
        assert judge[kind](whole[:end]).verdict is not Verdict.DOWN, whole[:end]
        assert judge[kind](whole[:end]).verdict is not Verdict.CLEAR, whole[:end]
