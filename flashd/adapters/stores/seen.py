"""What a listing adds to what was known of a pair: when its copy can have been taken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, overload

from flashd.core.instants import bounded, read
from flashd.model.health import Bounds
from flashd.model.observation import ArrayRecord, Sighting

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    from flashd.model.observation import Withdrawal
    from flashd.model.volumes import ArrayTime, Listing, Pair, Relation


@dataclass(frozen=True, slots=True)
class Dated:
    """The last date that was seen of a pair, its bounds, and when a reading last showed it."""

    text: str
    before_at: datetime | None
    since_at: datetime
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of a pair; `dated` outlives readings that show no date."""

    sighting: Sighting
    dated: Dated | None


def advance(known: Known | None, listing: Listing, pair: Pair) -> Known:
    """Add what `listing` shows of `pair`.

    A reading is as old as its beginning, and has proved something at its end: it counts from
    `began_at` where it says what was still so, from `ended_at` where it says what is new.
    A date that was seen before is no new copy, though the pair was missing in between.
    """
    relation = listing.relations.get(pair)
    date = _date(relation)
    if known is None:
        before_at, since_at = None, listing.ended_at
    elif date is not None and known.dated is not None and date == known.dated.text:
        before_at, since_at = known.dated.before_at, known.dated.since_at
    elif _look(relation) == _look(known.sighting.relation):
        before_at, since_at = known.sighting.before_at, known.sighting.since_at
    else:
        before_at, since_at = _last_other(known), listing.ended_at
    sighting = Sighting(
        array=listing.array,
        pair=pair,
        relation=relation,
        observed_at=listing.began_at,
        before_at=before_at,
        since_at=since_at,
    )
    if date is None:
        return Known(sighting, known.dated if known else None)
    return Known(sighting, Dated(date, before_at, since_at, listing.began_at))


def _last_other(known: Known) -> datetime | None:
    """Tell when a reading last proved that the copy of now was not there yet.

    One that showed the pair without a date proves nothing; the last that showed one does.
    """
    if known.sighting.relation is None or _date(known.sighting.relation) is not None:
        return known.sighting.observed_at
    return known.dated.read_at if known.dated else None


def _look(relation: Relation | None) -> tuple[object, ...]:
    """Tell what changes where the copy is another one: its date, even where it was not read."""
    return (None,) if relation is None else (_date(relation), relation.unread)


def _date(relation: Relation | None) -> str | None:
    return relation.copied.text if relation and relation.copied else None


@dataclass(frozen=True, slots=True)
class Setting:
    """A wall clock that was set `by` so much, and shows `now`: what was seen by it before."""

    now: datetime
    by: timedelta
    zones: Mapping[str, ZoneInfo | None]

    def known(self, known: Known) -> Known:
        """Bound the copies of a pair anew, so that none is younger than it is."""
        seen, dated = known.sighting, known.dated
        zone = self.zones.get(seen.array)
        return Known(self._sighting(seen, zone), dated and self._dated(dated, zone))

    def record(self, record: ArrayRecord) -> ArrayRecord:
        """Tell when an array was read, or could not be, by the clock of now."""
        return replace(
            record,
            observed_at=self._still(record.observed_at),
            failed_at=self._still(record.failed_at),
        )

    def withdrawal(self, withdrawal: Withdrawal) -> Withdrawal:
        """Tell since when a pair is withdrawn: what is listed from now on was listed after that."""
        return replace(withdrawal, at=self._still(withdrawal.at))

    def _sighting(self, seen: Sighting, zone: ZoneInfo | None) -> Sighting:
        copied = seen.relation.copied if seen.relation else None
        before_at, since_at = self._between(copied, (seen.before_at, seen.since_at), zone)
        return replace(
            seen,
            observed_at=self._still(seen.observed_at),
            before_at=before_at,
            since_at=since_at,
        )

    def _dated(self, dated: Dated, zone: ZoneInfo | None) -> Dated:
        seen = dated.before_at, dated.since_at
        bounds = self._between(read(dated.text), seen, zone)
        return Dated(dated.text, *bounds, self._still(dated.read_at))

    def _between(
        self,
        copied: ArrayTime | None,
        seen: tuple[datetime | None, datetime],
        zone: ZoneInfo | None,
    ) -> tuple[datetime | None, datetime]:
        bounds = bounded(copied, Bounds(*seen), zone)
        return self._still(bounds.earliest), min((bounds.latest or seen[1]) + self.by, self.now)

    @overload
    def _still(self, at: datetime) -> datetime: ...
    @overload
    def _still(self, at: None) -> None: ...
    @overload
    def _still(self, at: datetime | None) -> datetime | None: ...
    def _still(self, at: datetime | None) -> datetime | None:
        """Tell the earliest instant by the clock of now at which something may have been so."""
        return None if at is None else min(at, at + self.by, self.now)


def after_success(before: ArrayRecord, listing: Listing) -> ArrayRecord:
    """Tell how reading an array went last, now that a listing of it came."""
    newer = before.observed_at is None or before.observed_at <= listing.began_at
    failed_since = before.failed_at is not None and before.failed_at > listing.ended_at
    if not newer and failed_since:  # a reading ahead of the clock must not keep a failure alive
        return before
    observed = listing.began_at if newer else before.observed_at
    return ArrayRecord(array=listing.array, observed_at=observed)


def after_failure(before: ArrayRecord, record: ArrayRecord) -> ArrayRecord:
    """Keep the later `observed_at`: somebody may have read the array since the caller asked."""
    seen = [at for at in (before.observed_at, record.observed_at) if at is not None]
    return replace(record, observed_at=max(seen, default=None))


def occupied(withdrawal: Withdrawal, listing: Listing) -> bool:
    """Whether a listing shows the target of a withdrawn pair in another relation.

    Then somebody needs it for something else, also once that relation is gone: what he has there
    is not to be overwritten.
    """
    pair = withdrawal.pair
    if listing.began_at < withdrawal.at:
        return False
    return any(pair.target in other.volumes for other in listing.relations if other != pair)


def back_again(
    withdrawal: Withdrawal, relation: Relation | None, listing: Listing, run_ended: datetime | None
) -> bool:
    """Whether a listing shows that a withdrawn pair is there again.

    Listings are also read while a withdraw is under way, and then show the relation that is
    about to go. So it must be another relation than the withdrawn one, or the run must have
    ended before: then the withdraw did not happen.
    """
    if relation is None or listing.began_at < withdrawal.at:
        return False
    if run_ended is not None and run_ended <= listing.began_at:
        return True
    if relation.created is None or withdrawal.created is None:
        return False
    return relation.created.text != withdrawal.created
