"""What guards find on another host, by a real sshd."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from flashd.adapters.guards.command import CommandGuard
from flashd.adapters.guards.systemd import SystemdGuard
from flashd.config.guards import CommandOptions, SystemdOptions
from flashd.core.guards import restarted
from flashd.model.verdict import Finding, Reading, Verdict
from tests.integration.remote.there import HOST, ended

if TYPE_CHECKING:
    from tests.integration.remote.there import There

UNIT = (
    "printf '%s\\n' Id=db.service LoadState=loaded ActiveState={state} SubState={sub} MainPID=0"
    " ControlPID=0 Job= ControlGroup= TasksCurrent=0 TriggeredBy= UnitFileState= InvocationID=7f"
)
DOWN = UNIT.format(state="inactive", sub="dead")
UP = UNIT.format(state="active", sub="running")


async def systemd(there: There, limit: float = 20, **pin: Any) -> Finding:  # noqa: ANN401 - pins are checked by their model
    options = SystemdOptions(unit="db.service", host=HOST, timeout=timedelta(seconds=limit))
    return await SystemdGuard(options, there.remote(**pin)).look()


async def command(there: There, *words: str, limit: float = 20, **codes: Any) -> Finding:  # noqa: ANN401 - options are checked by their model
    codes = {"down": (0,), "up": (1,), **codes}
    options = CommandOptions(command=words, host=HOST, timeout=timedelta(seconds=limit), **codes)
    return await CommandGuard(options, there.remote()).look()


async def test_a_unit_there_is_down(there: There) -> None:
    there.program("systemctl", f'echo "$*" > {there.root}/asked; {DOWN}')
    finding = await systemd(there)
    assert finding.verdict is Verdict.DOWN, finding
    assert finding.reason == "db.service is inactive, nothing of it is left"
    assert (there.root / "asked").read_text() == (
        "--no-pager show -p Id,LoadState,ActiveState,SubState,MainPID,ControlPID,Job,ControlGroup,"
        "TasksCurrent,TriggeredBy,UnitFileState,InvocationID -- db.service\n"
    )
    told = finding.evidence["host"]
    assert isinstance(told, dict)
    assert (told["host"], told["hostname"], told["system"]) == (HOST, "tst1", "Linux")
    assert told["compared"] == f"hostname with {HOST}"
    assert finding.incarnation is not None
    assert finding.incarnation.endswith(" 7f")


async def test_a_unit_there_is_up(there: There) -> None:
    there.program("systemctl", UP)
    assert (await systemd(there)).verdict is Verdict.UP


async def test_systemctl_that_fails_there_is_unknown(there: There) -> None:
    there.program("systemctl", f"{DOWN}; echo 'Failed to connect to bus' >&2; exit 1")
    finding = await systemd(there)
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason.startswith("systemctl ended with 1 and said: Failed to connect to bus")


CODES = {
    "exit 0": (Verdict.DOWN, "ended with 0, which means down"),
    "exit 1": (Verdict.UP, "ended with 1, which means up"),
    "exit 2": (Verdict.UNKNOWN, "ended with 2, which means neither up nor down"),
    "exit 255": (Verdict.UNKNOWN, "ended with 255, which means neither up nor down"),
    "kill -KILL $$": (Verdict.UNKNOWN, "was killed by signal 9"),
    "nonexistent-program": (Verdict.UNKNOWN, "ended with 127, which means neither up nor down"),
}


@pytest.mark.parametrize(("text", "expected"), CODES.items(), ids=CODES.keys())
async def test_an_exit_code_there_means_what_it_means_here(
    there: There, text: str, expected: tuple[Verdict, str]
) -> None:
    finding = await command(there, str(program := there.allow("db-is-down", text)))
    assert (finding.verdict, finding.reason) == (expected[0], f"{program} {expected[1]}")


async def test_255_of_a_program_is_not_255_of_ssh(there: There) -> None:
    program = there.allow("db-is-down", "exit 255")
    assert (await command(there, str(program), down=(255,))).verdict is Verdict.DOWN


async def test_arguments_arrive_to_the_letter(there: There) -> None:
    program = there.allow("db-is-down", f'printf "<%s>" "$@" > {there.root}/arguments')
    words = ("a b", "$(id)", "`id`;", "'\"\\", "%s%041", "-n", "*", "über\n", "\x01\x7f")
    finding = await command(there, str(program), *words)
    assert finding.verdict is Verdict.DOWN, finding
    assert (there.root / "arguments").read_bytes().decode() == "".join(f"<{w}>" for w in words)


async def test_a_program_must_be_allowed_there(there: There) -> None:
    program = there.program("db-is-down", f"echo ran > {there.root}/ran", there.allowed)
    finding = await command(there, str(program))
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason == (
        f"flashd-probe on {HOST} refused: {program} is not allowed on this host;"
        f" its administrator writes it to {there.commands}"
    )
    assert not (there.root / "ran").exists()


@pytest.mark.parametrize("changed", ["program", "its folder", "a folder above", "the list"])
async def test_what_others_can_change_is_not_run_there(there: There, changed: str) -> None:
    (folder := there.allowed / "below").mkdir()
    program = there.program("db-is-down", f"echo ran > {there.root}/ran", folder)
    there.commands.write_text(f"{program}\n")
    place = {
        "program": program,
        "its folder": folder,
        "a folder above": there.allowed,
        "the list": there.commands,
    }[changed]
    place.chmod(place.stat().st_mode | 0o002)
    finding = await command(there, str(program))
    assert finding.verdict is Verdict.UNKNOWN
    assert "can be changed by its group or by others; run: chmod go-w" in finding.reason
    assert not (there.root / "ran").exists()


async def test_a_link_to_a_program_is_not_run_there(there: There) -> None:
    program = there.allow("db-is-down", "exit 0")
    (link := there.allowed / "link").symlink_to(program)
    there.commands.write_text(f"{link}\n")
    assert "is a symbolic link" in (await command(there, str(link))).reason


async def test_a_program_there_does_not_run_longer_than_it_is_waited_for(there: There) -> None:
    program = there.allow("db-is-down", f"echo $$ > {there.root}/pid; exec sleep 600")
    finding = await command(there, str(program), limit=3)
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason == f"{HOST} did not finish its answer in time, and the session was ended"
    await ended(int((there.root / "pid").read_text()))


TIMER = (
    "printf '%s\\n' Id=db.timer LoadState=loaded ActiveState=inactive SubState=dead Job="
    " TriggeredBy= UnitFileState= InvocationID="
)


async def test_one_look_is_answered_by_one_host(there: There) -> None:
    """An address that moves in the middle of a look: the second answer is another machine's."""
    triggered = DOWN.replace("TriggeredBy=", "TriggeredBy=db.timer")
    there.program("systemctl", f'case "$*" in *timer*) {TIMER} ;; *) {triggered} ;; esac')
    assert (await systemd(there)).verdict is Verdict.DOWN
    there.calls_itself("tst1", "AIX")
    there.program("lsattr", f"mkdir {there.root}/asked 2>/dev/null && echo one || echo two")
    finding = await systemd(there)
    assert finding.verdict is Verdict.UNKNOWN
    assert f"two hosts answered as {HOST}" in finding.reason


async def test_another_machine_at_the_next_look_is_no_continuation(there: There) -> None:
    there.program("systemctl", DOWN)
    there.calls_itself("tst1", "AIX")
    there.program("lsattr", f"mkdir {there.root}/asked 2>/dev/null && echo one || echo two")
    first, second = await systemd(there), await systemd(there)
    assert (first.verdict, second.verdict) == (Verdict.DOWN, Verdict.DOWN)
    assert restarted([reading(first)], [reading(second)]) is not None
    assert restarted([reading(second)], [reading(await systemd(there))]) is None


def reading(finding: Finding) -> Reading:
    return Reading("systemd", "systemd", True, finding, datetime(2026, 1, 1, tzinfo=UTC), 0)
