"""Ten thousand services, and how each figure grows; and what the simulated array can do."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench import fleet, load
from tests.bench.figures import Found, Promise, exponent, finite
from tests.bench.fleet_site import SHIPPED_SIGN
from tests.bench.parts import Part
from tests.bench.walls import wall

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FEW, MANY = fleet.COUNTS[:-1], fleet.COUNTS[-1]
IDLE_SECONDS = 10.0
LINEAR = 1.0
SOON, LATER = 35.0, 60.0
"""Seconds after which a small fleet is due, and the largest: it needs longer to be at rest."""

STARTED = 15.0
"""Seconds after which the largest fleet has started, and waits until all is due."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of a fleet: where `fleet` tells it, and the least that can be told apart from 0."""

    key: str
    name: str
    unit: str
    target: float | None
    means: str
    least: float = 0.001

    @property
    def promise(self) -> Promise:
        """It at its largest."""
        return Promise(f"{MANY:,} services, {self.name}", self.unit, self.means)

    @property
    def growth(self) -> Promise:
        """How it grows."""
        return Promise(
            f"growth of: {self.name}",
            "",
            f"The exponent from {FEW[0]:,} to {MANY:,} services: 1 is linear, 0 not at all.",
        )

    def found(self, fleet: Mapping[str, float]) -> Found:
        """Tell it of one fleet."""
        return Found(measured=fleet.get(self.key), target=self.target, why=self._untold)

    @property
    def _untold(self) -> str:
        return f"the fleet tells no {self.key!r}"

    def grown(self, by_count: Mapping[int, Mapping[str, float]]) -> Found:
        """Tell the exponent, with the figures that it is of."""
        told = {count: finite(found.get(self.key)) for count, found in by_count.items()}
        values = {count: value for count, value in told.items() if value is not None}
        if len(values) < len(told):
            return Found(measured=None, why=self._untold)
        power = exponent(list(values), [max(value, self.least) for value in values.values()])
        facts = {f"{count:,}:": f"{value:.3g} {self.unit}" for count, value in values.items()}
        return Found(measured=power, target=LINEAR, facts=facts)


MEASURES = (
    Measure(
        "first tick",
        "start to first tick",
        "s",
        5.0,
        "How long after its start flashd asks the first array.",
        least=0.1,
    ),
    Measure(
        "reload of one that is changed",
        "a reload with one changed",
        "s",
        None,
        "How long a reload takes; looks go on meanwhile.",
        least=0.1,
    ),
    Measure(
        "idle CPU, % of a core",
        "idle CPU",
        "% of a core",
        1.0,
        "What flashd costs while nothing is due.",
        least=0.1,
    ),
    Measure(
        "memory, MiB",
        "resident memory",
        "MiB",
        250.0,
        "What flashd takes of the host's memory once it has looked at everything.",
    ),
    Measure(
        "burst, last batch began",
        "p99 lateness, all due in one second",
        "s",
        1.5,
        "How late the last array's batch begins where all services become due in the same second.",
        least=0.1,
    ),
    Measure(
        "burst, p99 guard has told",
        "p99 until its guard has told, all due in one second",
        "s",
        None,
        "Until the guards of 99 of 100 have told; each is a process, ten thousand on two cores.",
        least=0.1,
    ),
    Measure(
        "burst, CPU",
        "CPU of that burst",
        "s",
        None,
        "Processor time of flashd for the burst, without that of guards.",
        least=0.01,
    ),
    Measure(
        "memory at most, MiB",
        "resident memory at most",
        "MiB",
        None,
        "The most that flashd took, the burst included.",
    ),
)

SIMULATOR = {
    "login and resync over a bare interpreter, s": "What the simulated client costs by itself.",
    f"{load.CLIENTS} clients at once, target one by one, s": "Many clients of one simulated array.",
    **{
        f"{load.RELATIONS:,} rows of {text}, s": "A long listing of the simulated array."
        for text in load.LISTINGS
    },
}


def parts() -> list[Part]:
    """Tell the parts."""
    fleets = [one.promise for one in MEASURES] + [one.growth for one in MEASURES]
    simulator = [Promise(name.removesuffix(", s"), "s", why) for name, why in SIMULATOR.items()]
    return [
        Part("fleet", fleets, _fleet),
        Part("simulator", simulator, _simulator, asked=True),
    ]


def _fleet(_where: Path) -> Iterator[tuple[str, Found]]:
    with ThreadPoolExecutor() as pool:
        few = pool.map(_meanwhile, FEW)
        many = fleet.measure(MANY, IDLE_SECONDS, LATER, SHIPPED_SIGN)
        for one in MEASURES:
            yield one.promise.name, one.found(many)
        by_count = {**dict(zip(FEW, few, strict=True)), MANY: many}
    for one in MEASURES:
        yield one.growth.name, one.grown(by_count)


def _meanwhile(services: int) -> fleet.Measured:
    """Measure a small fleet while the largest one waits: by then it has started."""
    threading.Event().wait(STARTED)
    return fleet.measure(services, IDLE_SECONDS, SOON, SHIPPED_SIGN)


def _simulator(_where: Path) -> Iterator[tuple[str, Found]]:
    bare = wall([sys.executable, "-c", "pass"])
    for name, measured, target in load.figures(bare):
        yield name.removesuffix(", s"), Found(measured=measured, target=target)
