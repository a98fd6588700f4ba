"""The four ways to talk to flashd-dscli."""

import os
import pty
import re
import select
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess, Popen

import pytest

from flashd.sim.array import Array

Dscli = Callable[..., CompletedProcess[str]]

BANNER = (
    r"Date/Time: [A-Z][a-z]+ \d{1,2}, \d{4} \d{1,2}:\d\d:\d\d [AP]M CES?T"
    r" IBM DSCLI Version: 7\.8\.57\.2 DS: IBM\.2107-75ABC01\n"
)
GONE = "CMUC00234I lsflash: No Flash Copy found.\n"
REFUSED = "resyncflash -record -persist 0005:0006"


@pytest.mark.parametrize(
    "words", [("lsflash", "-dev", "IBM.2107-75ABC01", "0005"), ("lsflash -dev 75ABC01 0005",)]
)
def test_single_shot_takes_words_or_one_quoted_word(dscli: Dscli, words: tuple[str, ...]) -> None:
    done = dscli(*words)
    assert re.fullmatch(BANNER + re.escape(GONE), done.stdout)
    assert (done.stderr, done.returncode) == ("", 0)


def test_single_shot_ignores_standard_input(dscli: Dscli, array: Array) -> None:
    dscli("lsflash", "0005", stdin="rmflash -quiet 0001:0002\n")
    assert [entry.command for entry in array.journal()] == ["lsflash 0005"]


def test_a_stream_shows_banners_and_glued_prompts_and_needs_no_quit(dscli: Dscli) -> None:
    done = dscli(stdin="lsflash 0005\nlsflash 0006")
    once = "dscli> " + BANNER + re.escape(GONE)
    assert re.fullmatch(BANNER + once + once + "dscli> ", done.stdout)
    assert done.returncode == 0


def test_the_field_s_own_stream_is_answered_as_its_parser_expects(stream: Dscli) -> None:
    done = stream("lsflash -l -dev IBM.2107-75ABC01 0101:0102 0005:0006")
    banner, header, rule, row, end = done.stdout.split("\n")
    assert banner.startswith("Date/Time")
    assert header.startswith("dscli> dscli> ID,SrcLSS,")
    assert rule == "=" * len(header.replace("dscli> ", ""))
    assert row.startswith("0101:0102,01,0,300,Disabled,Enabled,Enabled,")
    assert end == "dscli> "


def test_prompts_can_be_moved(stream: Dscli, array: Array) -> None:
    array.switch("trailing_prompt", "no")
    assert stream("lsflash 5").stdout.split("\n", 1)[1] == "dscli> dscli> " + GONE
    array.switch("stream_prompt", "no")
    assert stream("lsflash 5").stdout.split("\n", 1)[1] == GONE


def test_quit_ends_a_stream(stream: Dscli, array: Array) -> None:
    stream("quit", "rmflash -quiet 0001:0002")
    assert array.relation("0001:0002")


def test_a_script_has_no_prompt_and_may_have_comments(dscli: Dscli, tmp_path: Path) -> None:
    script = tmp_path / "two.scr"
    script.write_text("# two commands\n\nlsflash 0005\n  # not this\nlsflash 0006\n")
    done = dscli("-script", str(script))
    assert re.fullmatch(BANNER + (BANNER + re.escape(GONE)) * 2, done.stdout)


def test_a_script_with_the_line_ends_of_another_system_is_the_same(
    dscli: Dscli, array: Array, tmp_path: Path
) -> None:
    script = tmp_path / "dos.scr"
    script.write_bytes(b"lsflash 0005\r\n\r\n# no\r\n\tlsflash\t0006\r\nquit\r\nlsflash 0007\r\n")
    assert dscli("-script", str(script)).returncode == 0
    commands = [entry.command for entry in array.journal()]
    assert commands == ["lsflash 0005", "\tlsflash\t0006", "quit"]


def test_a_script_that_is_not_there_is_wrong_use(dscli: Dscli, array: Array) -> None:
    done = dscli("-script", "/nowhere/at.all")
    assert (done.returncode, done.stderr[:10]) == (2, "CMMCI9099E")
    assert array.logins() == ()


@pytest.mark.parametrize("way", ["words", "quoted", "script"])
def test_a_dash_takes_the_operands_from_standard_input(
    dscli: Dscli, array: Array, tmp_path: Path, way: str
) -> None:
    command = "resyncflash -record -persist -"
    script = tmp_path / "one.scr"
    script.write_text(f"{command}\n")
    words = {"words": command.split(), "quoted": [command], "script": ["-script", str(script)]}
    done = dscli(*words[way], stdin="0101:0102\n1:2\n")
    assert done.stdout.count("CMUC00168I") == 2
    assert [entry.acted for entry in array.journal()] == [("0101:0102", "0001:0002")]


def test_a_script_may_go_without_the_banner_of_its_session(
    dscli: Dscli, array: Array, tmp_path: Path
) -> None:
    array.switch("script_session_banner", "no")
    script = tmp_path / "one.scr"
    script.write_text("lsflash 5\n")
    assert dscli("-script", str(script)).stdout.count("Date/Time") == 1
    assert dscli(stdin="lsflash 5\n").stdout.count("Date/Time") == 2


@pytest.mark.parametrize("position", ["at-once", "at-the-end"])
def test_a_client_that_is_killed_may_have_said_nothing(
    start: Callable[..., Popen[str]], array: Array, position: str
) -> None:
    array.switch("output_comes", position)
    array.add_fault("die-after", "resyncflash")
    process = start()
    out, _ = process.communicate("lssi\nresyncflash -record -persist 0001:0002\n")
    assert process.returncode == -9
    assert ("Date/Time" in out) is (position == "at-once")
    assert array.journal("resyncflash")[0].acted == ("0001:0002",)


def test_output_that_comes_at_the_end_is_the_same(dscli: Dscli, array: Array) -> None:
    commands = "setenv -banner off\nlsflash -l 0000-FFFF\nnonsense\n"
    at_once = dscli(stdin=commands).stdout.split("\n", 1)[1]
    array.switch("output_comes", "at-the-end")
    assert dscli(stdin=commands).stdout.split("\n", 1)[1] == at_once


def test_a_command_of_blanks_is_none(dscli: Dscli) -> None:
    assert dscli("  ", stdin="lsflash 5\n").stdout.count("Date/Time") == 2


@pytest.mark.parametrize(("seconds", "code"), [("0", 0), ("0.1", 3)])
def test_a_stream_whose_array_does_not_answer_ends_as_a_lost_connection(
    dscli: Dscli, array: Array, tmp_path: Path, seconds: str, code: int
) -> None:
    array.switch("command_seconds", seconds)
    profile = tmp_path / "hasty"
    profile.write_text("timeout:\t0\n")
    script = tmp_path / "two.scr"
    script.write_text("lssi\nver\n")
    assert dscli("-cfg", str(profile), stdin="lssi\nver\n").returncode == code
    assert dscli("-cfg", str(profile), "-script", str(script)).returncode == code
    assert [entry.command for entry in array.journal()][:2] == (
        ["lssi"] * 2 if code else ["lssi", "ver"]
    )


def test_a_client_without_a_session_complains_where_errors_go(
    bare_dscli: Dscli, array: Array
) -> None:
    words = ("-hmc1", "10.10.10.10", "-user", "opensvc", "-passwd", "x", "lssi")
    assert bare_dscli(*words).stdout == ""
    array.switch("errors_to", "stdout")
    done = bare_dscli(*words)
    assert (done.stdout[:10], done.stderr, done.returncode) == ("CMUC00191E", "", 5)


@pytest.mark.parametrize(
    ("on_error", "stream_exit", "code", "heard"),
    [
        ("continue", "zero", 0, 3),
        ("continue", "first-error", 4, 3),
        ("continue", "last", 0, 3),
        ("stop", "zero", 0, 2),
        ("stop", "last", 4, 2),
    ],
)
def test_after_a_failed_command_the_switches_decide(
    stream: Dscli, array: Array, on_error: str, stream_exit: str, code: int, heard: int
) -> None:
    array.switch("on_error", on_error)
    array.switch("stream_exit", stream_exit)
    done = stream(REFUSED, "lsflash 0001")
    assert (done.returncode, len(array.journal())) == (code, heard)


def test_errors_go_where_the_switch_says(stream: Dscli, array: Array) -> None:
    text = "CMUN03099E resyncflash: 0005:0006: Copy Services operation failure: simulated: "
    apart = stream(REFUSED)
    assert text in apart.stderr
    assert text not in apart.stdout
    array.switch("errors_to", "stdout")
    together = stream(REFUSED)
    assert text in together.stdout
    assert together.stderr == ""


def test_a_terminal_is_prompted_and_the_session_lasts_until_quit(
    login: tuple[str, ...], environment: dict[str, str], array: Array
) -> None:
    program = str(Path(sys.executable).with_name("flashd-dscli"))
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(program, [program, *login], environment)  # noqa: S606 - the child of a fork
    with os.fdopen(terminal, "r+b", buffering=0) as tty:
        seen = _read_until(tty.fileno(), b"dscli> ")
        tty.write(b"lsflash 0005\n")
        seen += _read_until(tty.fileno(), b"dscli> ")
        tty.write(b"quit\n")
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    text = seen.decode().replace("\r\n", "\n")
    assert re.match(BANNER + "dscli> lsflash 0005", text)
    assert text.endswith(GONE + "dscli> ")
    assert [entry.session for entry in array.journal()] == [1, 1]


def _read_until(terminal: int, mark: bytes) -> bytes:
    seen = b""
    while not seen.endswith(mark):
        seen += os.read(terminal, 1000)
    return seen


def test_settings_of_a_profile_hold_from_the_start(dscli: Dscli, tmp_path: Path) -> None:
    profile = tmp_path / "dscli.profile_x"
    profile.write_text("# mine\nbanner:\toff\nformat:\tdelim\ndelim:\t|\n#header:\toff\n")
    done = dscli("-cfg", str(profile), "lssi")
    assert done.stdout.startswith("Name|ID|Storage Unit|Model|WWNN|State|")


def test_the_session_is_greeted_before_anything_is_typed(start: Callable[..., Popen[str]]) -> None:
    process = start()
    assert process.stdout is not None
    assert re.match(BANNER, process.stdout.readline())


def test_the_session_is_greeted_before_a_script_hangs(
    start: Callable[..., Popen[str]], array: Array, tmp_path: Path
) -> None:
    array.add_fault("hang")
    script = tmp_path / "one.scr"
    script.write_text("lssi\n")
    process = start("-script", str(script))
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], 30)  # else a lost flush hangs the test
    assert ready
    assert re.match(BANNER, process.stdout.readline())
