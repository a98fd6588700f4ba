"""The daemon with its state on a PostgreSQL server, also on two hosts."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.e2e.site import Daemon, Site, eventually
from tests.servers.clock import CLOCK
from tests.servers.postgresql import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.postgresql import Server

PAIRS = ("0001:0002", "0101:0102")


@pytest.fixture
def site(tmp_path: Path, server: Server, schema: str) -> Site:
    made = Site(tmp_path)
    made.settings["state"] = server.url(schema)
    made.service("db", *PAIRS)
    return made


def test_it_resyncs_and_says_how_it_stands(site: Site) -> None:
    with site.daemon() as daemon:
        daemon.until("resync-completed", "db")
        assert site.json("status")["services"][0]["status"] == "up"
        assert daemon.stop() == 0
        assert daemon.complaints() == ""
    assert site.fresh(*PAIRS)
    assert [run["outcome"] for run in site.json("history")["runs"]] == ["done"]


def test_it_outlives_its_server(site: Site, server: Server) -> None:
    site.says("db", 1)
    with site.daemon() as daemon:
        daemon.until("resync-refused", "db")
        server.stop(signal.SIGKILL)
        try:
            failed = daemon.until("store-failed")
            site.says("db", 0)
            told = site.run("status")
        finally:
            server.start()
        assert told.returncode == 1
        assert "cannot be reached" in told.stderr
        assert "store-failed" not in failed["message"]
        daemon.until("resync-completed", "db")
        assert daemon.stop() == 0
    assert site.sent() == 1


@contextmanager
def elsewhere(site: Site) -> Iterator[Daemon]:
    """Run a daemon on what is another host to it."""
    unshare = shutil.which("unshare")
    assert unshare, "the tests need unshare of util-linux"
    lead = (unshare, "--user", "--map-root-user", "--uts", "sh", "-c", 'hostname two && exec "$@"')
    if subprocess.run([*lead, "sh", "true"], capture_output=True, check=False).returncode != 0:
        assert "CI" not in os.environ, "this host allows no user namespaces"
        pytest.skip("this host allows no user namespaces")
    with subprocess.Popen(
        [*lead, "sh", *site.command("run")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=site.variables,
    ) as process:
        daemon = Daemon(process)
        try:
            yield daemon
        finally:
            process.kill()
            daemon.reader.join()


def test_invariant_3_two_hosts_have_one_daemon_and_the_second_takes_over(
    site: Site, server: Server, schema: str
) -> None:
    with site.daemon() as first:
        first.until("resync-completed", "db")
        with elsewhere(site) as second:
            failed = second.until("daemon-failed")
            assert second.ended() == 1
        assert f"process {first.process.pid} on " in failed["message"]
        assert first.stop(signal.SIGKILL) == -signal.SIGKILL
    with elsewhere(site) as second:
        assert second.until("daemon-failed"), "it may only be cut off"
        assert second.ended() == 1
    half_a_minute_later(server, schema)
    with elsewhere(site) as second:
        second.until("daemon-started")
        assert second.events()[0]["host"]["name"] == "two"
        assert second.stop() == 0


def half_a_minute_later(server: Server, schema: str) -> None:
    """Set the server's clock, where it stands still from then on."""
    for statement in CLOCK:
        server.ask(f"SET search_path = {schema}, pg_catalog; {statement}")
    later = datetime.now(UTC) + timedelta(seconds=30)  # noqa: TID251 - the server's is a real one
    server.ask(f"INSERT INTO {schema}.hands VALUES ('{later.isoformat()}')")  # noqa: S608 - ours
    server.ask(f"GRANT ALL ON {schema}.hands TO flashd")


AT_WORK = (
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'flashd'"
    " AND state IS DISTINCT FROM 'idle'"
)


def test_a_daemon_that_was_cut_off_for_so_long_that_another_took_over_ends(
    site: Site, server: Server, schema: str
) -> None:
    site.says("db", 1)
    with site.daemon() as first:
        first.until("resync-refused", "db")
        os.kill(first.process.pid, signal.SIGSTOP)
        eventually(lambda: not server.ask(AT_WORK))  # one that it is in the middle of is ended
        half_a_minute_later(server, schema)
        with elsewhere(site) as second:
            second.until("daemon-started")
            os.kill(first.process.pid, signal.SIGCONT)
            failed = first.until("daemon-failed")
            assert first.ended() == 1
            assert "another flashd became the daemon" in failed["message"]
            assert second.process.poll() is None
            assert second.stop() == 0


def test_no_password_of_the_store_is_ever_said(site: Site, server: Server) -> None:
    url = server.url(server.schema("locked"), user=f"locked:{PASSWORD}")
    site.settings["state"] = url
    site.write()
    with site.daemon() as daemon:
        daemon.until("resync-completed", "db")
        assert site.run("backup", str(site.root / "b")).returncode == 0
        server.ask("ALTER ROLE locked NOLOGIN")
        server.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename='locked'")
        try:
            daemon.until("store-failed")
            outputs = [site.run(*words) for words in (("status",), ("why", "db"), ("check",))]
            outputs.append(site.run("--state", url, "history"))
        finally:
            server.ask("ALTER ROLE locked LOGIN")
        assert daemon.stop() == 0
        said = "".join(daemon.lines) + daemon.complaints()
    for done in outputs:
        said += done.stdout + done.stderr
    assert PASSWORD not in said
    assert PASSWORD.encode() not in (site.root / "b").read_bytes()


def test_a_frozen_server_keeps_nobody_from_ending_the_daemon(site: Site, server: Server) -> None:
    site.says("db", 1)
    with site.daemon() as daemon:
        daemon.until("resync-refused", "db")
        pids = server.ask("SELECT pid FROM pg_stat_activity WHERE usename = 'flashd'")
        with server.frozen(also=tuple(int(str(pid)) for (pid,) in pids)):
            daemon.process.send_signal(signal.SIGTERM)
            assert daemon.ended(60) in {0, 1}
    eventually(lambda: site.run("status").returncode == 3)
