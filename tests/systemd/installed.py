"""flashd installed in a machine: its unit, a simulated array, a dependent service.

Everything is what an administrator would have: the unit unchanged, the daemon as the user flashd,
the commands run by root.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.systemd.machine import eventually

if TYPE_CHECKING:
    from tests.systemd.machine import Done, Machine

BIN = "/opt/flashd/bin"
STATE = "/var/lib/flashd"
ETC = "/etc/flashd"
DROP_INS = "/etc/systemd/system/flashd.service.d"
ARRAY = "IBM.2107-75ABC01"
FILE = f"{STATE}/ds8000.array"
AUTH = f"[{ARRAY}]\ntype = ibmds\nhmc1 = 10.10.10.10\nusername = opensvc\n"
DEPENDENT = "dependent.service"
GUARD = {"type": "systemd", "unit": DEPENDENT}
PAIR = "0001:0002"

_DEPENDENT_UNIT = r"[Service]\nExecStart=/bin/sleep infinity\n"
_RESET = f"""
systemctl stop flashd.service {DEPENDENT} 2>/dev/null
rm -rf {DROP_INS} {STATE} {ETC}/services.d {ETC}/flashd.yaml {ETC}/protected.yaml
systemd-tmpfiles --create flashd.conf
printf '{_DEPENDENT_UNIT}' >/etc/systemd/system/{DEPENDENT}
systemctl daemon-reload
systemctl reset-failed
exec journalctl -n 1 -o json
"""
_CONFIGURED = "/srv/configured"
_ARRAY = f"""
set -e
[ -d {_CONFIGURED} ] || {{
  mkdir -m 0700 {_CONFIGURED}.new
  export FLASHD_SIM={_CONFIGURED}.new/ds8000.array
  $1/flashd sim make $FLASHD_SIM --pair {PAIR} --synced '26h ago'
  $1/flashd sim write $FLASHD_SIM {PAIR.partition(":")[0]}
  $1/flashd-dscli managepwfile -action add -pwfile {_CONFIGURED}.new/{ARRAY}.pwfile \\
    -mc1 10.10.10.10 -name opensvc -pw opensvc
  mv {_CONFIGURED}.new {_CONFIGURED}
}} >&2
cp -a {_CONFIGURED}/* {STATE}
chown -R flashd:flashd {STATE}
"""
"""An array and its login are made once for a machine, and copied for each test."""


@dataclass
class Installed:
    """flashd as installed in a machine, and what its journal said since it was set up."""

    machine: Machine
    bin: str = BIN
    cursor: str = ""

    def reset(self) -> None:
        """Make it what it is after the installation: stopped, with nothing configured."""
        self.cursor = json.loads(self.machine.do("/bin/sh", "-c", _RESET))["__CURSOR"]

    def stop(self) -> None:
        """Let nothing of it run on; the next one who uses it resets the rest."""
        self.machine.run("systemctl", "stop", "flashd.service", DEPENDENT)

    def settings(self, **more: object) -> None:
        """Write the settings."""
        settings = {
            "check_interval": "1s",
            "dscli": {
                "path": f"{self.bin}/flashd-dscli",
                "mode": "oneshot",
                "timeout": "30s",
                "env": {"FLASHD_SIM": FILE},
            },
            **more,
        }
        self.machine.write(f"{ETC}/flashd.yaml", json.dumps(settings))

    def configure(self) -> None:
        """Write the settings, the logins and the array's password file."""
        self.settings()
        self.machine.write(f"{ETC}/auth.conf", AUTH, "0600")
        self.machine.do("/bin/sh", "-c", _ARRAY, "sh", self.bin)

    def define(self, name: str = "db", *guards: dict[str, Any], **more: object) -> None:
        """Define a service; its clone is stale, its guard is the dependent unit."""
        service = {
            "guards": [*(guards or (GUARD,))],
            "sync": {"sync#1": {"array": ARRAY, "pairs": [PAIR]}},
            **more,
        }
        self.machine.write(
            f"{ETC}/services.d/{name}.yaml", json.dumps({"services": {name: service}})
        )

    def drop_in(self, name: str, text: str) -> None:
        """Change the unit as an administrator does."""
        self.machine.write(f"{DROP_INS}/{name}.conf", text)
        self.machine.do("systemctl", "daemon-reload")

    def flashd(self, *words: str) -> Done:
        """Run a command, as root."""
        return self.machine.run(f"{self.bin}/flashd", *words)

    def sim(self, *words: str) -> str:
        """Do something to the simulated array."""
        return self.machine.do(f"{self.bin}/flashd", "sim", *words)

    @property
    def fresh(self) -> bool:
        """Whether the clone holds what its source holds."""
        shown = json.loads(self.sim("show", FILE, "--json"))
        contents = {volume["id"]: volume["content"] for volume in shown["volumes"]}
        source, _, target = PAIR.partition(":")
        return bool(contents[source] == contents[target])

    def sent(self, verb: str = "resyncflash") -> int:
        """Tell how many commands of a kind the array read."""
        entries = json.loads(self.sim("journal", FILE, "--json"))["commands"]
        return sum(entry["command"].startswith(verb) for entry in entries)

    def start(self) -> None:
        """Start the unit, and wait until systemd has it that it is ready."""
        done = self.machine.run("systemctl", "start", "flashd.service")
        assert done.status == 0, f"{done.err}\n{self.said()}"

    def unit(self, name: str) -> str:
        """Ask for a property of the unit."""
        return self.machine.unit("flashd.service", name)[name]

    def records(self) -> list[dict[str, Any]]:
        """Read the journal of the unit: what the daemon wrote, and what systemd did."""
        words = ("journalctl", "-u", "flashd.service", "-o", "json", "--after-cursor", self.cursor)
        return [json.loads(line) for line in self.machine.do(*words).splitlines()]

    def said(self) -> str:
        """What the journal has, for a message."""
        return "\n".join(str(record.get("MESSAGE")) for record in self.records())

    def events(self) -> list[dict[str, Any]]:
        """Read the daemon's events."""
        return [
            json.loads(record["MESSAGE"])
            for record in self.records()
            if record.get("_TRANSPORT") == "stdout"
        ]

    def actions(self) -> list[str]:
        """Name the daemon's events."""
        return [str(event["event"]["action"]) for event in self.events()]

    def until(self, action: str, count: int = 1) -> dict[str, Any]:
        """Wait for the `count`th event of a kind."""
        found: list[dict[str, Any]] = []

        def happened() -> bool:
            found[:] = [event for event in self.events() if event["event"]["action"] == action]
            return len(found) >= count

        eventually(happened, f"{count} {action} among {self.actions()}")
        return found[count - 1]
