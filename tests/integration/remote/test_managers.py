"""Cluster managers and the volume manager of an AIX, asked on another host by a real sshd."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.guards.table import asking
from flashd.adapters.remote.frame import question, read
from flashd.config.guards import BUILT_IN_GUARDS
from flashd.model.verdict import Finding, Verdict
from tests.integration.remote.there import HOST, There, needed

if TYPE_CHECKING:
    from flashd.adapters.remote.frame import Frame

TRANSCRIPTS = Path(__file__).parents[2] / "transcripts/guards"
FILES = {
    "crm_mon": ("crm_mon", "--output-as=xml -1"),
    "cibadmin": ("cibadmin", "--query --scope status"),
    "clRGinfo": ("clRGinfo", "-s oratst_rg"),
    "lssrc": ("lssrc", "-ls clstrmgrES"),
    "hasys": ("hasys", "-state"),
    "hagrp-display": ("hagrp", "-display ora_sg -attribute SystemList Probed AutoDisabled"),
    "hagrp-state": ("hagrp", "-state ora_sg"),
    "odmget": ("odmget", "-q attribute=unique_id CuAt"),
    "lsdev": ("lsdev", "-C -c disk -F name:status"),
    "mount": ("mount", ""),
    "lspv": ("lspv", ""),
    "lsvg": ("lsvg", "-o"),
}
KINDS = ("pacemaker", "powerha", "vcs", "aix")
NONCE = "0123456789abcdef" * 2
SHELLS = {"dash": "", "busybox": " sh", "ksh": "", "mksh": ""}


def plays(there: There, kind: str, case: str) -> None:
    """Have the programs there answer as in a transcript, and only what may be asked."""
    folder = TRANSCRIPTS / kind / case
    texts: dict[str, str] = {"id": '[ "$*" = -u ] && echo 0'}
    for stem, (name, words) in FILES.items():
        if (answer := folder / f"{stem}.answer").exists():
            line = f'[ "$*" = "{words}" ] && exec /bin/cat {answer}\n'
            texts[name] = texts.get(name, "") + line
    for name, text in texts.items():
        there.program(name, f"{text}\n[ $? -eq 0 ] || exit 9")


async def look(there: There, kind: str, case: str) -> Finding:
    told = json.loads((TRANSCRIPTS / kind / case / "case.json").read_text())["options"]
    options = BUILT_IN_GUARDS[kind].model_validate({**told, "host": HOST})
    return await asking(there.remote())[kind](options).look()


@pytest.mark.parametrize("kind", KINDS)
async def test_says_there_what_it_says_here(there: There, kind: str) -> None:
    plays(there, kind, "down")
    finding = await look(there, kind, "down")
    expected = json.loads((TRANSCRIPTS / kind / "down/case.json").read_text())
    assert (finding.verdict, finding.reason) == (Verdict.DOWN, expected["reason"])
    assert isinstance(finding.evidence["host"], dict)


def answered(there: There, *words: str) -> Frame:
    """Have the probe answer without ssh, as it would be asked by it."""
    done = subprocess.run(
        there.probe.split(),
        env={"SSH_ORIGINAL_COMMAND": question(NONCE, 9, words)},
        capture_output=True,
        check=True,
        timeout=30,
    )
    return read(done.stdout, NONCE)


QUESTIONS = {
    "crm_mon": ("pacemaker", "state"),
    "cibadmin": ("pacemaker", "history"),
    "clRGinfo": ("powerha", "group", "oratst_rg"),
    "lssrc": ("powerha", "manager"),
    "hasys": ("vcs", "systems"),
    "hagrp-display": ("vcs", "attributes", "ora_sg"),
    "hagrp-state": ("vcs", "state", "ora_sg"),
    "odmget": ("aix", "ids"),
    "lsdev": ("aix", "states"),
    "mount": ("aix", "mounts"),
    "lspv": ("aix", "disks"),
    "lsvg": ("aix", "active"),
}


@pytest.mark.parametrize("shell", SHELLS)
def test_any_shell_there_asks_alike(tmp_path: Path, shell: str) -> None:
    there = There(tmp_path / "there", shell=needed(shell) + SHELLS[shell])
    for kind in KINDS:
        plays(there, kind, "down")
    for stem, words in QUESTIONS.items():
        frame = answered(there, *words)
        (file,) = TRANSCRIPTS.glob(f"*/down/{stem}.answer")
        assert (frame.status, frame.body) == (0, file.read_bytes()), stem
    assert answered(there, "aix", "user").body == answered(there, "powerha", "user").body == b"0\n"


async def test_whoever_is_not_root_there_proves_nothing(there: There) -> None:
    plays(there, "powerha", "down")
    there.program("id", "echo 203")
    finding = await look(there, "powerha", "down")
    assert (finding.verdict, finding.reason) == (
        Verdict.UNKNOWN,
        "it was not asked as root, to whom alone all of it is told",
    )


@pytest.mark.parametrize(
    ("program", "kind", "reason"),
    [
        ("cibadmin", "pacemaker", "cibadmin ended with 127"),
    ],
)
async def test_a_program_that_is_missing_there_is_unknown(
    there: There, program: str, kind: str, reason: str
) -> None:
    plays(there, kind, "down")
    (there.programs / program).unlink()
    finding = await look(there, kind, "down")
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason.startswith(reason)


VARIABLES = ("CIB_file", "CIB_shadow", "CIB_port", "CIB_server", "VCS_HOST")


async def test_no_variable_there_leads_a_program_elsewhere(there: There) -> None:
    plays(there, "pacemaker", "down")
    settings = " ".join(f"{name}=elsewhere" for name in VARIABLES)
    there.lies(f"exec env {settings} ODMDIR=/elsewhere $PROBE")
    there.program("crm_mon", f"env > {there.root}/environment; exit 1")
    await look(there, "pacemaker", "down")
    found = dict(
        line.partition("=")[::2] for line in (there.root / "environment").read_text().splitlines()
    )
    assert not found.keys() & set(VARIABLES)
    assert found["ODMDIR"] == "/etc/objrepos"
    assert found["LC_ALL"] == "C"


REFUSED = {
    ("pacemaker", "configuration"): "that is no question about Pacemaker",
    ("pacemaker", "state", "more"): "knows no question 'pacemaker' with 2 arguments",
    ("pacemaker",): "knows no question 'pacemaker' with 0 arguments",
    ("powerha", "group", "-a"): "that is not the name of a group",
    ("powerha", "group", "a b"): "that is not the name of a group",
    ("powerha", "group", "a;id"): "that is not the name of a group",
    ("powerha", "group", ""): "that is not the name of a group",
    ("powerha", "group"): "that is no question about PowerHA",
    ("powerha", "user", "more"): "that is no question about PowerHA",
    ("vcs", "state", "-all"): "that is not the name of a group",
    ("vcs", "attributes", "g\nid"): "that is not the name of a group",
    ("vcs", "online", "g"): "that is no question about VCS",
    ("vcs", "systems", "g"): "that is no question about VCS",
    ("aix", "varyonvg"): "that is no question about volume groups",
    ("aix", "disks", "hdisk4"): "knows no question 'aix' with 2 arguments",
}


def test_the_probe_answers_nothing_else(tmp_path: Path) -> None:
    there = There(tmp_path / "there")
    for name in {name for name, _ in FILES.values()} | {"id"}:
        there.program(name, f"echo ran >> {there.root}/ran")
    for words, reason in REFUSED.items():
        frame = answered(there, *words)
        assert frame.status is None, words
        assert reason in frame.body.decode(), words
    assert not (there.root / "ran").exists()
