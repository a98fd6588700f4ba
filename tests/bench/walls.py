"""Wall times."""

from __future__ import annotations

import statistics
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


ENOUGH = 280.0
"""Seconds that no command takes here, unless it hangs."""


def median(act: Callable[[], object], times: int) -> float:
    """Take the median of so many measurements, in seconds."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def wall(command: Sequence[object], times: int = 5, env: Mapping[str, str] | None = None) -> float:
    """Measure how long a command takes, in seconds."""
    words = [str(word) for word in command]
    quiet = subprocess.DEVNULL
    return median(
        lambda: subprocess.run(
            words, check=False, env=env, stdin=quiet, stdout=quiet, stderr=quiet, timeout=ENOUGH
        ),
        times,
    )
