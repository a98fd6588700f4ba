"""Whether the unit could start a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flashd.errors import FlashdError
from flashd.install.host import own_program, run, unreachable

if TYPE_CHECKING:
    from pathlib import Path


def test_a_program_of_the_system_can_be_started() -> None:
    assert unreachable("/usr/bin/env") == ""


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("/nowhere/flashd", "no such file"),
        ("/root", "is a directory"),
        ("/etc/passwd", "mode 0644"),
    ],
)
def test_what_cannot_be_started_is_told(program: str, reason: str) -> None:
    assert reason in unreachable(program)


def test_what_the_unit_hides_is_told(tmp_path: Path) -> None:
    program = tmp_path / "flashd"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    if tmp_path.is_relative_to("/tmp"):
        assert "below /tmp" in unreachable(str(program))


def test_a_hidden_interpreter_is_told() -> None:
    """The environment of these tests may be anywhere; its script names its own Python."""
    program = own_program("flashd.py")
    assert program.endswith("/bin/flashd")
    reason = unreachable(program)
    assert reason == "" or any(word in reason for word in ("hides", "cannot pass"))


def test_a_command_that_hangs_is_told() -> None:
    with pytest.raises(FlashdError, match=r"^sleep 600 did not end within 0.2 s$") as told:
        run(("sleep", "600"), limit=0.2)
    assert "by hand" in told.value.hint


def test_a_command_that_cannot_be_started_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "broken-program"
    program.write_text("#!/nowhere/interpreter\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FlashdError, match=r"^broken-program --create cannot be run: no such file"):
        run(("broken-program", "--create"))


@pytest.mark.parametrize(
    ("command", "reason"),
    [(("no-such-command-at-all",), "there is no"), (("false",), "ended with 1 and said: nothing")],
)
def test_a_command_that_fails_is_told(command: tuple[str, ...], reason: str) -> None:
    with pytest.raises(FlashdError, match=reason):
        run(command)
