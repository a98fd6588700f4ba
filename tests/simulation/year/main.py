"""`make year`: a year of 200 services on 4 arrays, in minutes."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime
from multiprocessing import get_context
from random import SystemRandom
from typing import TYPE_CHECKING

from tests.simulation.year.house import Plot
from tests.simulation.year.play import another, play

if TYPE_CHECKING:
    from tests.simulation.year.play import Figures

_MOST_SHOWN = 40


def main() -> int:
    """Play as many years as there are asked for, side by side; 1 where something must not be."""
    asked = _asked()
    plot = Plot(
        seed=asked.seed,
        start=datetime.fromisoformat(asked.start).replace(tzinfo=UTC),
        days=asked.days,
        services=asked.services,
        arrays=asked.arrays,
        trouble=asked.trouble,
        whole_store=asked.whole_store,
    )
    print(f"--seed {asked.seed}", flush=True)
    plots, began = [another(plot, number) for number in range(asked.years)], time.monotonic()
    if asked.jobs == 1 or asked.years == 1:
        good = [_told(play(one)) for one in plots]
    else:
        with get_context("spawn").Pool(asked.jobs) as pool:
            good = [_told(one) for one in pool.imap_unordered(play, plots)]
    print(f"simulated years {asked.years}; {time.monotonic() - began:.0f} s")
    return 0 if all(good) else 1


def _told(figures: Figures) -> bool:
    print(figures.line)
    print("  " + ", ".join(f"{kind} {number}" for kind, number in sorted(figures.struck.items())))
    wrong = (*figures.violations, *figures.errors, *map(str, figures.misses))
    for line in wrong[:_MOST_SHOWN]:
        print(f"  {line}")
    sys.stdout.flush()
    return not wrong


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6))
    parser.add_argument("--years", type=int, default=1, help="each with the next seed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--days", type=float, default=365, help="others are another history")
    parser.add_argument("--start", default="2026-01-01")
    parser.add_argument("--services", type=int, default=200)
    parser.add_argument("--arrays", type=int, default=4)
    parser.add_argument("--trouble", type=float, default=1.0, help="0: nothing goes wrong")
    parser.add_argument("--whole-store", action="store_true", help="every row in SQLite")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
