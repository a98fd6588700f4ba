"""Several arrays beside each other, and one that hangs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench.batches import COSTS
from tests.bench.bed import Bed, Shape, make_bed
from tests.bench.daemons import batch_seconds, daemon
from tests.bench.figures import Found, Promise
from tests.bench.parts import Part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EACH = 5
ARRAYS = (4, 8)
BESIDE = ARRAYS[0]
TOLERANCE = 1.15
"""As in the target of a batch: so much longer than one array alone is as long."""

ALONE = f"{EACH} due on 1 array"
HUNG = f"{EACH} due on each of {BESIDE} arrays, another one hangs"


def _name(arrays: int) -> str:
    return f"{EACH} due on each of {arrays} arrays"


def parts() -> list[Part]:
    """Tell the parts."""
    alone = Promise(ALONE, "s", "One array alone, to hold the others against.")
    several = [
        Promise(
            _name(number),
            "s",
            f"{number} arrays are refreshed side by side: as long as one of them, and 15 %.",
        )
        for number in ARRAYS
    ]
    hung = Promise(
        HUNG,
        "s",
        "An array that does not answer costs the services of the others no time: as long as"
        " without it, and 15 %.",
    )
    return [Part("arrays", [alone, *several, hung], _side_by_side)]


def _side_by_side(where: Path) -> Iterator[tuple[str, Found]]:
    alone = _taken(_bed(where, 1), EACH)
    yield ALONE, Found(measured=alone)
    taken = {}
    for number in ARRAYS:
        bed = _bed(where, number)
        taken[number] = _taken(bed, number * EACH)
        facts = bed.demand_changes(number * EACH).facts()
        yield _name(number), Found(measured=taken[number], target=TOLERANCE * alone, facts=facts)
    yield HUNG, _beside_a_hung_one(where, taken[BESIDE])


def _beside_a_hung_one(where: Path, without: float) -> Found:
    bed = _bed(where / "hung", BESIDE + 1)
    hung = bed.arrays[-1]
    hung.add_fault("hang", "lsflash", times=-1)
    taken = _taken(bed, BESIDE * EACH)
    facts = {"without": f"{without:.2f} s", "listings that hang": len(hung.journal("lsflash"))}
    return Found(measured=taken, target=TOLERANCE * without, facts=facts)


def _bed(where: Path, arrays: int) -> Bed:
    shape = Shape(arrays=arrays, services=EACH, costs=COSTS)
    return make_bed(where / f"{arrays}-arrays", shape)


def _taken(bed: Bed, services: int) -> float:
    with daemon(bed) as one:
        return batch_seconds(one, services)
