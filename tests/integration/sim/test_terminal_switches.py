"""What a client may do on a terminal, each of it a switch: echo, wrap, prompt, limit, loss."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from flashd.sim.array import Array
from tests.servers.typist import LONGEST_LINE, PROMPT, Typist

Sit = Callable[..., Typist]

LISTING = "lsflash -s -bnr off -hdr off 0001"
RESYNC = "resyncflash -record -persist"


@pytest.fixture
def start(sit: Sit, login: tuple[str, ...], array: Array) -> Callable[..., Typist]:
    """Sit down at a terminal so wide, with switches moved, and read up to the first prompt."""

    def begin(columns: int = 200, **switches: str) -> Typist:
        for name, position in switches.items():
            array.switch(name, position)
        typist = sit(*login, columns=columns)
        typist.read_until(PROMPT)
        return typist

    return begin


@pytest.mark.parametrize(
    ("echo", "lines"), [("kernel", 1), ("client", 1), ("off", 0), ("twice", 2)]
)
def test_a_line_is_shown_as_often_as_somebody_shows_it(
    start: Callable[..., Typist], echo: str, lines: int
) -> None:
    typist = start(terminal_echo=echo)
    for _ in range(2):
        assert typist.type(LISTING) == f"{LISTING}\n" * lines + f"0001:0002\n{PROMPT}"
        assert typist.echoes_while_asked == (echo in {"kernel", "twice"})
    assert typist.leave() == 0


@pytest.mark.parametrize(("wrap", "turn"), [("none", ""), ("newline", "\n"), ("space-cr", " \r")])
def test_a_client_that_echoes_may_break_the_line_at_the_last_column(
    start: Callable[..., Typist], wrap: str, turn: str
) -> None:
    columns = 20
    typist = start(columns, terminal_echo="client", terminal_wrap=wrap)
    line = f"lsflash -s -bnr off -hdr off {'0001 ' * 30}"
    shown, first = "", columns - len(PROMPT)
    for at in (slice(0, first), *(slice(n, n + columns) for n in range(first, len(line), columns))):
        shown += line[at] + turn * (len(line) >= at.stop)
    assert typist.type(line) == f"{shown}\n0001:0002\n{PROMPT}"


def test_an_answer_to_a_question_is_echoed_too(start: Callable[..., Typist], array: Array) -> None:
    typist = start(terminal_echo="twice")
    typist.type("setenv -banner off")
    typist.type("rmflash 0001:0002", "[y/n]:")
    assert typist.type("y").startswith("y\ny\nCMUC00140I ")
    assert len(array.relations()) == 2


PROMPTS: Mapping[str, str] = {
    "plain": "dscli> ",
    "coloured": "\x1b[0m\x1b[1;32mdscli> \x1b[0m",
    "redrawn": "\r\x1b[Kdscli> dscli> \r\x1b[Kdscli> ",
    "bracketed": "\x1b[?2004l\r\x1b[?2004hdscli> \x1b[?2004l\r",
}
"""What is shown from the first prompt on while two lines are read that nobody echoes."""


@pytest.mark.parametrize("form", PROMPTS)
def test_the_prompt_has_a_form(start: Callable[..., Typist], form: str) -> None:
    typist = start(terminal_prompt=form, terminal_echo="off")
    typist.press("setenv -banner off\nquit\n")
    assert typist.read_to_the_end() == PROMPTS[form]


@pytest.mark.parametrize("columns", [0, 30])
def test_an_answer_may_be_broken_at_the_width(
    start: Callable[..., Typist], array: Array, columns: int
) -> None:
    typist = start(columns, terminal_table_wrap="yes", terminal_echo="off")
    broken = typist.type("lsflash -l -bnr off 0001").removesuffix(PROMPT).splitlines()
    assert max(map(len, broken)) == (columns or 80)
    array.switch("terminal_table_wrap", "no")
    whole = start(columns).type("lsflash -l -bnr off 0001").removesuffix(PROMPT).splitlines()
    assert len(whole) == 3
    assert "".join(whole) == "".join(broken)
    refused = typist.type("resyncflash -record -persist 0005:0006").splitlines()
    assert max(map(len, refused)) == (columns or 80)


def pairs(number: int) -> tuple[str, ...]:
    return tuple(f"00{n % 200:02X}:01{n // 200}{n % 16:X}" for n in range(number))


@pytest.mark.parametrize(("limit", "left"), [("kernel", LONGEST_LINE), ("none", 10_000)])
def test_a_command_with_410_pairs_names_a_pair_that_nobody_meant(
    start: Callable[..., Typist], array: Array, limit: str, left: int
) -> None:
    """The terminal cuts it, and says nothing: the last pair is short, or another one."""
    named = pairs(410)
    command = f"{RESYNC} {' '.join(named)}"
    typist = start(terminal_line_limit=limit, terminal_echo="off")
    typist.type(command)
    (entry,) = array.journal()
    assert entry.command == command[:left]
    *whole, last = entry.command.split()[3:]
    assert tuple(whole) == named[: len(whole)]
    assert (last in named) is (limit == "none")


def test_a_cut_pair_can_be_another_pair_of_the_array(
    start: Callable[..., Typist], array: Array
) -> None:
    """`5:0009` is cut to `5:0`, which is read as `0005:0000`; here that pair is there."""
    array.add_volumes("0000")
    array.establish("0005:0000")
    array.write("0005")
    command = f"{RESYNC} ".ljust(LONGEST_LINE - 3) + "5:0009"
    start().type(command)
    assert array.journal()[-1].acted == ("0005:0000",)
    assert array.content("0000") == "0005@1"


LOSSES: Mapping[str, tuple[str, str]] = {
    "console-gone": ("after_loss", "CMUN00018E Unable to connect"),
    "connection-lost": ("after_loss", "CMUN00018E simulated: the connection"),
    "client-timeout": ("after_loss", "CMUN02098E simulated: "),
    "idle": ("after_idle", "CMUN02096E resyncflash: "),
}


def lose(array: Array, name: str) -> None:
    if name == "idle":
        array.switch("idle_seconds", "0")
    else:
        options: dict[str, Any] = {"seconds": 0} if name == "client-timeout" else {}
        array.add_fault(name, "resyncflash", **options)


@pytest.mark.parametrize("name", LOSSES)
def test_a_client_that_lost_its_session_says_so_and_ends(
    start: Callable[..., Typist], array: Array, name: str
) -> None:
    typist = start()
    lose(array, name)
    typist.press(f"{RESYNC} 0001:0002\n")
    assert LOSSES[name][1] in typist.read_to_the_end()
    assert typist.exit_code() in {0, 3}
    assert [entry.phase for entry in array.journal()] == [
        "refused" if name == "idle" else "acted" if name == "client-timeout" else "received"
    ]


@pytest.mark.parametrize("name", LOSSES)
def test_or_it_prompts_again_and_nothing_works_any_more(
    start: Callable[..., Typist], array: Array, name: str
) -> None:
    switch, words = LOSSES[name]
    typist = start(**{switch: "prompts"})
    lose(array, name)
    assert words in typist.type(f"{RESYNC} 0001:0002")
    array.switch("idle_seconds", "unlimited")
    for command in (LISTING, "setenv -banner off", f"{RESYNC} 0003:0004"):
        assert "CMUN00018E" in typist.type(command)
    assert {entry.acted for entry in array.journal()[1:]} == {()}
    assert {entry.exit for entry in array.journal()[1:]} == {3}
    assert typist.leave() == 0


def test_or_it_does_not_wait_to_be_asked(start: Callable[..., Typist], array: Array) -> None:
    typist = start(after_idle="leaves", idle_seconds="0.1", terminal_echo="client")
    assert typist.read_to_the_end().startswith("CMUN02096E dscli: ")
    assert typist.exit_code() == 0
    assert array.journal() == ()


def test_a_console_that_is_gone_is_gone_for_the_next_login_too(
    start: Callable[..., Typist], sit: Sit, login: tuple[str, ...], array: Array
) -> None:
    array.add_fault("console-gone", "resyncflash", position="after")
    start().press(f"{RESYNC} 0001:0002\n")
    other = sit(*login, "-hmc2", "10.10.10.11")
    assert "DS: IBM.2107-75ABC01" in other.read_until(PROMPT)
    assert "0001:0002" in other.type(LISTING)
    assert [(login.hmc[-1], login.outcome) for login in array.logins()] == [
        ("0", "ok"),
        ("0", "unreachable"),
        ("1", "ok"),
    ]
    array.clear_faults("unreachable")
    sit(*login).read_until(PROMPT)


def test_a_volume_may_be_called_as_the_prompt_is(
    start: Callable[..., Typist], array: Array
) -> None:
    array.set_volume("0001", name="dscli>")
    typist = start(terminal_echo="off")
    typist.press("lsfbvol -bnr off 0001\nquit\n")
    row = typist.read_to_the_end().splitlines()[2]
    assert re.match(r"dscli> 0001 Online ", row)
