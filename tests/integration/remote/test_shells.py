"""The probe in every shell that may be sh on another host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flashd.model.verdict import Verdict
from tests.integration.remote.test_answers import DOWN, command, systemd
from tests.integration.remote.test_processes import look
from tests.integration.remote.there import needed

if TYPE_CHECKING:
    from tests.integration.remote.there import There

SHELLS = {"dash": "", "bash": " --posix", "busybox": " sh", "ksh": "", "mksh": ""}


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, there: There) -> There:
    """Have the probe run by that shell."""
    there.shell = needed(request.param) + SHELLS[request.param]
    there.forced(there.probe)
    return there


async def test_answers_alike(shell: There) -> None:
    shell.program("systemctl", DOWN)
    assert (await systemd(shell)).verdict is Verdict.DOWN

    program = shell.allow("db-is-down", f'printf "<%s>" "$@" > {shell.root}/arguments; exit 1')
    words = ("a b", "$(id)`id`;", "'\"\\", "%s%041", "-n", "*", "über\n", "\x01\x7f")
    assert (await command(shell, str(program), *words)).verdict is Verdict.UP
    assert (shell.root / "arguments").read_bytes().decode() == "".join(f"<{w}>" for w in words)

    program.chmod(0o777)
    finding = await command(shell, str(program))
    assert "can be changed by its group or by others" in finding.reason

    finding = await look(shell, pattern="no-such-thing-[0-9]{40}")
    assert finding.verdict is Verdict.CLEAR or "no process matches, but" in finding.reason


async def test_needs_no_timeout_program(shell: There) -> None:
    """AIX has none."""
    shell.program("timeout", "exit 127")
    program = shell.allow("db-is-down", "exit 0")
    assert (await command(shell, str(program))).verdict is Verdict.DOWN


async def test_tells_the_machine_of_an_aix(shell: There) -> None:
    """Played by a program of that answer; no real AIX was asked."""
    shell.calls_itself("tst1", "AIX")
    shell.program("systemctl", DOWN)
    finding = await systemd(shell, machine_id="00F6A7C54C00")
    assert finding.verdict is Verdict.DOWN
    shell.program("lsattr", 'case "$*" in "-E -l sys0 -a os_uuid -F value") echo 1b7f-aa ;; esac')
    finding = await systemd(shell, machine_id="1b7f-aa")
    assert finding.verdict is Verdict.DOWN
