"""How a line that is not finished is read, and what is put in its place."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashd.cli.typed import Typed, read_line

BREAKS = " \t\n\"'@><=;|&(:"

LINES = {
    "nothing yet": ("flashd ", Typed((), "")),
    "a word begun": ("flashd st", Typed((), "st")),
    "a word done": ("flashd why ", Typed(("why",), "")),
    "two blanks": ("flashd  why  a", Typed(("why",), "a")),
    "a backslash": (r"flashd a\ b c\ d", Typed(("a b",), "c d")),
    "a backslash at the end": ("flashd a\\", Typed((), "a\\")),
    "double quotes": ('flashd "a b" "c d', Typed(("a b",), "c d", "", '"')),
    "single quotes": (r"flashd 'a\b' 'c d", Typed(("a\\b",), "c d", "", "'")),
    "an escape in double quotes": (r'flashd "a\"b\c', Typed((), 'a"b\\c', "", '"')),
    "an empty word": ("flashd '' x", Typed(("",), "x")),
    "a colon": ("flashd a:b:c", Typed((), "a:b:c", "a:b:")),
    "an equals sign": ("flashd --state=x", Typed((), "--state=x", "--state=")),
    "a quoted colon": (r"flashd 'a:b", Typed((), "a:b", "", "'")),
    "an escaped colon": (r"flashd a\:b", Typed((), "a:b")),
    "behind a closed quote": ("flashd 'a b'c", Typed((), "a bc", "a b")),
    "a hash": ("flashd sync#1", Typed((), "sync#1")),
}


@pytest.mark.parametrize(("line", "typed"), LINES.values(), ids=LINES.keys())
def test_reads(line: str, typed: Typed) -> None:
    assert read_line(line, BREAKS) == typed


def test_a_tilde_leads_home() -> None:
    home = os.path.expanduser("~")  # noqa: PTH111 - what a shell would do
    assert read_line("flashd --config-dir ~/etc why ", BREAKS).words[1] == f"{home}/etc"


WRITTEN = {
    "plain": ("", "payroll-test", "payroll-test"),
    "a blank": ("", "a b", r"a\ b"),
    "a dollar": ("", "a$b", r"a\$b"),
    "a hash inside": ("", "sync#1", "sync#1"),
    "a hash in front": ("", "#1", r"\#1"),
    "other alphabets": ("", "zürich", "zürich"),
    "behind a colon": ("a:", "a:b c", r"b\ c"),
    "in single quotes": ("'", "a b$", "a b$"),
    "what single quotes cannot hold": ("'", "a'b", None),
    "in double quotes": ('"', 'a b$"', r"a b\$\""),
    "another beginning": ("b:", "a:b", None),
}


@pytest.mark.parametrize(("before", "value", "written"), WRITTEN.values(), ids=WRITTEN.keys())
def test_writes(before: str, value: str, written: str | None) -> None:
    assert read_line(f"flashd {before}", BREAKS).written(value) == written


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1))
def test_what_is_written_is_read_back(value: str) -> None:
    written = Typed((), "").written(value)
    assert read_line(f"flashd {written} ", BREAKS).words == (value,)
