"""What a change of the clock does to windows: none is lost, none is had twice."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashd.core.schedule import Schedule, parse

PARIS = ZoneInfo("Europe/Paris")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Change:
    """A day on which the clock of a zone changes, and the wall time at which it does."""

    zone: str
    day: str
    at: str  # where the missing time, or the first pass of the repeated one, begins
    minutes: int  # by which the clock goes forward

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @property
    def date(self) -> date:
        return date.fromisoformat(self.day)

    def __str__(self) -> str:
        return f"{self.zone} {self.day} {self.minutes:+}"


CHANGES = [
    Change("Europe/Paris", "2026-03-29", "02:00", 60),
    Change("Europe/Paris", "2026-10-25", "02:00", -60),
    Change("America/New_York", "2026-03-08", "02:00", 60),
    Change("America/New_York", "2026-11-01", "01:00", -60),
    Change("Australia/Lord_Howe", "2026-10-04", "02:00", 30),
    Change("Australia/Lord_Howe", "2026-04-05", "01:30", -30),
    Change("America/Sao_Paulo", "2018-11-04", "00:00", 60),
    Change("America/Sao_Paulo", "2018-02-17", "23:00", -60),
    Change("Asia/Beirut", "2026-03-29", "00:00", 60),
    Change("Asia/Beirut", "2026-10-24", "23:00", -60),
    Change("America/Havana", "2026-11-01", "00:00", -60),
    Change("Antarctica/Troll", "2026-03-29", "01:00", 120),
    Change("Antarctica/Troll", "2026-10-25", "01:00", -120),
]
changes = pytest.mark.parametrize("change", CHANGES, ids=str)


def at(zone: str, text: str) -> datetime:
    """Read a wall time; a + behind it means its second pass."""
    return datetime.fromisoformat(text.rstrip("+")).replace(
        tzinfo=ZoneInfo(zone), fold=text.endswith("+")
    )


def real(moment: datetime) -> datetime:
    """Return an instant that compares by real time, not by what the wall shows."""
    return moment.astimezone(UTC)


# Paris: 2026-03-29 has no time from 02:00 to 03:00, 2026-10-25 has it twice.
SPANS = {
    "swallowed": ("02:10-02:40", "03-29 03:00", "03-29 03:30"),
    "swallowed in whole": ("02:00-02:59:59", "03-29 03:00", "03-29 03:59:59"),
    "ends where the gap ends": ("02:00-03:00", "03-29 03:00", "03-29 03:59:59"),
    "an instant in the gap": ("02:30", "03-29 03:00:00", "03-29 03:00:01"),
    "begins in the gap": ("02:30-05:00", "03-29 03:00", "03-29 05:00"),
    "begins in the gap, little left": ("02:30-03:10", "03-29 03:00", "03-29 03:40"),
    "begins in the gap, an hour at least": ("02:30-03:50", "03-29 03:00", "03-29 03:59:59"),
    "ends in the gap": ("00:00-02:30", "03-29 00:00", "03-29 01:59:59"),
    "ends in the gap, little left": ("01:50-02:20", "03-29 01:50", "03-29 03:20"),
    "ends in the gap, an hour at least": ("01:30-02:45", "03-29 01:30", "03-29 03:29:59"),
    "ends before the gap": ("01:00-01:59:59", "03-29 01:00", "03-29 01:59:59"),
    "begins after the gap": ("03:00-04:00", "03-29 03:00", "03-29 04:00"),
    "over the gap": ("01:00-04:00", "03-29 01:00", "03-29 04:00"),
    "before the repeated hour": ("01:00-01:59:59", "10-25 01:00", "10-25 01:59:59"),
    "inside the repeated hour": ("02:10-02:40", "10-25 02:10", "10-25 02:40"),
    "an instant of it": ("02:30", "10-25 02:30:00", "10-25 02:30:01"),
    "ends in it": ("01:00-02:30", "10-25 01:00", "10-25 02:30"),
    "over it": ("01:00-04:00", "10-25 01:00", "10-25 04:00"),
    "from its begin": ("02:00-03:30", "10-25 02:00", "10-25 03:30"),
    "exactly it": ("02:00-02:59:59", "10-25 02:00", "10-25 02:59:59+"),
    "begins in it": ("02:30-03:30", "10-25 02:30", "10-25 02:59:59"),
    "begins in it, on the second pass": ("02:30-03:30", "10-25 02:30+", "10-25 03:30"),
    "after it": ("03:00-04:00", "10-25 03:00", "10-25 04:00"),
}


@pytest.mark.parametrize(("expression", "opens", "closes"), SPANS.values(), ids=SPANS.keys())
def test_opens_and_closes_around_the_change(expression: str, opens: str, closes: str) -> None:
    schedule = parse(expression)
    first, last = (at("Europe/Paris", f"2026-{text}") for text in (opens, closes))
    before = (real(first) - MINUTE / 60).astimezone(ZoneInfo("Europe/Paris"))
    after = (real(last) + MINUTE / 60).astimezone(ZoneInfo("Europe/Paris"))
    found = [schedule.open_at(moment) for moment in (before, first, last, after)]
    assert found == [False, True, True, False]
    end = schedule.window_end(first)
    assert end is not None
    assert real(end) == real(last)
    if schedule.window_end(before) is None:
        start = schedule.next_start(before, None)
        assert start is not None
        assert real(start) == real(first)


def test_never_opens_where_the_wall_shows_what_is_excluded() -> None:
    moved = parse(["02:00-02:30", "! 03:10-05:00"])
    assert moved.open_at(at("Europe/Paris", "2026-03-29 03:09:59"))
    assert not moved.open_at(at("Europe/Paris", "2026-03-29 03:10"))
    both_passes = parse(["01:00-04:00", "! 02:20-02:40"])
    for text in ("02:20", "02:39", "02:20+", "02:39+"):
        assert not both_passes.open_at(at("Europe/Paris", f"2026-10-25 {text}"))
    for text in ("02:19", "02:40", "02:40+", "03:59"):
        assert both_passes.open_at(at("Europe/Paris", f"2026-10-25 {text}"))


def test_does_not_move_a_window_that_is_excluded() -> None:
    no_sundays = parse(["02:00-02:30", "! 02:00-03:00 sun"])
    start = no_sundays.next_start(at("Europe/Paris", "2026-03-28 12:00"), None)
    assert start == at("Europe/Paris", "2026-03-30 02:00")


class CountingZone(tzinfo):
    """Paris, counting what it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        self.asked += 1
        return PARIS.utcoffset(moment)

    def dst(self, moment: datetime | None) -> timedelta | None:
        return PARIS.dst(moment)

    def tzname(self, moment: datetime | None) -> str | None:
        return PARIS.tzname(moment)

    def fromutc(self, moment: datetime) -> datetime:
        self.asked += 1
        return PARIS.fromutc(moment.replace(tzinfo=PARIS)).replace(tzinfo=self)


def test_gives_up_a_window_that_every_change_takes() -> None:
    last_sunday = ",".join(f"sun:{day}" for day in range(25, 32))
    schedule = parse([f"02:00-02:30 {last_sunday} * mar", "! 03:00-06:00"])
    zone = CountingZone()
    assert (
        schedule.next_start(datetime.fromisoformat("2026-01-01").replace(tzinfo=zone), None) is None
    )
    assert zone.asked < 1000
    assert schedule.next_start(at("Asia/Tokyo", "2026-01-01"), None) is not None


def test_makes_one_window_of_what_midnight_parts() -> None:
    schedule = parse("23:30-00:45")
    end = schedule.window_end(at("Asia/Beirut", "2026-03-28 23:30"))
    assert end == at("Asia/Beirut", "2026-03-29 01:29:59")


def test_moves_the_windows_of_a_day_that_never_was() -> None:
    friday_that_samoa_left_out = parse("10:00-11:00 fri")
    start = friday_that_samoa_left_out.next_start(at("Pacific/Apia", "2011-12-29 12:00"), None)
    assert start == at("Pacific/Apia", "2011-12-31 00:00")
    assert friday_that_samoa_left_out.open_at(at("Pacific/Apia", "2011-12-31 00:59"))
    assert not friday_that_samoa_left_out.open_at(at("Pacific/Apia", "2011-12-31 01:01"))


@changes
def test_keeps_the_whole_day_open(change: Change) -> None:
    midnight = real(at(change.zone, f"{change.day} 00:00")) - 2 * HOUR
    whole, halves = parse("*"), parse("00:00-12:00,12:00-24:00")
    for tick in range(30 * 12):
        moment = (midnight + tick * 5 * MINUTE).astimezone(change.tz)
        assert whole.open_at(moment)
        assert halves.open_at(moment)


INTERVALS = {
    "a day is the same time of day": ("*", "10-24 10:00", "10-25 10:00"),
    "also in spring": ("*", "03-28 10:00", "03-29 10:00"),
    "also written": ("*@1d", "03-28 10:00", "03-29 10:00"),
    "where that is missing, at once": ("*", "03-28 02:30", "03-29 03:00"),
    "where it comes twice, the first time": ("*", "10-24 02:30", "10-25 02:30"),
    "from the second pass": ("*", "10-25 02:30+", "10-26 02:30"),
    "once in a window of 4 hours": ("01:00-04:00", "10-25 01:00", "10-26 01:00"),
    "once, with a written interval": ("01:00-04:00@181", "10-25 01:00", "10-26 01:00"),
    "once in a window of 2 hours": ("01:00-04:00", "03-29 01:00", "03-30 01:00"),
    "once in a window that is moved": ("02:00-03:00", "03-29 03:00", "03-30 02:00"),
    "once in a window that is prolonged": ("01:30-02:30@60", "03-29 01:30", "03-30 01:30"),
    "once in both passes": ("02:30-03:30", "10-25 02:30", "10-26 02:30"),
    "once in the repeated hour": ("02:10-02:50", "10-25 02:10", "10-26 02:10"),
    "minutes are real": ("*@90", "10-25 01:30", "10-25 02:00+"),
    "minutes are real in spring": ("*@90", "03-29 01:30", "03-29 04:00"),
    "shorter than the window is real": ("00:00-06:00@2h", "10-25 02:30", "10-25 03:30"),
}


@pytest.mark.parametrize(("expression", "last", "start"), INTERVALS.values(), ids=INTERVALS.keys())
def test_counts_intervals_over_the_change(expression: str, last: str, start: str) -> None:
    ran = at("Europe/Paris", f"2026-{last}")
    now = (real(ran) + MINUTE).astimezone(ran.tzinfo)
    found = parse(expression).next_start(now, ran)
    assert found is not None
    assert real(found) == real(at("Europe/Paris", f"2026-{start}"))
    assert parse(expression).allows(found, ran)
    before = (real(found) - MINUTE / 60).astimezone(ran.tzinfo)
    assert not parse(expression).allows(before, ran)


def test_takes_the_last_run_in_any_zone() -> None:
    schedule, now = parse("*@10"), at("Europe/Paris", "2026-06-01 12:00")
    last = datetime.fromisoformat("2026-06-01T05:51:00-04:00")
    start = schedule.next_start(now, last)
    assert start == at("Europe/Paris", "2026-06-01 12:01")
    assert start is not None
    assert start.tzinfo is now.tzinfo


def test_counts_the_hours_of_a_fixed_offset_as_they_are() -> None:
    now = datetime.fromisoformat("2026-03-29T01:30:00+01:00")
    assert parse("02:00-02:30").next_start(now, None) == now + HOUR / 2
    assert parse("02:00-02:30").next_start(now.astimezone(UTC), None) == real(now) + 1.5 * HOUR


# The properties below hold the schedule against a clock that is watched minute by minute.


@dataclass(frozen=True)
class Watched:
    """Each minute of the days around a change: the instant, and what the wall shows."""

    change: Change
    minutes: tuple[tuple[datetime, datetime], ...]
    latest: tuple[datetime, ...]  # what the wall has shown at most until then

    def first(self, wall: datetime) -> datetime:
        """Return the instant at which the wall was first seen to show `wall` or later."""
        return self.minutes[bisect_left(self.latest, wall)][0]


@cache
def watched(change: Change) -> Watched:
    begin = real(datetime.combine(change.date, time(), change.tz)) - 3 * DAY
    instants = [begin + n * MINUTE for n in range(8 * 24 * 60)]
    shown = [instant.astimezone(change.tz).replace(tzinfo=None) for instant in instants]
    return Watched(change, tuple(zip(instants, shown, strict=True)), tuple(accumulate(shown, max)))


@dataclass(frozen=True)
class Drawn:
    """A window that was drawn: minutes of the day at which it begins, and for how long."""

    begin: int
    length: int

    @property
    def expression(self) -> str:
        """Leave out the last second, which makes whole minutes of the open time."""
        end = (self.begin + self.length) % 1440 * 60 - 1
        return f"{clock(self.begin * 60)}-{clock(end % 86400)}"

    def walls(self, day: date) -> tuple[datetime, datetime]:
        begin = datetime.combine(day, time()) + self.begin * MINUTE
        return begin, begin + self.length * MINUTE


def clock(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


def is_open(seen: Watched, drawn: Drawn, instant: datetime, shown: datetime) -> bool:
    """Read the rule of docs/schedule.md literally, for the minute of one instant."""
    gap = max(seen.change.minutes, 0) * MINUTE
    gap_begin = datetime.fromisoformat(f"{seen.change.day} {seen.change.at}")
    for days in (-2, -1, 0, 1):
        begin, end = drawn.walls(shown.date() + days * DAY)
        opens, closes = seen.first(begin), seen.first(end)
        if opens <= instant < closes and begin <= shown:
            return True
        touched = max(begin, gap_begin) < min(end, gap_begin + gap)
        if touched and opens <= instant < opens + min(end - begin, gap):
            return True
    return False


def around(change: Change) -> st.SearchStrategy[Drawn]:
    """Draw windows that begin or end near the change."""
    hour = 60 * int(change.at[:2]) + int(change.at[3:])
    return st.builds(
        lambda begin, length: Drawn((hour + begin) % 1440, length),
        st.integers(-150, 200),
        st.integers(15, 100) | st.integers(15, 11 * 60),
    )


cases = st.sampled_from(CHANGES).flatmap(lambda change: st.tuples(st.just(change), around(change)))


@settings(max_examples=60, deadline=None)
@given(cases, st.integers(0, 14))
def test_is_open_when_the_rule_says_so(case: tuple[Change, Drawn], phase: int) -> None:
    change, drawn = case
    seen, schedule = watched(change), parse(drawn.expression)
    near = [each for each in seen.minutes if abs((each[1].date() - change.date).days) <= 1]
    for instant, shown in near[phase::15]:
        moment = instant.astimezone(change.tz)
        assert schedule.open_at(moment) == is_open(seen, drawn, instant, shown), moment


def ticked(
    schedule: Schedule, seen: Watched, ticks: list[datetime], last: datetime | None
) -> list[datetime]:
    """Run at each tick that is allowed, and return when."""
    ran: list[datetime] = []
    for instant in ticks:
        moment = instant.astimezone(seen.change.tz)
        if schedule.allows(moment, last):
            ran.append(instant)
            last = moment
    return ran


@settings(max_examples=60, deadline=None)
@given(cases)
def test_runs_once_a_window_over_every_change(case: tuple[Change, Drawn]) -> None:
    change, drawn = case
    seen = watched(change)
    begins = [seen.first(drawn.walls(change.date + n * DAY)[0]) for n in (-1, 0, 1, 2)]
    ticks = [instant for instant, _ in seen.minutes[::10] if begins[0] <= instant < begins[-1]]
    ran = ticked(parse(drawn.expression), seen, ticks, None)
    for begin, end in pairwise(begins):
        assert sum(begin <= instant < end for instant in ran) == 1


@changes
@pytest.mark.parametrize(("offset", "interval"), [(-59, ""), (0, "@60"), (20, "")])
def test_a_ticker_of_one_minute_runs_once_a_window(
    change: Change, offset: int, interval: str
) -> None:
    seen = watched(change)
    drawn = Drawn((60 * int(change.at[:2]) + int(change.at[3:]) + offset) % 1440, 60)
    begins = [seen.first(drawn.walls(change.date + n * DAY)[0]) for n in (-1, 0, 1)]
    ticks = [instant for instant, _ in seen.minutes if begins[1] <= instant < begins[2]]
    last = begins[0].astimezone(change.tz)
    ran = ticked(parse(f"{drawn.expression}{interval}"), seen, ticks, last)
    assert ran == [begins[1]]


@settings(max_examples=60, deadline=None)
@given(
    cases,
    st.integers(-600, 600),
    st.none() | st.integers(0, 1500),
    st.sampled_from(["", "@10", "@45", "@2h", "@1d"]),
)
def test_the_next_start_is_the_first_minute_that_is_allowed(
    case: tuple[Change, Drawn], offset: int, ago: int | None, interval: str
) -> None:
    change, drawn = case
    schedule = parse(f"{drawn.expression}{interval}")
    changes_at = watched(change).first(datetime.fromisoformat(f"{change.day} {change.at}"))
    now = (changes_at + offset * MINUTE).astimezone(change.tz)
    last = None if ago is None else (real(now) - ago * MINUTE).astimezone(change.tz)
    start = schedule.next_start(now, last)
    assert start is not None
    assert real(start) >= real(now)
    assert schedule.allows(start, last)
    waits = int((real(start) - real(now)) / MINUTE)
    for minute in range(0, waits, 1 + waits // 40):
        assert not schedule.allows((real(now) + minute * MINUTE).astimezone(change.tz), last)


@settings(max_examples=60, deadline=None)
@given(cases, st.integers(-600, 600), st.text(max_size=5))
def test_spreads_inside_windows_that_a_change_touches(
    case: tuple[Change, Drawn], offset: int, seed: str
) -> None:
    change, drawn = case
    schedule = parse(f"~{drawn.expression}")
    changes_at = watched(change).first(datetime.fromisoformat(f"{change.day} {change.at}"))
    now = (changes_at + offset * MINUTE).astimezone(change.tz)
    start = schedule.next_start(now, None, seed=seed)
    assert start is not None
    assert real(start) >= real(now)
    assert schedule.allows(start, None)
    assert schedule.next_start(start, None, seed=seed) == start
