"""When to try again after a failure."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flashd.core.retry import backoff

CASES = {-1: 0, 0: 0, 1: 1, 2: 2, 3: 4, 4: 8, 5: 16, 6: 30, 7: 30, 11: 30, 10**9: 30}


@pytest.mark.parametrize(("failures", "minutes"), CASES.items())
def test_doubles_from_one_minute_to_half_an_hour(failures: int, minutes: int) -> None:
    assert backoff(failures) == timedelta(minutes=minutes)
