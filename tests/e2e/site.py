"""A whole installation in a directory: configuration, credentials, state, a simulated array.

The real `flashd` runs on it; guards are `command` guards that ask a file whether the service is
up.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flashd.sim.array import Array

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from subprocess import CompletedProcess

BIN = Path(sys.executable).parent
FLASHD = BIN / "flashd"
SERIAL = "IBM.2107-75ABC01"
OTHER = "IBM.2107-75XYZ02"
PASSWORD = "hunter2-canary-in-the-pwfile"
CANARY = "canary-of-the-environment"
ENOUGH = 60

GUARD = """\
#!/bin/sh
# 0: down, 1: up, 2: nobody knows
exit $(cat "$1")
"""


@dataclass
class Site:
    """One installation."""

    root: Path
    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    program: list[str] = field(default_factory=lambda: [str(FLASHD)])

    def __post_init__(self) -> None:
        for directory in (self.etc / "services.d", self.state, self.guards):
            directory.mkdir(parents=True)
        (self.guards / "look").write_text(GUARD)
        (self.guards / "look").chmod(0o755)
        self.settings = {
            "state": f"sqlite:///{self.state}/flashd.db",
            "check_interval": "1s",
            "pwfiles": str(self.state),
            "timezone": "Europe/Paris",
            "dscli": {
                "path": str(BIN / "flashd-dscli"),
                "mode": "oneshot",
                "timeout": "20s",
                "env": {"FLASHD_SIM": str(self.root), "SECRET": CANARY},
            },
        }
        self.array(SERIAL)

    @property
    def etc(self) -> Path:
        return self.root / "etc"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def guards(self) -> Path:
        return self.root / "guards"

    def array(self, serial: str = SERIAL) -> Array:
        """Make an array with its login, or give back the one that was made."""
        file = self.root / f"{serial}.array"
        if file.exists():
            return Array.open(file)
        console = "10.10.10.10" if serial == SERIAL else "10.10.10.20"
        array = Array.create(file, serial, consoles=(console,), password=PASSWORD)
        array.write_pwfile(self.state / f"{serial}.pwfile", password=PASSWORD)
        with (self.etc / "auth.conf").open("a") as auth:
            auth.write(f"[{serial}]\ntype = ibmds\nhmc1 = {console}\nusername = opensvc\n")
        (self.etc / "auth.conf").chmod(0o600)
        return array

    def service(
        self,
        name: str,
        *pairs: str,
        hours: float = 30,
        serials: tuple[str, ...] = (SERIAL,),
        **more: object,
    ) -> None:
        """Define a service whose clones are so old, on each of these arrays."""
        for serial in serials:
            array = self.array(serial)
            array.add_volumes(*(volume for pair in pairs for volume in pair.split(":")))
            array.establish(*pairs, synced_at=array.now() - hours * 3600)
            for pair in pairs:
                array.write(pair.split(":")[0])
        self.services[name] = {
            "guards": [
                {
                    "type": "command",
                    "command": [str(self.guards / "look"), str(self.guards / name)],
                    "down": 0,
                    "up": 1,
                }
            ],
            "sync": {
                f"sync#{number}": {"array": serial, "pairs": list(pairs)}
                for number, serial in enumerate(serials, 1)
            },
            **more,
        }
        self.says(name, 0)
        self.write()

    def says(self, name: str, code: int) -> None:
        """Have a service's guard say down (0), up (1), or nothing known (2)."""
        (self.guards / name).write_text(f"{code}\n")

    def write(self) -> None:
        """Write the configuration; JSON is YAML."""
        (self.etc / "flashd.yaml").write_text(json.dumps(self.settings))
        (self.etc / "services.d" / "all.yaml").write_text(json.dumps({"services": self.services}))

    def command(self, *words: str) -> list[str]:
        return [*self.program, "--config-dir", str(self.etc), *words]

    @property
    def variables(self) -> dict[str, str]:
        return {**os.environ, **self.environment}

    def run(self, *words: str) -> CompletedProcess[str]:
        """Run one command to its end."""
        return subprocess.run(
            self.command(*words),
            capture_output=True,
            text=True,
            check=False,
            env=self.variables,
            timeout=ENOUGH,
        )

    def json(self, *words: str) -> Any:  # noqa: ANN401 - JSON may be anything  # noqa: ANN401 - JSON is anything
        """Run a command and read the one document that it prints."""
        done = self.run(*words, "--json")
        return json.loads(done.stdout)

    @contextmanager
    def daemon(self, *words: str) -> Iterator[Daemon]:
        """Run the daemon; it is ended with the block."""
        with subprocess.Popen(
            self.command("run", *words),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.variables,
        ) as process:
            daemon = Daemon(process)
            try:
                yield daemon
            finally:
                process.kill()
                daemon.reader.join()

    def fresh(self, *pairs: str, serial: str = SERIAL) -> bool:
        """Whether each target holds what its source holds."""
        array = self.array(serial)
        return all(
            array.content(target) == array.content(source)
            for source, target in (pair.split(":") for pair in pairs)
        )

    def sent(self, verb: str = "resyncflash", serial: str = SERIAL) -> int:
        """Tell how many commands of a kind an array read."""
        return len(self.array(serial).journal(verb))


class Daemon:
    """A running daemon, and what it has said so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._news = threading.Condition()
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            with self._news:
                self.lines.append(line)
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def events(self) -> list[dict[str, Any]]:
        """Read every line as the JSON document that it has to be."""
        return [json.loads(line) for line in list(self.lines)]

    def actions(self) -> list[str]:
        return [str(event["event"]["action"]) for event in self.events()]

    def until(self, action: str, service: str | None = None, count: int = 1) -> dict[str, Any]:
        """Wait for the `count`th event of a kind."""
        found: list[dict[str, Any]] = []

        def happened() -> bool:
            found[:] = [
                event
                for event in self.events()
                if event["event"]["action"] == action
                and service in {None, event.get("flashd", {}).get("service", {}).get("name")}
            ]
            return len(found) >= count

        with self._news:
            assert self._news.wait_for(happened, ENOUGH), f"no {action}: {self.lines}"
        return found[count - 1]

    def stop(self, number: int = signal.SIGTERM, limit: float = ENOUGH) -> int:
        """Ask it to end, and tell its exit status."""
        self.process.send_signal(number)
        return self.ended(limit)

    def ended(self, limit: float = ENOUGH) -> int:
        """Wait for its end, and tell its exit status."""
        status = self.process.wait(limit)
        self.reader.join()
        return status

    def complaints(self) -> str:
        """What it wrote to standard error, all told, once it has ended."""
        return self.process.stderr.read() if self.process.stderr else ""


def eventually(happened: Callable[[], object]) -> None:
    """Wait until something has become true that another process does."""
    pause, end = threading.Event(), time.monotonic() + ENOUGH
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        pause.wait(0.02)
