"""A daemon that lives and no longer looks at its services is ended and started again."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.systemd.installed import BIN, DEPENDENT, STATE
from tests.systemd.machine import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.systemd.installed import Installed

WATCHED = "[Service]\nWatchdogSec=6s\nRestartSec=100ms\n"


def watched(flashd: Installed) -> None:
    flashd.machine.do("systemctl", "start", DEPENDENT)
    flashd.define()
    flashd.drop_in("watchdog", WATCHED)
    flashd.start()
    flashd.until("resync-refused")


def started_again(flashd: Installed) -> None:
    eventually(lambda: int(flashd.unit("NRestarts")) >= 1, "a restart")
    eventually(lambda: flashd.unit("ActiveState") == "active", "the start after it")
    assert "Watchdog timeout" in flashd.said()
    flashd.machine.do("systemctl", "stop", DEPENDENT)
    flashd.until("resync-completed")
    assert flashd.fresh


def test_a_process_that_stands_still_is_started_again(flashd: Installed) -> None:
    watched(flashd)
    flashd.machine.do("systemctl", "kill", "--signal=STOP", "--kill-whom=main", "flashd")
    started_again(flashd)


@contextmanager
def store_hangs(flashd: Installed) -> Iterator[None]:
    """Have whoever writes to the state store wait, longer than the watchdog does."""
    script = (
        "import sqlite3, sys\n"
        f"store = sqlite3.connect('{STATE}/flashd.db', timeout=30, isolation_level=None)\n"
        "store.execute('BEGIN IMMEDIATE')\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [*flashd.machine.inside, f"{BIN}/python", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            yield
        finally:
            holder.kill()


def test_a_tick_that_never_ends_is_started_again(flashd: Installed) -> None:
    """The event loop turns, but the store does not answer: no service is looked at."""
    watched(flashd)
    with store_hangs(flashd):
        eventually(lambda: "Watchdog timeout" in flashd.said(), "the end of patience")
    started_again(flashd)


def test_a_healthy_daemon_is_left_alone(flashd: Installed) -> None:
    watched(flashd)
    signs = {flashd.unit("WatchdogTimestampMonotonic")}

    def fed() -> bool:
        signs.add(flashd.unit("WatchdogTimestampMonotonic"))
        return len(signs) > 5  # more than the four within which it would be ended

    eventually(fed, "signs of life")
    assert flashd.unit("NRestarts") == "0"
