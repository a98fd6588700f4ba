"""Files, directories, programs and Javas, each judgement on both sides of its edges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flashd.core.checkup.diagnosis import State
from flashd.core.checkup.files import (
    Directory,
    File,
    Java,
    Remedies,
    judge_directory,
    judge_java,
    judge_program,
    judge_pwfile,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MIB = 2**20


def file(mode: int = 0o600, days: float = 1, **more: object) -> File:
    return File(
        **{  # type: ignore[arg-type]
            "path": "/x",
            "owner": "flashd",
            "mode": mode,
            "changed_at": NOW - timedelta(days=days),
            **more,
        }
    )


PWFILES = {
    "fresh": (file(), State.OK, "only a login proves"),
    "74 days": (file(days=74.9), State.OK, "74d"),
    "75 days": (file(days=75), State.HINT, "75d"),
    "91 days": (file(days=91), State.HINT, "91d"),
    "read by its group": (file(0o640), State.OK, ""),
    "read by everybody": (file(0o604), State.HINT, "mode 0604"),
    "not for us": (file(usable=False), State.PROBLEM, "not readable for flashd"),
    "not there": (File(path="/x", missing=True), State.PROBLEM, "does not exist"),
    "behind a closed door": (File(path="/x", error="denied"), State.UNSEEN, "denied"),
}


@pytest.mark.parametrize(("seen", "state", "words"), PWFILES.values(), ids=PWFILES.keys())
def test_judges_a_pwfile(seen: File, state: State, words: str) -> None:
    found = judge_pwfile(seen, Remedies("dscli managepwfile", "chown flashd"), "flashd", NOW)
    assert (found.state, words in found.words) == (state, True)
    assert bool(found.hint) == (state is not State.OK)
    assert ("dscli managepwfile" in found.hint) == seen.missing
    assert ("chown flashd" in found.hint) == (not seen.usable)


def directory(mode: int = 0o700, free: int = 1000 * MIB, **more: object) -> Directory:
    fields = {"file": file(mode), "owner_is_root": False, "free_bytes": free, **more}
    return Directory(**fields)  # type: ignore[arg-type]


DIRECTORIES = {
    "private": (directory(), [State.OK, State.OK]),
    "of root": (directory(owner_is_root=True), [State.HINT, State.OK]),
    "seen by others": (directory(0o750), [State.HINT, State.OK]),
    "written by a group": (directory(0o770), [State.PROBLEM, State.OK]),
    "written by others": (directory(0o702), [State.PROBLEM, State.OK]),
    "not for us": (directory(file=file(usable=False)), [State.PROBLEM, State.OK]),
    "not there": (directory(file=File(path="/x", missing=True)), [State.PROBLEM]),
    "unseen": (directory(file=File(path="/x", error="denied")), [State.UNSEEN]),
    "a foreign file": (directory(foreign=("/x/db",)), [State.OK, State.PROBLEM, State.OK]),
    "an open file": (directory(open_to_others=("/x/db",)), [State.OK, State.HINT, State.OK]),
    "200 MiB": (directory(free=200 * MIB), [State.OK, State.OK]),
    "less than 200 MiB": (directory(free=200 * MIB - 1), [State.OK, State.HINT]),
    "20 MiB": (directory(free=20 * MIB), [State.OK, State.HINT]),
    "less than 20 MiB": (directory(free=20 * MIB - 1), [State.OK, State.PROBLEM]),
    "no idea of the space": (directory(free_bytes=None), [State.OK]),
}


@pytest.mark.parametrize(("seen", "states"), DIRECTORIES.values(), ids=DIRECTORIES.keys())
def test_judges_a_directory(seen: Directory, states: list[State]) -> None:
    assert [one.state for one in judge_directory(seen, "flashd")] == states


PROGRAMS = {
    "there": (file(0o755), State.OK),
    "written by others": (file(0o757), State.HINT),
    "not executable": (file(0o644, usable=False), State.PROBLEM),
    "not there": (File(path="/x", missing=True), State.PROBLEM),
    "a directory": (File(path="/x", error="is a directory"), State.PROBLEM),
}


@pytest.mark.parametrize(("seen", "state"), PROGRAMS.values(), ids=PROGRAMS.keys())
def test_judges_a_program(seen: File, state: State) -> None:
    assert judge_program(seen, "flashd").state is state


RUNS, BROKEN = Java("/a", "PATH", "17"), Java("/b", "lib/CLI.CFG", None)
OF_SHELL = Java("/c", "JAVA_HOME of this shell", "21", shell_only=True)
BROKEN_OF_SHELL = Java("/d", "PATH of this shell", None, shell_only=True)
JAVAS = {
    "none": ([], [State.PROBLEM]),
    "one": ([RUNS], [State.OK]),
    "one broken": ([BROKEN], [State.PROBLEM]),
    "one of two broken": ([BROKEN, RUNS], [State.HINT, State.OK]),
    "only this shell's": ([OF_SHELL], [State.HINT]),
    "this shell's beside a broken one": ([BROKEN, OF_SHELL], [State.PROBLEM, State.HINT]),
    "this shell's beside another": ([RUNS, OF_SHELL], [State.OK]),
    "only this shell's broken one": ([BROKEN_OF_SHELL], [State.PROBLEM]),
}


@pytest.mark.parametrize(("found", "states"), JAVAS.values(), ids=JAVAS.keys())
def test_judges_javas(found: list[Java], states: list[State]) -> None:
    assert [one.state for one in judge_java(found)] == states
