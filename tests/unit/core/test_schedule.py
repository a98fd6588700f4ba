"""What the schedule language says, by example; both sides of every edge."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from flashd.core.schedule import Schedule, ScheduleError, parse

at = datetime.fromisoformat

VECTORS: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("data").joinpath("opensvc-schedule.json").read_text("utf-8")
)


def vectors(kind: str) -> list[Any]:
    return [
        pytest.param(vector, id=f"{vector['schedule']} {vector.get('last') or ''}")
        for vector in VECTORS
        if vector["kind"] == kind
    ]


@pytest.mark.parametrize("vector", vectors("allowed"))
def test_allows_what_opensvc_allows(vector: dict[str, Any]) -> None:
    last = at(vector["last"]) if vector["last"] else None
    assert parse(vector["schedule"]).allows(at(vector["now"]), last) is vector["allowed"]


@pytest.mark.parametrize("vector", vectors("invalid"))
def test_refuses_what_opensvc_refuses(vector: dict[str, Any]) -> None:
    with pytest.raises(ScheduleError):
        parse(vector["schedule"])
    with pytest.raises(ScheduleError):
        parse(["09:00-09:20@60 :1st 1 january", vector["schedule"]])


@pytest.mark.parametrize("vector", vectors("interval"))
def test_reads_the_interval_as_opensvc_does(vector: dict[str, Any]) -> None:
    assert parse(vector["schedule"]).intervals == (timedelta(seconds=vector["seconds"]),)


MISTAKES = {
    "25:00": (1, '"25:00" is no time of day'),
    "10:60": (1, '"10:60" is no time of day'),
    "10:00:60": (1, '"10:00:60" is no time of day'),
    "10:00-10:00:00:00": (7, "is no time of day"),
    "24:00": (1, "24:00 only where a range ends"),
    "24:00-02:00": (1, "24:00 only where a range ends"),
    "22:00-24:01": (7, '"24:01" is no time of day'),
    "10:00-": (7, '"" is no time of day'),
    "-10:00": (1, '"" is no time of day'),
    "1\u0661:00": (1, "is no time of day"),
    "09:00,": (7, "names no time"),
    "09:00-10:00, mon": (13, "names no time"),
    "~": (1, "names no time"),
    "!": (1, "excludes nothing"),
    "!!*": (2, "is no time of day"),
    "*@": (3, '"" is no interval'),
    "*@10x": (3, '"10x" is no interval'),
    "*@-5": (3, "is no interval"),
    "*@1s1m": (3, "is no interval"),
    "*@101w1000000d": (3, "longer than 100 years"),
    "* mon-": (7, '"" is no weekday'),
    "* mon,": (7, '"" is no weekday'),
    "* 0": (3, '"0" is no weekday'),
    "* 8": (3, '"8" is no weekday'),
    "* jan": (3, '"jan" is no weekday'),
    "* mon-tue-wed": (3, "has more than one -"),
    "* mon:32": (7, '"32" is no day of the month'),
    "* :-32": (4, "is no day of the month"),
    "* :sixth": (4, "is no day of the month"),
    "* * 0": (5, '"0" is no ISO week'),
    "* * 54": (5, '"54" is no ISO week'),
    "* * 1,*": (7, '"*" is no ISO week'),
    "* * * 13": (7, '"13" is no month'),
    "* * * mon": (7, '"mon" is no month'),
    "* * * %0": (8, "does not say every how many months"),
    "* * * jan%2,mar": (11, "does not say every how many months"),
    "* * * * *": (9, "is one field too many"),
}


@pytest.mark.parametrize(("expression", "mistake"), MISTAKES.items(), ids=MISTAKES.keys())
def test_tells_what_is_wrong_and_where(expression: str, mistake: tuple[int, str]) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse(["*", expression])
    column, said = mistake
    assert said in str(caught.value)
    assert (caught.value.expression, caught.value.column) == (expression, column)


def test_never_opens_without_an_expression() -> None:
    for never in ("", "  ", "@0", "*@0", "09:00-10:00@0 mon", [], ["", "@0s"], "! *"):
        schedule = parse(never)
        assert schedule.next_start(at("2026-01-01"), None) is None
        assert not schedule.open_at(at("2026-01-01 09:30"))


# 2026-02-27 is a Friday, 2026-03-01 a Sunday in week 9; 2024 is a leap year.
OPEN = {
    "*": ["2026-02-27 00:00:00", "2026-02-27 23:59:59.999999"],
    "* * * *": ["2026-02-27 12:00:00"],
    "09:00-10:00": ["2026-02-27 09:00:00", "2026-02-27 10:00:00.999999"],
    "9:00-9:5": ["2026-02-27 09:05:00"],
    "09:00:30-09:00:40": ["2026-02-27 09:00:30", "2026-02-27 09:00:40"],
    "09:00": ["2026-02-27 09:00:00", "2026-02-27 09:00:01"],
    "23:59:59": ["2026-02-27 23:59:59"],
    "22:00-24:00": ["2026-02-27 22:00:00", "2026-02-27 23:59:59"],
    "22:00-00:00": ["2026-02-27 23:59:59", "2026-02-27 00:00:00"],
    "22:00-04:00": ["2026-02-27 22:00:00", "2026-02-27 04:00:00", "2026-02-27 00:00:00"],
    "22:00-04:00 fri": ["2026-02-27 00:00:00", "2026-02-27 04:00:00", "2026-02-27 22:00:00"],
    "08:00-09:00,11:00-12:00": ["2026-02-27 08:30:00", "2026-02-27 11:30:00"],
    "* thu-sat": ["2026-02-26", "2026-02-27", "2026-02-28"],
    "* sat-mon": ["2026-02-28", "2026-03-01", "2026-03-02"],
    "* MONDAY,Wed": ["2026-03-02", "2026-03-04"],
    "* fri:27": ["2026-02-27", "2026-03-27"],
    "* mon-sat:last": ["2026-02-28", "2026-03-31"],
    "* :last": ["2026-02-28", "2024-02-29", "2026-04-30"],
    "* :-31": ["2026-01-01", "2026-03-01"],
    "* :2nd,:third": ["2026-02-02", "2026-02-03"],
    "* * 9": ["2026-02-23", "2026-03-01"],
    "* * 52-2": ["2026-01-11", "2025-12-22"],
    "* * 53": ["2026-12-28", "2027-01-03"],
    "* * 1": ["2025-12-29", "2026-01-04", "2024-12-30"],
    "* * * feb": ["2026-02-01", "2026-02-28", "2024-02-29"],
    "* * * dec-jan": ["2025-12-01", "2026-01-31"],
    "* * * %3+1": ["2026-02-01", "2026-05-31", "2026-11-01"],
    "* * * jan-jun%3": ["2026-03-01", "2026-06-30"],
}
CLOSED = {
    "09:00-10:00": ["2026-02-27 08:59:59.999999", "2026-02-27 10:00:01"],
    "9:00-9:5": ["2026-02-27 09:05:01"],
    "09:00:30-09:00:40": ["2026-02-27 09:00:29", "2026-02-27 09:00:41"],
    "09:00": ["2026-02-27 08:59:59", "2026-02-27 09:00:02"],
    "23:59:59": ["2026-02-27 23:59:58", "2026-02-28 00:00:00"],
    "22:00-24:00": ["2026-02-27 21:59:59", "2026-02-28 00:00:00"],
    "22:00-00:00": ["2026-02-27 00:00:01", "2026-02-27 21:59:59"],
    "22:00-04:00": ["2026-02-27 21:59:59", "2026-02-27 04:00:01"],
    "22:00-04:00 fri": ["2026-02-26 23:00:00", "2026-02-28 00:00:00", "2026-02-27 12:00:00"],
    "08:00-09:00,11:00-12:00": ["2026-02-27 10:00:00"],
    "* thu-sat": ["2026-02-25", "2026-03-01"],
    "* sat-mon": ["2026-02-27", "2026-03-03"],
    "* MONDAY,Wed": ["2026-03-03"],
    "* fri:27": ["2026-02-20", "2026-01-27"],
    "* mon-sat:last": ["2026-05-31", "2026-03-30"],
    "* :last": ["2024-02-28", "2026-04-29"],
    "* :-31": ["2026-02-01", "2026-01-02"],
    "* :2nd,:third": ["2026-02-01", "2026-02-04"],
    "* * 9": ["2026-02-22", "2026-03-02"],
    "* * 52-2": ["2026-01-12", "2025-12-21"],
    "* * 53": ["2026-12-27", "2027-01-04"],
    "* * 1": ["2025-12-28", "2026-01-05", "2024-12-29"],
    "* * * feb": ["2026-01-31", "2026-03-01"],
    "* * * dec-jan": ["2025-11-30", "2026-02-01"],
    "* * * %3+1": ["2026-01-31", "2026-06-01", "2026-12-01"],
    "* * * jan-jun%3": ["2026-02-28", "2026-09-01"],
}
EXCLUDING = {
    "08:00": True,
    "08:59:59": True,
    "09:00": False,
    "09:59:59.9": False,
    "10:00": True,  # a window's end is inside it, an exclusion's end is free
}


@pytest.mark.parametrize(
    ("expression", "moment", "is_open"),
    [(expression, moment, True) for expression, all_of in OPEN.items() for moment in all_of]
    + [(expression, moment, False) for expression, all_of in CLOSED.items() for moment in all_of],
)
def test_opens_and_closes(expression: str, moment: str, is_open: bool) -> None:  # noqa: FBT001 - from a table
    assert parse(expression).open_at(at(moment)) is is_open


@pytest.mark.parametrize("order", [1, -1], ids=["behind", "in front"])
@pytest.mark.parametrize("exclusion", ["! 09:00-10:00", "!09:00-10:00 wed", "!~9:0-10:00@0"])
def test_excludes_wherever_the_exclusion_stands(order: int, exclusion: str) -> None:
    schedule = parse(["08:00-12:00", exclusion][::order])
    for moment, is_open in EXCLUDING.items():
        assert schedule.open_at(at(f"2026-04-01T{moment}")) is is_open


NEXT = {
    "the window of tomorrow": (
        "09:00-09:20",
        "2015-02-27 10:00",
        "2015-02-27 09:05",
        "2015-02-28 09:00",
    ),
    "the weekday": ("09:00-09:20 mon", "2022-05-20 10:00", "2022-05-16 09:05", "2022-05-23 09:00"),
    "over 29 February": ("09:00", "2020-02-28 10:00", "2020-02-27 09:05", "2020-02-29 09:00"),
    "over no 29 February": ("09:00", "2015-02-28 10:00", "2015-02-27 09:05", "2015-03-01 09:00"),
    "inside the window": (
        "09:00-10:20@31",
        "2015-02-27 09:06",
        "2015-02-27 09:05",
        "2015-02-27 09:36",
    ),
    "now, if it is open": ("09:00-09:20", "2015-02-27 09:06:07", None, "2015-02-27 09:06:07"),
    "its last second": ("09:00-09:20", "2015-02-27 09:20:00", None, "2015-02-27 09:20:00"),
    "after its last second": ("09:00-09:20", "2015-02-27 09:20:01", None, "2015-02-28 09:00:00"),
    "day of the week": ("* fri", "2022-05-23 09:06", "2022-05-20 09:05", "2022-05-27 00:00"),
    "last day": ("* *:last", "2022-05-23 09:06", "2022-05-20 09:05", "2022-05-31 00:00"),
    "even months": ("* * * %2", "2022-05-23 09:06", "2022-05-20 09:05", "2022-06-01 00:00"),
    "even ones of two": (
        "* * * jan-feb%2",
        "2022-05-23 09:06",
        "2022-05-20 09:05",
        "2023-02-01 00:00",
    ),
    "after what is excluded": (
        ["* * * jan-feb%2", "! 00:00-11:00"],
        "2022-05-23 09:06",
        "2022-05-20 09:05",
        "2023-02-01 11:00",
    ),
    "once a window": ("01:00-04:00", "2026-01-10 01:00:01", "2026-01-10 01:00", "2026-01-11 01:00"),
    "once a day": ("*", "2026-01-10 10:00:01", "2026-01-10 10:00", "2026-01-11 10:00"),
    "once a long window": (
        "09:20-09:00",
        "2026-01-10 10:00",
        "2026-01-10 10:00",
        "2026-01-11 09:40:01",
    ),
    "the earliest of many": (
        ["12:00", "10:00,11:00", "13:00@1w"],
        "2026-01-10 10:30",
        None,
        "2026-01-10 11:00",
    ),
    "the shorter interval": (
        "08:00-10:00@60,09:00-10:00@10",
        "2026-01-10 08:59",
        "2026-01-10 08:58",
        "2026-01-10 09:08",
    ),
    "a last run to come": ("*@10", "2026-01-10 08:00", "2026-01-10 09:00", "2026-01-10 09:10"),
    "leap day": ("* *:29 * feb", "2026-01-10", None, "2028-02-29"),
    "over the year 2100": ("* *:29 * feb", "2097-01-10", None, "2104-02-29"),
    "leap day in week 9": ("09:00 mon:29 9 feb", "2026-01-10", None, "2044-02-29 09:00"),
    "week 53": ("* * 53", "2021-01-04", None, "2026-12-28"),
    "saturday in week 53": ("* sat:1 53 jan", "2012-01-10", None, "2033-01-01"),
    "the exclusion spares one day": (
        [
            "10:00-11:00",
            "! * * * feb-dec",
            "! * *:2,*:3,*:4 ",
            "! 08:00-10:30 mon-sat",
            "! * * 2-53",
        ],
        "2026-01-01 12:00",
        None,
        "2027-01-05 10:30",
    ),
    "after a morning in part excluded": (
        ["22:00-04:00 sat", "! 00:00-03:00 sat"],
        "2026-02-27 12:00",
        None,
        "2026-02-28 03:00",
    ),
    "no such day": ("* *:30 * feb", "2026-01-10", None, None),
    "all excluded": (["09:00-10:00 sun", "! 08:00-12:00 sun"], "2026-01-10", None, None),
    "an end that is not excluded": (
        ["09:00-10:00 sun", "! 08:00-10:00 sun"],
        "2026-01-10",
        None,
        "2026-01-11 10:00",
    ),
}


@pytest.mark.parametrize(("expression", "now", "last", "start"), NEXT.values(), ids=NEXT.keys())
def test_finds_the_next_start(
    expression: str | list[str], now: str, last: str | None, start: str | None
) -> None:
    found = parse(expression).next_start(at(now), at(last) if last else None)
    assert found == (at(start) if start else None)


def test_lists_successive_starts_each_taken_as_run() -> None:
    starts = parse("22:00-04:00@2h fri").starts(at("2026-02-27 03:00"), None)
    assert [f"{start:%d %H:%M}" for start in islice(starts, 4)] == [
        *("27 03:00", "27 22:00", "06 00:00", "06 02:00"),
    ]
    assert list(parse("@0").starts(at("2026-02-27 03:00"), None)) == []
    every = parse("09:00").starts(at("2026-02-27"), None, default_interval=False)
    assert [f"{start:%d %H:%M:%S}" for start in islice(every, 3)] == [
        *("27 09:00:00", "27 09:00:01", "28 09:00:00"),
    ]


def test_ends_where_dates_end() -> None:
    assert parse("*").next_start(at("9999-06-01"), None) is None
    assert parse("*@36500d").next_start(at("9950-01-01"), at("9950-01-01")) is None
    assert parse("*@36500d").next_start(at("9900-01-01"), at("9900-01-01")) is None
    assert parse("22:00-04:00").next_start(at("0001-01-01"), None) == at("0001-01-01 22:00")


def test_puts_no_default_interval_on_runs_where_age_decides() -> None:
    now, last = at("2026-01-10 01:30"), at("2026-01-10 01:29")
    for expression in ("01:00-04:00", "*", "~01:00-04:00"):
        assert not parse(expression).allows(now, last)
        assert parse(expression).allows(now, last, default_interval=False)
    explicit = parse("01:00-04:00@10")
    assert not explicit.allows(now, last, default_interval=False)
    assert explicit.next_start(now, last, default_interval=False) == at("2026-01-10 01:39")
    assert parse("01:00-04:00").next_start(now, last, default_interval=False) == now


def test_spreads_starts_by_seed_and_always_alike() -> None:
    schedule = parse("~22:00-04:00 mon-fri")
    tuesday = at("2026-01-06 12:00")
    starts = [schedule.next_start(tuesday, None, seed=f"service {n}") for n in range(40)]
    assert starts[0] == at("2026-01-06 23:34:23")  # a hash that is the same on every host
    assert len(set(starts)) == 40
    assert all(
        at("2026-01-06 22:00") <= start <= at("2026-01-07 04:00") for start in starts if start
    )
    other_day = schedule.next_start(at("2026-01-07 12:00"), None, seed="service 0")
    assert other_day != at("2026-01-07 23:34:23")


def test_starts_now_once_the_spread_instant_has_passed() -> None:
    schedule, spread = parse("~22:00-04:00"), at("2026-01-06 23:34:23")
    for seconds, start in ((-1, spread), (0, spread), (1, spread + timedelta(seconds=1))):
        now = spread + timedelta(seconds=seconds)
        assert schedule.next_start(now, None, seed="service 0") == start
        assert schedule.allows(now, None)
    ran = schedule.next_start(spread + timedelta(seconds=1), spread, seed="service 0")
    assert ran is not None
    assert at("2026-01-07 22:00") <= ran <= at("2026-01-08 04:00")


def test_spreads_over_what_exclusions_leave() -> None:
    schedule = parse(["~01:00-02:00", "! 01:05-01:55"])
    minutes = {
        start.minute
        for n in range(60)
        if (start := schedule.next_start(at("2026-01-06"), None, seed=str(n)))
    }
    assert minutes <= {*range(5), *range(55, 60)}
    assert min(minutes - {0}) < 5
    assert max(minutes) > 55


def test_spreads_nothing_where_the_interval_is_shorter() -> None:
    begin = at("2026-01-06 01:00")
    assert parse("~01:00-04:00@179").next_start(begin, None, seed="x") == begin
    assert parse("~01:00-04:00@180").next_start(begin, None, seed="x") != begin
    assert parse("~@10").next_start(begin, None, seed="x") == begin
    assert parse("~*").next_start(begin, None, seed="x") != begin


@pytest.mark.parametrize("expression", ["*", "@4h", "12:00-11:59:59", "@1d"])
def test_what_never_closes_is_not_walked_through_for_an_end(
    expression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked = parse(["* mon-sat", "* sun"]).window_end(at("2026-01-06 10:30"))
    monkeypatch.delattr("flashd.core.schedule.schedule.open_until")
    assert parse(["22:00-23:00", expression]).window_end(at("2026-01-06 10:30")) is walked is None
    with pytest.raises(NameError):
        parse([expression, "! * sun"]).window_end(at("2026-01-06 10:30"))


def test_tells_when_the_window_ends() -> None:
    nightly = parse("22:00-04:00 mon-fri")
    assert nightly.window_end(at("2026-01-06 22:00")) == at("2026-01-07 04:00")
    assert nightly.window_end(at("2026-01-09 23:00")) == at("2026-01-09 23:59:59")
    assert nightly.window_end(at("2026-01-06 12:00")) is None
    assert parse(["10:00-11:00", "11:00:01-12:00"]).window_end(at("2026-01-06 10:30")) == at(
        "2026-01-06 12:00"
    )
    assert parse(["10:00-12:00", "! 11:00-13:00"]).window_end(at("2026-01-06 10:30")) == at(
        "2026-01-06 10:59:59"
    )
    assert parse("* mon-fri").window_end(at("2026-01-06 10:30")) == at("2026-01-09 23:59:59")
    assert parse("*").window_end(at("2026-01-06 10:30")) is None
    assert parse("* * * jan-nov").window_end(at("2026-01-06")) == at("2026-11-30 23:59:59")
    for_fifteen_months = parse(["*", "! * :29 * feb"])
    assert for_fifteen_months.window_end(at("2026-11-22")) is None


def test_says_why_it_is_open_or_closed() -> None:
    schedule = parse(["22:00-04:00 mon-fri", "! 00:00-01:00"])
    said = {
        "2026-01-06 23:00": 'open by "22:00-04:00 mon-fri" until 2026-01-06 23:59:59',
        "2026-01-06 00:30": 'excluded by "! 00:00-01:00" until 2026-01-06 01:00:00',
        "2026-01-06 12:00": "outside every window until 2026-01-06 22:00:00",
    }
    assert {now: schedule.describe_window(at(now)) for now in said} == said
    assert parse("*").describe_window(at("2026-01-06")) == 'open by "*"'
    assert parse("@0").describe_window(at("2026-01-06")) == "outside every window"
    assert schedule.describe() == '"22:00-04:00 mon-fri", "! 00:00-01:00"'
    assert parse([]).describe() == "no schedule"


HINTS = {
    "22:00-04:00 mon-fri": ["open on Monday at 02:00, not on Saturday at 02:00"],
    "22:00-04:00 *:1": ["are those of the instant, not of the window's begin."],
    "22:00-04:00": [],
    "22:00-23:59 mon-fri": [],
    "09:00": ["is open for an instant"],
    "09:00:00-09:00:02": [],
    "~01:00-04:00@10": ["has ~, which spreads nothing"],
    "~01:00-04:00": [],
    "* *:30 * feb": ["is never open"],
    "! 20:00-23:59": ["ends at the last minute of the day"],
    "! 20:00-24:00": [],
    "! 20:00-21:00@10": ["excludes at any interval"],
}


@pytest.mark.parametrize(("expression", "said"), HINTS.items(), ids=HINTS.keys())
def test_hints_at_what_may_surprise(expression: str, said: list[str]) -> None:
    hints = parse(["01:00-02:00", expression, expression]).hints()
    assert len(hints) == len(said)
    assert all(part in hint for part, hint in zip(said, hints, strict=True))


def test_hints_at_an_exclusion_that_leaves_nothing() -> None:
    assert len(parse(["09:00-10:00", "! 09:00-10:00:01"]).hints()) == 1
    assert parse(["09:00-10:00", "! 09:00-10:00"]).hints() == []
    assert parse(["22:00-04:00", "! 22:00-03:00"]).hints() == []


def test_is_a_value() -> None:
    assert parse("* mon") == parse(["* mon"])
    assert {parse("* mon"): 1}[parse("* mon")] == 1
    assert parse("* mon") != parse("* tue")
    with pytest.raises(AttributeError):
        parse("*").expressions = ()  # type: ignore[misc] # it must not be possible
    assert isinstance(parse("*"), Schedule)


def test_refuses_to_compare_local_time_with_instants() -> None:
    naive, aware = at("2026-01-06"), datetime(2026, 1, 6, tzinfo=UTC)
    with pytest.raises(TypeError):
        parse("*").allows(naive, aware)
    with pytest.raises(TypeError):
        parse("*").next_start(aware, naive)
