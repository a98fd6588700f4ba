"""The daemon as a real process: what it says, what it does, how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from flashd.adapters.processes import lives
from tests.e2e.home import long_ago
from tests.e2e.site import CANARY, OTHER, PASSWORD, SERIAL, Site, eventually

if TYPE_CHECKING:
    from pathlib import Path

PAIRS = ("0001:0002", "0101:0102")
ECS = {
    "@timestamp": str,
    "message": str,
    "log": {"level": str},
    "ecs": {"version": str},
    "service": {"name": str, "version": str},
    "host": {"name": str},
    "process": {"pid": int},
    "event": {
        "dataset": str,
        "kind": str,
        "category": list,
        "type": list,
        "action": str,
        "code": str,
        "outcome": str,
        "severity": int,
    },
}
STATES = "success", "failure", "unknown"


def missing(document: dict[str, object], wanted: dict[str, object], path: str = "") -> list[str]:
    """Tell which fields a document lacks, or has in another form."""
    found = []
    for name, kind in wanted.items():
        value = document.get(name)
        if isinstance(kind, dict):
            found += missing(value if isinstance(value, dict) else {}, kind, f"{path}{name}.")
        elif not isinstance(value, kind):  # type: ignore[arg-type]
            found.append(f"{path}{name}")
    return found


def run_of(event: dict[str, Any]) -> object:
    return event.get("flashd", {}).get("run", {}).get("id")


def test_it_says_at_its_start_which_array_is_left_alone(site: Site) -> None:
    """Found by somebody before, that would be told by nobody until it is looked at again."""
    site.service("db", *PAIRS)
    site.array().add_fault("unreachable")
    assert site.run("status", "--refresh").returncode == 3
    with site.daemon() as daemon:
        told = daemon.until("array-unreadable")
        assert daemon.stop() == 0
    assert re.match(
        rf"array {SERIAL}: as found before this start, looked at again at \S+Z: .*no connection",
        told["message"],
    )
    assert told["flashd"]["storage"] == {"id": SERIAL, "failures": 1}
    assert len(site.array().logins()) == 1


def test_it_resyncs_what_is_due_and_says_so_in_ecs(site: Site) -> None:
    site.service("db", *PAIRS)
    with site.daemon() as daemon:
        done = daemon.until("resync-completed", "db")
        assert daemon.stop() == 0
        assert daemon.complaints() == ""
        events = daemon.events()
    assert site.fresh(*PAIRS)
    assert [event for event in events if missing(event, ECS)] == []
    assert {event["ecs"]["version"] for event in events} == {"9.4.0"}
    assert {event["event"]["outcome"] for event in events} <= set(STATES)
    assert all(event["event"]["code"].startswith("FD-") for event in events)
    assert all(event["@timestamp"].endswith("Z") for event in events)
    assert done["event"]["outcome"] == "success"
    run = done["flashd"]["run"]["id"]
    mine = [e["event"]["action"] for e in events if run_of(e) == run]
    assert mine[-1] == "resync-completed"
    assert mine.index("command-sent") < mine.index("command-answered")
    sent = next(
        e for e in events if e["event"]["action"] == "command-sent" and "resync" in e["message"]
    )
    assert "-pwfile" in sent["flashd"]["dscli"]["client"]
    assert [e["event"]["action"] for e in events][-1] == "daemon-stopped"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_promptly_with_0(site: Site, number: int) -> None:
    site.service("db", *PAIRS, hours=1)
    with site.daemon() as daemon:
        daemon.until("decision-changed", "db")
        began = time.monotonic()
        assert daemon.stop(number) == 0
        assert time.monotonic() - began < 5
        assert daemon.complaints() == ""


@pytest.mark.parametrize(("fault", "where"), [("login-hang", "*"), ("hang", "lsflash")])
def test_it_ends_promptly_while_an_array_cannot_be_read(site: Site, fault: str, where: str) -> None:
    site.service("db", *PAIRS)
    site.settings["dscli"]["timeout"] = "1200s"
    site.write()
    site.array().add_fault(fault, where, times=-1)
    with site.daemon() as daemon:
        eventually(lambda: site.array().faults()[0].fired)
        began = time.monotonic()
        assert daemon.stop() == 0
        assert time.monotonic() - began < 10
        assert daemon.complaints() == ""


def test_it_waits_for_a_command_that_was_sent(site: Site) -> None:
    site.service("db", *PAIRS)
    site.array().switch("command_seconds", "1")
    with site.daemon() as daemon:
        eventually(site.sent)
        assert daemon.stop() == 0
        assert "resync-completed" in daemon.actions()
    assert site.fresh(*PAIRS)


def test_it_only_observes_when_told_to(site: Site) -> None:
    site.service("db", *PAIRS)
    with site.daemon("--observe") as daemon:
        planned = daemon.until("resync-planned", "db")
        assert daemon.stop() == 0
    assert planned["flashd"]["dscli"]["commands"][0].startswith("resyncflash ")
    assert not site.sent()


def test_a_second_daemon_on_the_same_store_is_refused(site: Site) -> None:
    site.service("db", *PAIRS)
    with site.daemon() as first:
        first.until("daemon-started")
        with site.daemon() as second:
            failed = second.until("daemon-failed")
            assert second.ended() == 1
            assert second.complaints() == ""
        assert f"process {first.process.pid}" in failed["message"]
        assert failed["event"]["outcome"] == "failure"
        assert "--state" in failed["flashd"]["hint"]
        assert first.stop() == 0


def test_services_that_share_an_array_all_have_their_turn(site: Site) -> None:
    site.service("here", "0001:0002")
    site.service("there", "0001:0002", serials=(OTHER,))
    site.service("both", "0101:0102", serials=(SERIAL, OTHER))
    with site.daemon() as daemon:
        for name in site.services:
            daemon.until("resync-completed", name)
        assert not any("is at work on" in line for line in daemon.lines), "they wait in turn"
        assert daemon.stop() == 0


def test_a_guard_is_asked_again_each_check_interval(site: Site) -> None:
    site.service("db", *PAIRS)
    site.says("db", 1)
    with site.daemon() as daemon:
        refused = daemon.until("resync-refused", "db")
        assert refused["event"]["outcome"] == "failure"
        site.says("db", 0)
        daemon.until("resync-completed", "db")
        assert daemon.stop() == 0
    assert site.sent() == 1


def test_a_bad_configuration_ends_it_with_each_mistake_as_an_event(site: Site) -> None:
    site.service("db", *PAIRS)
    site.services["db"]["sync_min_delay"] = "soon"
    site.services["db"]["scedule"] = "22:00-04:00"
    site.write()
    with site.daemon() as daemon:
        assert daemon.ended() == 2
        assert daemon.complaints() == ""
        events = daemon.events()
    refused = [e["message"] for e in events if e["event"]["action"] == "configuration-refused"]
    assert any("all.yaml:1:" in one and "sync_min_delay" in one for one in refused)
    assert any("scedule" in one and "schedule" in one for one in refused)
    assert events[-1]["event"]["action"] == "daemon-failed"


@pytest.mark.parametrize("trouble", ["a mistake", "a file that vanished", "no definitions at all"])
def test_invariant_10_a_bad_start_runs_on_the_last_accepted(site: Site, trouble: str) -> None:
    site.service("db", *PAIRS)
    site.says("db", 1)
    with site.daemon() as daemon:
        daemon.until("resync-refused", "db")
        assert daemon.stop() == 0
    definitions = site.etc / "services.d" / "all.yaml"
    if trouble == "a mistake":
        site.services["db"]["sync_max_delay"] = "never"
        site.write()
    elif trouble == "a file that vanished":
        definitions.rename(definitions.with_suffix(".bak"))
        (site.etc / "services.d" / "more.yaml").write_text("services: {db: {}}")
    else:
        definitions.write_text("{")
    site.says("db", 0)
    with site.daemon() as daemon:
        daemon.until("configuration-refused")
        degraded = daemon.until("configuration-degraded")
        assert degraded["log"]["level"] == "error"
        daemon.until("resync-completed", "db")
        assert daemon.stop() == 0
    assert site.fresh(*PAIRS)
    with site.daemon() as daemon:
        assert daemon.until("configuration-degraded"), "the bad one is not the accepted one now"
        assert daemon.stop() == 0


def test_invariant_4_killed_in_a_resync_the_next_start_puts_it_right(
    site: Site,
) -> None:
    site.service("db", *PAIRS)
    site.environment["FLASHD_SIM_WRAPPER"] = "1"
    site.array().add_fault("hang", "resyncflash")
    with site.daemon() as daemon:
        eventually(site.sent)
        assert daemon.stop(signal.SIGKILL) == -signal.SIGKILL
    group = os.getpgid(site.array().journal("resyncflash")[0].pid)
    assert lives(group)
    assert site.json("status")["services"][0]["status"] == "unknown"
    with site.daemon() as daemon:
        daemon.until("carrier-ended")
        told = daemon.until("resync-refused", "db")
        assert "the array may carry it out until" in told["message"]
        daemon.until("decision-changed", "db")  # it is told before it is written
        assert daemon.stop() == 0
    assert len(site.array().journal("resyncflash")) == 1
    long_ago(site.state / "flashd.db")
    with site.daemon() as daemon:
        daemon.until("run-recovered")
        daemon.until("resync-completed", "db")
        assert daemon.stop() == 0
    assert not lives(group)
    entries = site.array().journal("resyncflash")
    assert [entry.phase for entry in entries] == ["received", "acted"]
    runs = site.json("history")["runs"]
    assert [run["outcome"] for run in runs] == ["done", "refused", "failed"]


def test_a_person_s_resync_beside_the_daemon(site: Site) -> None:
    site.service("db", *PAIRS)
    site.service("late", "0201:0202", hours=1)
    with site.daemon() as daemon:
        daemon.until("resync-completed", "db")
        done = site.run("resync", "late")
        assert done.returncode == 0, done.stderr
        assert daemon.stop() == 0
        assert daemon.complaints() == ""
    runs = site.json("history", "late")["runs"]
    assert [run["trigger"] for run in runs] == ["person"]
    assert site.fresh("0201:0202")


def test_lines_for_people(site: Site) -> None:
    site.service("db", *PAIRS)
    with site.daemon("--log-format", "console") as daemon:
        eventually(lambda: any("resync-completed" in line for line in daemon.lines))
        assert daemon.stop() == 0
        assert daemon.complaints() == ""
    assert not any(line.startswith("{") for line in daemon.lines)
    assert not any("\x1b" in line for line in daemon.lines)


def test_no_secret_is_ever_said_or_stored(site: Site) -> None:
    site.service("db", *PAIRS)
    site.array().add_fault("refused", "resyncflash", text="password=open-sesame-canary")
    with site.daemon() as daemon:
        daemon.until("resync-failed", "db")
        assert daemon.stop() == 0
        said = "".join(daemon.lines)
    outputs = [said]
    for words in (("status",), ("why", "db"), ("history", "db"), ("plan", "db"), ("check",)):
        for more in ((), ("--json",)):
            done = site.run(*words, *more)
            outputs += [done.stdout, done.stderr]
    for text in outputs:
        assert PASSWORD not in text
        assert CANARY not in text
    for file in kept(site):
        assert PASSWORD.encode() not in file.read_bytes(), file
    assert "open-sesame-canary" not in said


def kept(site: Site) -> list[Path]:
    """Tell the files that flashd itself writes."""
    return [file for file in site.state.iterdir() if file.suffix != ".pwfile"]


def test_the_store_is_for_its_owner_s_eyes_only(site: Site) -> None:
    site.service("db", *PAIRS)
    site.run("status")
    assert all(not file.stat().st_mode & 0o077 for file in kept(site))


@pytest.mark.parametrize("told", [True, False], ids=["the store is told", "it is not"])
def test_invariant_10_a_mistake_never_moves_the_store(site: Site, *, told: bool) -> None:
    """In a former store nothing is known of a hold: what was accepted there must not come back."""
    site.service("db", PAIRS[0])
    site.says("db", 1)
    with site.daemon() as daemon:  # what the former store accepted
        daemon.until("resync-refused")
        assert daemon.stop() == 0
    site.settings["state"] = f"sqlite:///{site.state}/present.db"
    site.write()
    assert site.run("hold", "--all", "--reason", "audit").returncode == 0
    with site.daemon() as daemon:
        daemon.until("daemon-started")
        assert daemon.stop() == 0
    site.says("db", 0)
    broken = {**site.settings, "check_intervall": "30s"}
    if not told:
        broken["sate"] = broken.pop("state")
    (site.etc / "flashd.yaml").write_text(json.dumps(broken))
    with site.daemon() as daemon:
        if told:
            daemon.until("configuration-degraded")
            daemon.until("decision-changed", "db")
            assert daemon.stop() == 0
        else:
            assert daemon.ended() == 2
            assert site.run("hold", "--all", "--reason", "audit").returncode == 2
    assert not site.sent()


def test_what_an_observer_refused_is_refused_anew_by_the_daemon_and_why_says_so(
    site: Site,
) -> None:
    """First `--observe`, then in earnest: the refusal that counts stands in the history."""
    site.service("db", *PAIRS)
    assert site.run("resync", "db").returncode == 0
    site.services["db"]["sync_max_delay"] = "2s"
    site.write()
    site.says("db", 1)
    with site.daemon("--observe") as daemon:
        daemon.until("resync-refused", "db")
        eventually(lambda: site.json("why", "db")["decision"] == "would-refuse")
        assert daemon.stop() == 0
    why = site.run("why", "db").stdout
    assert "HOLDS    last turn: refused: " in why
    assert "which means up" in why
    assert "lets     guard" not in why, "what a guard said before that is not shown as its word"
    with site.daemon() as daemon:
        daemon.until("resync-refused", "db")
        assert daemon.stop() == 0
    assert [run["outcome"] for run in site.json("history", "db")["runs"]] == ["refused", "done"]
    why = site.run("why", "db").stdout
    assert "HOLDS    guard" in why
    assert why.count(" guard ") == 1, "each guard has one last word"
