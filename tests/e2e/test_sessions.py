"""The daemon as users have it: one kept session an array, the default of `dscli.mode`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.site import SERIAL, Site

if TYPE_CHECKING:
    from tests.e2e.site import Daemon

PAIRS = {"one": "0001:0002", "two": "0101:0102"}


@pytest.fixture
def keeping(site: Site) -> Site:
    del site.settings["dscli"]["mode"]
    for name, pair in PAIRS.items():
        site.service(name, pair)
    return site


def done(site: Site, daemon: Daemon) -> None:
    """Wait until all is refreshed, and stop."""
    for name in PAIRS:
        daemon.until("resync-completed", name)
    assert daemon.stop() == 0
    assert daemon.complaints() == ""
    assert site.fresh(*PAIRS.values())
    assert site.sent() == len(PAIRS)


def test_one_login_does_for_all_and_is_ended_with_the_daemon(keeping: Site) -> None:
    with keeping.daemon() as daemon:
        done(keeping, daemon)
    array = keeping.array()
    assert [login.outcome for login in array.logins()] == ["ok"]
    assert array.journal()[-1].command == "quit"
    assert "session-mode" not in daemon.actions()


def test_answers_that_cannot_be_told_apart_are_told_of_once(keeping: Site) -> None:
    keeping.array().add_fault("no-prompt", "lsflash", times=-1)
    with keeping.daemon() as daemon:
        told = daemon.until("session-mode")
        done(keeping, daemon)
    assert daemon.actions().count("session-mode") == 1
    assert told["event"]["code"] == "FD-3013"
    assert told["log"]["level"] == "warning"
    assert told["flashd"]["storage"]["id"] == SERIAL
    assert "without showing its prompt" in told["event"]["reason"]
    assert len(keeping.array().logins()) > len(PAIRS), "a login a command"
