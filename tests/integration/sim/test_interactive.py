"""A person at a terminal: a pseudo-terminal with its own line discipline."""

import re
from collections.abc import Callable

import pytest

from flashd.sim.array import Array
from tests.servers.typist import LONGEST_LINE, PROMPT, Typist

Sit = Callable[..., Typist]


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
