"""Every answer of a cluster manager or a volume manager that we have, through the whole guard.

A file is named after the program; `.status` beside it holds an exit status other than 0. What
Pacemaker answers was told by its own crm_mon and cibadmin 2.1.5 of a cluster information base in
a file, without a cluster, and in some cases one word of it was changed then; the others are
composed of what is published about each product.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.guards.table import BUILT_IN
from flashd.config.guards import BUILT_IN_GUARDS
from flashd.model.verdict import Verdict

if TYPE_CHECKING:
    from flashd.model.verdict import Finding

KINDS = ("pacemaker", "powerha", "vcs", "aix")
FOLDER = Path(__file__).parent
CASES = [case.parent for kind in KINDS for case in sorted((FOLDER / kind).glob("*/case.json"))]

# What each guard may run; anything else has no answer.
PROGRAM = """#!/bin/sh
case "${0##*/} $*" in
"crm_mon --output-as=xml -1") answer=crm_mon ;;
"cibadmin --query --scope status") answer=cibadmin ;;
"clRGinfo -s oratst_rg") answer=clRGinfo ;;
"lssrc -ls clstrmgrES") answer=lssrc ;;
"hasys -state") answer=hasys ;;
"hagrp -display ora_sg -attribute SystemList Probed AutoDisabled") answer=hagrp-display ;;
"hagrp -state ora_sg") answer=hagrp-state ;;
"odmget -q attribute=unique_id CuAt") answer=odmget ;;
"lsdev -C -c disk -F name:status") answer=lsdev ;;
"mount ") answer=mount ;;
"lspv ") answer=lspv ;;
"lsvg -o") answer=lsvg ;;
"id -u") answer=id; [ -f "$ANSWERS/id.answer" ] || { echo 0; exit; } ;;
esac
/bin/cat "$ANSWERS/$answer.answer" 2>/dev/null || { echo 'no such answer' >&2; exit 1; }
[ ! -f "$ANSWERS/$answer.status" ] || read -r status <"$ANSWERS/$answer.status"
exit "${status:-0}"
"""
PROGRAMS = (
    *("crm_mon", "cibadmin", "clRGinfo", "lssrc", "hasys", "hagrp"),
    *("odmget", "lsdev", "mount", "lspv", "lsvg", "id"),
)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROGRAMS:
        (tmp_path / name).write_text(PROGRAM)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")


async def look(case: Path, monkeypatch: pytest.MonkeyPatch) -> Finding:
    monkeypatch.setenv("ANSWERS", str(case))
    kind = case.parent.name
    options = json.loads((case / "case.json").read_text())["options"]
    return await BUILT_IN[kind](BUILT_IN_GUARDS[kind].model_validate(options)).look()


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
async def test_says_what_the_case_expects(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = json.loads((case / "case.json").read_text())
    finding = await look(case, monkeypatch)
    assert (str(finding.verdict), finding.reason) == (expected["verdict"], expected["reason"])
    json.dumps(finding.evidence, allow_nan=False)


DIVERTED = {
    "pacemaker": ("CIB_file", "CIB_shadow", "CIB_port", "CIB_server"),
    "vcs": ("VCS_HOST",),
}


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in DIVERTED.items() for name in names]
)
async def test_a_variable_that_leads_elsewhere_makes_it_unknown(
    kind: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "elsewhere")
    finding = await look(FOLDER / kind / "down", monkeypatch)
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason.startswith(f"{name} is set here, so ")


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("kind", KINDS)
async def test_a_program_that_is_not_there_is_unknown(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("crm_mon", "clRGinfo", "hasys", "odmget"):
        (tmp_path / name).unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    finding = await look(FOLDER / kind / "down", monkeypatch)
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason.endswith("cannot be run: no such file or directory")


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("down", ["down", "down-group", "down-clone-unique"])
async def test_a_start_and_a_stop_between_two_looks_are_seen(
    down: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing but the number and the time of the last stop tells."""
    case = tmp_path / "pacemaker/again"
    shutil.copytree(FOLDER / "pacemaker" / down, case)
    before, same = await look(case, monkeypatch), await look(case, monkeypatch)
    history = (case / "cibadmin.answer").read_text()
    for old, new in (
        ('call-id="15"', 'call-id="19"'),
        ('last-rc-change="1795660100"', 'last-rc-change="1795660109"'),
    ):
        assert old in history
        (case / "cibadmin.answer").write_text(history.replace(old, new, 1))
        after = await look(case, monkeypatch)
        assert after.verdict is before.verdict is Verdict.DOWN
        assert before.incarnation == same.incarnation != after.incarnation


@pytest.mark.parametrize("kind", KINDS)
def test_there_are_cases_of_every_verdict(kind: str) -> None:
    cases = [json.loads(case.read_text()) for case in (FOLDER / kind).glob("*/case.json")]
    assert {case["verdict"] for case in cases} == {"down", "up", "unknown"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_a_case_is_named_after_its_verdict(case: Path) -> None:
    verdict = Verdict(json.loads((case / "case.json").read_text())["verdict"])
    named = case.name.partition("-")[0]
    assert (named if named in {"down", "up"} else "unknown") == verdict
