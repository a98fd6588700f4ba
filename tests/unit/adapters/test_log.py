"""The daemon's own log."""

from __future__ import annotations

import io
import json
import logging
from typing import TextIO

import pytest

from flashd.adapters.clock import SystemClock
from flashd.adapters.notifiers.log import adopt_standard_logging, log_events
from flashd.engine.events import Event


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
