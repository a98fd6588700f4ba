"""The last look at a command before it is written: both sides of each check."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from flashd.adapters.arrays.outlet import line_of, tell_in_time
from flashd.core.firewall import Cleared
from flashd.errors import ArrayRejected, TooLate
from tests.unit.core.builders import ARRAY, OTHER_ARRAY, PAIRS, pair

WAITED = tuple(map(pair, PAIRS))
NAMED = " ".join(PAIRS)
RESYNC = f"resyncflash -dev {ARRAY} -persist -record -cp -tgtse {NAMED}"
WITHDRAW = f"rmflash -dev {ARRAY} -quiet {NAMED}"
ESTABLISH = f"mkflash -dev {ARRAY} -persist -nocp {NAMED}"
GOOD = [RESYNC, WITHDRAW, ESTABLISH, RESYNC.replace(" -tgtse", ""), RESYNC.replace("-cp", "-nocp")]
OPTIONS = "not those of its kind"
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
    "an option between": (RESYNC.replace(" 0101:", " -freeze 0101:"), "after its pairs"),
    "a resync that does not record": (RESYNC.replace(" -record", ""), OPTIONS),
    "a resync that does not persist": (RESYNC.replace(" -persist", ""), OPTIONS),
    "a withdraw that asks": (WITHDRAW.replace(" -quiet", ""), OPTIONS),
    "an establish that does not persist": (ESTABLISH.replace(" -persist", ""), OPTIONS),
    "a resync that is quiet": (RESYNC.replace("-cp", "-cp -quiet"), OPTIONS),
    "a withdraw that copies": (WITHDRAW.replace("-quiet", "-quiet -cp"), OPTIONS),
    "an establish that records": (ESTABLISH.replace("-persist", "-persist -record"), OPTIONS),
    "an option twice": (RESYNC.replace("-persist", "-persist -persist"), OPTIONS),
    "a volume alone": (WITHDRAW.replace("-quiet", "-quiet 0005"), OPTIONS),
    "an option in capitals": (RESYNC.replace("-record", "-RECORD"), OPTIONS),
    "a reservation broken": (RESYNC.replace("-cp", "-cp -resetreserve"), OPTIONS),
    "a target that is mirrored": (RESYNC.replace("-cp", "-tgtpprc -cp"), OPTIONS),
    "a pair in small letters": (RESYNC.replace("0101:0102", "010a:0102"), "other pairs"),
    "a pair the other way": (RESYNC.replace("0101:0102", "0102:0101"), "other pairs"),
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


def test_over_a_terminal_goes_no_longer_command_than_it_takes() -> None:
    size = len(RESYNC)
    for longest in (None, size, size + 1):
        assert line_of(Cleared(RESYNC), ARRAY, WAITED, longest) == f"{RESYNC}\n"
    with pytest.raises(ArrayRejected, match="too long for a terminal"):
        line_of(Cleared(RESYNC), ARRAY, WAITED, size - 1)


@dataclass
class Watch:
    """A clock that goes on while a command is told, and who is told of it."""

    monotonic_now: float
    telling: float
    told: list[tuple[str, str]] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.monotonic_now

    def now(self) -> datetime:
        return datetime(2026, 11, 21, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError

    def sent(self, command: str, client: str) -> None:
        self.told.append((command, client))
        self.monotonic_now += self.telling

    def answered(
        self, command: str, exit_status: int | None, output: str, *, failed: bool | None = None
    ) -> None:
        raise NotImplementedError


@pytest.mark.parametrize(("began", "telling"), [(70.0, 0.0), (100.0, 0.0), (70.0, 30.0)])
def test_invariant_1_a_command_in_time_is_told_and_may_be_written(
    began: float, telling: float
) -> None:
    watch = Watch(began, telling)
    tell_in_time(Cleared(RESYNC), watch, "dscli", watch, 100.0)
    assert watch.told == [(RESYNC, "dscli")]


@pytest.mark.parametrize(("began", "telling"), [(100.1, 0.0), (70.0, 30.1)])
def test_invariant_1_a_command_that_telling_made_too_late_is_not_written(
    began: float, telling: float
) -> None:
    watch = Watch(began, telling)
    with pytest.raises(TooLate, match="grew too old"):
        tell_in_time(Cleared(RESYNC), watch, "dscli", watch, 100.0)
    assert watch.told == [(RESYNC, "dscli")], "what may have been written was told before"
