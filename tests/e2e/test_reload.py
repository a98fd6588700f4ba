"""Another configuration while the daemon runs, by SIGHUP."""

from __future__ import annotations

import os
import pwd
import re
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.site import OTHER, Site, eventually
from tests.e2e.test_doctor import python_of_anybody

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.site import Daemon

PAIR, MORE, THIRD = "0001:0002", "0101:0102", "0201:0202"


def reload(daemon: Daemon) -> None:
    daemon.process.send_signal(signal.SIGHUP)


def changes(daemon: Daemon) -> dict[str, Any]:
    """Tell what the reloads said of each service."""
    return {
        one["flashd"]["service"]["name"]: one["flashd"]
        for one in daemon.events()
        if one["event"]["action"] == "definition-changed"
    }


def test_it_tells_what_was_added_removed_and_changed_and_acts_on_it(site: Site) -> None:
    site.service("stays", PAIR, hours=1)
    site.service("goes", MORE, hours=1)
    with site.daemon() as daemon:
        daemon.until("decision-changed", "goes")
        gone = site.services.pop("goes")
        site.services["stays"]["sync_max_delay"] = "30m"
        site.service("comes", THIRD, hours=40)
        reload(daemon)
        whole = daemon.until("configuration-reloaded")
        daemon.until("resync-completed", "comes")
        daemon.until("resync-completed", "stays")
        told = changes(daemon)
        assert daemon.stop() == 0
    assert {name: one["definition"]["change"] for name, one in told.items()} == {
        "stays": "changed",
        "goes": "removed",
        "comes": "added",
    }
    assert told["stays"]["definition"]["keys"] == ["sync_max_delay"]
    assert told["stays"]["decision"]["before"].startswith("not due until ")
    assert told["stays"]["decision"]["now"] == "due: the clone is older than sync_max_delay"
    assert whole["message"] == (
        "configuration reloaded: 1 added, 1 removed, 1 changed, 3 decided otherwise"
    )
    assert whole["flashd"]["definitions"] == {
        "added": ["comes"],
        "removed": ["goes"],
        "changed": ["stays"],
    }
    assert gone["sync"]["sync#1"]["pairs"] == [MORE]
    assert not site.fresh(MORE), "what was removed is left alone"
    assert site.fresh(PAIR, THIRD)


def test_invariant_10_a_bad_one_changes_nothing_and_every_mistake_is_told(site: Site) -> None:
    site.service("db", PAIR)
    site.says("db", 1)
    with site.daemon() as daemon:
        daemon.until("resync-refused", "db")
        site.service("new", MORE)
        site.services["db"]["sync_min_delay"] = "soon"
        site.services["new"]["scedule"] = "22:00-04:00"
        site.write()
        reload(daemon)
        refused = daemon.until("reload-refused")
        told = [one["message"] for one in daemon.events()]
        assert any("sync_min_delay" in one and "all.yaml:1:" in one for one in told)
        assert any("scedule" in one and "schedule" in one for one in told)
        assert refused["message"] == "reload refused, 2 mistakes; everything goes on as before"
        site.says("db", 0)
        daemon.until("resync-completed", "db")
        assert daemon.stop() == 0
    assert not site.fresh(MORE), "nothing of a refused configuration is in force"


def test_a_service_removed_in_its_own_run_finishes_first(site: Site) -> None:
    site.service("goes", PAIR)
    site.service("stays", MORE, hours=1)
    site.array().switch("command_seconds", "2")
    with site.daemon() as daemon:
        eventually(site.sent)
        goes = site.services.pop("goes")
        site.write()
        reload(daemon)
        told = daemon.until("definition-changed", "goes")
        daemon.until("configuration-reloaded")
        done = daemon.until("resync-completed", "goes")
        assert (
            f"run {done['flashd']['run']['id']} is under way, and what it has begun"
            in told["message"]
        )
        assert daemon.stop() == 0
        actions = daemon.actions()
    assert actions.index("configuration-reloaded") < actions.index("resync-completed")
    assert "task-failed" not in actions
    assert site.fresh(PAIR)
    site.services["goes"] = goes
    site.write()
    assert [run["outcome"] for run in site.json("history", "goes")["runs"]] == ["done"]


PROTECTED = 'volumes:\n  IBM.2107-75ABC01: ["0002"]\n'
SLOW = """\
#!/bin/sh
# tells that it looks, and goes on when it may; ends by itself if nobody lets it
: > "$1.looking"
tries=0
while [ ! -e "$1.go" ] && [ $tries -lt 400 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
exit 0
"""


@pytest.mark.parametrize("how", ["removed", "changed"])
def test_nothing_begins_by_a_definition_that_was_reloaded_meanwhile(site: Site, how: str) -> None:
    site.service("db", PAIR)
    slow = site.guards / "slow"
    slow.write_text(SLOW)
    slow.chmod(0o755)
    flag = site.guards / "flag"
    site.services["db"]["guards"][0]["command"] = [str(slow), str(flag)]
    site.write()
    with site.daemon() as daemon:
        eventually((site.guards / "flag.looking").exists)
        if how == "removed":
            del site.services["db"]
        else:  # another target: to overwrite the former one would be to overwrite foreign data
            site.array().add_volumes("0301", "0302")
            site.array().establish("0301:0302", synced_at=site.array().now() - 3600)
            site.services["db"]["sync"]["sync#1"]["pairs"] = ["0301:0302"]
        site.write()
        reload(daemon)
        daemon.until("configuration-reloaded")
        looked = len([one for one in daemon.actions() if one == "decision-changed"])
        (site.guards / "flag.go").touch()
        if how == "changed":
            daemon.until("decision-changed", "db", count=looked + 1)
        else:
            site.service("other", THIRD)
            reload(daemon)
            daemon.until("resync-completed", "other")
        assert daemon.stop() == 0
    assert not site.fresh(PAIR)
    assert all(PAIR not in one.command for one in site.array().journal("resyncflash"))


def test_a_person_s_resync_does_not_outlive_the_definitions_it_began_with(site: Site) -> None:
    """By another process: it cannot see a reload, but what was accepted since."""
    site.service("db", PAIR)
    site.says("db", 1)
    slow, flag = site.guards / "slow", site.guards / "flag"
    slow.write_text(SLOW)
    slow.chmod(0o755)
    with site.daemon() as daemon:
        daemon.until("resync-refused", "db")
        site.services["db"]["guards"][0]["command"] = [str(slow), str(flag)]
        site.write()
        with ThreadPoolExecutor(1) as beside:
            resync = beside.submit(site.run, "resync", "db")
            eventually((site.guards / "flag.looking").exists)
            site.services["db"]["guards"][0]["command"] = [
                str(site.guards / "look"),
                str(site.guards / "db"),
            ]
            (site.etc / "protected.yaml").write_text(PROTECTED)
            del site.services["db"]
            site.write()
            reload(daemon)
            daemon.until("configuration-reloaded")
            flag.with_suffix(".go").touch()
            done = resync.result()
        assert daemon.stop() == 0
    assert done.returncode == 4, done.stderr
    assert "another configuration meanwhile" in done.stderr
    assert not site.sent()


@pytest.mark.parametrize("moment", ["at once", "later"])
def test_asked_for_before_it_can_it_does_not_end_the_daemon(site: Site, moment: str) -> None:
    site.service("db", PAIR, hours=1)
    with site.daemon() as daemon:
        if moment == "at once":
            eventually(lambda: ignored(daemon.process.pid))
        else:
            daemon.until("configuration-accepted")
        reload(daemon)
        daemon.until("daemon-started")
        assert daemon.stop() == 0


def ignored(pid: int) -> bool:
    """Whether a process ignores or handles SIGHUP."""
    status = Path(f"/proc/{pid}/status").read_text()
    masks = dict(re.findall(r"^Sig(Ign|Cgt):\t([0-9a-f]+)$", status, re.MULTILINE))
    return any(int(mask, 16) & 1 for mask in masks.values())


def test_the_store_cannot_be_changed(site: Site) -> None:
    site.service("db", PAIR, hours=1)
    with site.daemon() as daemon:
        daemon.until("daemon-started")
        site.settings["state"] = f"sqlite:///{site.state}/other.db"
        site.write()
        reload(daemon)
        refused = daemon.until("reload-refused")
        assert daemon.stop() == 0
    assert "Restart flashd" in refused["flashd"]["hint"]
    assert not (site.state / "other.db").exists()


def test_an_array_that_is_added_is_reached_and_settings_are_told(site: Site) -> None:
    site.service("db", PAIR, hours=1)
    with site.daemon() as daemon:
        daemon.until("daemon-started")
        site.settings["observe_interval"] = "1h"
        site.service("there", PAIR, serials=(OTHER,))
        reload(daemon)
        whole = daemon.until("configuration-reloaded")
        daemon.until("resync-completed", "there")
        assert daemon.stop() == 0
    assert whole["flashd"]["settings"]["changed"] == ["observe_interval", f"[{OTHER}]"]
    assert site.fresh(PAIR, serial=OTHER)


def test_asked_for_again_and_again_it_reloads_and_goes_on(site: Site) -> None:
    site.service("db", PAIR, hours=1)
    with site.daemon() as daemon:
        daemon.until("daemon-started")
        for number in range(20):
            site.services["db"]["description"] = f"number {number}"
            site.write()
            reload(daemon)
        daemon.until("configuration-reloaded")
        site.services["db"]["sync_max_delay"] = "30m"
        site.write()
        reload(daemon)
        daemon.until("resync-completed", "db")
        assert daemon.stop() == 0
        assert "task-failed" not in daemon.actions()


def test_a_start_on_the_last_accepted_one_is_mended_by_a_reload(site: Site) -> None:
    site.service("db", PAIR, hours=1)
    with site.daemon() as daemon:
        daemon.until("daemon-started")
        assert daemon.stop() == 0
    (site.etc / "services.d" / "all.yaml").write_text("{")
    with site.daemon() as daemon:
        daemon.until("configuration-degraded")
        daemon.until("daemon-started")
        site.services["db"]["sync_max_delay"] = "30m"
        site.write()
        reload(daemon)
        daemon.until("configuration-reloaded")
        daemon.until("resync-completed", "db")
        assert daemon.stop() == 0


def test_a_reload_without_a_store_is_refused(site: Site) -> None:
    site.service("db", PAIR, hours=1)
    with site.daemon() as daemon:
        daemon.until("decision-changed", "db")
        (site.state / "flashd.db").rename(site.state / "away.db")
        site.services["db"]["sync_max_delay"] = "30m"
        site.write()
        reload(daemon)
        daemon.until("reload-refused")
        (site.state / "away.db").rename(site.state / "flashd.db")
        reload(daemon)
        daemon.until("configuration-reloaded")
        daemon.until("resync-completed", "db")
        assert daemon.stop() == 0


@pytest.fixture
def reachable_site() -> Iterator[Site]:
    """Make a site that every user can reach: of its own directories pytest closes those above."""
    with TemporaryDirectory(prefix="flashd-reload-test-") as directory:
        Path(directory).chmod(0o755)
        yield Site(Path(directory) / "site")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root")
def test_root_s_credentials_stay_good_until_they_are_changed(reachable_site: Site) -> None:
    """Started by root it takes on the state directory's owner, who cannot read auth.conf."""
    site = reachable_site
    nobody = pwd.getpwnam("nobody")
    site.service("db", PAIR, hours=1)
    for path in site.root.rglob("*"):
        if site.etc not in {path, *path.parents}:
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
    site.root.chmod(0o1777)  # he makes files there, but cannot put another configuration in place
    site.program = by_anybody()
    with site.daemon() as daemon:
        daemon.until("daemon-started")
        site.services["db"]["sync_max_delay"] = "29m"
        site.write()
        reload(daemon)
        daemon.until("configuration-reloaded")
        with (site.etc / "auth.conf").open("a") as auth:
            auth.write("# changed\n")
        reload(daemon)
        refused = daemon.until("reload-refused")
        assert daemon.stop() == 0
    assert "Restart flashd" in refused["flashd"]["hint"]


def by_anybody() -> list[str]:
    """Tell how flashd is run by a Python that every user can reach."""
    packages = [place for place in sys.path if place.endswith("site-packages")]
    modules = os.pathsep.join([str(Path(__file__).parents[2]), *packages])
    main = "from flashd.cli.main import main; main()"
    return ["/usr/bin/env", f"PYTHONPATH={modules}", str(python_of_anybody()), "-c", main]
