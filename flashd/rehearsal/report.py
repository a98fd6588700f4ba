"""What a rehearsal came to: plain figures of services and arrays."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from flashd.model.health import Status
from flashd.rehearsal.advice import advise, greatest_age
from flashd.rehearsal.occasions import most_common, occasions, why_missed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from flashd.model.service import Service
    from flashd.rehearsal.host import Harm
    from flashd.rehearsal.notes import End
    from flashd.rehearsal.stage import Played
    from flashd.rehearsal.terms import Terms
    from flashd.rehearsal.twin import Told, Twin
    from flashd.rehearsal.watch import Stand

_HOUR = timedelta(hours=1)
_DIGITS = 6  # of a share; how it was added up is no part of it
_NONE = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceReport:
    """One service. `refused` and `missed` count by reason; `runs` by outcome."""

    name: str
    runs: Mapping[str, int]
    refused: Mapping[str, int]
    failed: Mapping[str, int]
    due: int
    missed: Mapping[str, int]
    longest_age: timedelta | None
    max_delay: timedelta
    warn: timedelta
    unknown: timedelta
    reasons: Mapping[str, int]
    lateness: timedelta | None
    advice: tuple[str, ...]

    @property
    def breaches(self) -> bool:
        """Whether its clone became too old."""
        return self.longest_age is not None and self.longest_age > self.max_delay

    @property
    def well(self) -> bool:
        """Whether it was up all the time and had every window that it was due in."""
        return not (self.missed or self.warn or self.unknown)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayReport:
    """One array; the worst hour is the one in which sessions took most of the time."""

    name: str
    sessions: int
    commands: int
    changing: int
    busy: float
    worst_hour: datetime | None
    worst_hour_busy: float
    worst_hour_commands: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All of it; `harm` is what the hosts of the twin saw."""

    services: tuple[ServiceReport, ...]
    arrays: tuple[ArrayReport, ...]
    harm: tuple[Harm, ...]
    faults: Mapping[str, int]
    troubles: tuple[str, ...]
    commands: tuple[tuple[Told, str], ...]

    @property
    def exit_code(self) -> int:
        """0: all was well. 1: harm was done, or flashd failed. 3: something was not up."""
        if self.harm or self.troubles:
            return 1
        return 0 if all(one.well for one in self.services) else 3


def report(played: Played, terms: Terms) -> Report:
    """Report on one group."""
    owner = {(a, str(p)): one.name for one in played.services for a, p in one.clones}
    commands = sorted(
        (told for twin in played.twins.values() for told in twin.told), key=lambda one: one.at
    )
    return Report(
        services=tuple(_service(one, played, terms) for one in played.services),
        arrays=tuple(_array(twin, terms) for twin in played.twins.values()),
        harm=played.harm,
        faults=dict(played.faults),
        troubles=tuple(f"{at:%Y-%m-%dT%H:%M:%SZ} {text}" for at, text in played.notes.troubles),
        commands=tuple((one, _service_of(one, owner)) for one in commands),
    )


def joined(reports: Iterable[Report]) -> Report:
    """Join the reports on all groups."""
    found = tuple(reports)
    struck: Counter[str] = Counter()
    for one in found:
        struck.update(one.faults)
    commands = [told for one in found for told in one.commands]
    return Report(
        services=tuple(sorted((s for one in found for s in one.services), key=_name)),
        arrays=tuple(sorted((a for one in found for a in one.arrays), key=_name)),
        harm=tuple(harm for one in found for harm in one.harm),
        faults=dict(struck),
        troubles=tuple(text for one in found for text in one.troubles),
        commands=tuple(sorted(commands, key=lambda told: (told[0].at, told[0].array))),
    )


def _name(one: ServiceReport | ArrayReport) -> str:
    return one.name


def _service_of(told: Told, owner: Mapping[tuple[str, str], str]) -> str:
    pairs = (word for word in told.command.split() if ":" in word)
    return next((found for pair in pairs if (found := owner.get((told.array, pair)))), "-")


def _service(service: Service, played: Played, terms: Terms) -> ServiceReport:
    ends = [one for one in played.notes.ends if one.service == service.name]
    stands = played.watch.stands[service.name]
    unreadable = [at for at, array, _ in played.notes.unreadable if array in service.arrays]
    due = list(occasions(service, stands, terms.start, terms.end))
    missed = [(one, why_missed(one, ends, unreadable)) for one in due if one.done is None]
    times = standing_times(service, stands, terms.end)
    return ServiceReport(
        name=service.name,
        runs=dict(Counter(one.outcome for one in ends)),
        refused=_reasons(ends, "refused"),
        failed=_reasons(ends, "failed"),
        due=len(due),
        missed=most_common(reason for _, reason in missed),
        longest_age=longest_age(stands, terms.end),
        max_delay=service.freshness.max_delay,
        warn=times[Status.WARN],
        unknown=times[Status.UNKNOWN],
        reasons=most_common(r for one in stands for r in one.reasons),
        lateness=_mean([one.lateness for one in due if one.lateness is not None]),
        advice=tuple(advise(service, (due, missed), stands, played, terms)),
    )


def _reasons(ends: Iterable[End], outcome: str) -> dict[str, int]:
    return most_common(one.reason for one in ends if one.outcome == outcome)


def _mean(times: Sequence[timedelta]) -> timedelta | None:
    return sum(times, _NONE) / len(times) if times else None


def standing_times(
    service: Service, stands: Sequence[Stand], end: datetime
) -> Mapping[Status, timedelta]:
    """Tell how long a service was in each status; its clone ages between two readings as well."""
    times = dict.fromkeys(Status, _NONE)
    for stand, until in zip(stands, [*(one.at for one in stands[1:]), end], strict=True):
        whole = max(min(until, end) - stand.at, _NONE)
        stale = _stale_in(stand, service, min(until, end)) if stand.status is Status.UP else _NONE
        times[stand.status] += whole - stale
        times[Status.WARN] += stale
    return times


def _stale_in(stand: Stand, service: Service, until: datetime) -> timedelta:
    if stand.last is None or stand.last.earliest is None:
        return _NONE
    stale_at = stand.last.earliest + service.freshness.max_delay
    return max(until - max(stale_at, stand.at), _NONE)


def longest_age(stands: Sequence[Stand], end: datetime) -> timedelta | None:
    """Tell how old the clone became, at most."""
    oldest = greatest_age(stands, end)
    return None if oldest is None else oldest[0]


def _array(twin: Twin, terms: Terms) -> ArrayReport:
    busy = sum((end - begin for begin, end in twin.sessions), _NONE)
    hour, taken = worst_hour(twin.sessions)
    commands = [told for told in twin.told if told.verb not in {"setenv", "setoutput"}]
    in_hour = [one for one in commands if hour is not None and hour <= one.at < hour + _HOUR]
    return ArrayReport(
        name=twin.name,
        sessions=len(twin.sessions),
        commands=len(commands),
        changing=sum(told.changes for told in commands),
        busy=round(busy / terms.span, _DIGITS),
        worst_hour=hour,
        worst_hour_busy=round(taken / _HOUR, _DIGITS),
        worst_hour_commands=len(in_hour),
    )


def worst_hour(
    sessions: Sequence[tuple[datetime, datetime]],
) -> tuple[datetime | None, timedelta]:
    """Find the hour, begun by a session, in which sessions took the longest in all."""
    best: tuple[datetime | None, timedelta] = (None, _NONE)
    first, taken = 0, _NONE
    for begin, end in sessions:
        taken += end - begin
        while sessions[first][0] <= end - _HOUR:
            taken -= sessions[first][1] - sessions[first][0]
            first += 1
        if taken > best[1]:
            best = (sessions[first][0], taken)
    return best
