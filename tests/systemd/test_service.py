"""The daemon as a service: unprivileged, in its sandbox, started and stopped by systemd."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.systemd.installed import DEPENDENT, ETC, FILE, GUARD, STATE
from tests.systemd.machine import WRITTEN, eventually

if TYPE_CHECKING:
    from tests.systemd.installed import Installed


def test_it_resyncs_through_its_sandbox(flashd: Installed) -> None:
    flashd.define()
    assert not flashd.fresh
    flashd.start()
    assert flashd.unit("ActiveState") == "active"
    flashd.until("resync-completed")
    assert flashd.fresh
    assert flashd.sent() == 1
    assert "session-mode" not in flashd.actions(), "it has a terminal, and keeps its session"
    flashd.machine.do("systemctl", "stop", "flashd")
    assert flashd.unit("Result") == "success"
    assert flashd.actions()[-1] == "daemon-stopped"


def test_the_doctor_has_nothing_against_the_installation(flashd: Installed) -> None:
    flashd.define()
    flashd.start()
    flashd.until("resync-completed")
    done = flashd.flashd("doctor", "--json")
    assert done.status == 0, done.out + done.err
    assert "flashd.service lets through all that the configuration needs" in done.out
    flashd.machine.do("systemctl", "start", DEPENDENT)  # a guard that says up is no fault
    assert flashd.flashd("doctor").status == 0


def test_a_unit_that_is_up_refuses_and_once_down_allows(flashd: Installed) -> None:
    """The guard asks over D-Bus, as an unprivileged user, from inside the sandbox."""
    flashd.define()
    flashd.machine.do("systemctl", "start", DEPENDENT)
    flashd.start()
    refused = flashd.until("resync-refused")
    assert f"{DEPENDENT} is active" in json.dumps(refused)
    assert not flashd.sent()
    flashd.machine.do("systemctl", "stop", DEPENDENT)
    flashd.until("resync-completed")
    assert flashd.fresh


def test_a_process_of_another_user_refuses(flashd: Installed) -> None:
    flashd.machine.write(
        f"/etc/systemd/system/{DEPENDENT}",
        "[Service]\nUser=games\nExecStart=/bin/sleep infinity\n",
    )
    flashd.machine.do("systemctl", "daemon-reload")
    flashd.machine.do("systemctl", "start", DEPENDENT)
    idle = {"type": "systemd", "unit": "basic-idle.service"}
    flashd.machine.write(f"/etc/systemd/system/{idle['unit']}", "[Service]\nExecStart=/bin/true\n")
    flashd.machine.do("systemctl", "daemon-reload")
    flashd.define("db", idle, {"type": "process", "name": "sleep", "user": "games"})
    flashd.start()
    refused = flashd.until("resync-refused")
    assert "a process that matches is running: sleep" in json.dumps(refused)
    assert not flashd.sent()


def test_its_state_is_its_own_and_nothing_else_is(flashd: Installed) -> None:
    flashd.define()
    flashd.start()
    flashd.until("resync-completed")
    places = (WRITTEN, "/run", "/tmp", "/var/tmp", "/dev")
    found = flashd.machine.do("find", *places, "-user", "flashd").splitlines()
    owned = {path.removeprefix(WRITTEN) for path in found}
    own = (STATE, "/run/credentials/flashd.service")
    assert [path for path in owned if not path.startswith(own)] == []
    assert f"{STATE}/flashd.db" in owned
    others = flashd.machine.do("find", STATE, "!", "-user", "flashd")
    assert others == ""
    loose = flashd.machine.do("find", STATE, "-name", "flashd.db*", "-perm", "/077")
    assert loose == ""
    assert flashd.machine.do("stat", "-c", "%a %U", STATE) == "700 flashd\n"
    assert flashd.machine.do("stat", "-c", "%a %U", f"{ETC}/auth.conf") == "600 root\n"


PROBE = f"""#!/bin/sh
# Tries what the sandbox forbids, and writes down what it could do.
exec >{STATE}/probe 2>&1
for place in /srv/open / /etc /etc/flashd /usr /opt/flashd /var /var/log /root /home; do
  touch $place/probe && echo "wrote $place"
done
touch /tmp/probe /var/tmp/probe
ls /root /home >/dev/null && echo "sees homes"
[ -r {ETC}/auth.conf ] && echo "reads auth.conf"
[ -c /dev/mem ] && echo "has devices"
unshare --user true && echo "makes namespaces"
mount -t tmpfs none /mnt && echo "mounts"
chmod u+s {STATE}/probe && echo "sets setuid"
grep -E '^(NoNewPrivs|Seccomp|CapEff|CapBnd|Uid)' /proc/self/status
exit 0
"""


def test_the_sandbox_holds(flashd: Installed) -> None:
    """A guard of the administrator's is a child of the daemon: it is held by the same sandbox."""
    flashd.machine.do("install", "-d", "-m", "1777", "/srv/open")  # open to all but the sandbox
    flashd.machine.write("/usr/local/libexec/probe", PROBE, "0755")
    guard = {"type": "command", "command": ["/usr/local/libexec/probe"], "down": 0, "up": 1}
    flashd.define("db", guard)
    flashd.start()
    flashd.until("resync-completed")
    found = flashd.machine.read(f"{STATE}/probe").splitlines()
    facts = dict(line.split(":\t", 1) for line in found if ":\t" in line)
    assert int(facts.pop("Seccomp_filters", "1")) > 0
    uid = flashd.machine.do("id", "-u", "flashd").strip()
    nothing = "0" * 16
    assert facts == {
        "Uid": "\t".join([uid] * 4),
        "CapEff": nothing,
        "CapBnd": nothing,
        "NoNewPrivs": "1",
        "Seccomp": "2",
    }
    verbs = ("wrote", "sees", "reads", "has", "makes", "mounts", "sets")
    assert [line for line in found if line.startswith(verbs)] == []
    assert "probe" not in flashd.machine.do("ls", "/tmp", "/var/tmp")


def test_every_line_in_the_journal_is_an_event(flashd: Installed) -> None:
    flashd.define()
    flashd.machine.do("systemctl", "start", DEPENDENT)
    flashd.start()
    flashd.until("resync-refused")
    records = [record for record in flashd.records() if record.get("_TRANSPORT") == "stdout"]
    assert {record["SYSLOG_IDENTIFIER"] for record in records} == {"flashd"}
    for record in records:
        event = json.loads(record["MESSAGE"])
        assert event["event"]["code"]
        assert int(record["PRIORITY"]) == event["event"]["severity"]
    warnings = flashd.machine.do("journalctl", "-u", "flashd", "-p", "warning", "-o", "cat")
    assert '"action":"resync-refused"' in warnings.replace(": ", ":")


def test_a_stop_waits_for_the_command_that_runs(flashd: Installed) -> None:
    flashd.define()
    flashd.sim("switch", FILE, "command_seconds", "1")
    flashd.start()
    eventually(flashd.sent, "the resync")
    flashd.machine.do("systemctl", "stop", "flashd")
    assert flashd.unit("Result") == "success"
    assert "resync-completed" in flashd.actions()
    assert flashd.fresh
    assert flashd.sent() == 1


def test_invariant_4_killed_in_a_resync_it_starts_again_and_puts_it_right(
    flashd: Installed,
) -> None:
    flashd.define()
    flashd.sim("fault", FILE, "hang", "--command", "resyncflash", "--position", "after")
    flashd.drop_in("soon", "[Service]\nRestartSec=100ms\n")
    flashd.start()
    eventually(lambda: flashd.fresh, "the resync")
    flashd.machine.do("systemctl", "kill", "--signal=KILL", "--kill-whom=main", "flashd")
    flashd.until("resync-completed")
    flashd.until("run-recovered")
    assert flashd.unit("NRestarts") == "1"
    assert flashd.fresh
    entries = json.loads(flashd.sim("journal", FILE, "--json"))["commands"]
    phases = [entry["phase"] for entry in entries if entry["command"].startswith("resyncflash")]
    assert phases == ["acted"], "once for one intent"
    runs = flashd.flashd("history", "--json").json["runs"]
    assert [run["outcome"] for run in runs] == ["done"]


def listener(flashd: Installed, address: str) -> None:
    """Have the machine answer at an address that is none of its loopback's own."""
    flashd.machine.do("ip", "address", "replace", f"{address}/32", "dev", "lo")
    socket = "/etc/systemd/system/listener"
    flashd.machine.write(f"{socket}.socket", f"[Socket]\nListenStream={address}:1521\n")
    flashd.machine.write(f"{socket}.service", "[Service]\nExecStart=/bin/sleep infinity\n")
    flashd.machine.do("systemctl", "daemon-reload")
    flashd.machine.do("systemctl", "start", "listener.socket")


def test_an_address_is_reached_once_a_drop_in_allows_it(flashd: Installed) -> None:
    listener(flashd, "10.20.0.1")
    port = {"type": "tcp", "host": "10.20.0.1", "port": 1521, "timeout": "2s"}
    flashd.define("db", GUARD, port)
    flashd.start()
    refused = flashd.until("resync-refused")
    assert "10.20.0.1 port 1521 at 10.20.0.1: no answer in time" in refused["message"]
    flashd.machine.do("systemctl", "stop", "flashd", "listener.service")
    flashd.drop_in("addresses", "[Service]\nIPAddressAllow=10.20.0.0/16\n")
    flashd.start()
    refused = flashd.until("resync-refused", 2)
    assert "10.20.0.1 port 1521 accepts connections" in refused["message"]
    flashd.machine.do("systemctl", "stop", "listener.socket", "listener.service")
