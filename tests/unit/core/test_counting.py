"""How many there are, in words."""

from __future__ import annotations

import pytest

from flashd.core.counting import counted

CASES = {
    "none": ((0, "service"), "0 services"),
    "one": ((1, "service"), "1 service"),
    "two": ((2, "service"), "2 services"),
    "one, of an odd kind": ((1, "process", "processes"), "1 process"),
    "two, of an odd kind": ((2, "process", "processes"), "2 processes"),
    "no one is": ((0, "key is", "keys are"), "0 keys are"),
}


@pytest.mark.parametrize(("asked", "said"), CASES.values(), ids=CASES.keys())
def test_says_how_many(asked: tuple[int, str], said: str) -> None:
    assert counted(*asked) == said
