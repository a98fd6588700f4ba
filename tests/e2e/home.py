"""A configuration directory of its own with a simulated array, and the real `flashd` on it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flashd.sim.array import Array

ARRAY = "IBM.2107-75ABC01"
BIN = Path(sys.executable).parent
HOUR = 3600.0

AUTH = f"[{ARRAY}]\ntype = ibmds\nhmc1 = 10.10.10.10\nhmc2 =\nusername = opensvc\n"
UP_OR_DOWN = '#!/bin/sh\nexec test ! -e "$1"\n'


def long_ago(store: Path) -> None:
    """Let all commands have been sent so long ago that no array carries them out any more."""
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("UPDATE steps SET intended_at = intended_at - 3600000000")
        connection.execute(
            "UPDATE steps SET answer = json_set(answer, '$.gone.at', '2026-01-01T00:00:00+00:00',"
            " '$.gone.steady', json_extract(answer, '$.gone.steady') - 3600)"
            " WHERE json_extract(answer, '$.gone') IS NOT NULL"
        )


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON is anything
        """The one document on standard output."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Home:
    """Everything below one directory."""

    path: Path

    @property
    def etc(self) -> Path:
        """The configuration directory."""
        return self.path / "etc"

    @property
    def array(self) -> Array:
        """The simulated array."""
        return Array.open(self.path / "ds8000.array")

    @property
    def environment(self) -> dict[str, str]:
        """What a user's shell would have."""
        return {**os.environ, "FLASHD_CONFIG_DIR": str(self.etc)}

    def flashd(self, *words: str) -> Done:
        """Run a command to its end."""
        done = subprocess.run(
            [BIN / "flashd", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def settings(self, **dscli: str) -> None:
        """Write flashd.yaml."""
        words = {"path": str(BIN / "flashd-dscli"), "mode": "oneshot", **dscli}
        lines = "".join(f"  {key}: {value}\n" for key, value in words.items())
        (self.etc / "flashd.yaml").write_text(
            f"state: sqlite:///{self.path}/state/flashd.db\npwfiles: {self.path}/state\n"
            f"check_interval: 1s\ndscli:\n{lines}"
            f"  env: {{FLASHD_SIM: {self.path}/ds8000.array}}\n"
        )

    def auth(self, text: str = AUTH, mode: int = 0o600) -> None:
        """Write auth.conf."""
        file = self.etc / "auth.conf"
        file.unlink(missing_ok=True)
        file.touch(mode=mode)
        file.write_text(text)
        file.chmod(mode)

    def service(self, name: str, *pairs: str, hours: float = 26, **more: str) -> None:
        """Define a service that is down, with pairs that were synced so many hours ago."""
        for pair in pairs:
            self.array.add_volumes(*pair.split(":"))
            self.array.establish(pair, synced_at=time.time() - hours * HOUR)  # noqa: TID251 - the array's past
        lines = "".join(f"    {key}: {value}\n" for key, value in more.items())
        program = f"[{self.path}/is-down, {self.running(name)}]"
        guard = f"{{type: command, command: {program}, down: 0, up: 1}}"
        (self.etc / "services.d" / f"{name}.yaml").write_text(
            f"services:\n  {name}:\n{lines}    guards: [{guard}]\n"
            f"    sync:\n      sync#1:\n        array: {ARRAY}\n        pairs: {list(pairs)}\n"
        )

    def running(self, name: str) -> Path:
        """Tell the file that makes a service count as up."""
        return self.path / f"{name}.running"

    @property
    def changing(self) -> list[str]:
        """The changing commands that the array received."""
        entries = self.array.journal()
        return [one.command for one in entries if one.command.split()[0] in CHANGING]


CHANGING = {"resyncflash", "mkflash", "rmflash"}


def make_home(path: Path) -> Home:
    """Make an empty one."""
    home = Home(path)
    (home.etc / "services.d").mkdir(parents=True)
    (path / "state").mkdir(mode=0o700)
    array = Array.create(path / "ds8000.array", ARRAY)
    array.write_pwfile(path / "state" / f"{ARRAY}.pwfile")
    (path / "is-down").write_text(UP_OR_DOWN)
    (path / "is-down").chmod(0o755)
    home.settings()
    home.auth()
    return home
