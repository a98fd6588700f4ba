"""Guards that ask a cluster or a volume manager: one row each, as in `readers`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flashd.adapters.guards import aix, pacemaker, powerha, vcs
from flashd.adapters.guards.asking import Interview
from flashd.config.guards import BUILT_IN_GUARDS
from tests.fuzz.guards import Looking, Reader
from tests.fuzz.readers import TRANSCRIPTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flashd.adapters.guards.asking import Question
    from flashd.model.verdict import Finding
    from tests.fuzz.guards import Said

_VOLUME_GROUP = {
    "volume_group": "oratstvg",
    "disks": ["200B75BALB1107B07210790003IBMfcp", "200B75BALB1107C07210790003IBMfcp"],
    "mount_points": ["/u01/oratst"],
}


@dataclass(frozen=True, slots=True)
class Interviewed:
    """A guard that holds an interview, asked without the way to its host."""

    questions: Sequence[Question]
    judge: Callable[[Sequence[str]], Finding]

    async def _look(self, asked: Any) -> Finding:  # noqa: ANN401 - as guards are asked
        limit = timedelta(seconds=9)
        return await Interview(None, limit, self.questions, self.judge, None)._ask(asked)


def _pacemaker() -> Interviewed:
    options = BUILT_IN_GUARDS["pacemaker"].model_validate({"resource": "fs_db"})
    return Interviewed(pacemaker.QUESTIONS, pacemaker.PacemakerGuard(options)._judge)  # type: ignore[arg-type]


def _powerha() -> Interviewed:
    told = {"group": "oratst_rg", "nodes": ["pasv0449", "pasv0450"]}
    options = BUILT_IN_GUARDS["powerha"].model_validate(told)
    return Interviewed(powerha.questions("oratst_rg"), powerha.PowerhaGuard(options)._judge)  # type: ignore[arg-type]


def _vcs() -> Interviewed:
    options = BUILT_IN_GUARDS["vcs"].model_validate({"group": "ora_sg"})
    return Interviewed(vcs.questions("ora_sg"), vcs.VcsGuard(options)._judge)  # type: ignore[arg-type]


def _aix() -> Interviewed:
    options = BUILT_IN_GUARDS["aix"].model_validate(_VOLUME_GROUP)
    return Interviewed(aix.QUESTIONS, aix.AixGuard(options)._judge)  # type: ignore[arg-type]


def _stopped(answers: Sequence[Said]) -> bool:
    """See that the cluster is one, and that the resource is told of and nowhere at work."""
    state = answers[0].text
    told = re.findall(r"""<(?:resource|primitive)\s[^>]*\bid=["']fs_db(?::\d+)?["'][^>]*>""", state)
    return (
        bool(re.search(r"""<status\s+code=["']0["']""", state))
        and bool(re.search(r"""with_quorum=["']true["']""", state))
        and bool(told)
        and all(re.search(r"""\srole=["']Stopped["']""", one) for one in told)
        and not any(re.search(r"""\b(?:active|failed|blocked)=["']true["']""", one) for one in told)
        and "fs_db" in answers[1].text
    )


def _offline(answers: Sequence[Said]) -> bool:
    """See that both nodes are told of, as offline, by root, and the cluster is at rest."""
    user, group, manager = (said.text for said in answers)
    rows = [line.split(":") for line in group.splitlines() if line.startswith("oratst_rg:")]
    return (
        user == "0\n"
        and {row[2].strip() for row in rows} == {"pasv0449", "pasv0450"}
        and {row[1].strip() for row in rows} == {"OFFLINE"}
        and "Current state: ST_STABLE" in manager
    )


def _offline_on_each(answers: Sequence[Said]) -> bool:
    """See that every system of the group runs, has probed it, and has it offline and no more."""
    systems, attributes, state = (said.text.splitlines() for said in answers)
    rows = [line.split() for line in state if line.split()[:2] == ["ora_sg", "State"]]
    running = {line.split()[0] for line in systems if line.split()[2:] == ["RUNNING"]}
    names = {row[2] for row in rows}
    told = {tuple(line.split()) for line in attributes}
    return (
        bool(rows)
        and all(row[3:] == ["|OFFLINE|"] for row in rows)
        and names <= running
        and all(("ora_sg", "Probed", name, "1") in told for name in names)
        and all(("ora_sg", "AutoDisabled", name, "0") in told for name in names)
    )


def _varied_off(answers: Sequence[Said]) -> bool:
    """See that both disks are there, and of none anything is active or mounted."""
    user, ids, states, mounts, disks, active = (said.text for said in answers)
    rows = [line.split() for line in disks.splitlines()]
    ours = [row for row in rows if "oratstvg" in row]
    return (
        user == "0\n"
        and all(one in ids for one in _VOLUME_GROUP["disks"])
        and {f"{row[0]}:Available" for row in ours} <= set(states.splitlines())
        and len(ours) >= len(_VOLUME_GROUP["disks"])
        and not any("active" in row or "concurrent" in row for row in ours)
        and "oratstvg" not in active.split()
        and "/u01/oratst" not in mounts.split()
    )


def _seeds(kind: str, options: dict[str, Any], names: Sequence[str]) -> list[list[bytes]]:
    """Take the transcripts with these options; what `id` says is told where it is not root's."""
    found = []
    for case in sorted(TRANSCRIPTS.glob(f"{kind}/*/case.json")):
        if json.loads(case.read_text())["options"] != options:
            continue
        files = [case.parent / f"{name}.answer" for name in names]
        usual = {"id": b"0\n"}
        texts = [
            file.read_bytes() if file.exists() else usual.get(file.stem, b"") for file in files
        ]
        found.append(texts)
    return found


READERS = (
    Reader(
        name="pacemaker",
        guard=_pacemaker,
        literally=_stopped,
        seeds=lambda: _seeds("pacemaker", {"resource": "fs_db"}, ("crm_mon", "cibadmin")),
        words=(
            *(b'role="Started"', b'role="Stopped"', b'active="true"', b"fs_db", b"<", b"/>", b'"'),
            *(b"<!DOCTYPE a [<!ENTITY a 'b'>]>", b"&a;", b"<!--", b"-->", b"<![CDATA[", b"<?x?>"),
            *(b"<clone ", b"<group ", b'with_quorum="false"', b'unclean="true"', b"tst2", b'id="'),
        ),
        largest=1 << 14,
    ),
    Reader(
        name="powerha",
        guard=_powerha,
        literally=_offline,
        seeds=lambda: _seeds(
            "powerha",
            {"group": "oratst_rg", "nodes": ["pasv0449", "pasv0450"]},
            ("id", "clRGinfo", "lssrc"),
        ),
        words=(b"ONLINE", b"OFFLINE", b"ERROR", b"UNMANAGED", b"ST_STABLE", b"ST_BARRIER", b":"),
        rows=True,
    ),
    Reader(
        name="vcs",
        guard=_vcs,
        literally=_offline_on_each,
        seeds=lambda: _seeds("vcs", {"group": "ora_sg"}, ("hasys", "hagrp-display", "hagrp-state")),
        words=(b"|OFFLINE|", b"|ONLINE|", b"|FAULTED|", b"|", b"RUNNING", b"Probed", b"SystemList"),
        rows=True,
    ),
    Reader(
        name="aix",
        guard=_aix,
        literally=_varied_off,
        seeds=lambda: _seeds(
            "aix", _VOLUME_GROUP, ("id", "odmget", "lsdev", "mount", "lspv", "lsvg")
        ),
        words=(
            *(b"active", b"concurrent", b"oratstvg", b"None", b"hdisk4", b"/u01/oratst", b"0\n"),
            *(b"Available", b"Defined", b"hdisk4:Available\n"),
        ),
        rows=True,
    ),
)

TARGETS = tuple(Looking(reader).target() for reader in READERS)
