"""One array with many due services: how long a batch takes, and where its time goes."""

from __future__ import annotations

import subprocess
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.bench.bed import FLASHD, Costs, Shape, make_bed
from tests.bench.daemons import batch_seconds, daemon
from tests.bench.figures import Found, Promise
from tests.bench.parts import BenchError, Part
from tests.bench.profile import SHARES, profile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bench.bed import Bed
    from tests.bench.daemons import Event

COSTS = Costs(login=0.9, command=0.2)
"""About a third of what a login is seen to cost at a real array."""

CHEAP = Costs(login=0.1, command=0.04)
"""The same in small, for the mode that logs in for each command."""

SIZES = (1, 10, 50)
MODES = {"interactive": COSTS, "oneshot": CHEAP}
BY_DAEMON = {"interactive": SIZES, "oneshot": SIZES[:-1]}
BY_HAND = SIZES[:-1]
"""Sizes that the daemon and `flashd resync` are measured at: the largest takes long enough once."""

GUARDED = 10
SLOW_GUARD = ("/bin/sleep", "0.5")
ENOUGH = 120.0


def parts() -> list[Part]:
    """Tell the parts."""
    batch = [_promise(mode, who, size) for mode in MODES for who, size in _measured(mode)]
    return [
        Part("batch", [*batch, *PROFILED], _batches),
        Part("guards", GUARDS, _guards),
    ]


def _measured(mode: str) -> list[tuple[str, int]]:
    by_hand = [("resync", size) for size in BY_HAND]
    return [("daemon", size) for size in BY_DAEMON[mode]] + by_hand


def _name(mode: str, who: str, size: int) -> str:
    return f"{size} due, one array, {mode}, {who}"


def _promise(mode: str, who: str, size: int) -> Promise:
    how = "one login for all" if mode == "interactive" else "a login a command"
    whose = "`flashd resync`, its own start included" if who == "resync" else "the daemon"
    means = f"How long {size} due services of one array keep {whose} busy, {how}."
    return Promise(_name(mode, who, size), "s", means)


def _batches(where: Path) -> Iterator[tuple[str, Found]]:
    for mode, costs in MODES.items():
        for who, size in _measured(mode):
            shape = Shape(services=size, costs=costs, mode=mode)
            bed = make_bed(where / f"{mode}-{who}-{size}", shape)
            taken, events = by_daemon(bed) if who == "daemon" else (by_hand(bed), [])
            yield _name(mode, who, size), found(bed, taken, costs)
            if (mode, who, size) == PROFILE_OF:
                for share, seconds in profile(events).items():
                    yield _share(share), Found(measured=seconds)


def found(bed: Bed, taken: float, costs: Costs) -> Found:
    """Hold a batch against its target, with what the array had to do for it."""
    told = bed.demand_changes(len(bed.services))
    services, own = len(bed.services), taken - told.cost(costs)
    known = taken / costs.target(services + told.inventory)
    facts = {
        **costs.facts(),
        **told.facts(),
        "flashd's own": f"{own:.2f} s",
        "ratio if the target allowed for the inventory": f"{known:.2f}",
    }
    return Found(measured=taken, target=costs.target(services), facts=facts)


def by_daemon(bed: Bed) -> tuple[float, list[Event]]:
    """Have the daemon do all that is due.

    Tells the seconds since it said that it had started, and all that it told in them.
    """
    with daemon(bed) as one:
        return batch_seconds(one, len(bed.services)), list(one.events)


def by_hand(bed: Bed) -> float:
    """Have `flashd resync` do all services; tell the seconds of the whole command."""
    began = time.perf_counter()
    done = subprocess.run(
        [FLASHD, "resync", *bed.services],
        env=bed.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=ENOUGH,
    )
    taken = time.perf_counter() - began
    if done.returncode:
        raise BenchError(f"flashd resync ended with {done.returncode}: {done.stderr[-300:]}")
    return taken


PROFILE_OF = ("interactive", "daemon", SIZES[-1])
"""The batch of which it is told where its time went."""


def _share(share: str) -> str:
    return f"time of {SIZES[-1]} due, interactive, daemon: {share}"


PROFILED = [Promise(_share(share), "s", f"In it {means}.") for share, means in SHARES.items()]


WITH_GUARDS = f"{GUARDED} due, guards of 0.5 s each"
BY_GUARDS = "added by guards of 0.5 s each"
GUARDS = [
    Promise(WITH_GUARDS, "s", "The same batch where every guard needs half a second to answer."),
    Promise(
        BY_GUARDS,
        "s",
        "What slow guards add to a batch, all told; they look while the array works.",
    ),
]


def _guards(where: Path) -> Iterator[tuple[str, Found]]:
    shape = Shape(services=GUARDED, costs=COSTS)
    without, _ = by_daemon(make_bed(where / "without", shape))
    bed = make_bed(where / "with", replace(shape, guard=SLOW_GUARD))
    taken, _ = by_daemon(bed)
    one = found(bed, taken, COSTS)
    yield WITH_GUARDS, replace(one, facts={**one.facts, "without": f"{without:.2f} s"})
    yield BY_GUARDS, Found(measured=taken - without)
