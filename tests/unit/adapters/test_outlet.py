"""The last look at a command before it is written: both sides of each check."""

from __future__ import annotations

import pytest

from flashd.adapters.arrays.outlet import line_of
from flashd.core.firewall import Cleared
from flashd.errors import ArrayRejected
from tests.unit.core.builders import ARRAY, OTHER_ARRAY, PAIRS, pair

WAITED = tuple(map(pair, PAIRS))
NAMED = " ".join(PAIRS)
RESYNC = f"resyncflash -dev {ARRAY} -persist -record -cp -tgtse {NAMED}"
GOOD = [
    RESYNC,
    f"rmflash -dev {ARRAY} -quiet {NAMED}",
    f"mkflash -dev {ARRAY} -persist -cp {NAMED}",
]
BAD = {
    "a second line": (f"{RESYNC}\nrmflash -dev {ARRAY} -quiet 0001:0002", "not one plain line"),
    "the end of a line": (f"{RESYNC}\n", "not one plain line"),
    "a carriage return": (RESYNC.replace(" -cp", "\r-cp"), "not one plain line"),
    "a quote": (RESYNC.replace("-cp", '"-cp"'), "not one plain line"),
    "a digit of another script": (RESYNC.replace("0001:", "000\u0661:"), "not one plain line"),
    "two blanks": (RESYNC.replace(" -cp", "  -cp"), "not one plain line"),
    "another verb": (RESYNC.replace("resyncflash", "reverseflash"), "no changing command"),
    "another array": (RESYNC.replace(ARRAY, OTHER_ARRAY), f"not for {ARRAY}"),
    "two arrays": (
        RESYNC.replace(" -persist", f" -dev {OTHER_ARRAY} -persist"),
        f"not for {ARRAY}",
    ),
    "the array elsewhere": (f"rmflash -quiet -dev {ARRAY} {NAMED}", f"not for {ARRAY}"),
    "a pair more": (f"{RESYNC} 0005:0006", "other pairs"),
    "a pair less": (RESYNC.replace(" 0101:0102", ""), "other pairs"),
    "another order": (RESYNC.replace(NAMED, " ".join(reversed(PAIRS))), "other pairs"),
    "no pair": (f"rmflash -dev {ARRAY} -quiet", "other pairs"),
    "an option after": (f"{RESYNC} -freeze", "after its pairs"),
}


@pytest.mark.parametrize("text", GOOD)
def test_a_command_as_it_should_be_is_one_line(text: str) -> None:
    assert line_of(Cleared(text), ARRAY, WAITED) == f"{text}\n"


@pytest.mark.parametrize(("text", "what"), BAD.values(), ids=BAD.keys())
def test_anything_else_is_kept_back(text: str, what: str) -> None:
    with pytest.raises(ArrayRejected, match=what):
        line_of(Cleared(text), ARRAY, WAITED)


def test_no_pair_is_waited_for_where_none_is_named() -> None:
    with pytest.raises(ArrayRejected, match="other pairs"):
        line_of(Cleared(f"rmflash -dev {ARRAY} -quiet"), ARRAY, ())
