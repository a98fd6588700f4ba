"""The prompt, the echo and the lines of a conversation, without a process."""

import re
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashd.sim import connection, modes
from flashd.sim.array import Array
from flashd.sim.conversation import PROMPT, Conversation
from flashd.sim.keyboard import echoed
from flashd.sim.layout import Layout
from flashd.sim.session import Session
from flashd.sim.terminal import Mode
from tests.unit.sim.inside import CountingClock, Streams, array_in, credentials

ROWS = {
    "room for it": ("ab", 7, 10, "ab"),
    "up to the last column": ("abc", 7, 10, "abc|"),
    "beyond it": ("abcd", 7, 10, "abc|d"),
    "two rows": ("abcdefgh", 1, 4, "abc|defg|h"),
    "nothing": ("", 0, 10, ""),
    "from beyond the first row": ("abcd", 12, 10, "abcd"),
    "one column": ("abc", 0, 1, "a|b|c|"),
}


@pytest.mark.parametrize(("line", "column", "columns", "shown"), ROWS.values(), ids=ROWS)
@pytest.mark.parametrize(("wrap", "turn"), [("newline", "\n"), ("space-cr", " \r"), ("none", "")])
def test_a_line_turns_at_the_last_column(
    line: str, column: int, columns: int, shown: str, wrap: str, turn: str
) -> None:
    assert echoed(line, column, columns, wrap) == shown.replace("|", turn)


@given(st.text("ab", max_size=50), st.integers(0, 50), st.integers(1, 20))
def test_no_row_is_longer_than_the_terminal_and_none_but_the_last_is_shorter(
    line: str, column: int, columns: int
) -> None:
    rows = "-" * (column % columns) + echoed(line, column, columns, "newline")
    *full, last = rows.split("\n")
    assert {len(row) for row in full} <= {columns}
    assert len(last) < columns
    assert rows.replace("\n", "").lstrip("-") == line


LSFLASH = "lsflash -bnr off -hdr off -s 0001"
ROW = "0001:0002\n"
LATE = "CMUC09097I simulated: something has happened that nobody asked about\n"


@pytest.fixture
def clock() -> CountingClock:
    return CountingClock()


@pytest.fixture
def array(tmp_path: Path, clock: CountingClock) -> Array:
    return array_in(tmp_path, clock)


def shown(array: Array, clock: CountingClock, *lines: str) -> str:
    """Return what is shown to somebody who types these lines, which nothing echoes."""
    streams = Streams(given=list(lines))
    conversation = Conversation(streams.terminal(), array.switches, clock)
    admission = connection.admit((array,), credentials())
    layout = Layout(banner=False)
    session = Session(admission, layout, conversation.terminal, Mode.INTERACTIVE)
    assert modes.run_terminal(session, conversation) == 0
    assert streams.err == ""
    return streams.out


DISTURBED = {
    "a prompt before its answer": (
        "early-prompt", {}, f"{PROMPT}{PROMPT}{ROW}{ROW}{PROMPT}{ROW}{PROMPT}"
    ),
    "an answer that takes its time": (
        "early-prompt", {"seconds": "5"}, f"{PROMPT}{PROMPT}{ROW}{ROW}{PROMPT}{ROW}{PROMPT}"
    ),
    "two prompts": (
        "extra-prompt", {}, f"{PROMPT}{ROW}{PROMPT}{PROMPT}{ROW}{PROMPT}{ROW}{PROMPT}"
    ),
    "two prompts in time": (
        "extra-prompt", {"seconds": "5"}, f"{PROMPT}{ROW}{PROMPT}{PROMPT}{ROW}{PROMPT}{ROW}{PROMPT}"
    ),
    "no prompt": ("no-prompt", {}, f"{PROMPT}{ROW}{ROW}{PROMPT}{ROW}{PROMPT}"),
    "words": ("late-words", {}, f"{PROMPT}{ROW}{PROMPT}{LATE}{ROW}{PROMPT}{ROW}{PROMPT}"),
    "words in time": (
        "late-words",
        {"seconds": "5", "text": "x"},
        f"{PROMPT}{ROW}{PROMPT}x\n{ROW}{PROMPT}{ROW}{PROMPT}",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "options", "out"), DISTURBED.values(), ids=DISTURBED)
def test_a_fault_of_the_prompt_strikes_once_and_goes_by(
    array: Array, clock: CountingClock, name: str, options: dict[str, Any], out: str
) -> None:
    array.add_fault(name, **options)
    before = clock.waited
    assert shown(array, clock, *[LSFLASH] * 3) == out
    assert clock.waited - before == float(options.get("seconds", 0))


def test_who_types_nothing_more_gets_the_answer_that_was_due(
    array: Array, clock: CountingClock
) -> None:
    array.add_fault("early-prompt")
    assert shown(array, clock, LSFLASH) == f"{PROMPT}{PROMPT}{ROW}"


@pytest.mark.parametrize("end", ["quit", "exit"])
def test_nothing_is_asked_after_the_end(array: Array, clock: CountingClock, end: str) -> None:
    assert shown(array, clock, LSFLASH, end, LSFLASH) == f"{PROMPT}{ROW}{PROMPT}"


def test_a_line_without_an_end_is_no_command(array: Array, clock: CountingClock) -> None:
    streams = replace(Streams().terminal(), readline=lambda: "rmflash -quiet 0001:000")
    assert Conversation(streams, array.switches, clock).next_line() == ""


@pytest.mark.parametrize("echo", ["client", "twice"])
def test_what_is_echoed_begins_after_the_prompt(
    array: Array, clock: CountingClock, echo: str
) -> None:
    array.switch("terminal_echo", echo)
    array.switch("terminal_wrap", "newline")
    line = "lsflash".ljust(80 - len(PROMPT)) + "5"
    heading = f"{PROMPT}{line[:-1]}\n5\n"
    assert shown(array, clock, line).startswith(f"{heading}CMUC00234I ")


def test_what_is_pasted_is_marked_around_each_line(array: Array, clock: CountingClock) -> None:
    array.switch("terminal_prompt", "bracketed")
    mark = f"\x1b[?2004h{PROMPT}"
    assert shown(array, clock, LSFLASH) == f"{mark}\x1b[?2004l\r{ROW}{mark}\x1b[?2004l\r"


def test_a_client_leaves_whose_time_is_over(array: Array, clock: CountingClock) -> None:
    array.switch("idle_seconds", "0")
    array.switch("after_idle", "leaves")
    streams = Streams()
    terminal = replace(streams.terminal(), readline=_for_ever)
    assert Conversation(terminal, array.switches, clock).next_line() == ""
    assert streams.err.startswith("CMUN02096E dscli: ")


def _for_ever() -> str:
    signal.pause()
    return "lssi\n"


@pytest.mark.parametrize("position", ["ends", "prompts"])
def test_a_client_that_waited_too_long_says_so(
    array: Array, clock: CountingClock, position: str
) -> None:
    array.switch("idle_seconds", "60")
    array.switch("after_idle", position)
    array.switch("errors_to", "stdout")
    array.add_fault("late-words", seconds=61)
    first, second = shown(array, clock, LSFLASH, LSFLASH, LSFLASH).split(LATE)
    assert first == f"{PROMPT}{ROW}{PROMPT}"
    said = re.findall(r"CMUN\d+E", second)
    assert said == ["CMUN02096E", *["CMUN00018E"] * (position == "prompts")]
    assert second.endswith(PROMPT) is (position == "prompts")
