"""Counters as dscli tells them, and what two readings of them say."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.arrays.metrics import metrics_questions, parse_metrics
from flashd.adapters.arrays.tables import NotUnderstoodError
from flashd.adapters.guards.io import KEPT_SECONDS, IoGuard, Samples, judge
from flashd.config.guards import Aimed, IoOptions
from flashd.model.counters import HOST_FIELDS, Counters
from flashd.model.verdict import Verdict
from flashd.model.volumes import VolumeId

if TYPE_CHECKING:
    from collections.abc import Sequence

ARRAY = "IBM.2107-75KDR91"
VOLUME = VolumeId("1A00")
TARGET = (ARRAY, VOLUME)
ANSWER = """\
ID IBM.2107-75KDR91/1A00
Date 05/03/2021 08:00:24 GMT
normrdrqts 7818509
normwritereq 16199136
seqreadreqs 2428173
seqwritereq 1702998
cachfwrreqs 0
cachefwreqs 0
inbcachload 0
bypasscach 0
DASDtrans 1557550
phread 1997108
phwrite 3640006
byteread 1006705
bytewrit 1470315
"""


def test_the_counters_of_an_answer_are_read() -> None:
    (found,) = parse_metrics(ANSWER, ARRAY, [VOLUME], 5.0)
    assert (found.array, found.volume, found.taken) == (ARRAY, VOLUME, 5.0)
    assert found.date == "05/03/2021 08:00:24 GMT"
    assert set(found.values) == set(HOST_FIELDS)
    assert (found.values["normrdrqts"], found.values["bytewrit"]) == (7818509, 1470315)


def test_several_volumes_are_told_one_after_another_as_they_are_asked() -> None:
    other = ANSWER.replace("1A00", "1A01")
    volumes = [VOLUME, VolumeId("1A01")]
    assert [one.volume for one in parse_metrics(ANSWER + other, ARRAY, volumes, 0)] == volumes
    with pytest.raises(NotUnderstoodError, match="tells of volume 1A01"):
        parse_metrics(other + ANSWER, ARRAY, volumes, 0)
    assert metrics_questions(ARRAY, volumes) == (
        f"showfbvol -dev {ARRAY} -metrics -bnr off -fmt default 1A00",
        f"showfbvol -dev {ARRAY} -metrics -bnr off -fmt default 1A01",
    )


NOT_UNDERSTOOD = {
    "another volume": ANSWER.replace("1A00", "1A01"),
    "another array": ANSWER.replace("75KDR91", "75XXXX1"),
    "no id": ANSWER.replace("IBM.2107-75KDR91/1A00", "everything"),
    "nothing": "",
    "one too many": ANSWER + ANSWER,
    "a field missing": ANSWER.replace("bypasscach 0\n", ""),
    "a field twice": ANSWER.replace("bypasscach 0\n", "bypasscach 0\nbypasscach 0\n"),
    "a field that is no number": ANSWER.replace("bypasscach 0", "bypasscach -"),
    "a field below nothing": ANSWER.replace("bypasscach 0", "bypasscach -1"),
    "a field with a fraction": ANSWER.replace("bypasscach 0", "bypasscach 0.5"),
    "no date": ANSWER.replace("Date 05/03/2021 08:00:24 GMT\n", ""),
    "no date as it is known": ANSWER.replace("05/03/2021 08:00:24 GMT", "yesterday"),
    "a value without a volume": ANSWER.partition("\n")[2],
    "a name without a value": ANSWER + "phbytes\n",
    "cut short": ANSWER[:-1],
    "an error": ANSWER + "CMUN03042E showfbvol: The storage image is busy.\n",
}


@pytest.mark.parametrize("answer", NOT_UNDERSTOOD.values(), ids=NOT_UNDERSTOOD.keys())
def test_what_is_not_understood_as_a_whole_is_no_answer(answer: str) -> None:
    with pytest.raises(NotUnderstoodError):
        parse_metrics(answer, ARRAY, [VOLUME], 0)


BEGAN = datetime(2021, 5, 3, 8, 0, 24, tzinfo=UTC)


def counted(taken: float, volume: VolumeId = VOLUME, **moved: int) -> Counters:
    values = {**dict.fromkeys(HOST_FIELDS, 100), **moved}
    date = f"{BEGAN + timedelta(seconds=taken * 60):%d/%m/%Y %H:%M:%S} GMT"
    return Counters(array=ARRAY, volume=volume, date=date, taken=taken, values=values)


@pytest.mark.parametrize("name", HOST_FIELDS)
def test_any_host_field_that_grew_is_up_and_one_that_went_back_unknown(name: str) -> None:
    grown = judge((TARGET,), [(counted(0), counted(20, VOLUME, **{name: 101}))])
    assert grown.verdict is Verdict.UP
    assert name in grown.reason
    back = judge((TARGET,), [(counted(0), counted(20, VOLUME, **{name: 99}))])
    assert (back.verdict, "went back" in back.reason) == (Verdict.UNKNOWN, True)


def test_where_nothing_moved_it_is_clear_if_it_was_counted_anew() -> None:
    assert judge((TARGET,), [(counted(0), counted(20))]).verdict is Verdict.CLEAR
    same = replace(counted(20), date=counted(0).date)
    finding = judge((TARGET,), [(counted(0), same)])
    assert finding.verdict is Verdict.UNKNOWN
    assert "both times" in finding.reason


DATES = {
    "a second later": ("05/03/2021 08:00:24 GMT", "05/03/2021 08:00:25 GMT", Verdict.CLEAR),
    "a second before": ("05/03/2021 08:00:24 GMT", "05/03/2021 08:00:23 GMT", Verdict.UNKNOWN),
    "the day before": ("05/03/2021 08:00:24 GMT", "05/02/2021 08:00:44 GMT", Verdict.UNKNOWN),
    "the next month": ("01/31/2021 23:59:50 GMT", "02/01/2021 00:00:10 GMT", Verdict.CLEAR),
    "the next month, day first": (
        "31/01/2021 23:59:50 GMT",
        "01/02/2021 00:00:10 GMT",
        Verdict.CLEAR,
    ),
    "the next year": ("12/31/2021 23:59:50 GMT", "01/01/2022 00:00:10 GMT", Verdict.CLEAR),
    "the year before": ("01/01/2022 08:00:24 GMT", "12/31/2021 08:00:44 GMT", Verdict.UNKNOWN),
    "another zone": ("05/03/2021 08:00:24 GMT", "05/03/2021 09:00:44 CET", Verdict.UNKNOWN),
}


@pytest.mark.parametrize(("before", "after", "verdict"), DATES.values(), ids=DATES.keys())
def test_what_was_counted_before_the_first_reading_is_no_second_one(
    before: str, after: str, verdict: Verdict
) -> None:
    """An answer of before, or a clock that was set: then nothing tells what lies between."""
    pair = (replace(counted(0), date=before), replace(counted(20), date=after))
    assert judge((TARGET,), [pair]).verdict is verdict


def test_one_reading_is_not_enough_and_up_outweighs_it() -> None:
    other = (ARRAY, VolumeId("1A01"))
    once = (None, counted(20))
    assert judge((TARGET,), [once]).verdict is Verdict.UNKNOWN
    moved = (counted(0, other[1]), counted(20, other[1], normrdrqts=101))
    assert judge((TARGET, other), [once, moved]).verdict is Verdict.UP
    still = (counted(0, other[1]), counted(20, other[1]))
    assert judge((TARGET, other), [once, still]).verdict is Verdict.UNKNOWN


def test_every_target_has_to_be_counted() -> None:
    pair = (counted(0), counted(20))
    assert judge((), []).verdict is Verdict.UNKNOWN
    assert judge((TARGET, (ARRAY, VolumeId("1A01"))), [pair]).verdict is Verdict.UNKNOWN
    assert judge((TARGET,), [pair, pair]).verdict is Verdict.UNKNOWN


def test_the_youngest_sample_that_is_old_enough_is_compared_and_none_too_old() -> None:
    samples = Samples()
    for taken in (0.0, 50.0, 100.0, 119.9):
        samples.add([counted(taken)])
    now = counted(120.0)
    found = samples.before(now, 20.0)
    assert found
    assert found.taken == 100.0
    assert samples.before(now, 20.1) == counted(50.0)
    assert samples.before(counted(10.0), 20.0) is None
    assert samples.before(counted(20.0, VolumeId("1A01")), 1.0) is None
    lonely = Samples()
    lonely.add([counted(0.0)])
    assert lonely.before(counted(KEPT_SECONDS), 1.0) == counted(0.0)
    assert lonely.before(counted(KEPT_SECONDS + 0.1), 1.0) is None
    lonely.add([counted(KEPT_SECONDS + 0.1)])
    assert len(lonely.kept[TARGET]) == 1, "what can be compared no more is not kept"


@dataclass
class Array:
    """Counts at a time that a test sets; hosts move what it says."""

    now: float = 0.0
    asked: int = 0
    moved: list[int] = field(default_factory=lambda: [0])

    async def count(self, array: str, volumes: Sequence[VolumeId]) -> Sequence[Counters]:
        assert array == ARRAY
        moved = self.moved[min(self.asked, len(self.moved) - 1)]
        self.asked += 1
        self.now += 0.2
        return [counted(self.now, one, normwritereq=100 + moved) for one in volumes]

    def steady(self) -> float:
        return self.now


WINDOW = timedelta(seconds=0.1)
AIMED = Aimed(IoOptions(window=WINDOW), (TARGET,))


async def test_the_first_look_reads_twice_and_the_next_one_once() -> None:
    array, samples = Array(), Samples()
    for asked in (2, 3):
        finding = await IoGuard(AIMED, array.count, array.steady, samples).look()
        assert finding.verdict is Verdict.CLEAR
        assert array.asked == asked
    array.moved = [1]
    finding = await IoGuard(AIMED, array.count, array.steady, samples).look()
    assert (finding.verdict, array.asked) == (Verdict.UP, 4)


async def test_what_moves_within_the_first_look_is_seen() -> None:
    array = Array(moved=[0, 3])
    finding = await IoGuard(AIMED, array.count, array.steady).look()
    assert finding.verdict is Verdict.UP
    assert finding.reason == f"a host uses target {ARRAY} 1A00: normwritereq moved"


async def test_after_a_pause_it_reads_twice_again() -> None:
    array, samples = Array(), Samples()
    await IoGuard(AIMED, array.count, array.steady, samples).look()
    array.now += KEPT_SECONDS + 1
    await IoGuard(AIMED, array.count, array.steady, samples).look()
    assert array.asked == 4


async def test_a_window_longer_than_the_look_may_take_is_unknown() -> None:
    array = Array()
    options = IoOptions(window=timedelta(seconds=20), timeout=timedelta(seconds=0.1))
    guard = IoGuard(Aimed(options, (TARGET,)), array.count, array.steady)
    async with asyncio.timeout(5):
        finding = await guard.look()
    assert finding.verdict is Verdict.UNKNOWN
    assert (await IoGuard(AIMED).look()).verdict is Verdict.UNKNOWN


def test_a_window_leaves_room_for_two_logins() -> None:
    assert IoOptions.model_validate({"window": "25s"}).window == timedelta(seconds=25)
    with pytest.raises(ValueError, match="26s is too long"):
        IoOptions.model_validate({"window": "26s"})
