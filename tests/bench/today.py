"""Today's practice beside flashd, on the same simulated arrays with the same costs.

Today four clients log in for each service, one command each, one after another: the pairs are
listed before anything is decided, and again to see that none is missing; they are resynced; they
are listed to see what came of it. Nothing is shared between services, so a loop over 200 of them
is, after its first ten, a loop over ten.
"""

from __future__ import annotations

import os
import subprocess
import time
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
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SIZES = (1, 10, 50, 200)
COSTS = Costs(login=0, command=0.02)
"""A login costs what it takes to start the simulated client; a command a fifth of that or so, as at
a real array. A real login takes about 40 times as long."""

LOGINS, COMMANDS = "logins", "commands"
SETENV = "setenv -banner off -header on -format delim"
ENOUGH = 60.0


def parts() -> list[Part]:
    """Tell the part."""
    return [Part("today", [*map(_promise, SIZES), *_counted_promises()], _beside)]


def _name(size: int, what: str = "seconds") -> str:
    return f"{size} due, flashd beside today's four logins a service, {what}"


def _promise(size: int) -> Promise:
    means = (
        f"How long {size} due services keep flashd busy, held against today's practice on an array"
        " that costs both the same; a ratio of 0.1 is ten times as fast."
    )
    return Promise(_name(size), "s", means)


def _counted_promises() -> list[Promise]:
    return [
        Promise(_name(size, what), "", f"The same, counted in {what} that the array has to bear.")
        for what in (LOGINS, COMMANDS)
        for size in SIZES
    ]


def _beside(where: Path) -> Iterator[tuple[str, Found]]:
    taken, counted = _today(where / "today")
    for size in SIZES:
        bed = make_bed(where / f"flashd-{size}", Shape(services=size, costs=COSTS))
        seconds, _ = by_daemon(bed)
        told = bed.demand_changes(size)
        yield (
            _name(size),
            Found(measured=seconds, target=taken[size], facts=COSTS.facts() | told.facts()),
        )
        yield _name(size, LOGINS), _counts(told.logins, counted[size].logins)
        yield _name(size, COMMANDS), _counts(told.commands, counted[size].commands)


def _counts(measured: int, target: int) -> Found:
    return Found(measured=float(measured), target=float(target))


def _today(where: Path) -> tuple[dict[int, float], dict[int, Heard]]:
    """Do it for the most services; tell seconds and counts after each number of them."""
    bed = make_bed(where, Shape(services=max(SIZES), costs=COSTS))
    taken: dict[int, float] = {}
    counted: dict[int, Heard] = {}
    paused = 0.0
    began = time.perf_counter()
    for number, pair in enumerate(pairs(max(SIZES)), 1):
        one_service(bed, pair)
        if number in SIZES:
            taken[number] = (now := time.perf_counter()) - began - paused
            counted[number] = bed.demand_changes(number)
            paused += time.perf_counter() - now
    return taken, counted


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
