"""Backups of a living store, restored under a running daemon, for both kinds of store."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.e2e.site import CANARY, PASSWORD, Site, eventually

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import CompletedProcess

    from tests.conftest import Empty

PAIRS = ("0001:0002", "0101:0102")


@pytest.fixture
def site(tmp_path: Path, state: str) -> Site:
    made = Site(tmp_path)
    made.settings["state"] = state
    made.service("db", *PAIRS, sync_min_delay="6h")
    return made


@pytest.fixture
def file(site: Site) -> Path:
    return site.root / "backup"


def restored(site: Site, file: Path, *more: str) -> CompletedProcess[str]:
    """Restore as soon as nobody is at work."""
    found: list[CompletedProcess[str]] = []

    def done() -> bool:
        found.append(site.run("restore", str(file), *more))
        return found[-1].returncode != 4

    eventually(done)
    return found[-1]


def resyncs(site: Site) -> int:
    return sum(one.phase == "acted" for one in site.array().journal("resyncflash"))


def test_a_backup_in_a_run_is_restored_under_the_daemon_which_goes_on(
    site: Site, file: Path
) -> None:
    site.array().add_fault("hang", "resyncflash", position="before", seconds=3)
    with site.daemon() as daemon:
        eventually(lambda: site.array().journal("resyncflash"))
        client = site.array().journal("resyncflash")[0].pid
        os.kill(client, signal.SIGSTOP)  # so that the run is open for as long as we need it
        taken = site.run("backup", str(file))
        assert taken.returncode == 0, taken.stderr
        assert "1 of them runs" in taken.stdout
        with closing(sqlite3.connect(file)) as backup:
            assert backup.execute("SELECT outcome FROM runs").fetchall() == [(None,)]
        refused = site.run("restore", str(file))
        assert refused.returncode == 4, refused.stdout
        assert "is open since" in refused.stderr or "is at work on" in refused.stderr
        os.kill(client, signal.SIGCONT)
        daemon.until("resync-completed", "db")
        assert site.run("resync", "db", "--force").returncode == 0
        before = site.json("history")["runs"]
        listed = len(site.array().journal("lsflash"))
        assert restored(site, file).returncode == 0
        assert site.json("history")["runs"] == before, "what is known now stays"
        eventually(lambda: len(site.array().journal("lsflash")) > listed)
        eventually(lambda: site.json("status")["services"][0]["resources"][0]["observed_at"])
        (status,) = site.json("status")["services"]
        assert status["status"] == "up"
        assert resyncs(site) == 2, "no third one before sync_min_delay"
        assert site.run("resync", "db").returncode == 4
        assert site.run("resync", "db", "--force").returncode == 0
        assert daemon.stop() == 0
        assert daemon.complaints() == ""
    assert len(site.json("history")["runs"]) == 4
    assert all(run["outcome"] for run in site.json("history")["runs"])


def test_a_lost_store_is_made_anew_and_nothing_is_resynced_too_soon(
    site: Site, file: Path, empty: Empty
) -> None:
    with site.daemon() as daemon:
        daemon.until("resync-completed", "db")
        assert daemon.stop() == 0
    assert site.run("backup", str(file)).returncode == 0
    site.settings["state"] = empty()
    site.write()
    assert restored(site, file).returncode == 0
    with site.daemon() as daemon:
        daemon.until("command-answered")
        assert daemon.stop() == 0
    assert resyncs(site) == 1
    assert [run["outcome"] for run in site.json("history")["runs"]] == ["done"]
    assert site.json("status")["services"][0]["status"] == "up"


def test_a_run_that_was_open_in_the_backup_is_closed_by_the_next_reading(
    site: Site, file: Path, empty: Empty
) -> None:
    site.array().add_fault("hang", "resyncflash", position="after")
    with site.daemon() as daemon:
        eventually(lambda: resyncs(site))
        assert site.run("backup", str(file)).returncode == 0
        daemon.stop(signal.SIGKILL)
    site.settings["state"] = empty()
    site.write()
    assert restored(site, file).returncode == 0
    assert site.json("status")["services"][0]["status"] == "unknown"
    with site.daemon() as daemon:
        daemon.until("carrier-ended")
        recovered = daemon.until("run-recovered")
        assert recovered["event"]["outcome"] == "success"
        assert daemon.stop() == 0
    assert resyncs(site) == 1


def test_it_moves_to_the_other_kind_with_what_is_withdrawn(
    site: Site, file: Path, empty: Empty, request: pytest.FixtureRequest
) -> None:
    site.services["db"]["sync"]["sync#1"]["recording"] = False
    site.services["db"]["sync_min_delay"] = 0
    site.write()
    for pair in PAIRS:
        site.array().set_relation(pair, recording=False)
    site.array().add_fault("refused", "mkflash")
    assert site.run("resync", "db").returncode == 1
    assert not site.array().relations()
    assert site.run("backup", str(file)).returncode == 0
    server = request.getfixturevalue("server")
    here = site.settings["state"].startswith("sqlite")
    for flags, code in ((("--something-ran-since",), 4), (("--nothing-ran-since",), 0)):
        there = f"sqlite:///{site.state}/{code}.db"
        site.settings["state"] = server.url(server.schema()) if here else there
        site.write()
        asked = site.run("restore", str(file))
        assert asked.returncode == 4
        assert "--nothing-ran-since" in asked.stderr
        done = site.run("restore", str(file), *flags)
        assert done.returncode == 0, done.stderr
        assert ("stays withdrawn" in done.stderr) is (code == 4)
        assert site.run("resync", "db").returncode == code
    assert len(site.array().relations()) == len(PAIRS)
    assert site.fresh(*PAIRS)
    del empty


def test_what_a_backup_says_and_how_it_ends(site: Site, file: Path) -> None:
    site.run("resync", "db")
    document = site.json("backup", str(file))
    assert document["version"] == 1
    assert document["rows"]["runs"] == 1
    again = site.run("backup", str(file))
    assert again.returncode == 2
    assert "exists already" in again.stderr
    assert site.run("backup", str(file), "--replace").returncode == 0
    assert file.stat().st_mode & 0o777 == 0o600
    for secret in (PASSWORD, CANARY):
        assert secret.encode() not in file.read_bytes()
    document = site.json("restore", str(file))
    assert document["outcome"] == "done"
    assert document["left_out"] == []
    file.write_bytes(file.read_bytes()[:9000])
    damaged = site.run("restore", str(file))
    assert damaged.returncode == 1
    assert str(file) in damaged.stderr
    assert site.run("restore", str(file) + ".no").returncode == 1


def test_a_mistake_in_a_service_keeps_nobody_from_a_backup(site: Site, file: Path) -> None:
    site.services["db"]["sync_min_delay"] = "soon"
    site.write()
    assert site.run("backup", str(file)).returncode == 0
    site.settings["check_interval"] = "soon"
    site.write()
    assert site.run("backup", str(file), "--replace").returncode == 0
    site.settings["state"] = "nowhere"
    site.write()
    assert site.run("backup", str(file), "--replace").returncode == 2
