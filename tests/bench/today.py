"""Today's practice beside flashd, on the same simulated arrays with the same costs.

Today four clients log in for each service, one command each, one after another: the pairs are
listed before anything is decided, and again to see that none is missing; they are resynced; they
are listed to see what came of it. Nothing is shared between services: each costs what the one
before cost. So where the loop is ended early, the rest of it is told by what it took so far.
"""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from tests.bench.batches import by_daemon
from tests.bench.bed import (
    Bed,
    Costs,
    Heard,
    Shape,
    login_line,
    make_bed,
    pairs,
    serial_of,
)
from tests.bench.figures import Found, Promise
from tests.bench.parts import BenchError, Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

SIZES = (1, 10, 50, 200)
DONE = 50
"""So many services the loop does; what more would take is told by the rate of these."""

COSTS = Costs(login=0, command=0.02)
"""A login costs what it takes to start the simulated client; a command a fifth of that or so, as at
a real array. A real login takes about 40 times as long."""

SECONDS, LOGINS, COMMANDS = "seconds", "logins", "commands"
SETENV = "setenv -banner off -header on -format delim"
ENOUGH = 60.0


def parts() -> list[Part]:
    """Tell the parts."""
    return [
        Part("today", _promises(SIZES), _beside),
        Part("whole loop", _promises(SIZES[-1:], WHOLE), _whole, asked=True),
    ]


WHOLE = ", the loop done to its end"


def _name(size: int, what: str, how: str = "") -> str:
    return f"{size} due, flashd beside today's practice, {what}{how}"


def _promises(sizes: Sequence[int], how: str = "") -> list[Promise]:
    seconds = [
        Promise(
            _name(size, SECONDS, how),
            "s",
            f"How long {size} due services keep flashd busy, held against what today's practice"
            " needs on the same array: 0.1 is ten times as fast.",
        )
        for size in sizes
    ]
    return seconds + [
        Promise(
            _name(size, what, how), "", f"The same, counted in {what} that the array has to bear."
        )
        for what in (LOGINS, COMMANDS)
        for size in sizes
    ]


@dataclass(frozen=True, slots=True)
class Today:
    """What the loop took, and what the array heard, after a number of services."""

    services: int
    seconds: float
    heard: Heard

    def of(self, services: int) -> Today:
        """Tell it for another number of services, each of which costs the same."""
        times = services / self.services
        told = Heard(**{key: round(value * times) for key, value in asdict(self.heard).items()})
        return Today(services, self.seconds * times, told)


def _beside(where: Path) -> Iterator[tuple[str, Found]]:
    loop = _loop(where / "today", [size for size in SIZES if size <= DONE])
    for size in SIZES:
        today = loop[size] if size in loop else loop[DONE].of(size)
        facts = {} if size in loop else {"today's": f"by the rate of {DONE}"}
        yield from _compared(where / f"flashd-{size}", today, facts)


def _whole(where: Path) -> Iterator[tuple[str, Found]]:
    size = SIZES[-1]
    today = _loop(where / "today", [size])[size]
    yield from _compared(where / "flashd", today, {}, WHOLE)


def _compared(
    where: Path, today: Today, facts: Mapping[str, object], how: str = ""
) -> Iterator[tuple[str, Found]]:
    """Have flashd do the same for as many services, and hold it against what it took."""
    size = today.services
    bed = make_bed(where, Shape(services=size, costs=COSTS))
    seconds, _ = by_daemon(bed)
    told = bed.demand_changes(size)
    beside = {**facts, **COSTS.facts(), **told.facts()}
    yield _name(size, SECONDS, how), Found(measured=seconds, target=today.seconds, facts=beside)
    yield _name(size, LOGINS, how), _counts(told.logins, today.heard.logins, facts)
    yield _name(size, COMMANDS, how), _counts(told.commands, today.heard.commands, facts)


def _counts(measured: int, target: int, facts: Mapping[str, object]) -> Found:
    return Found(measured=float(measured), target=float(target), facts=facts)


def _loop(where: Path, sizes: Sequence[int]) -> Mapping[int, Today]:
    """Do it for the most services; tell what it came to after each of these numbers of them."""
    bed = make_bed(where, Shape(services=max(sizes), costs=COSTS))
    found: dict[int, Today] = {}
    paused = 0.0
    began = time.perf_counter()
    for number, pair in enumerate(pairs(max(sizes)), 1):
        one_service(bed, pair)
        if number in sizes:
            now = time.perf_counter()
            found[number] = Today(number, now - began - paused, bed.demand_changes(number))
            paused += time.perf_counter() - now
    return found


def one_service(bed: Bed, pair: str) -> None:
    """Do for one service what is done today; raises `BenchError` where it does not work."""
    listing = (SETENV, f"lsflash -l -dev {serial_of(0)} {pair}")
    for _ in range(2):
        _demand(pair, _dscli(bed, listing))
    resync = (f"resyncflash -dev {serial_of(0)} -persist -record -cp {pair}",)
    _demand(f"pair {pair} successfully", _dscli(bed, resync))
    _demand(pair, _dscli(bed, listing))


def _dscli(bed: Bed, commands: Sequence[str]) -> str:
    """Log in, put commands to it, read what it says to the end."""
    return subprocess.run(
        login_line(bed.root),
        input="".join(f"{command}\n" for command in commands),
        env={**os.environ, "FLASHD_SIM": str(bed.root)},
        capture_output=True,
        text=True,
        check=True,
        timeout=ENOUGH,
    ).stdout


def _demand(words: str, answer: str) -> None:
    if words not in answer:
        raise BenchError(f"dscli did not say {words!r} but {answer[-200:]!r}")
