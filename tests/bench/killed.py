"""After kill -9: how soon no run is open any more."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

from tests.bench.bed import Bed, Costs, Shape, make_bed
from tests.bench.daemons import daemon, instant
from tests.bench.figures import Found, Promise
from tests.bench.parts import BenchError, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.bench.daemons import Event

COSTS = Costs(login=0.2, command=0.1)
SERVICES = 3
TICK = 1.0
IN_DOUBT = 3.0
ENOUGH = 60.0

SHOWN = "runs open after kill -9, the array shows what became of them"
DOUBTED = "runs open after kill -9, the last command may still be carried out"
PROMISES = [
    Promise(
        SHOWN,
        "s",
        "From the array's first answer to a flashd that was killed and started again until none"
        " of its runs is open.",
    ),
    Promise(
        DOUBTED,
        "s",
        "The same where a command was cut off: from the end of the time in which the array may"
        f" still carry it out ({IN_DOUBT:g} s here, 20 s unless `dscli.in_doubt` says otherwise).",
    ),
]


def parts() -> list[Part]:
    """Tell the part."""
    return [Part("kill -9", PROMISES, _killed)]


def _killed(where: Path) -> Iterator[tuple[str, Found]]:
    listing = COSTS.whole_login + COSTS.command
    bed, left = _cut_off(where / "shown", "after")
    with daemon(bed) as one:
        closed = one.until("run-recovered", left)
        answered = instant(_listing(one.of("command-answered")))
    yield SHOWN, _found(bed, instant(closed) - answered, TICK, left)
    bed, left = _cut_off(where / "doubted", "before")
    with daemon(bed) as one:
        closed = one.until("run-recovered", left)
        free = instant(one.until("carrier-ended")) + IN_DOUBT
    yield DOUBTED, _found(bed, instant(closed) - free, TICK + listing, left)


def _cut_off(where: Path, position: str) -> tuple[Bed, int]:
    """Kill the daemon while its last command hangs; tell how many of its runs are open."""
    shape = Shape(
        services=SERVICES,
        costs=COSTS,
        settings={"check_interval": f"{TICK:g}s"},
        dscli={"in_doubt": f"{IN_DOUBT:g}s"},
    )
    bed = make_bed(where, shape)
    (array,) = bed.arrays
    array.add_fault("hang", "resyncflash", position=position, nth=SERVICES)
    phase = "acted" if position == "after" else "received"
    with daemon(bed) as one:
        _wait(lambda: [entry.phase for entry in array.journal("resyncflash")][2:] == [phase])
        one.kill()
    if (left := _open_runs(bed)) < 1:
        raise BenchError("no run was open when the daemon was killed")
    return bed, left


def _wait(happened: Callable[[], bool]) -> None:
    pause, end = threading.Event(), time.monotonic() + ENOUGH
    while not happened():
        if time.monotonic() > end:
            raise BenchError("the command that was to hang never came")
        pause.wait(0.05)


def _open_runs(bed: Bed) -> int:
    with closing(sqlite3.connect(bed.root / "state" / "flashd.db")) as store:
        (number,) = store.execute("SELECT count(*) FROM runs WHERE ended_at IS NULL").fetchone()
    return int(number)


def _listing(answers: list[Event]) -> Event:
    for event in answers:
        if "lsflash" in str(event["flashd"]["dscli"]["command"]):
            return event
    raise BenchError("the array was never listed")


def _found(bed: Bed, taken: float, target: float, left: int) -> Found:
    if still := _open_runs(bed):
        raise BenchError(f"{still} runs are open still")
    return Found(measured=taken, target=target, facts={"open when killed": left})
