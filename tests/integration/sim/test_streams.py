"""Clients whose streams are closed or full, and text that is not UTF-8."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from flashd.sim.array import Array

Dscli = Callable[..., CompletedProcess[str]]

DSCLI = Path(sys.executable).with_name("flashd-dscli")
SIM = [sys.executable, "-c", "from flashd.sim.cli import sim; sim(prog_name='flashd sim')"]
NO_ROOM = "flashd-dscli: cannot write the answer: No space left on device\n"


@pytest.fixture
def shell(login: tuple[str, ...], environment: dict[str, str]) -> Dscli:
    """Run the client with the redirections of a shell."""

    def run(command: str, redirected: str, **env: str) -> CompletedProcess[str]:
        script = f'dscli=$1; shift; "$dscli" "$@" {command} {redirected}'
        return subprocess.run(
            ["/bin/sh", "-c", script, "sh", DSCLI, *login],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env=environment | env,
            timeout=30,
        )

    return run


@pytest.mark.parametrize("wrapper", ["", "1"])
@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-", "0>/dev/null"])
def test_a_client_does_without_input_or_errors(shell: Dscli, closed: str, wrapper: str) -> None:
    done = shell("lsflash 5 -bnr off", closed, FLASHD_SIM_WRAPPER=wrapper)
    assert done.stdout.splitlines()[-1] == "CMUC00234I lsflash: No Flash Copy found."
    assert (done.stderr, done.returncode) == ("", 0)


def test_a_stream_whose_input_is_closed_is_at_its_end(shell: Dscli) -> None:
    for closed in ("<&-", "0>/dev/null"):
        done = shell("", closed)
        assert (done.stdout.count("Date/Time"), done.stderr, done.returncode) == (1, "", 0)


def test_a_client_that_nobody_hears_acts_all_the_same(shell: Dscli, array: Array) -> None:
    done = shell("resyncflash -record -persist 1:2", "<&- >&- 2>&-")
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
    assert array.journal()[0].acted == ("0001:0002",)


@pytest.mark.parametrize("comes", ["at-once", "at-the-end"])
def test_an_answer_that_cannot_be_written_is_told(shell: Dscli, array: Array, comes: str) -> None:
    array.switch("output_comes", comes)
    done = shell("resyncflash -record -persist 1:2", ">/dev/full")
    assert (done.stderr, done.returncode) == (NO_ROOM, 1)
    assert array.journal()[0].acted == ("0001:0002",)


def test_errors_that_cannot_be_written_change_no_exit_code(shell: Dscli) -> None:
    assert shell("nonsense", "2>/dev/full").returncode == 2


def test_scripts_and_profiles_may_hold_bytes_that_are_no_text(dscli: Dscli, tmp_path: Path) -> None:
    file = tmp_path / "latin"
    file.write_bytes(b"# caf\xe9\nlssi\n")
    assert dscli("-script", str(file)).returncode == 0
    file.write_bytes(b"# caf\xe9\nbanner:\toff\n")
    done = dscli("-cfg", str(file), "lsflash", "5")
    assert (done.stdout, done.returncode) == ("CMUC00234I lsflash: No Flash Copy found.\n", 0)


def test_words_that_are_no_text_are_wrong_use(dscli: Dscli, array: Array) -> None:
    done = dscli("lsflash", "\udcff")
    refused = "CMMCI9099E dscli: simulated: '\\udcff' is not UTF-8\n"
    assert (done.stderr, done.returncode) == (refused, 2)
    assert array.logins() == ()


@pytest.mark.parametrize(
    "words",
    [
        ("user", "FILE", "\udcff", "--password", "x"),
        ("user", "FILE", "me", "--password", "\udcff"),
        ("host", "FILE", "add", "\udcff"),
        ("fault", "FILE", "lie", "--text", "\udcff"),
        ("switch", "FILE", "comments", "\udcff"),
        ("make", "\udcff.array", "--pair", "1:2"),
    ],
)
def test_no_array_holds_what_is_no_text(array: Array, words: tuple[str, ...]) -> None:
    command = [*SIM, *(str(array.path) if word == "FILE" else word for word in words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (done.stderr.splitlines()[-1][:7], done.returncode) == ("Error: ", 2)
    assert "is not UTF-8" in done.stderr


@pytest.mark.parametrize("line", ["\0" * 3_000_000, "lsflash " + "1 " * 200_000])
def test_a_line_that_no_client_takes_is_refused_at_once(dscli: Dscli, line: str) -> None:
    done = dscli(stdin=f"{line}\n")
    assert done.stderr.endswith("simulated: cannot read the command: it is too long, or no text\n")
