"""What `load` measures, as parts of the bench."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.bench import load
from tests.bench.figures import Found, Promise
from tests.bench.parts import Part
from tests.bench.walls import wall

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIMULATOR = {
    "login and resync over a bare interpreter, s": "What the simulated client costs by itself.",
    f"{load.CLIENTS} clients at once, target one by one, s": "Many clients of one simulated array.",
    **{
        f"{load.RELATIONS:,} rows of {text}, s": "A long listing of the simulated array."
        for text in load.LISTINGS
    },
}


def parts() -> list[Part]:
    """Tell the part."""
    promises = [Promise(name.removesuffix(", s"), "s", why) for name, why in SIMULATOR.items()]
    return [Part("simulator", promises, _simulator, asked=True)]


def _simulator(_where: Path) -> Iterator[tuple[str, Found]]:
    bare = wall([sys.executable, "-c", "pass"])
    for name, measured, target in load.figures(bare):
        yield name.removesuffix(", s"), Found(measured=measured, target=target)
