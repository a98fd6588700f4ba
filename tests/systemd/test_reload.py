"""Reload, bad configuration and credentials, as systemd and an administrator bring them about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.systemd.installed import ARRAY, AUTH, DEPENDENT, ETC
from tests.systemd.machine import eventually

if TYPE_CHECKING:
    from tests.systemd.installed import Installed

BAD = '{"services": {"db": {"schedule": "never ever"}}}'


def held(flashd: Installed) -> None:
    """Have the daemon run on one service that its guard holds back."""
    flashd.machine.do("systemctl", "start", DEPENDENT)
    flashd.define("db")
    flashd.start()
    flashd.until("resync-refused")


def status(flashd: Installed) -> str:
    return flashd.machine.run("systemctl", "status", "--no-pager", "--full", "flashd").out


def reload(flashd: Installed) -> None:
    flashd.machine.do("systemctl", "reload", "flashd")


def test_a_reload_puts_changed_definitions_in_force(flashd: Installed) -> None:
    held(flashd)
    main = flashd.unit("MainPID")
    flashd.define("db", description="another one", sync_max_delay="7d", refresh_after="6d")
    reload(flashd)
    changed = flashd.until("definition-changed")
    assert "sync_max_delay" in changed["flashd"]["definition"]["keys"]
    flashd.until("configuration-reloaded")
    eventually(lambda: flashd.unit("StatusText").startswith("1 up, 0 warn, 0 unknown"))
    assert flashd.unit("MainPID") == main
    assert flashd.unit("ActiveState") == "active"
    assert not flashd.sent()


def test_invariant_10_a_bad_reload_changes_nothing_and_the_status_says_so(
    flashd: Installed,
) -> None:
    held(flashd)
    main = flashd.unit("MainPID")
    flashd.machine.write(f"{ETC}/services.d/db.yaml", BAD)
    reload(flashd)
    flashd.until("reload-refused")
    eventually(lambda: flashd.unit("StatusText").startswith("RELOAD REFUSED"))
    assert (flashd.unit("MainPID"), flashd.unit("ActiveState")) == (main, "active")
    flashd.machine.do("systemctl", "stop", DEPENDENT)
    flashd.until("resync-completed")  # by the definition that is still in force
    flashd.define("db")
    reload(flashd)
    flashd.until("configuration-reloaded")
    eventually(lambda: flashd.unit("StatusText").startswith("1 up"))


def test_invariant_10_a_bad_start_runs_on_the_last_accepted_and_the_status_says_so(
    flashd: Installed,
) -> None:
    held(flashd)
    flashd.machine.write(f"{ETC}/services.d/db.yaml", BAD)
    flashd.machine.do("systemctl", "restart", "flashd")
    flashd.until("configuration-degraded")
    eventually(lambda: flashd.unit("StatusText").startswith("DEGRADED"))
    assert flashd.unit("ActiveState") == "active"
    flashd.machine.do("systemctl", "stop", DEPENDENT)
    flashd.until("resync-completed")
    assert flashd.fresh


def test_a_bad_first_start_fails_and_is_not_repeated(flashd: Installed) -> None:
    flashd.machine.write(f"{ETC}/services.d/db.yaml", BAD)
    done = flashd.machine.run("systemctl", "start", "flashd")
    assert done.status != 0
    eventually(lambda: flashd.unit("ActiveState") == "failed")
    assert flashd.unit("ExecMainStatus") == "2"
    assert flashd.unit("NRestarts") == "0"
    assert flashd.unit("StatusText").startswith("failed: ")
    assert f"{ETC}/services.d/db.yaml:1:" in flashd.said()
    assert "configuration-refused" in status(flashd), "it is on the screen of who started it"


def test_only_a_restart_brings_another_auth_conf(flashd: Installed) -> None:
    """systemd copies a credential when it starts the unit, and never again."""
    held(flashd)
    other = "IBM.2107-75DEF01"
    both = AUTH + AUTH.replace(ARRAY, other)
    flashd.machine.write(f"{ETC}/auth.conf", both, "0600")
    second = {"guards": [{"type": "systemd", "unit": DEPENDENT}]}
    service = second | {"sync": {"sync#1": {"array": other, "pairs": ["0003:0004"]}}}
    flashd.machine.write(f"{ETC}/services.d/more.yaml", json.dumps({"services": {"more": service}}))
    reload(flashd)
    refused = flashd.until("configuration-refused")
    assert f"array {other} is not in /run/credentials/flashd.service/auth.conf" in json.dumps(
        refused
    )
    assert flashd.flashd("check").status == 0, "the command reads the file itself"
    flashd.machine.do("systemctl", "restart", "flashd")
    assert "looks after 2 services" in flashd.until("daemon-started", 2)["message"]


def test_no_auth_conf_is_told_in_words(flashd: Installed) -> None:
    """systemd itself would call it a "Protocol error"."""
    flashd.define("db")
    flashd.machine.do("rm", f"{ETC}/auth.conf")
    assert flashd.machine.run("systemctl", "start", "flashd").status != 0
    assert f"array {ARRAY} is not in /run/credentials" in flashd.unit("StatusText")
    assert "restart flashd once /etc/flashd/auth.conf is mended" in flashd.unit("StatusText")
    assert f"{ETC}/auth.conf does not exist" in flashd.flashd("check").err
