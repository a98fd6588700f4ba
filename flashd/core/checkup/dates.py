"""The clocks of this host and of an array, and the zone of an array's dates.

The date in dscli's banner is no evidence: nothing says whose clock it is. What an array's clock
shows is known only where flashd saw a copy being taken between two of its own instants.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from flashd.core.checkup.diagnosis import Diagnosis, hint, ok, unseen
from flashd.core.durations import spell
from flashd.core.instants import RESOLUTION, meaning

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from flashd.model.observation import Sighting
    from flashd.model.volumes import ArrayTime, Listing

TOLERANCE = timedelta(seconds=5)
_CLOSE = timedelta(minutes=5)
_SYNCHRONISED = timedelta(seconds=16)
"""Above this the kernel itself calls its clock unsynchronised (NTP_PHASE_LIMIT)."""


@dataclass(frozen=True, slots=True)
class Lead:
    """By how much an array's clock is ahead of this host's: between two bounds, each maybe open."""

    least: timedelta | None
    most: timedelta | None


def lead(listing: Listing | None, sightings: Iterable[Sighting], zone: ZoneInfo | None) -> Lead:
    """Bound how far an array's clock is ahead, by dates that were seen.

    No date of a listing can lie after the array's present; and a copy that was taken between
    two readings bears a date of between them, if the clocks agree.
    """
    least = (
        [meaning(date, zone)[0] - listing.ended_at for date in _dates(listing)] if listing else []
    )
    most = []
    for seen in sightings:
        if seen.relation and (copied := seen.relation.copied):
            begin, end = meaning(copied, zone)
            least.append(begin - seen.since_at)
            most += [end - seen.before_at] if seen.before_at else []
    return Lead(max(least, default=None), min(most, default=None))


def judge_array_clock(array: str, found: Lead) -> Diagnosis:
    """Judge an array's clock by what is proved of it, and by nothing else."""
    check = f"clock of {array}"
    remedy = (
        "Set the array's clock, or this host's. flashd proves a resync by the array's own dates"
        " and counts ages so that none is too young; but people compare the two."
    )
    least, most = found.least, found.most
    if least is not None and most is not None and least > most:
        return hint(check, "was set between two resyncs, or this host's was", remedy)
    if least is not None and least > TOLERANCE:
        return hint(check, f"is at least {spell(least)} ahead of this host's", remedy)
    if most is not None and most < -TOLERANCE:
        return hint(check, f"is at least {spell(most)} behind this host's", remedy)
    if least is None or most is None or most - least > _CLOSE:
        return unseen(
            check,
            "nothing shows how it stands to this host's",
            "A resync that the daemon sees will.",
        )
    return ok(check, f"agrees with this host's to {spell(max(abs(least), abs(most)))} or better")


def judge_zone(array: str, listing: Listing, zone: ZoneInfo | None) -> Iterable[Diagnosis]:
    """Judge whether an array's dates mean one instant each."""
    check = f"dates of {array}"
    dates = _dates(listing)
    if not dates:
        yield unseen(check, "the array shows no date")
    for label, date in sorted({date.label: date for date in dates}.items()):
        yield _judge_label(check, label, date, zone)


def _judge_label(check: str, label: str, date: ArrayTime, zone: ZoneInfo | None) -> Diagnosis:
    low, high = meaning(date, None)
    if high - low == RESOLUTION:
        return ok(check, f"are in {label}, which is certain")
    if zone is None:
        return hint(
            check,
            f"are in {label!r}, which can mean instants {spell(high - low - RESOLUTION)} apart",
            "Set timezone in the section of auth.conf, or take TZ out of dscli.env:"
            " until then ages are uncertain by so much.",
        )
    named = {date.local.replace(tzinfo=zone, fold=fold).tzname() for fold in (0, 1)}
    if label not in named:
        return hint(
            check,
            f"are in {label!r}, and {zone.key} is {' or '.join(sorted(map(str, named)))} then",
            "Correct timezone in auth.conf, or TZ in dscli.env.",
        )
    return ok(check, f"are in {label!r}, read as that of {zone.key}")


def _dates(listing: Listing | None) -> Sequence[ArrayTime]:
    relations = listing.relations.values() if listing else ()
    return [one for relation in relations for one in (relation.created, relation.synced) if one]


def judge_host_clock(error: timedelta | None, now: datetime) -> Diagnosis:
    """Judge this host's clock by the greatest error that the kernel admits."""
    check, shown = "clock of this host", f"{now:%Y-%m-%dT%H:%M:%SZ}"
    if error is None:
        return unseen(check, f"{shown}; the kernel does not tell whether it is synchronised")
    if error >= _SYNCHRONISED:
        return hint(
            check,
            f"{shown}, not synchronised",
            "Run a time service such as chrony: schedules and delays go by this clock.",
        )
    return ok(check, f"{shown}, synchronised to {error / timedelta(milliseconds=1):.0f} ms")
