"""Tables are fitted to terminals, and are one line a row elsewhere."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest

from flashd.cli.tables import Screen, draw

COLUMNS = ("service", "status", "reasons")
ROWS = [("payroll-test", "up", ""), ("crm", "warn", "last resync 1d2h ago, more than it may be")]
FOLDED = [
    "service       status  reasons             ",
    "------------------------------------------",
    "payroll-test  up",
    "crm           warn    last resync 1d2h",
    "                      ago, more than it",
    "                      may be",
]


def test_a_row_is_one_line_where_there_is_no_terminal() -> None:
    assert list(draw(COLUMNS, ROWS)) == [
        "service       status  reasons",
        "payroll-test  up",
        "crm           warn    last resync 1d2h ago, more than it may be",
    ]


@pytest.mark.parametrize(
    ("width", "last"),
    {
        "all fits": (63, "crm           warn    last resync 1d2h ago, more than it may be"),
        "one short": (62, "                      be"),
        "the edge of a word": (43, "                      more than it may be"),
    }.values(),
    ids=str,
)
def test_a_terminal_folds_the_last_column_and_no_other(width: int, last: str) -> None:
    lines = list(draw(COLUMNS, ROWS, Screen(width, colours=False)))
    assert lines[-1] == last
    assert max(map(len, lines)) <= width


def test_a_terminal_that_is_too_narrow_folds_whole_lines_and_no_name_is_cut() -> None:
    assert list(draw(COLUMNS, ROWS, Screen(42, colours=False))) == FOLDED
    assert list(draw(COLUMNS, ROWS, Screen(10, colours=False))) == FOLDED


def test_colours_take_no_room() -> None:
    header, rule, up, warn = draw(COLUMNS, ROWS, Screen(100))
    assert header.startswith("\x1b[1mservice  ")
    assert rule == "-" * 63
    assert up == "payroll-test  \x1b[32mup\x1b[0m"
    assert warn.startswith("crm           \x1b[33mwarn\x1b[0m    last")


def test_no_cell_commands_a_terminal_or_begins_a_line() -> None:
    (_, line) = draw(("a", "b"), [("x\x1b[2Jy", "one\ntwo")])
    assert line == "x\\x1b[2Jy  one\\ntwo"


def test_wide_characters_and_accents_are_counted_as_a_terminal_shows_them() -> None:
    assert list(draw(("name", "reasons"), [("日本語", "wide"), ("cafe\u0301", "accent")])) == [
        "name    reasons",
        "日本語  wide",
        "cafe\u0301    accent",
    ]


def test_a_table_without_rows_has_its_columns() -> None:
    assert list(draw(COLUMNS, [])) == ["service  status  reasons"]


SCRIPT = f"from flashd.cli.tables import table; table({COLUMNS!r}, {ROWS!r})"


def on_a_terminal(**environment: str) -> list[str]:
    ours, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 42, 0, 0))
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        command = [sys.executable, "-c", SCRIPT]
        env = {**kept, "TERM": "xterm", **environment}
        subprocess.run(command, stdout=theirs, env=env, check=True, timeout=60)
        return os.read(ours, 65536).decode().splitlines()
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_real_terminal_has_colours_unless_it_is_told_otherwise() -> None:
    assert "\x1b[32mup\x1b[0m" in "".join(on_a_terminal())
    for words in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert on_a_terminal(**words) == FOLDED
