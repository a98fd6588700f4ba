"""Run the tests against every mutant of what lets a command out: `make mutants`.

Each runs in a process of its own, over a copy of the module that is put before the true one.
`MODULES="core.firewall outlet"` takes only the targets whose names end so.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.mutants.targets import TARGETS, Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.mutants.made import Mutant

ROOT = Path(__file__).parents[2]
WORKERS = 2
_PYTEST = (
    sys.executable,
    "-m",
    "pytest",
    "-q",
    "-x",
    "-p",
    "no:cacheprovider",
    "-p",
    "tests.mutants.plugin",
)


def main(wanted: Sequence[str]) -> int:
    """Print each mutant that no test has noticed; exit 1 if there is any that may not be."""
    targets = chosen(wanted)
    alive = total = 0
    for target in targets:
        made = list(target.mutants(ROOT))
        if not survives(target, target.unchanged(ROOT)):
            raise SystemExit(f"{target.module}: its tests fail without a mutant")
        with ThreadPoolExecutor(WORKERS) as pool:
            lives = list(pool.map(lambda one, target=target: survives(target, one), made))
        left = [one for one, lived in zip(made, lives, strict=True) if lived]
        unexplained = [one for one in left if one.key not in target.equal]
        dead = len(made) - len(left)
        same = len(left) - len(unexplained)
        print(f"{target.module}: {len(made)} mutants, {dead} killed, {same} the same code")
        for one in left:
            print(f"  {'ALIVE' if one in unexplained else 'equal'} {one.name}")
        alive += len(unexplained)
        total += len(made)
    print(f"{total} mutants of {len(targets)} modules, {alive} alive that may not be")
    return 1 if alive else 0


def chosen(wanted: Sequence[str]) -> list[Target]:
    """Take the targets whose modules end with one of these words, or all; never none."""
    found = [one for one in TARGETS if not wanted or one.module.endswith(tuple(wanted))]
    if not found:
        raise SystemExit(f"no target ends with {' or '.join(wanted)}")
    return found


def survives(target: Target, mutant: Mutant) -> bool:
    """Whether all tests pass with this mutant in place of the module."""
    with TemporaryDirectory() as place:
        file = Path(place, "mutant.py")
        file.write_text(mutant.source, encoding="utf-8")
        done = subprocess.run(
            (*_PYTEST, *target.tests),
            cwd=ROOT,
            env={**os.environ, "FLASHD_MUTANT": f"{target.module}={file}"},
            capture_output=True,
            check=False,
            timeout=300,
        )
    if done.returncode not in (0, 1, 2):
        raise RuntimeError(done.stdout.decode()[-2000:] + done.stderr.decode()[-2000:])
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
