from __future__ import annotations

import time
from datetime import UTC

from flashd.adapters.clock import SystemClock


def test_the_wall_clock_is_in_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_seconds_are_those_since_boot_with_all_that_was_slept() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= SystemClock().monotonic() <= time.clock_gettime(time.CLOCK_BOOTTIME)
