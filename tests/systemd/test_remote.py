"""Another host asked from inside the sandbox, set up as docs/guards.md says it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.systemd.installed import BIN, DEPENDENT, ETC
from tests.systemd.machine import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.systemd.installed import Installed

HOST = "tst1.example.net"
PORT = 2222
DROP_IN = Path(__file__).parents[2] / "systemd/flashd.service.d/probe-key.conf.example"
SETUP = f"""
set -e
ssh-keygen -q -t ed25519 -N '' -C flashd-probe -f {ETC}/probe.key
id flashd-probe >/dev/null 2>&1 ||
    useradd --system --no-create-home --shell /bin/sh --password '*' flashd-probe
{BIN}/flashd probe > /tmp/flashd-probe
install -o root -m 0755 /tmp/flashd-probe /usr/libexec/flashd-probe
install -d -o root -g root -m 0755 ~flashd-probe ~flashd-probe/.ssh
{{ printf 'restrict,from="127.0.0.1",command="/usr/libexec/flashd-probe" '
   cat {ETC}/probe.key.pub; }} > /home/flashd-probe/.ssh/authorized_keys
chmod 0644 /home/flashd-probe/.ssh/authorized_keys
mkdir -p /run/sshd /etc/other
ssh-keygen -q -t ed25519 -N '' -f /etc/other/host_key
printf '%s %s\\n' {HOST} "$(cut -d' ' -f1,2 /etc/other/host_key.pub)" > {ETC}/ssh_known_hosts
printf '%s\\n' 'Port {PORT}' 'ListenAddress 127.0.0.1' 'HostKey /etc/other/host_key' \
    'UsePAM no' 'PasswordAuthentication no' > /etc/other/sshd_config
systemd-run --quiet --unit=other-sshd /usr/sbin/sshd -D -f /etc/other/sshd_config
"""
UNDO = f"""
systemctl stop other-sshd.service
systemctl reset-failed other-sshd.service
rm -rf /tmp/flashd-probe /etc/other {ETC}/probe.key {ETC}/probe.key.pub {ETC}/ssh_known_hosts
"""


@pytest.fixture
def asking(flashd: Installed) -> Iterator[Installed]:
    """Have a machine with an sshd that is another host to flashd; the key stays root's."""
    machine = flashd.machine
    machine.do("/bin/sh", "-c", SETUP)
    name, number = machine.do("uname", "-n").strip(), machine.read("/etc/machine-id").strip()
    pin = {"address": "127.0.0.1", "port": PORT, "hostname": name, "machine_id": number}
    flashd.settings(ssh={"hosts": {HOST: pin}})
    flashd.drop_in("probe-key", DROP_IN.read_text())
    flashd.define("db", {"type": "systemd", "unit": DEPENDENT, "host": HOST})
    yield flashd
    machine.run("/bin/sh", "-c", UNDO)


def test_a_unit_of_another_host_refuses_and_once_down_allows(asking: Installed) -> None:
    asking.machine.do("systemctl", "start", DEPENDENT)
    asking.start()
    refused = asking.until("resync-refused")
    assert f"{DEPENDENT} is active" in json.dumps(refused)
    assert not asking.sent()
    asking.machine.do("systemctl", "stop", DEPENDENT)
    asking.until("resync-completed")
    assert asking.fresh


@pytest.mark.parametrize(
    "way",
    [
        "mv .ssh .away && mkdir .ssh",
        "mv $HOME $HOME.away",
        "echo >>.ssh/authorized_keys",
        "rm .ssh/authorized_keys",
        "touch .ssh/environment",
        "touch .profile",
    ],
)
def test_the_probe_s_user_cannot_choose_another_command(asking: Installed, way: str) -> None:
    """What he could do if the one program that his key runs had a hole."""
    home = asking.machine.do("/bin/sh", "-c", "cd ~flashd-probe && pwd").strip()
    words = ("runuser", "-u", "flashd-probe", "--", "/bin/sh", "-c", f"HOME={home}; cd && {way}")
    before = asking.machine.do("ls", "-lAR", "--full-time", home)
    refused = asking.machine.run(*words)
    assert refused.status != 0
    assert "ermission denied" in refused.err
    assert asking.machine.do("ls", "-lAR", "--full-time", home) == before


def test_the_host_gone_in_between_refuses_until_it_answers(asking: Installed) -> None:
    asking.machine.do("systemctl", "stop", "other-sshd.service")
    asking.start()
    told = asking.until("guard-unknown")
    assert f"{HOST} refused the connection" in json.dumps(told)
    assert not asking.sent()
    words = ("--quiet", "--unit=other-sshd", "/usr/sbin/sshd", "-D", "-f", "/etc/other/sshd_config")
    asking.machine.do("systemd-run", *words)
    asking.until("resync-completed")
    eventually(lambda: asking.fresh)
