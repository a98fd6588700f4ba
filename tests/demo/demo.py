"""The main job in the foreground: `make demo`.

A simulated DS8000, three services, and the real daemon: one clone is due, one is in use, one is
fresh. The one in use is mounted by a host that writes to it all the time; at the end it is resynced
without flashd, and the host tells what that did to it. Everything below is a real process; nothing
leaves this machine.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ARRAY = "IBM.2107-75ABC01"
CONSOLE = "10.10.10.10"
BIN = Path(sys.executable).parent
LIMIT_SECONDS = 50
AWAITED = {
    ("erp-preprod", "resync-completed"),
    ("billing-test", "resync-refused"),
    ("crm-perf", "decision-changed"),
}

FLASHD_YAML = """\
state: sqlite:///{home}/state/flashd.db
check_interval: 2s
require_enrolment: true
pwfiles: {home}/state
dscli:
  path: {bin}/flashd-dscli      # the simulated array's dscli; a real one: /opt/ibm/dscli/dscli
  env:
    FLASHD_SIM: {home}/ds8000.array
"""

AUTH_CONF = f"""\
[{ARRAY}]
type = ibmds
hmc1 = {CONSOLE}
hmc2 =
username = opensvc
"""

SERVICES = """\
defaults:
  sync_min_delay: 30m
  sync_max_delay: 25h
services:
  erp-preprod:
    description: down, and its clone is 26 h old - due
    guards:
      - {{type: command, command: [{home}/is-down, erp-preprod], down: 0, up: 1}}
    sync:
      sync#1: {{array: {array}, pairs: ["0001:0002", "0101:0102"]}}
  billing-test:
    description: its clone is old too, but host aix7 has it mounted and writes to it
    guards:
      - {{type: command, command: [{home}/is-down, billing-test], down: 0, up: 1}}
      - {{type: tcp, host: 127.0.0.1, port: {port}}}
    sync:
      sync#1: {{array: {array}, pairs: ["0003:0004"]}}
  crm-perf:
    description: down, and its clone is 1 h old - fresh
    guards:
      - {{type: command, command: [{home}/is-down, crm-perf], down: 0, up: 1}}
    sync:
      sync#1: {{array: {array}, pairs: ["0005:0006"]}}
"""

IS_DOWN = """\
#!/bin/sh
# 0: down, 1: up. A service of this demo is up as long as its file is there.
test ! -e "$(dirname "$0")/$1.running"
"""


def main() -> int:
    """Set the stage, run the daemon, and show what came of it."""
    home = Path(tempfile.mkdtemp(prefix="flashd-demo-"))
    try:
        with (
            socket.create_server(("127.0.0.1", 0)) as database,  # billing-test's, so it is up
            _host_that_writes(home, database.getsockname()[1]) as host,
        ):
            _title("the array before: each volume with the data it holds")
            _show_contents(home)
            _title("flashd enroll   (what each service is, from now on pinned)")
            _flashd(home, "enroll", "erp-preprod", "billing-test", "crm-perf")
            _title("flashd run   (its log in short, until each service was looked at)")
            happened = _run_daemon(home)
            _title("flashd status")
            _flashd(home, "status")
            _title("flashd why billing-test")
            _flashd(home, "why", "billing-test")
            _title("the commands that the array received")
            _show_journal(home)
            _title("the array after: aix7 still finds what it wrote")
            _show_contents(home)
            _title("the same without flashd: dscli resyncflash 0003:0004, and nobody asks aix7")
            harmed = _resync_unguarded(home, host)
        missing = AWAITED - happened | (set() if harmed else {("billing-test", "harm")})
        _title("the demo is over" if not missing else f"did not happen: {sorted(missing)}")
        return 1 if missing else 0
    finally:
        shutil.rmtree(home)


@contextmanager
def _host_that_writes(home: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """Set the stage, and let host aix7 write to the clone of billing-test from then on."""
    _set_stage(home, port)
    words = ["sim", "host", str(home / "ds8000.array"), "run", "aix7"]
    options = ["--mount", "0004", "--every", "0.2s"]
    with subprocess.Popen(
        [BIN / "flashd", *words, *options], stdout=subprocess.PIPE, text=True
    ) as host:
        try:
            print(f"  {_line_of(host)}")
            yield host
        finally:
            host.terminate()


def _resync_unguarded(home: Path, host: subprocess.Popen[str]) -> bool:
    """Send the command that flashd would not, and print what the host says to it."""
    pwfile = home / "state" / f"{ARRAY}.pwfile"
    login = ["-hmc1", CONSOLE, "-user", "opensvc", "-pwfile", str(pwfile)]
    command = ["resyncflash", "-record", "-persist", "0003:0004"]
    env = {**os.environ, "FLASHD_SIM": str(home / "ds8000.array")}
    line = [str(BIN / "flashd-dscli"), *login, *command]
    done = subprocess.run(line, env=env, check=True, stdout=subprocess.PIPE, text=True)
    print(f"  dscli says: {done.stdout.splitlines()[-1]}")
    said = _line_of(host)
    print(f"  host aix7 says: {said}")
    return said.startswith("HARM: 0004 lost 0004@")


def _line_of(process: subprocess.Popen[str]) -> str:
    return process.stdout.readline().strip() if process.stdout else ""


def _set_stage(home: Path, port: int) -> None:
    (home / "etc" / "services.d").mkdir(parents=True)
    (home / "state").mkdir(mode=0o700)
    array = home / "ds8000.array"
    words = {"home": home, "bin": BIN, "port": port, "array": ARRAY}
    (home / "etc" / "flashd.yaml").write_text(FLASHD_YAML.format(**words))
    (home / "etc" / "services.d" / "demo.yaml").write_text(SERVICES.format(**words))
    auth = home / "etc" / "auth.conf"
    auth.touch(mode=0o600)
    auth.write_text(AUTH_CONF)
    (home / "is-down").write_text(IS_DOWN)
    (home / "is-down").chmod(0o755)
    (home / "billing-test.running").touch()
    pairs = [word for pair in ("0001:0002", "0101:0102", "0003:0004") for word in ("--pair", pair)]
    _sim("make", array, *pairs, "--pair", "0005:0006", "--synced", "26h ago")
    _sim("set-relation", array, "0005:0006", "DateSynced=1h ago")
    _sim("host", array, "add", "aix7")
    _sim("host", array, "map", "aix7", "0004")
    _sim("switch", array, "login_seconds", "1")
    _sim("write", array, "0001", "0101", "0003", "0005")
    pwfile = home / "state" / f"{ARRAY}.pwfile"
    options = ["-action", "add", "-mc1", CONSOLE, "-pwfile", pwfile]
    _quiet([BIN / "flashd-dscli", "managepwfile", *options, "-name", "opensvc", "-pw", "opensvc"])


def _run_daemon(home: Path) -> set[tuple[str, str]]:
    """Run the daemon until everything awaited has happened, showing its log; stop it cleanly."""
    happened: set[tuple[str, str]] = set()
    daemon = subprocess.Popen(
        [BIN / "flashd", "run"], env=_environment(home), stdout=subprocess.PIPE, text=True
    )
    signal.signal(signal.SIGALRM, lambda *_: daemon.terminate())
    signal.alarm(LIMIT_SECONDS)
    for line in daemon.stdout or ():
        event = json.loads(line)
        action = event["event"]["action"]
        print(f"{event['@timestamp'][11:19]}  {action:<18} {_first_line(event['message'])}")
        if "service" in event.get("flashd", {}):
            happened.add((event["flashd"]["service"]["name"], action))
        if happened >= AWAITED:
            daemon.terminate()
    signal.alarm(0)
    daemon.wait()
    return happened


def _show_journal(home: Path) -> None:
    shown = _quiet([BIN / "flashd", "sim", "journal", home / "ds8000.array", "--json"])
    for entry in json.loads(shown)["commands"]:
        print(f"  {entry['command']}")


def _show_contents(home: Path) -> None:
    shown = json.loads(_quiet([BIN / "flashd", "sim", "show", home / "ds8000.array", "--json"]))
    contents = {volume["id"]: volume["content"] for volume in shown["volumes"]}
    for relation in shown["relations"]:
        source, target = relation["ID"].split(":")
        same = "the same data" if contents[source] == contents[target] else "older data"
        same = "what its host wrote" if contents[target].startswith(target) else same
        print(
            f"  source {source} {contents[source]:<8}  target {target} {contents[target]:<8} {same}"
        )


def _first_line(message: str) -> str:
    return message.splitlines()[0][:160] if message else ""


def _title(text: str) -> None:
    print(f"\n=== {text}", flush=True)


def _flashd(home: Path, *words: str) -> None:
    subprocess.run([BIN / "flashd", *words], env=_environment(home), check=False)


def _environment(home: Path) -> dict[str, str]:
    return {**os.environ, "FLASHD_CONFIG_DIR": str(home / "etc")}


def _sim(*words: object) -> None:
    _quiet([BIN / "flashd", "sim", *words])


def _quiet(command: list[object]) -> str:
    return subprocess.run(
        [str(word) for word in command], check=True, stdout=subprocess.PIPE, text=True
    ).stdout


if __name__ == "__main__":
    sys.exit(main())
