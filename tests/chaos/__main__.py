"""Kill flashd at every instant, under every fault, and judge what comes after.

`python -m tests.chaos` plays all that is worth it; `--sample 40 --seed 7` some; `--only CASE` one.
"""

from __future__ import annotations

import gc
import os
import random
import shutil
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy.dialects.sqlite  # noqa: F401 - the same

import flashd.adapters.stores.store  # noqa: F401 - so that what is forked need not
from tests.chaos.case import Case, Theatre, case_named
from tests.chaos.choice import chosen, preludes, recovering, sampled, some
from tests.chaos.crew import spread
from tests.chaos.nursery import adopt_orphans
from tests.chaos.scenes import MODES, scenes, scratch
from tests.chaos.watch import Blow

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tests.chaos.case import Result


@dataclass
class Tally:
    """What was played, and what must not be."""

    played: dict[Case, Result] = field(default_factory=dict)

    def add(self, results: Iterable[tuple[Case, Result]]) -> None:
        for case, result in results:
            self.played[case] = result
            for problem in result.problems:
                say(f"FAILED {problem}\n  python -m tests.chaos --only '{case}'")

    @property
    def failed(self) -> int:
        return sum(bool(result.problems) for result in self.played.values())

    def summary(self) -> str:
        """Tell of each mode, and then of all."""
        modes = [mode for mode in MODES if any(case.scene.mode == mode for case in self.played)]
        parts = [f"{mode}: {_counted(self._of(mode))}" for mode in modes]
        return "\n".join((*parts, f"all: {_counted(self.played)}"))

    def _of(self, mode: str) -> dict[Case, Result]:
        return {case: result for case, result in self.played.items() if case.scene.mode == mode}


def _counted(played: Mapping[Case, Result]) -> str:
    failed = sum(bool(result.problems) for result in played.values())
    killed = [case for case, result in played.items() if result.struck]
    instants = {(case.scene, case.before, case.at) for case in killed}
    names = {case.at.name for case in killed if case.at}
    blows = Counter(case.blow for case in sorted(killed, key=lambda one: one.blow))
    frozen, stopped = blows.pop(Blow.FROZEN, 0), blows.pop(Blow.STOPPED, 0)
    by_blow = ", ".join(f"{number} {blow}" for blow, number in blows.items())
    return (
        f"{len(played)} combinations, of which {failed} failed; "
        f"{len(killed) - frozen - stopped} kills ({by_blow or 'none'}), "
        f"{frozen} freezes and {stopped} stops, "
        f"at {len(instants)} crash points of {len(names)} kinds, "
        f"in {len({case.scene for case in played})} scenes"
    )


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - it is what it is for


def main() -> int:
    arguments = _arguments()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(10**6)
    began = time.monotonic()
    gc.freeze()
    root = Path(tempfile.mkdtemp(prefix="flashd-chaos-", dir=scratch()))
    try:
        tally = _play(arguments, seed, root)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    if arguments.names:
        say(
            "\n".join(sorted({one.instant.name for it in tally.played.values() for one in it.seen}))
        )
    say(f"{tally.summary()}\nseed {seed}, in {time.monotonic() - began:.0f} s")
    return 1 if tally.failed else 0


def _play(arguments: Namespace, seed: int, root: Path) -> Tally:
    tally = Tally()
    if arguments.only:
        tally.add(_on_stage(root, arguments.workers, [case_named(one) for one in arguments.only]))
        return tally
    dice = random.Random(seed)  # noqa: S311 - which cases are played is no secret
    every = [one for one in scenes() if arguments.scene in str(one)]
    if arguments.sample:
        every = sampled(every, arguments.sample, dice)
    whole = [Case(scene) for scene in every]
    tally.add(_on_stage(root, arguments.workers, whole))
    seen = {case.scene: result.seen for case, result in tally.played.items()}
    cases = chosen(seen, dice, arguments.sample * 2 // 3)
    tally.add(_on_stage(root, arguments.workers, cases))
    firsts = preludes(seen)
    if arguments.sample:
        firsts = some(firsts, dice)
    again = [one.then() for one in firsts]
    tally.add(_on_stage(root, arguments.workers, again))
    traced = {one: tally.played[one].seen for one in again}
    more = recovering(traced, dice, arguments.sample // 3)
    tally.add(_on_stage(root, arguments.workers, more))
    return tally


def _on_stage(root: Path, workers: int, cases: Sequence[Case]) -> Iterator[tuple[Case, Result]]:
    def play(mine: Sequence[Case]) -> Iterator[tuple[Case, Result]]:
        adopt_orphans()
        theatre = Theatre(Path(tempfile.mkdtemp(dir=root)))
        for case in mine:
            yield case, theatre.play(case)

    return spread(play, cases, workers)


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--sample", type=int, default=0, help="so many combinations only")
    parser.add_argument("--seed", type=int, help="choose the same as that time")
    parser.add_argument("--scene", default="", help="only scenes with this in their name")
    parser.add_argument("--only", action="append", help="this case; may be given again")
    parser.add_argument("--names", action="store_true", help="tell every instant that was seen")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
