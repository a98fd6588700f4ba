"""What flashd is killed in the midst of: which clones, which way to refresh them, which fault."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.integration.engine.house import DAY, OTHER, SERIAL, resource
from tests.switches.site import Site

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from flashd.model.service import Resource

RECORDING, TWO_STEPS = "recording", "two-steps"
WAYS = (RECORDING, TWO_STEPS)
MOST_AGE = timedelta(hours=12)
LATE = 20.0
PATIENT, IMPATIENT = 60.0, 1.5
"""Seconds that a dscli has for its answer; the second where one hangs."""

Placed = tuple[str, str, tuple[str, ...]]
LAYOUTS: Mapping[str, tuple[Placed, ...]] = {
    "one resource": (("sync#1", SERIAL, ("0001:0002", "0101:0102", "0003:0004")),),
    "two resources": (
        ("sync#1", SERIAL, ("0001:0002", "0101:0102")),
        ("sync#2", SERIAL, ("0003:0004",)),
    ),
    "two arrays": (
        ("sync#1", SERIAL, ("0001:0002", "0101:0102")),
        ("sync#2", OTHER, ("0003:0004", "0005:0006")),
    ),
}


@dataclass(frozen=True)
class Trouble:
    """A fault of the array: at which of the changing verbs, or listings, it strikes.

    `heals`: whether flashd mends all by itself. `hangs`: whether a dscli has to run out of time.
    """

    fault: str
    at: str = "flash"
    options: Mapping[str, object] = field(default_factory=dict)
    position: str = ""
    nth: int = 1
    heals: bool = True
    hangs: bool = False


def _late(**options: object) -> Trouble:
    return Trouble("acts-late", options={"seconds": 6, **options})


TROUBLES: Mapping[str, Trouble | None] = {
    "nothing": None,
    "dies before": Trouble("die-before"),
    "dies after": Trouble("die-after"),
    "dies answering": Trouble("die-answering", options={"bytes": 30}),
    "answer lost": Trouble("lost-answer"),
    "connection lost before": Trouble("connection-lost", position="before"),
    "connection lost after": Trouble("connection-lost", position="after"),
    "long busy": Trouble("client-timeout", options={"seconds": 0.1}),
    "acts late, killed": _late(),
    "acts late, ends": _late(exit=3),
    "acts late on the rest": _late(pairs=1),
    "partial": Trouble("partial", options={"pairs": 1}),
    "partial, silent": Trouble("partial", options={"pairs": 1, "silent": "yes"}),
    "refused": Trouble("refused"),
    "lies": Trouble("lie"),
    "garbage": Trouble("garbage"),
    "the answer before": Trouble("previous-answer"),
    "hangs before": Trouble("hang", position="before", hangs=True),
    "hangs after": Trouble("hang", position="after", hangs=True),
    "withdraw dies before": Trouble("die-before", "rmflash"),
    "withdraw dies after": Trouble("die-after", "rmflash"),
    "withdraw partial": Trouble("partial", "rmflash", {"pairs": 1}),
    "withdraw acts late": Trouble("acts-late", "rmflash", {"seconds": 6}),
    "withdraw lies": Trouble("lie", "rmflash"),
    "listing cut short": Trouble("cut-short", "lsflash", {"rows": 1}, nth=2),
    "listing lost": Trouble("lost-answer", "lsflash", nth=2),
    "listing of before": Trouble("previous-answer", "lsflash", nth=2),
    "others resync": Trouble("others-resync", "lsflash", nth=2),
    "others withdraw": Trouble("others-withdraw", "lsflash", nth=2, heals=False),
    "others reverse": Trouble(
        "others-reverse", "lsflash", {"pair": "0001:0002"}, nth=1, heals=False
    ),
    "no login": Trouble("unreachable", "10.10.10.10", nth=2),
}


@dataclass(frozen=True, order=True)
class Scene:
    """One way for one service to be refreshed, under one fault."""

    layout: str
    way: str
    trouble: str

    def __str__(self) -> str:
        return f"{self.layout}/{self.way}/{self.trouble}"

    @property
    def fault(self) -> Trouble | None:
        return TROUBLES[self.trouble]

    @property
    def resources(self) -> tuple[Resource, ...]:
        recording = self.way == RECORDING
        return tuple(
            resource(*pairs, name=name, serial=serial, recording=recording)
            for name, serial, pairs in LAYOUTS[self.layout]
        )

    @property
    def arrays(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(serial for _, serial, _ in LAYOUTS[self.layout]))

    @property
    def flash(self) -> str:
        return "resyncflash" if self.way == RECORDING else "mkflash"


def scene_named(text: str) -> Scene:
    layout, way, trouble = text.split("/")
    return Scene(layout, way, trouble)


def scenes() -> tuple[Scene, ...]:
    """Every layout, way and fault that go together."""
    return tuple(
        Scene(layout, way, trouble)
        for layout in LAYOUTS
        for way in WAYS
        for trouble, fault in TROUBLES.items()
        if way == TWO_STEPS or fault is None or fault.at != "rmflash"
    )


class Stage(Site):
    """A lab for one scene, in which time passes at once on all its arrays."""

    def set_clocks(self, ahead: timedelta) -> None:
        self.clock.ahead = ahead
        for array in self.arrays.values():
            array.set_clock(offset=ahead.total_seconds())


def stage(root: Path, scene: Scene, state: str = "") -> Stage:
    """Go on where whoever was here before has left the clocks."""
    lab = Stage(root, state)
    fault = scene.fault
    lab.timeout = IMPATIENT if fault and fault.hangs else PATIENT
    lab.late = LATE
    for serial in scene.arrays:
        lab.array(serial)
    lab.define("db", *scene.resources, max_delay=MOST_AGE)
    ahead = max(0.0, lab.array().now() - datetime.now(UTC).timestamp())  # noqa: TID251 - of the arrays
    lab.clock.ahead, lab.clock.older = timedelta(seconds=ahead), ahead
    return lab


def prepare(root: Path, scene: Scene) -> None:
    """Make the arrays of a scene, with clones that are a day old."""
    lab = Stage(root)
    for _, serial, pairs in LAYOUTS[scene.layout]:
        lab.clones(*pairs, serial=serial, age=DAY, record=scene.way == RECORDING)
    if fault := scene.fault:
        pattern = scene.flash if fault.at == "flash" else fault.at
        lab.array().add_fault(
            fault.fault,
            pattern,
            position=fault.position,
            nth=fault.nth,
            **fault.options,  # type: ignore[arg-type]
        )


def furnished(template: Path, root: Path) -> Path:
    """Copy what was prepared."""
    shutil.copytree(template, root, copy_function=shutil.copy)
    return root


def scratch() -> Path:
    """Where nothing waits for a disk."""
    from pathlib import Path as Place  # noqa: PLC0415

    return Place("/dev/shm") if os.access("/dev/shm", os.W_OK) else Place("/tmp")
