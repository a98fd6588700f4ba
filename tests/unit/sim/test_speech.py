"""What a session says: banners, streams, pages, echo, and the settings that move them."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flashd.sim import modes
from flashd.sim.array import Array
from flashd.sim.layout import Layout
from flashd.sim.terminal import Mode
from tests.unit.sim.inside import CountingClock, Streams, array_in, logged_in

AGED = "September 18, 2014 11:04:04 PM CEST"
VERSION = "IBM DSCLI Version: 7.8.57.2"
REFUSED = "resyncflash -record -persist 0002:0003"
QUIET = Layout(banner=False)


@pytest.fixture
def array(tmp_path: Path) -> Array:
    return array_in(tmp_path, CountingClock())


@pytest.fixture
def streams() -> Streams:
    return Streams()


@pytest.fixture(autouse=True)
def in_paris(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Paris")
        patch.setenv("LC_ALL", "C")
        time.tzset()
        yield
    time.tzset()


def say(array: Array, streams: Streams, *commands: str, layout: Layout = QUIET) -> list[int]:
    session = logged_in(array, streams, layout=layout)
    return [session.perform(command) for command in commands]


@pytest.mark.parametrize(
    ("date", "locale", "told"),
    [
        ("locale", "", AGED),
        ("locale", "en_US", AGED),
        ("locale", "xx", AGED),
        ("locale", "de_DE", "18. September 2014 23:04:04 CEST"),
        ("locale", "fr", "18 septembre 2014 23:04:04 CEST"),
        ("locale", "ja_JP", "2014/09/18 23:04:04 CEST"),
        ("iso8601", "de_DE", "2014-09-18T23:04:04+0200"),
    ],
)
def test_a_banner_has_the_date_of_its_locale(
    array: Array, streams: Streams, date: str, locale: str, told: str
) -> None:
    say(array, streams, "lsflash 5", layout=Layout(banner_date=date, locale=locale))
    assert streams.out.splitlines()[0] == f"Date/Time: {told} {VERSION} DS: IBM.2107-75ABC01"


def test_without_a_locale_the_environment_tells_it(
    array: Array, streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "")
    monkeypatch.setenv("LC_TIME", "")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    say(array, streams, "ver", layout=Layout())
    banner, answer = streams.out.splitlines()
    assert banner == f"Date/Time: 18. September 2014 23:04:04 CEST {VERSION} DS: -"
    assert answer == "DSCLI 7.8.57.2"


def test_the_session_s_banner_may_have_two_lines_and_the_commands_have_one(
    array: Array, streams: Streams
) -> None:
    array.switch("session_banner", "two-lines")
    session = logged_in(array, streams, layout=Layout())
    session.greet()
    session.perform("lsflash 5")
    assert streams.out.splitlines()[:3] == [
        f"Date/Time: {AGED} {VERSION} DS:",
        "IBM.2107-75ABC01",
        f"Date/Time: {AGED} {VERSION} DS: IBM.2107-75ABC01",
    ]


@pytest.mark.parametrize(("position", "banners"), [("no", 0), ("yes", 1)])
def test_a_banner_before_an_error_is_a_switch(
    array: Array, streams: Streams, position: str, banners: int
) -> None:
    array.switch("banner_on_error", position)
    assert say(array, streams, "nonsense", layout=Layout()) == [2]
    assert streams.out.count("Date/Time") == banners


@pytest.mark.parametrize("word", ["stdout", "stderr"])
def test_questions_go_where_warnings_go(array: Array, word: str) -> None:
    array.switch("warnings_to", word)
    streams = Streams(given=["y"])
    say(array, streams, "rmflash 0001:0002")
    assert ("CMUC00144W" in streams.out) is (word == "stdout")
    assert ("CMUC00144W" in streams.err) is (word == "stderr")
    assert "CMUC00140I" in streams.out


def test_the_prompt_may_be_on_the_other_stream(array: Array) -> None:
    array.switch("prompt_to", "stderr")
    streams = Streams(given=["lsflash 5"])
    modes.run_stream(logged_in(array, streams), array.switches, streams.terminal())
    assert streams.out == "CMUC00234I lsflash: No Flash Copy found.\n"
    assert streams.err == "dscli> dscli> "


def test_an_answer_may_end_in_an_empty_line_and_a_verbose_one(
    array: Array, streams: Streams
) -> None:
    array.switch("blank_line_after_answer", "yes")
    say(array, streams, "setenv -verbose on", "lsflash -s 0001", "lsflash -v on -s 0001")
    plain = "ID\n=========\n0001:0002\n"
    assert streams.out == (plain + "\n") * 2
    array.switch("verbose_says", "a-line")
    say(array, streams, "lsflash -s 0001", "lsflash -v on -s 0001")
    assert streams.out.endswith(f"{plain}\n{plain}CMUC09098I simulated: verbose: rows 1\n\n")


def test_echo_shows_commands_and_no_password(array: Array, streams: Streams) -> None:
    say(array, streams, "setenv -echo on -echoprefix '> '", "lsflash 5", "chuser -pw s3cret99")
    assert streams.out.splitlines()[0] == "> lsflash 5"
    assert streams.out.splitlines()[2] == "> chuser -pw ********"
    assert "s3cret99" not in streams.out


@pytest.mark.parametrize(
    ("paging", "shown", "left"), [("ignore", 0, ["more"]), ("ask", 1, [])], ids=["ignore", "ask"]
)
def test_a_stream_is_paged_only_if_the_switch_says_so(
    array: Array, paging: str, shown: int, left: list[str]
) -> None:
    array.switch("paging_in_stream", paging)
    streams = Streams(given=["more"])
    say(array, streams, "lsflash -p on -r 2 0001")
    assert streams.out.count("simulated: press enter for the next page") == shown
    assert streams.given == left


@pytest.mark.parametrize(
    ("mode", "position", "code"),
    [
        (Mode.SINGLE_SHOT, "refuse", 0),
        (Mode.SCRIPT, "refuse", 0),
        (Mode.STREAM, "refuse", 2),
        (Mode.STREAM, "read", 0),
        (Mode.INTERACTIVE, "read", 2),
    ],
)
def test_a_dash_reads_the_operands(array: Array, mode: Mode, position: str, code: int) -> None:
    array.switch("dash_in_stream", position)
    streams = Streams(given=["0001:0002 3:4", "", "\t1:2"])
    session = logged_in(array, streams, mode, QUIET)
    assert session.perform("resyncflash -record -persist -") == code
    acted = () if code else ("0001:0002", "0003:0004", "0001:0002")
    assert array.journal()[-1].acted == acted
    assert len(streams.given) == (3 if code else 0)


@pytest.mark.parametrize("command", ["lsflash -", "lsflash 0001 -", "lssi -"])
def test_a_dash_that_brings_nothing_or_is_not_alone_is_refused(
    array: Array, streams: Streams, command: str
) -> None:
    assert logged_in(array, streams, Mode.SINGLE_SHOT, QUIET).perform(command) == 2
    assert "CMMCI9099E" in streams.err


def test_showenv_shows_what_setenv_set(array: Array, streams: Streams) -> None:
    session = logged_in(array, streams, layout=QUIET)
    session.perform("setenv -rows 5 -devid 75ABC01 -timeout 60 -fullid on")
    session.perform("showenv")
    shown = dict(re.findall(r"(?m)^(\S+) +(\S+)$", streams.out))
    assert shown["rows"] == "5"
    assert shown["devid"] == "75ABC01"
    assert shown["timeout"] == "60"
    assert (shown["fullid"], shown["banner"], shown["echoprefix"]) == ("on", "off", "-")


@pytest.mark.parametrize(
    "command",
    [
        "setenv -rows 0",
        "setenv -rows x",
        "setenv -timeout -5",
        "setenv -paging maybe",
        "setenv -format html",
        "setenv -wrong on",
        "setoutput -banner off",
        "lsflash -r 0 0001",
        "showenv now",
    ],
)
def test_a_setting_that_cannot_be_is_refused(array: Array, streams: Streams, command: str) -> None:
    assert say(array, streams, command) == [2]
    assert streams.out == ""


def test_setoutput_is_taken_as_a_public_collector_writes_it(array: Array, streams: Streams) -> None:
    command = "setoutput -fmt delim -delim : -p off -hdr on -v off -bnr off"
    assert say(array, streams, command, "lsflash 0003", layout=Layout()) == [0, 0]
    header, _, row = streams.out.splitlines()
    assert header.startswith("ID:SrcLSS:")
    assert row.startswith("0003:0004:00:")


@pytest.mark.parametrize("delim", ["|", ":", ";;", "<->"])
def test_any_delimiter_parts_the_columns_and_is_not_quoted(
    array: Array, streams: Streams, delim: str
) -> None:
    array.set_volume("0001", volgrp="V1,V2")
    say(array, streams, f"lsfbvol -l -fmt delim -delim '{delim}' 0001")
    header, rule, row = streams.out.splitlines()
    assert len(rule) == len(header)
    cells = dict(zip(header.split(delim), row.split(delim), strict=True))
    assert cells["volgrp"] == "V1,V2"


def test_help_lists_the_commands_or_tells_how_one_is_written(
    array: Array, streams: Streams
) -> None:
    assert say(array, streams, "help", "help rmuser", "rmuser -help", "help nonsense") == [
        0,
        0,
        0,
        2,
    ]
    names = streams.out.split("simulated: ")[0].split()
    assert {"lsflash", "setenv", "quit", "help", "chuser"} <= set(names)
    assert names == sorted(names)
    page = "simulated: rmuser [-quiet] operand ... | -\n"
    assert streams.out.endswith(page * 2)


@pytest.mark.parametrize(("position", "codes"), [("yes", []), ("no", [2])])
def test_a_comment_may_be_taken_for_a_command(
    array: Array, position: str, codes: list[int]
) -> None:
    array.switch("comments", position)
    session = logged_in(array, Streams())
    modes.run_script(session, ["  # lsflash 1", ""], array.switches)
    assert [entry.exit for entry in array.journal()] == codes


def test_tabs_part_words_and_quotes_join_them(array: Array, streams: Streams) -> None:
    assert say(array, streams, '\tlsflash\t"0001:0002"  ', "lsflash '0001", '""') == [0, 2, 2]
    assert [entry.phase for entry in array.journal()] == ["acted", "refused", "refused"]
