"""A part of the bench: figures that are measured together, in a directory of their own."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.figures import NEVER_CAME, Found, kept

if TYPE_CHECKING:
    from tests.bench.figures import Figure, Promise

Measure = Callable[[Path], Iterable[tuple[str, Found]]]


class BenchError(Exception):
    """Something did not do what was to be measured."""


@dataclass(frozen=True, slots=True)
class Part:
    """What it promises, and how that is measured; `measure` gives names with what was found.

    What is only measured where it is `asked` for by name holds no target of the design, and takes
    the time that all others need.
    """

    name: str
    promises: Sequence[Promise]
    measure: Measure
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """What a part came to, and how many seconds that took."""

    part: str
    figures: list[Figure]
    seconds: float


def run(part: Part) -> Measured:
    """Measure; what breaks off leaves the figures that are still missing without a number."""
    began = time.perf_counter()
    found: dict[str, Found] = {}
    why = ""
    with tempfile.TemporaryDirectory(prefix="flashd-bench-") as directory:
        try:
            for name, one in part.measure(Path(directory)):
                found |= {name: one}
        except Exception as error:  # noqa: BLE001 - whatever it was, no figure is left out for it
            why = " ".join(f"{type(error).__name__}: {error}".split())
    if why:
        missing = Found(measured=None, why=f"{NEVER_CAME}: {why}")
        found = {promise.name: found.get(promise.name, missing) for promise in part.promises}
    return Measured(part.name, kept(part.name, part.promises, found), time.perf_counter() - began)


def wanted(parts: Sequence[Part], words: Sequence[str]) -> list[Part]:
    """Choose the parts whose names hold one of these words; without a word all that need none.

    Raises `BenchError` for a word that chooses nothing.
    """
    for word in words:
        if not any(word in part.name for part in parts):
            names = ", ".join(part.name for part in parts)
            raise BenchError(f"no part is called {word!r}; there are: {names}")
    if not words:
        return [part for part in parts if not part.asked]
    return [part for part in parts if any(word in part.name for word in words)]
