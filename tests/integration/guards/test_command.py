"""Programs are real scripts in a folder of the test's own."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import pytest

from flashd.adapters import procfs
from flashd.adapters.guards.command import CommandGuard
from flashd.config.guards import CommandOptions
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from pathlib import Path

SOON, LONG = timedelta(seconds=1), timedelta(seconds=30)


class Script(Protocol):
    def __call__(self, text: str, mode: int = 0o755) -> Path: ...


@pytest.fixture
def script(tmp_path: Path) -> Script:
    def write(text: str, mode: int = 0o755) -> Path:
        path = tmp_path / "db-is-down"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(mode)
        return path

    return write


async def look(program: Path, *arguments: str, limit: timedelta = LONG) -> Finding:
    options = CommandOptions(
        command=(str(program), *arguments), down=(0, 10), up=(1, 11), timeout=limit
    )
    return await CommandGuard(options).look()


def let_all_write(folder: Path, *, sticky: bool = False) -> None:
    folder.chmod(0o1777 if sticky else 0o777)


CODES = {
    "exit 0": (Verdict.DOWN, "ended with 0, which means down"),
    "exit 10": (Verdict.DOWN, "ended with 10, which means down"),
    "exit 1": (Verdict.UP, "ended with 1, which means up"),
    "exit 11": (Verdict.UP, "ended with 11, which means up"),
    "exit 2": (Verdict.UNKNOWN, "ended with 2, which means neither up nor down"),
    "exit 255": (Verdict.UNKNOWN, "ended with 255, which means neither up nor down"),
    "kill -KILL $$": (Verdict.UNKNOWN, "was killed by signal 9"),
    "nonexistent-program": (Verdict.UNKNOWN, "ended with 127, which means neither up nor down"),
    "yes": (Verdict.UNKNOWN, "wrote too much and was killed"),
}


@pytest.mark.parametrize(("text", "expected"), CODES.items(), ids=CODES.keys())
async def test_an_exit_code_means_what_was_said_and_else_nothing(
    script: Script, text: str, expected: tuple[Verdict, str]
) -> None:
    finding = await look(program := script(text))
    assert (finding.verdict, finding.reason) == (expected[0], f"{program} {expected[1]}")


async def test_who_does_not_end_is_killed_with_its_children(script: Script) -> None:
    finding = await look(program := script("sleep 600 & echo $!; wait"), limit=SOON)
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason == f"{program} did not end within 1 s and was killed"
    output = finding.evidence["output"]
    assert isinstance(output, list)
    left = procfs.process(int(output[0]))
    assert left is None or not left.alive


async def test_tells_what_was_run_and_the_first_of_what_it_said(script: Script) -> None:
    program = script(r"printf '\033[2J %s\nb\n\nc\nd\ne\nf\n' $1; echo oops >&2; exit 10")
    finding = await look(program, "TST1;")
    assert finding.evidence == {
        "command": [str(program), "TST1;"],
        "ending": "exited",
        "exit_status": 10,
        "output": [r"\x1b[2J TST1;", "b", "c", "d", "e"],
        "errors": ["oops"],
    }


async def test_a_program_that_is_not_there_is_unknown(tmp_path: Path) -> None:
    finding = await look(program := tmp_path / "db-is-down")
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason == f"{program} cannot be run: no such file or directory"


async def test_a_program_that_cannot_be_executed_is_unknown(script: Script) -> None:
    finding = await look(program := script("exit 0", mode=0o644))
    assert finding.reason == f"{program} cannot be run: permission denied"


async def test_a_program_that_is_none_is_unknown(script: Script) -> None:
    program = script("exit 0")
    program.write_text("no program at all")
    finding = await look(program)
    assert finding.reason == f"{program} cannot be run: exec format error"


@pytest.mark.parametrize("mode", [0o775, 0o757])
async def test_a_program_that_others_can_change_is_not_run(
    script: Script, tmp_path: Path, mode: int
) -> None:
    program = script(f"echo ran > {tmp_path}/ran", mode=mode)
    finding = await look(program)
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason == (
        f"{program} can be changed by its group or by others; run: chmod go-w {program}"
    )
    assert not (tmp_path / "ran").exists()


async def test_a_program_in_a_folder_that_others_can_change_is_not_run(
    script: Script, tmp_path: Path
) -> None:
    program = script("exit 0")
    let_all_write(tmp_path)
    finding = await look(program)
    assert finding.reason.endswith(f"run: chmod go-w {tmp_path}")


async def test_a_folder_above_that_others_can_change_is_as_bad_unless_it_is_sticky(
    script: Script, tmp_path: Path
) -> None:
    """Whoever renames a folder puts another program in its place; in a sticky one he cannot."""
    program = moved(script("exit 0"), tmp_path / "below")
    let_all_write(tmp_path, sticky=True)
    assert (await look(program)).verdict is Verdict.DOWN
    let_all_write(tmp_path)
    finding = await look(program)
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason.endswith(f"run: chmod go-w {tmp_path}")


def moved(program: Path, folder: Path) -> Path:
    folder.mkdir(mode=0o755)
    return program.rename(folder / "program")


async def test_a_link_is_as_good_as_what_it_leads_to(script: Script, tmp_path: Path) -> None:
    program = script("exit 0", mode=0o757)
    (folder := tmp_path / "links").mkdir(mode=0o755)
    (link := folder / "link").symlink_to(program)
    assert (await look(link)).verdict is Verdict.UNKNOWN
    program.chmod(0o755)
    assert (await look(link)).verdict is Verdict.DOWN
    let_all_write(tmp_path)
    assert (await look(link)).verdict is Verdict.UNKNOWN


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
async def test_a_program_of_another_user_is_not_run(script: Script) -> None:
    program = script("exit 0")
    os.chown(program, 65534, -1)
    finding = await look(program)
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason.endswith(f"run: chown root {program}")


async def test_a_link_between_two_others_is_looked_at_too(script: Script, tmp_path: Path) -> None:
    program = script("exit 0")
    (between := tmp_path / "between").mkdir(mode=0o755)
    (between / "link").symlink_to(program)
    (first := tmp_path / "first").symlink_to("between/link")
    assert (await look(first)).verdict is Verdict.DOWN
    let_all_write(between)
    finding = await look(first)
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason.endswith(f"run: chmod go-w {between}")


READS = {
    "named": "#!{interpreter}",
    "with an argument": "#! {interpreter} -e",
    "found by env": "#!/usr/bin/env interpreter",
    "found by env -S": "#!/usr/bin/env -S A=b interpreter -e",
}


@pytest.mark.parametrize("first", READS.values(), ids=READS.keys())
async def test_what_reads_a_script_must_be_as_safe_as_the_script(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    shutil.copyfile("/bin/sh", interpreter := tmp_path / "interpreter")
    interpreter.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    program = script("")
    program.write_text(f"{first.format(interpreter=interpreter)}\nexit 0\n")
    assert (await look(program)).verdict is Verdict.DOWN
    interpreter.chmod(0o757)
    finding = await look(program)
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason == (
        f"{interpreter} can be changed by its group or by others; run: chmod go-w {interpreter};"
        f" {program} is read by {interpreter}"
    )


async def test_a_script_that_is_read_by_itself_is_unknown(script: Script) -> None:
    program = script("")
    program.write_text(f"#!{program}\n")
    assert (await look(program)).verdict is Verdict.UNKNOWN


async def test_it_is_looked_at_each_time_anew(script: Script) -> None:
    program = script("exit 0")
    guard = CommandGuard(CommandOptions(command=(str(program),), down=(0,), up=(1,)))
    assert (await guard.look()).verdict is Verdict.DOWN
    program.chmod(0o757)
    assert (await guard.look()).verdict is Verdict.UNKNOWN
