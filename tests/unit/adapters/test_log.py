"""The daemon's own log."""

from __future__ import annotations

import io
import json
import logging
import os
from typing import TYPE_CHECKING, TextIO

import pytest

from flashd.adapters.clock import SystemClock
from flashd.adapters.notifiers.log import adopt_standard_logging, goes_to_journal, log_events
from flashd.engine.events import Event

if TYPE_CHECKING:
    from pathlib import Path


class Full(io.StringIO):
    """A stream on a full disk."""

    def write(self, _text: str) -> int:
        raise OSError(28, "No space left on device")


def test_each_event_is_one_line_of_json() -> None:
    out = io.StringIO()
    events = log_events(SystemClock(), out, console=False)
    events.tell(Event.DAEMON_STARTED, "one", {"flashd.services": 3})
    events.tell(Event.DAEMON_STOPPED, "two\nlines", {})
    first, second = (json.loads(line) for line in out.getvalue().splitlines())
    assert first["flashd"] == {"services": 3}
    assert second["message"] == "two\nlines"


@pytest.mark.parametrize("console", [True, False])
def test_for_the_journal_each_line_begins_with_its_priority(console: bool) -> None:  # noqa: FBT001
    out = io.StringIO()
    events = log_events(SystemClock(), out, console=console, journal=True)
    for event in (Event.DAEMON_STARTED, Event.CLOCK_JUMPED, Event.DAEMON_FAILED):
        events.tell(event, "words", {})
    assert [line[:3] for line in out.getvalue().splitlines()] == ["<6>", "<4>", "<3>"]


def test_the_journal_is_known_by_the_stream_that_systemd_names(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as out, (tmp_path / "other").open("w") as other:
        found = os.fstat(out.fileno())
        named = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        assert goes_to_journal(out, named)
        assert not goes_to_journal(other, named), "redirected since"
        assert not goes_to_journal(out, {})
        assert not goes_to_journal(io.StringIO(), named)


def test_for_people_there_are_words_and_no_colours_but_on_a_terminal() -> None:
    out = io.StringIO()
    log_events(SystemClock(), out, console=True).tell(Event.DAEMON_FAILED, "why", {})
    assert "daemon-failed" in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_colours_are_for_terminals() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    log_events(SystemClock(), out, console=True).tell(Event.DAEMON_FAILED, "why", {})
    assert "\x1b[31m" in out.getvalue()


@pytest.mark.parametrize("console", [True, False])
def test_a_full_disk_does_not_stop_the_work(console: bool) -> None:  # noqa: FBT001
    out: TextIO = Full()
    log_events(SystemClock(), out, console=console).tell(Event.DAEMON_STARTED, "m", {})


def test_warnings_of_libraries_become_events() -> None:
    out = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        adopt_standard_logging(SystemClock(), out)
        logging.getLogger("apscheduler").warning("missed by %s", "1 s")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    document = json.loads(out.getvalue())
    assert document["message"] == "missed by 1 s"
    assert document["log"] == {"level": "warning", "logger": "apscheduler"}
