"""The process side: what a systemctl that misbehaves leads to. Its answers are transcripts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import pytest

from flashd.adapters.guards.systemd import SystemdGuard
from flashd.config.guards import SystemdOptions
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from pathlib import Path

AT_ONCE, LONG = timedelta(seconds=0.2), timedelta(seconds=30)
DOWN = (
    "printf '%s\\n' Id=db.service LoadState=loaded ActiveState=inactive SubState=dead MainPID=0"
    " ControlPID=0 Job= ControlGroup= TasksCurrent=0 TriggeredBy= UnitFileState= InvocationID=7f"
)


class Systemctl(Protocol):
    def __call__(self, text: str) -> None: ...


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemctl:
    def write(text: str) -> None:
        path = tmp_path / "systemctl"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return write


async def look(limit: timedelta = LONG) -> Finding:
    return await SystemdGuard(SystemdOptions(unit="db.service", timeout=limit)).look()


async def test_is_asked_in_these_words(systemctl: Systemctl, tmp_path: Path) -> None:
    systemctl(f'echo "$*" > {tmp_path}/asked; {DOWN}')
    finding = await look()
    assert finding.verdict is Verdict.DOWN
    assert (tmp_path / "asked").read_text() == (
        "--no-pager show -p Id,LoadState,ActiveState,SubState,MainPID,ControlPID,Job,ControlGroup,"
        "TasksCurrent,TriggeredBy,UnitFileState,InvocationID -- db.service\n"
    )


async def test_tells_its_facts_and_the_invocation(systemctl: Systemctl) -> None:
    systemctl(DOWN)
    finding = await look()
    assert finding.incarnation == "7f"
    assert finding.evidence["exit_status"] == 0
    facts = finding.evidence["unit"]
    assert isinstance(facts, dict)
    assert facts["ActiveState"] == "inactive"


async def test_an_answer_is_worth_nothing_with_an_exit_code(systemctl: Systemctl) -> None:
    systemctl(f"{DOWN}; exit 1")
    assert (await look()).verdict is Verdict.UNKNOWN


async def test_an_answer_is_worth_nothing_from_who_was_killed(systemctl: Systemctl) -> None:
    systemctl(f"{DOWN}; kill -TERM $$")
    assert (await look()).verdict is Verdict.UNKNOWN


async def test_without_a_bus_it_is_unknown_and_says_what_is_needed(systemctl: Systemctl) -> None:
    systemctl("echo 'Failed to connect to bus: Host is down' >&2; exit 1")
    finding = await look()
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason == (
        "systemctl ended with 1 and said: Failed to connect to bus: Host is down;"
        " flashd needs the system bus of a host that runs systemd"
    )


async def test_an_answer_in_time_is_needed(systemctl: Systemctl) -> None:
    systemctl(f"{DOWN}; exec sleep 600")
    finding = await look(limit=AT_ONCE)
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason == "systemctl did not answer within 0.2 s"


async def test_an_answer_without_end_is_unknown(systemctl: Systemctl) -> None:
    systemctl(f"{DOWN}; yes")
    finding = await look()
    assert finding.reason == "systemctl wrote too much and was killed"


async def test_an_answer_that_is_no_text_is_unknown(systemctl: Systemctl) -> None:
    systemctl(f"{DOWN} | tr d '\\377'")
    assert (await look()).verdict is Verdict.UNKNOWN


async def test_without_systemctl_it_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    finding = await look()
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason == "systemctl cannot be run: no such file or directory"
