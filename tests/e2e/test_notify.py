"""What the daemon tells whoever started it: systemd's protocol, over a real socket."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.notices import Notices, listening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.site import Site

PAIR = "0001:0002"


@pytest.fixture
def notices(tmp_path: Path, site: Site) -> Iterator[Notices]:
    with listening(tmp_path / "notify") as found:
        site.environment["NOTIFY_SOCKET"] = str(found.path)
        yield found


def count(told: list[dict[str, str]], key: str) -> int:
    return sum(key in one for one in told)


def test_it_tells_ready_how_services_stand_and_stopping(site: Site, notices: Notices) -> None:
    site.service("db", PAIR)
    site.service("late", "0101:0102", hours=1, schedule="22:00-04:00")
    with site.daemon() as daemon:
        told = notices.until(lambda told: count(told, "READY"))
        assert told[0]["READY"] == "1"
        daemon.until("resync-completed", "db")
        notices.until(lambda told: "2 up, 0 warn, 0 unknown" in told[-1].get("STATUS", ""))
        assert "next run" in notices.told[-1]["STATUS"]
        assert daemon.stop() == 0
    assert notices.told[-1]["STOPPING"] == "1"
    assert count(notices.told, "WATCHDOG") == 0, "nobody asked for signs of life"


def test_a_reload_is_told_with_its_time(site: Site, notices: Notices) -> None:
    site.service("db", PAIR, hours=1)
    with site.daemon() as daemon:
        notices.until(lambda told: count(told, "READY"))
        before = time.monotonic_ns() // 1000
        daemon.process.send_signal(signal.SIGHUP)
        told = notices.until(lambda told: count(told, "READY") == 2)
        begun = next(one for one in told if "RELOADING" in one)
        assert before <= int(begun["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
        assert told.index(begun) < [i for i, one in enumerate(told) if "READY" in one][1]
        assert daemon.stop() == 0


def test_a_refused_reload_stands_in_the_status_until_one_succeeds(
    site: Site, notices: Notices
) -> None:
    site.service("db", PAIR, hours=1)
    with site.daemon() as daemon:
        notices.until(lambda told: count(told, "READY"))
        site.services["db"]["sync_max_delay"] = "never"
        site.write()
        daemon.process.send_signal(signal.SIGHUP)
        told = notices.until(lambda told: count(told, "READY") == 2)
        status = next(one["STATUS"] for one in reversed(told) if "READY" in one)
        assert status.startswith("RELOAD REFUSED at ")
        assert "1 mistake;" in status
        assert " up, 0 warn, " in status
        del site.services["db"]["sync_max_delay"]
        site.write()
        daemon.process.send_signal(signal.SIGHUP)
        told = notices.until(lambda told: count(told, "READY") == 3)
        assert "REFUSED" not in [one for one in told if "READY" in one][-1]["STATUS"]
        assert daemon.stop() == 0


def test_invariant_10_a_degraded_start_stands_in_the_status(site: Site, notices: Notices) -> None:
    site.service("db", PAIR, hours=1)
    with site.daemon() as daemon:
        daemon.until("daemon-started")
        assert daemon.stop() == 0
    (site.etc / "services.d" / "all.yaml").write_text("{")
    with site.daemon() as daemon:
        told = notices.until(lambda told: count(told, "READY") == 2)
        assert told[-1]["STATUS"].startswith("DEGRADED, running on the configuration accepted at ")
        site.write()
        daemon.process.send_signal(signal.SIGHUP)
        told = notices.until(lambda told: count(told, "READY") == 3)
        assert "DEGRADED" not in [one for one in told if "READY" in one][-1]["STATUS"]
        assert daemon.stop() == 0


def test_a_daemon_that_cannot_start_says_why(site: Site, notices: Notices) -> None:
    site.service("db", PAIR)
    (site.etc / "services.d" / "all.yaml").write_text("{")
    with site.daemon() as daemon:
        assert daemon.ended() == 2
    assert notices.told[-1]["STATUS"].startswith("failed: ")
    assert count(notices.told, "READY") == 0


def test_signs_of_life_stop_with_the_daemon(site: Site, notices: Notices) -> None:
    site.service("db", PAIR, hours=1)
    site.environment["WATCHDOG_USEC"] = "4000000"
    with site.daemon() as daemon:
        notices.until(lambda told: count(told, "WATCHDOG") >= 4)
        os.kill(daemon.process.pid, signal.SIGSTOP)
        stopped = count(notices.told, "WATCHDOG")
        assert not notices.within(3, lambda told: count(told, "WATCHDOG") > stopped + 1)
        os.kill(daemon.process.pid, signal.SIGCONT)
        notices.until(lambda told: count(told, "WATCHDOG") > stopped + 1)
        assert daemon.stop() == 0


def test_signs_of_life_meant_for_another_process_are_not_given(
    site: Site, notices: Notices
) -> None:
    site.service("db", PAIR, hours=1)
    site.environment |= {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}
    with site.daemon() as daemon:
        notices.until(lambda told: count(told, "READY"))
        assert not notices.within(2, lambda told: count(told, "WATCHDOG"))
        assert daemon.stop() == 0


def test_nobody_that_listens_is_no_trouble(site: Site) -> None:
    site.service("db", PAIR)
    site.environment["NOTIFY_SOCKET"] = str(site.root / "nobody")
    with site.daemon() as daemon:
        daemon.until("resync-completed", "db")
        assert daemon.stop() == 0
        assert daemon.complaints() == ""
