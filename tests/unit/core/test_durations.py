"""Durations in words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashd.core.durations import spell

DAY, HOUR, MINUTE = 86400, 3600, 60

CASES = {
    0: "0s",
    0.999: "0s",
    1: "1s",
    59: "59s",
    MINUTE: "1m",
    MINUTE + 30: "1m30s",
    HOUR - 1: "59m59s",
    HOUR: "1h",
    HOUR + 59: "1h",
    HOUR + MINUTE: "1h1m",
    DAY - 1: "23h59m",
    DAY: "1d",
    DAY + HOUR - 1: "1d",
    DAY + 2 * HOUR + 1: "1d2h",
    400 * DAY: "400d",
    -90: "1m30s",
}


@pytest.mark.parametrize(("seconds", "words"), CASES.items())
def test_names_the_two_largest_units(seconds: float, words: str) -> None:
    assert spell(timedelta(seconds=seconds)) == words


@given(st.integers(0, 10**9))
def test_never_says_more_than_it_was_nor_less_by_a_whole_unit(seconds: int) -> None:
    words = spell(timedelta(seconds=seconds))
    told, smallest, number = 0, 1, ""
    for sign in words:
        if sign.isdigit():
            number += sign
            continue
        smallest = {"d": HOUR, "h": MINUTE, "m": 1, "s": 1}[sign] if not told else smallest
        told += int(number) * {"d": DAY, "h": HOUR, "m": MINUTE, "s": 1}[sign]
        number = ""
    assert told <= seconds < told + smallest
