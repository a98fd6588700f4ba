"""How many looks may hang at once: as many as this host allows files for."""

from __future__ import annotations

import subprocess
import sys

import pytest

ASK = (
    "import resource; from flashd.wiring.surroundings import room_for_looks;"
    "print(room_for_looks(), *resource.getrlimit(resource.RLIMIT_NOFILE))"
)
CASES = {
    "what many systems start with": ((1024, 20000), "256 8192 20000"),
    "no more allowed": ((1024, 1024), "28 1024 1024"),
    "some more allowed": ((1024, 4096), "142 4096 4096"),
    "few": ((128, 128), "16 128 128"),
    "more than enough": ((20000, 20000), "256 20000 20000"),
}


@pytest.mark.parametrize(("limits", "said"), CASES.values(), ids=CASES.keys())
def test_takes_the_files_that_it_needs_and_no_more(limits: tuple[int, int], said: str) -> None:
    argv = ("prlimit", f"--nofile={limits[0]}:{limits[1]}", sys.executable, "-c", ASK)
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout.split() == said.split()
