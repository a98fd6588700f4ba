"""Events of commands run by hand reach the host's log."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flashd.adapters.clock import SystemClock
from flashd.adapters.notifiers.journal import NoEvents, SocketEvents, host_events
from flashd.engine.events import Event

if TYPE_CHECKING:
    from pathlib import Path


def listening(path: Path) -> socket.socket:
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind(str(path))
    server.settimeout(10)
    return server


def test_the_journal_gets_fields_to_search_by(tmp_path: Path) -> None:
    with listening(tmp_path / "journal") as journal:
        events = host_events(SystemClock(), tmp_path / "journal", tmp_path / "none")
        events.tell(Event.RESYNC_REFUSED, "no\nway", {"flashd.service.name": "s"})
        fields = dict(line.split("=", 1) for line in journal.recv(65536).decode().splitlines())
    assert fields["EVENT_ACTION"] == "resync-refused"
    assert fields["EVENT_CODE"] == "FD-2003"
    assert fields["PRIORITY"] == "4"
    assert json.loads(fields["MESSAGE"])["message"] == "no\nway"


def test_syslog_is_taken_where_there_is_no_journal(tmp_path: Path) -> None:
    with listening(tmp_path / "log") as syslog:
        events = host_events(SystemClock(), tmp_path / "none", tmp_path / "log")
        events.tell(Event.RESYNC_FAILED, "m", {})
        said = syslog.recv(65536).decode()
    assert said.startswith("<27>flashd: {")
    assert json.loads(said.partition(": ")[2])["event"]["action"] == "resync-failed"


def test_without_either_nothing_is_lost_but_the_line(tmp_path: Path) -> None:
    events = host_events(SystemClock(), tmp_path / "none", tmp_path / "none")
    assert isinstance(events, NoEvents)
    events.tell(Event.RESYNC_FAILED, "m", {})


def test_a_socket_that_nobody_reads_does_not_stop_the_command(tmp_path: Path) -> None:
    listening(tmp_path / "gone").close()
    events = host_events(SystemClock(), tmp_path / "gone", tmp_path / "none")
    assert isinstance(events, SocketEvents)
    events.tell(Event.RESYNC_FAILED, "m", {"at": datetime(2026, 1, 1, tzinfo=UTC)})
