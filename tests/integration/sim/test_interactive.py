"""A person at a terminal: a pseudo-terminal with its own line discipline."""

import os
import pty
import re
import select
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flashd.sim.array import Array

DSCLI = str(Path(sys.executable).with_name("flashd-dscli"))
ENOUGH_SECONDS = 30
PROMPT = "dscli> "
LONGEST_LINE = 4095


class Typist:
    """Types, and reads what the screen shows."""

    def __init__(self, pid: int, terminal: int) -> None:
        self._pid = pid
        self._terminal = terminal
        self.echoes_while_asked = True

    def read_until(self, mark: str) -> str:
        """Return what is shown up to `mark`, which has to be the last of it."""
        seen = b""
        while not seen.endswith(mark.encode()):
            ready, _, _ = select.select([self._terminal], [], [], ENOUGH_SECONDS)
            assert ready, f"no {mark!r} after {seen!r}"
            seen += os.read(self._terminal, 1000)
        echo = termios.tcgetattr(self._terminal)[3] & termios.ECHO
        self.echoes_while_asked = bool(echo)
        return seen.decode().replace("\r\n", "\n")

    def type(self, text: str, then: str = PROMPT) -> str:
        """Type a line; return what is shown until `then`."""
        os.write(self._terminal, f"{text}\n".encode())
        return self.read_until(then)

    def leave(self, text: str = "quit\n") -> int:
        """Type the last of it; return the exit code."""
        os.write(self._terminal, text.encode())
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])


Sit = Callable[..., Typist]


@pytest.fixture
def sit(environment: dict[str, str], tmp_path: Path) -> Iterator[Sit]:
    """Start the client on a terminal of its own."""
    opened: list[int] = []

    def start(*words: str) -> Typist:
        pid, terminal = pty.fork()
        if pid == 0:
            home = environment | {"HOME": str(tmp_path)}
            os.execve(DSCLI, [DSCLI, *words], home)  # noqa: S606 - the child of a fork
        opened.append(terminal)
        return Typist(pid, terminal)

    yield start
    for terminal in opened:
        os.close(terminal)  # hangs up, which ends a client that is still there


def test_a_person_logs_in_looks_withdraws_and_leaves(sit: Sit, array: Array) -> None:
    typist = sit()
    typist.read_until("Enter the primary management console IP address: ")
    typist.type("10.10.10.10", "Enter the secondary management console IP address: ")
    typist.type("", "Enter your username: ")
    asked = typist.type("opensvc", "Enter your password: ")
    assert asked.startswith("opensvc\n")
    greeting = typist.type("opensvc")
    assert "opensvc" not in greeting
    assert re.search(r"\nDate/Time: .* DS: IBM\.2107-75ABC01\ndscli> $", greeting)

    listing = typist.type("lsflash -bnr off 0001")
    assert listing.splitlines()[0] == "lsflash -bnr off 0001"
    assert listing.splitlines()[3].startswith("0001:0002 00")

    question = (
        "CMUC00144W rmflash: Are you sure you want to remove the FlashCopy pair 0001:0002:? [y/n]:"
    )
    assert typist.type("rmflash 0001:0002", question).startswith("rmflash 0001:0002\n")
    assert typist.type("n") == f"n\n{PROMPT}"
    assert array.relation("0001:0002")
    typist.type("rmflash 0001:0002", question)
    assert "CMUC00140I rmflash: FlashCopy pair 0001:0002 successfully removed." in typist.type("y")
    assert [str(relation.pair) for relation in array.relations()] == ["0003:0004", "0101:0102"]
    assert typist.leave() == 0


@pytest.mark.usefixtures("array")
def test_the_password_is_not_shown(sit: Sit) -> None:
    typist = sit("-hmc1", "10.10.10.10", "-user", "opensvc")
    typist.read_until("Enter your password: ")
    assert not typist.echoes_while_asked
    typist.type("opensvc")
    assert typist.echoes_while_asked


def test_a_failed_command_leaves_no_exit_code(sit: Sit, login: tuple[str, ...]) -> None:
    typist = sit(*login)
    typist.read_until(PROMPT)
    assert "CMMCI9099E nonsense: " in typist.type("nonsense")
    assert "CMUN03099E resyncflash: " in typist.type("resyncflash -record -persist 0005:0006")
    assert typist.leave("exit\n") == 0


def test_the_end_of_the_input_ends_the_session(sit: Sit, login: tuple[str, ...]) -> None:
    typist = sit(*login)
    typist.read_until(PROMPT)
    assert typist.leave("\x04") == 0


def test_a_line_is_edited_by_the_terminal(sit: Sit, login: tuple[str, ...], array: Array) -> None:
    typist = sit(*login)
    typist.read_until(PROMPT)
    typist.type("lsflash 0009\x7f\x7f05")
    assert [entry.command for entry in array.journal()] == ["lsflash 0005"]


@pytest.mark.parametrize("beyond", [0, 1, 200])
def test_the_terminal_cuts_a_line_that_is_too_long(
    sit: Sit, login: tuple[str, ...], array: Array, beyond: int
) -> None:
    typist = sit(*login)
    typist.read_until(PROMPT)
    line = "lsflash " + " 0101:0102" * (LONGEST_LINE // 10)
    line += " " * (LONGEST_LINE + beyond - len(line) - 1) + "5"
    typist.type(line)
    assert array.journal()[-1].command == line[:LONGEST_LINE]


def test_a_dash_is_refused(sit: Sit, login: tuple[str, ...], array: Array) -> None:
    typist = sit(*login)
    typist.read_until(PROMPT)
    assert "CMMCI9099E resyncflash: " in typist.type("resyncflash -record -persist -")
    assert array.journal()[-1].phase == "refused"


def test_pages_stop_until_a_key_is_pressed(sit: Sit, login: tuple[str, ...]) -> None:
    typist = sit(*login)
    typist.read_until(PROMPT)
    typist.type("setenv -banner off -paging on -rows 3")
    page = "simulated: press enter for the next page"
    first = typist.type("lsflash 0000-FFFF", page)
    assert [line[:9] for line in first.splitlines()[2:]] == ["=" * 9, "0001:0002", page[:9]]
    second = typist.type("")
    assert [line[:9] for line in second.splitlines()] == ["", "0003:0004", "0101:0102", "dscli> "]
    assert page not in typist.type("lsflash -p off 0000-FFFF")


@pytest.mark.usefixtures("array")
def test_a_wrong_password_ends_the_client(sit: Sit) -> None:
    typist = sit("-hmc1", "10.10.10.10", "-user", "opensvc")
    typist.read_until("Enter your password: ")
    assert typist.leave("wrong\n") == 5
