"""A simulation from its first tick to its last, and its figures."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.rehearsal.clocks import run_virtually
from tests.simulation.year.bounds import Wait, longest_waits
from tests.simulation.year.daemon import YearDaemon
from tests.simulation.year.house import House
from tests.simulation.year.mischief import dying_alone
from tests.simulation.year.people import People

if TYPE_CHECKING:
    from collections import Counter

    from tests.simulation.year.house import Plot

LANDING = timedelta(hours=3)
"""So long nothing goes wrong at the end: what is open then is closed, or never will be."""


@dataclass(frozen=True)
class Figures:
    """What came of it."""

    plot: Plot
    violations: tuple[str, ...]
    errors: tuple[str, ...]
    misses: tuple[Wait, ...]
    longest_wait: timedelta
    judged: int
    counts: Counter[str]
    struck: Counter[str]
    told: Counter[str]
    lives: int
    outlived: int
    services: int

    @property
    def line(self) -> str:
        """All of it in one line."""
        struck, counts, told = self.struck, self.counts, self.told
        deeds = {"kill -9", "stopped", "reload", "clock set", "hold", "guard fails"}
        faults = sum(number for kind, number in struck.items() if kind not in deeds)
        return (
            f"seed {self.plot.seed}; days {self.plot.days:g}; services {self.services}; arrays"
            f" {self.plot.arrays}; commands {counts['commands']} (resync {counts['resyncflash']},"
            f" withdraw {counts['rmflash']}, establish {counts['mkflash']}); runs done"
            f" {counts['done']}; refused {told['RESYNC_REFUSED']}; failed {told['RESYNC_FAILED']};"
            f" unknown {told['RESYNC_UNKNOWN']}; faults {faults} of"
            f" {sum(kind not in deeds for kind in struck)} kinds; guards failing"
            f" {struck['guard fails']}; restarts {self.lives - 1} (kill -9 {struck['kill -9']});"
            f" dscli outliving it {self.outlived}; reloads {struck['reload']}; clock jumps"
            f" {struck['clock set']}; holds {struck['hold']}; times waited {self.judged}; longest"
            f" {self.longest_wait}; bound misses {len(self.misses)}; violations"
            f" {len(self.violations)}; errors of its own {len(self.errors)}"
        )


def play(plot: Plot) -> Figures:
    """Play it to its end."""
    with tempfile.TemporaryDirectory(prefix="flashd-year-", dir=_memory()) as name, dying_alone():
        house = House(plot, Path(name))
        daemon = YearDaemon(house)
        run_virtually(house.true, _run(house, daemon))
        return _figures(house, daemon)


def _memory() -> str | None:
    place = Path("/dev/shm")
    return str(place) if place.is_dir() else None


async def _run(house: House, daemon: YearDaemon) -> None:
    people = asyncio.create_task(People(house, daemon).live())
    life = asyncio.create_task(daemon.live(house.plot.end))
    alarm = asyncio.create_task(_alarm(house))
    try:
        done, _ = await asyncio.wait({people, life, alarm}, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            one.result()
        if alarm not in done:
            await _land(house, daemon)
    finally:
        for task in (people, life, alarm):
            task.cancel()
        await asyncio.gather(people, life, alarm, return_exceptions=True)
        await daemon.store.close()
        for twin in house.twins.values():
            twin.file.close()


async def _alarm(house: House) -> None:
    """Come back at the first violation, if that is to be the end."""
    while not (house.plot.to_first and house.oracle.violations):
        await house.true.sleep(300)


async def _land(house: House, daemon: YearDaemon) -> None:
    """Go on while nothing goes wrong any more: then no run stays open."""
    daemon.calm = True
    for mischief in house.mischiefs.values():
        mischief.calm = True
        mischief.down = mischief.busy = False
    await daemon.live(house.plot.end + LANDING)
    if left := await daemon.store.open_runs():
        house.oracle.expect(None, f"4: runs stay open: {[run.id for run in left]}")


def _figures(house: House, daemon: YearDaemon) -> Figures:
    waits = longest_waits(house.ledger, house.timetables, house.plot.end)
    grace = house.plot.check + _queue(house.plot)
    return Figures(
        plot=house.plot,
        violations=tuple(house.oracle.violations),
        errors=tuple(daemon.notes.errors),
        misses=tuple(one for one in waits if one.lasted > grace),
        longest_wait=max((one.lasted for one in waits), default=timedelta(0)),
        judged=len(waits),
        counts=house.oracle.counts,
        struck=house.struck,
        told=daemon.notes.counts,
        lives=daemon.lives,
        outlived=house.clients.outlived,
        services=len(house.ledger.reigns),
    )


def _queue(plot: Plot) -> timedelta:
    """Tell how long a service waits for all others of its array, each having a login of its own."""
    return timedelta(minutes=2) + 6 * timedelta(seconds=1) * (plot.services / plot.arrays)


def another(plot: Plot, number: int) -> Plot:
    """Tell the next plot like this one."""
    return replace(plot, seed=plot.seed + number)
