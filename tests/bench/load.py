"""The simulated array under load: many clients, many volumes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.walls import median, wall
from tests.load.clients import Crowded, told

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENTS = 50
RELATIONS = 10_000
LISTINGS = ("lsflash -l 0000-FFFF", "lsfbvol -l 0000-270F")
LISTING_SECONDS = 1.0
COMMAND_SECONDS = 0.15
"""Over a bare interpreter: a login that costs nothing, and a command."""

Figure = tuple[str, float, float]


def figures(bare: float) -> Iterator[Figure]:
    """Measure; a figure is its name, what was measured, and its target."""
    with tempfile.TemporaryDirectory(prefix="flashd-bench-") as directory:
        yield from _many_clients(Path(directory), bare)
    with tempfile.TemporaryDirectory(prefix="flashd-bench-") as directory:
        yield from _many_volumes(Path(directory))


def _many_clients(where: Path, bare: float) -> Iterator[Figure]:
    crowded = Crowded.make(where, CLIENTS)
    resyncs = [["resyncflash", "-record", "-persist", pair] for pair in crowded.pairs]

    def one_by_one() -> None:
        for words in resyncs:
            crowded.run(*words)

    def at_once() -> None:
        with crowded.clients(CLIENTS) as clients:
            told(clients, [" ".join(words) + "\n" for words in resyncs])
            for client in clients:
                client.communicate()

    alone = wall([*crowded.argv, *resyncs[0]], env=crowded.environment) - bare
    yield "login and resync over a bare interpreter, s", alone, COMMAND_SECONDS
    yield (
        f"{CLIENTS} clients at once, target one by one, s",
        median(at_once, 1),
        median(one_by_one, 1),
    )


def _many_volumes(where: Path) -> Iterator[Figure]:
    crowded = Crowded.make(where, RELATIONS)
    for text in LISTINGS:
        words = [*crowded.argv, *text.split()]
        seconds = wall(words, env=crowded.environment)
        yield f"{RELATIONS:,} rows of {text}, s", seconds, LISTING_SECONDS
