"""A home to measure in: simulated arrays with services on them, what they cost, what they heard."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flashd.sim.array import Array
from tests.bench.parts import BenchError
from tests.bench.walls import wall

if TYPE_CHECKING:
    from collections.abc import Mapping

BIN = Path(sys.executable).parent
FLASHD = BIN / "flashd"
DSCLI = BIN / "flashd-dscli"
TARGETS = 0x4000
"""The target of volume 0000 is 4000, and so on."""

OLD = 26 * 3600.0
"""Seconds since the last resync of each pair: all are due."""

INSTANT = ("/bin/true",)

KINDS: Mapping[str, str] = {
    "lsflash": "listings",
    **dict.fromkeys(("lsfbvol", "lspprc", "lshostconnect", "lsvolgrp", "lssi"), "inventory"),
    **dict.fromkeys(("resyncflash", "mkflash", "rmflash"), "changes"),
    **dict.fromkeys(("setenv", "setoutput", "showenv", "quit", "exit"), "of the client alone"),
}
"""By command: what it is for. Those of the client alone never reach an array, and cost nothing."""


def allowed(login: float, command: float, services: int) -> float:
    """Tell how long a batch may take: a login, two listings, a command a service, and 15 %."""
    return 1.15 * (login + (services + 2) * command)


@dataclass(frozen=True, slots=True)
class Costs:
    """What a login and a command cost at the simulated array, in seconds."""

    login: float
    command: float

    @property
    def whole_login(self) -> float:
        """What a login costs in all: that of the array, and the start and end of the client."""
        return self.login + client_start()

    def target(self, services: int) -> float:
        """Tell how many seconds a batch may take."""
        return allowed(self.whole_login, self.command, services)

    def facts(self) -> dict[str, object]:
        """Tell it for a table."""
        return {"login costs": f"{self.whole_login:.2f} s", "command": f"{self.command:g} s"}


@dataclass(frozen=True, slots=True)
class Heard:
    """What an array received, by its own journal."""

    logins: int = 0
    listings: int = 0
    inventory: int = 0
    changes: int = 0
    others: int = 0

    @property
    def commands(self) -> int:
        """All that it had to answer."""
        return self.listings + self.inventory + self.changes + self.others

    def cost(self, costs: Costs) -> float:
        """Tell how many seconds it needed for all this, one after another."""
        return self.logins * costs.whole_login + self.commands * costs.command

    def facts(self) -> dict[str, object]:
        """Tell it for a table."""
        told = {name: getattr(self, name) for name in ("logins", "listings", "inventory")}
        return {**told, "changes": self.changes, **({"others": self.others} if self.others else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a home is to have: arrays, services on each, and how flashd talks to them."""

    arrays: int = 1
    services: int
    costs: Costs
    mode: str = "interactive"
    guard: tuple[str, ...] = INSTANT
    settings: Mapping[str, Any] = field(default_factory=dict)
    dscli: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bed:
    """Such a home, below one directory."""

    root: Path
    arrays: tuple[Array, ...]
    services: tuple[str, ...]

    @property
    def environment(self) -> dict[str, str]:
        """What a user's shell would have."""
        return {**os.environ, "FLASHD_CONFIG_DIR": str(self.root / "etc")}

    @property
    def heard(self) -> Heard:
        """What all arrays received together."""
        return heard(*self.arrays)

    def demand_changes(self, number: int) -> Heard:
        """Tell what the arrays received; raises `BenchError` unless that were so many changes."""
        told = self.heard
        if told.changes != number:
            raise BenchError(f"the arrays received {told.changes} changes instead of {number}")
        return told


def make_bed(root: Path, shape: Shape) -> Bed:
    """Make a home of its own; all of its services are due."""
    (root / "etc" / "services.d").mkdir(parents=True)
    (root / "state").mkdir(mode=0o700)
    arrays = tuple(_array(root, number, shape) for number in range(shape.arrays))
    services = {
        f"a{number}s{place}": _service(serial_of(number), pair, shape.guard)
        for number in range(shape.arrays)
        for place, pair in enumerate(pairs(shape.services))
    }
    _write(root / "etc" / "services.d" / "all.yaml", {"services": services})
    _write(root / "etc" / "flashd.yaml", _settings(root, shape))
    return Bed(root, arrays, tuple(services))


def pairs(number: int) -> list[str]:
    """Name so many pairs."""
    return [f"{one:04X}:{one + TARGETS:04X}" for one in range(number)]


def serial_of(number: int) -> str:
    """Name an array."""
    return f"IBM.2107-75BE{number:03d}"


def console_of(number: int) -> str:
    """Name the console of an array."""
    return f"10.10.{number}.10"


def _array(root: Path, number: int, shape: Shape) -> Array:
    serial, console = serial_of(number), console_of(number)
    array = Array.create(root / f"{serial}.array", serial, consoles=(console,))
    array.write_pwfile(root / "state" / f"{serial}.pwfile")
    array.add_volumes(*" ".join(pairs(shape.services)).replace(":", " ").split())
    array.establish(*pairs(shape.services), synced_at=array.now() - OLD)
    array.switch("login_seconds", str(shape.costs.login))
    array.switch("command_seconds", str(shape.costs.command))
    auth = root / "etc" / "auth.conf"
    auth.touch(mode=0o600)
    with auth.open("a") as text:
        text.write(f"[{serial}]\ntype = ibmds\nhmc1 = {console}\nusername = opensvc\n")
    return array


def _service(array: str, pair: str, guard: tuple[str, ...]) -> dict[str, Any]:
    look = {"type": "command", "command": list(guard), "down": 0, "up": 1}
    return {"guards": [look], "sync": {"sync#1": {"array": array, "pairs": [pair]}}}


def _settings(root: Path, shape: Shape) -> dict[str, Any]:
    environment = {"FLASHD_SIM": str(root)}
    dscli = {"path": str(DSCLI), "mode": shape.mode, "env": environment, **shape.dscli}
    return {
        "state": f"sqlite:///{root}/state/flashd.db",
        "pwfiles": f"{root}/state",
        "timezone": "UTC",
        "dscli": dscli,
        **shape.settings,
    }


def _write(file: Path, document: object) -> None:
    """JSON is YAML."""
    file.write_text(json.dumps(document), encoding="utf-8")


def heard(*arrays: Array) -> Heard:
    """Count what these arrays received."""
    verbs = [entry.command.split()[0] for array in arrays for entry in array.journal()]
    kinds = Counter(KINDS.get(verb, "others") for verb in verbs)
    logins = sum(login.outcome == "ok" for array in arrays for login in array.logins())
    names = ("listings", "inventory", "changes", "others")
    return Heard(logins, *(kinds[name] for name in names))


@cache
def client_start() -> float:
    """Measure what the simulated client costs by itself: it starts, logs in for nothing, ends.

    The real one has to start as well, so that this counts as a part of each login.
    """
    with tempfile.TemporaryDirectory(prefix="flashd-bench-") as directory:
        bed = make_bed(Path(directory), Shape(services=1, costs=Costs(0, 0)))
        return wall(login_line(bed.root), 7, {**os.environ, "FLASHD_SIM": directory})


def login_line(root: Path, number: int = 0) -> list[str]:
    """Tell the command line of dscli for an array."""
    pwfile = root / "state" / f"{serial_of(number)}.pwfile"
    who = ["-user", "opensvc", "-pwfile", str(pwfile)]
    return [str(DSCLI), "-hmc1", console_of(number), *who]
