"""What holds for every schedule, told by a slow reading of the language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from flashd.core.schedule import Schedule, ScheduleError, parse
from flashd.core.schedule.days import Day, DayRule, all_kinds, marked_days, year_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True)
class Range:
    """A time range as it was drawn; a plain reading of it."""

    begin: int
    end: int
    interval: int | None

    def __str__(self) -> str:
        interval = "" if self.interval is None else f"@{self.interval}s"
        return f"{clock(self.begin)}-{clock(self.end)}{interval}"

    def contains(self, second: int, *, end_inside: bool) -> bool:
        end = self.end + end_inside
        if self.begin < self.end:
            return self.begin <= second < end
        return second >= self.begin or second < end

    @property
    def spacing(self) -> int:
        if self.interval is None:
            return (self.end - self.begin) % 86400 + 1
        return self.interval


@dataclass(frozen=True)
class Drawn:
    """An expression as it was drawn."""

    excluded: bool
    ranges: tuple[Range, ...]
    days: tuple[tuple[range, int | None], ...]
    weeks: tuple[int, int]
    months: tuple[int, int]

    def __str__(self) -> str:
        return (
            f"{'! ' * self.excluded}{','.join(map(str, self.ranges))}"
            f" {','.join(map(day_text, self.days))} {self.weeks[0]}-{self.weeks[1]}"
            f" {MONTHS[self.months[0] - 1]}-{self.months[1]}"
        )

    def on(self, day: date) -> bool:
        in_week = within(self.weeks, day.isocalendar().week)
        in_month = within(self.months, day.month)
        return in_week and in_month and any(named(day, *each) for each in self.days)

    def intervals(self, moment: datetime) -> Iterator[int]:
        second = moment.hour * 3600 + moment.minute * 60 + moment.second
        for each in self.ranges:
            if self.on(moment.date()) and each.contains(second, end_inside=not self.excluded):
                yield each.spacing


def clock(second: int) -> str:
    return f"{second // 3600}:{second // 60 % 60:02}:{second % 60:02}"


def day_text(day: tuple[range, int | None]) -> str:
    weekdays, nth = day
    names = f"{WEEKDAYS[weekdays[0]]}-{WEEKDAYS[weekdays[-1] % 7]}"
    return names if nth is None else f"{names}:{nth}"


def within(limits: tuple[int, int], number: int) -> bool:
    first, last = limits
    return first <= number <= last if first <= last else number >= first or number <= last


def named(day: date, weekdays: range, nth: int | None) -> bool:
    if day.weekday() not in {weekday % 7 for weekday in weekdays}:
        return False
    return nth in {None, day.day, -days_left(day) - 1}


def days_left(day: date) -> int:
    """Return how many days of the month come after this one."""
    next_month = day.replace(day=28) + timedelta(days=4)
    return (next_month - timedelta(days=next_month.day) - day).days


def allowed(drawn: list[Drawn], now: datetime, last: datetime | None) -> bool:
    """Read the reference literally, for one instant."""
    if any(list(each.intervals(now)) for each in drawn if each.excluded):
        return False
    return any(
        spacing and (last is None or now - last >= timedelta(seconds=spacing))
        for each in drawn
        if not each.excluded
        for spacing in each.intervals(now)
    )


def turns(drawn: list[Drawn], now: datetime, last: datetime | None) -> list[datetime]:
    """Return the instants after `now`, up to the next midnight, at which a start may come."""
    midnight = datetime.combine(now.date(), time())
    seconds = {0, 86400}
    spacings = set()
    for each in (each for one in drawn for each in one.ranges):
        seconds |= {each.begin, each.end, each.end + 1}
        spacings.add(each.spacing)
    moments = {midnight + SECOND * second for second in seconds}
    if last is not None:
        moments |= {last + SECOND * spacing for spacing in spacings}
    return sorted(moment for moment in moments if now < moment <= midnight + DAY)


seconds_of_day = st.builds(
    lambda hour, rest: hour * 3600 + rest,
    st.integers(0, 23),
    st.sampled_from([0, 0, 0, 1, 59, 60, 1800, 3540, 3599]),
)
ranges = st.builds(
    Range,
    seconds_of_day,
    seconds_of_day,
    st.none() | st.sampled_from([0, 1, 600, 3600, 7200, 86399, 86400, 200000]),
).filter(lambda drawn: drawn.begin != drawn.end)
days = st.tuples(
    st.builds(
        lambda first, count: range(first, first + count), st.integers(0, 6), st.integers(1, 7)
    ),
    st.none() | st.integers(-31, 31).filter(bool),
)
weeks = st.just((1, 53)) | st.tuples(st.integers(1, 53), st.integers(1, 53))
months = st.just((1, 12)) | st.tuples(st.integers(1, 12), st.integers(1, 12))


def expressions(*, excluded: bool) -> st.SearchStrategy[Drawn]:
    return st.builds(
        Drawn,
        st.just(excluded),
        st.lists(ranges, min_size=1, max_size=3).map(tuple),
        st.lists(days, min_size=1, max_size=3).map(tuple),
        weeks,
        months,
    )


lists = st.builds(
    lambda windows, exclusions: [*windows, *exclusions],
    st.lists(expressions(excluded=False), min_size=1, max_size=2),
    st.lists(expressions(excluded=True), max_size=2),
).flatmap(st.permutations)
moments = st.datetimes(datetime.fromisoformat("1999-12-01"), datetime.fromisoformat("2105-01-01"))
moments_on_the_second = moments.map(lambda moment: moment.replace(microsecond=0))
agos = st.none() | st.timedeltas(timedelta(0), timedelta(days=3))


def schedule_of(drawn: list[Drawn]) -> Schedule:
    return parse([str(each) for each in drawn])


@settings(max_examples=200, deadline=None)
@given(drawn=lists, moment=moments, ago=agos, data=st.data())
def test_allows_what_the_language_allows(
    drawn: list[Drawn], moment: datetime, ago: timedelta | None, data: st.DataObject
) -> None:
    now = data.draw(st.sampled_from([moment, *turns(drawn, moment, None)]))
    last = None if ago is None else now - ago
    assert schedule_of(drawn).allows(now, last) == allowed(drawn, now, last)


@settings(max_examples=120, deadline=None)
@given(drawn=lists, now=moments, ago=agos)
def test_starts_next_at_the_first_allowed_instant(
    drawn: list[Drawn], now: datetime, ago: timedelta | None
) -> None:
    last = None if ago is None else now - ago
    schedule = schedule_of(drawn)
    start = schedule.next_start(now, last)
    if start is not None:
        assert start >= now
        assert schedule.allows(start, last)
        assert allowed(drawn, start, last)
    moment, until = now, min(start or now + 90 * DAY, now + 90 * DAY)
    while moment < until:
        assert not allowed(drawn, moment, last)
        moment = next(iter(turns(drawn, moment, last)))


@settings(max_examples=40, deadline=None)
@given(
    first=st.integers(0, 50),
    length=st.integers(1, 40),
    interval=st.integers(1, 90),
    now=st.integers(0, 90),
    last=st.integers(-90, 90),
)
def test_allows_no_second_before_the_next_start(
    first: int, length: int, interval: int, now: int, last: int
) -> None:
    hour = datetime.fromisoformat("2026-01-10 10:00")
    end = hour + (first + length) * SECOND
    schedule = parse(
        [f"10:00:{first:02}-{end:%H:%M:%S}@{interval}s,10:01@1m", "! 10:00:20-10:00:25"]
    )
    asked, ran = hour + now * SECOND, hour + last * SECOND
    start = schedule.next_start(asked, ran)
    assert start is not None
    for second in range(min(200, int((start - asked).total_seconds()))):
        assert not schedule.allows(asked + second * SECOND, ran)
    assert schedule.allows(start, ran)


@settings(max_examples=80, deadline=None)
@given(drawn=lists, now=moments, ago=agos, seed=st.text())
def test_spreads_only_to_allowed_instants(
    drawn: list[Drawn], now: datetime, ago: timedelta | None, seed: str
) -> None:
    texts = [str(each) for each in drawn]
    spread = parse([text if text.startswith("!") else f"~{text}" for text in texts])
    last = None if ago is None else now - ago
    plain_start = parse(texts).next_start(now, last)
    start = spread.next_start(now, last, seed=seed)
    assert (start is None) == (plain_start is None)
    if start is not None and plain_start is not None:
        assert start >= plain_start >= now
        assert spread.allows(start, last)
        assert spread.next_start(now, last, seed=seed) == start
        assert spread.next_start(start, last, seed=seed) == start


@settings(max_examples=300, deadline=None)
@given(st.text() | st.text("!~*:@-,%+ 0123456789adefijlmnorstuvx"))
def test_parses_any_text_or_says_why_not(text: str) -> None:
    mistake = None
    try:
        parse(text).hints()
    except ScheduleError as error:
        mistake = error
    if mistake is not None:
        assert mistake.expression == text
        assert 1 <= mistake.column <= len(text) + 1


def test_knows_the_calendar_of_every_kind_of_year() -> None:
    years = {year_kind(year): year for year in range(1999, 2399)}
    assert years.keys() == all_kinds()
    assert len(years) == 15
    for kind, year in years.items():
        new_year = date(year, 1, 1)
        of_year = [day for n in range(366) if (day := new_year + n * DAY).year == year]
        for rule_of, numbers_of in READINGS:
            numbers = [numbers_of(day) for day in of_year]
            for number in set().union(*numbers):
                marked = sum(1 << place for place, each in enumerate(numbers) if number in each)
                assert rule_of(number).bits(kind) == marked


READINGS: list[tuple[Callable[[int], DayRule], Callable[[date], set[int]]]] = [
    (lambda week: DayRule(weeks=1 << week), lambda day: {day.isocalendar().week}),
    (lambda month: DayRule(months=1 << month), lambda day: {day.month}),
    (lambda weekday: DayRule((Day(1 << weekday, None),)), lambda day: {day.isoweekday()}),
    (lambda nth: DayRule((Day(0xFE, nth),)), lambda day: {day.day, -days_left(day) - 1}),
]


def test_looks_at_years_not_at_days() -> None:
    looked_at = []

    def bits(kind: object) -> int:
        looked_at.append(kind)
        return 0

    assert list(marked_days(bits, date(2026, 1, 1).toordinal(), None)) == []
    assert len(looked_at) <= 401
