"""What a terminal shows: the prompt, an echo however it is drawn, and what is between."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashd.adapters.arrays.screen import answer_in, cut_off, plain, prompted

COMMAND = "resyncflash -dev IBM.2107-75ABC01 -persist -record -cp 0001:0002 0101:0102"
ANSWER = (
    "CMUC00168I resyncflash: FlashCopy volume pair 0001:0002 successfully resynchronized.\n"
    "CMUC00168I resyncflash: FlashCopy volume pair 0101:0102 successfully resynchronized.\n"
)


@pytest.mark.parametrize(
    "said",
    [
        b"dscli> ",
        b"dscli>",
        b"words\ndscli> ",
        b"words\r\ndscli> ",
        b"dscli> dscli> ",
        b"words\n\x1b[1mdscli>\x1b[0m ",
        b"words\ndscli> \r\x1b[Kdscli> ",
        b"words\ndscli> \x1b[?2004h",
        b"x" * 5000 + b"\ndscli> ",
    ],
)
def test_the_prompt_stands_alone_at_the_end(said: bytes) -> None:
    assert prompted(said)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"dscli",
        b"words dscli> ",
        b"0001:00dscli> ",
        b"dscli> lsflash",
        b"dscli>|0001|Online",
        b"dscli> \n",
        b"words\n\x1b[1mdscli>\x1b[",
        b"-" * 506 + b"dscli> ",
        b"-" + b"dscli> " * 2 + b"dscli>" * 83,
    ],
)
def test_anything_else_is_no_prompt(said: bytes) -> None:
    assert not prompted(said)


def wrapped(text: str, width: int, how: str) -> str:
    """Break a line as a line editor does at the last column."""
    parts = [text[n : n + width] for n in range(0, len(text), width)]
    return how.join(parts)


@given(
    width=st.integers(1, 200),
    how=st.sampled_from(["\r\n", " \r", "\n"]),
    times=st.integers(0, 2),
    lead=st.sampled_from(["", "dscli> ", "\x1b[Kdscli> "]),
    ending=st.sampled_from(["dscli> ", "dscli>", "\x1b[1mdscli>\x1b[0m ", "dscli> dscli> "]),
)
def test_no_answer_depends_on_who_echoes_and_how_wide(
    width: int, how: str, times: int, lead: str, ending: str
) -> None:
    echo = "".join(f"{lead}{wrapped(COMMAND, width, how)}\r\n" for _ in range(times))
    shown = echo + ANSWER.replace("\n", "\r\n") + ending
    assert prompted(shown.encode())
    assert answer_in(shown, COMMAND) == ANSWER


def test_an_echo_without_an_end_of_line_is_taken_too() -> None:
    assert answer_in(f"{COMMAND}{ANSWER}dscli> ", COMMAND) == ANSWER


@pytest.mark.parametrize(
    "text",
    [
        "",
        ANSWER,
        f"{COMMAND[:-1]}\n{ANSWER}",
        f"{COMMAND}9\n{ANSWER}".replace(COMMAND, COMMAND.replace("0001", "0009")),
        "CMMCI9002E resyncflash: no\n",
    ],
)
def test_what_is_none_of_the_echo_stays(text: str) -> None:
    assert answer_in(f"{text}dscli> ", COMMAND) == text


def test_a_row_that_begins_like_the_prompt_is_kept() -> None:
    rows = "Name|ID\n=======\ndscli>|0001\n"
    assert answer_in(f"{rows}dscli> ", "lsfbvol -l") == rows


def test_a_third_echo_is_an_answer() -> None:
    assert answer_in(f"{COMMAND}\n" * 3 + "dscli> ", COMMAND) == f"{COMMAND}\n"


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("CMUC00168I resyncdscli> ", True),
        ("0001:0002,dscli>", True),
        ("words\ndscli> ", False),
        ("dscli> ", False),
        ("words", False),
        ("dscli>|0001", False),
    ],
)
def test_a_prompt_in_a_line_that_never_ended_cut_it_off(text: str, cut: bool) -> None:  # noqa: FBT001 - a table
    assert cut_off(text) is cut


@given(st.text(alphabet="abc|0\n\r\x1b[1mK;dscli> ", max_size=60))
def test_plain_text_has_no_control_sequence_and_stays_as_it_is(text: str) -> None:
    once = plain(text)
    assert "\r" not in once
    assert "".join(c for c in once if c.isdigit()) in "".join(c for c in text if c.isdigit()) or (
        len(once) <= len(text)
    )
