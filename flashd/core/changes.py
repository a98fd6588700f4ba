"""What another set of definitions changes: services, and the decisions about them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING

from flashd.core.due import Due, NotDue, decide
from flashd.core.explain import WORDS
from flashd.core.health import last_resync_of
from flashd.core.holds import binding
from flashd.model.service import Freshness, Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from flashd.model.observation import Picture

_KEYS = {
    "min_delay": "sync_min_delay",
    "max_delay": "sync_max_delay",
    "refresh_after": "refresh_after",
    "resources": "sync",
}
_ZONE_OF_DATES = "the zone of its array's dates"


class Kind(StrEnum):
    """What became of a definition."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One service that is not as it was.

    `what` names the keys of its definition that differ. `before` and `after` put the decision in
    words that the daemon would take now; None where there is no such service.
    """

    service: str
    kind: Kind
    what: tuple[str, ...]
    before: str | None
    after: str | None

    @property
    def decides_otherwise(self) -> bool:
        """Whether another decision comes of it."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Side:
    """The definitions on one side of a change, and what is known of the arrays by them."""

    services: Mapping[str, Service]
    picture: Picture


def changes(old: Side, new: Side, now: datetime) -> tuple[Change, ...]:
    """Tell every service that was added, removed or changed, in the order of their names."""
    names = sorted(old.services.keys() | new.services.keys())
    return tuple(found for name in names if (found := _change(name, old, new, now)))


def _change(name: str, old: Side, new: Side, now: datetime) -> Change | None:
    before, after = old.services.get(name), new.services.get(name)
    if before is None and after is not None:
        return Change(name, Kind.ADDED, (), None, _decision(after, new.picture, now))
    if before is not None and after is None:
        return Change(name, Kind.REMOVED, (), _decision(before, old.picture, now), None)
    if before is None or after is None:
        return None
    keys = () if before == after else tuple(_differing(before, after))
    what = keys + _dates(after, old.picture, new.picture)
    if not what:
        return None
    decisions = _decision(before, old.picture, now), _decision(after, new.picture, now)
    return Change(name, Kind.CHANGED, what, *decisions)


def _differing(before: Service, after: Service) -> Iterator[str]:
    """Name the keys of the definition that differ."""
    for field in fields(Service):
        one, other = getattr(before, field.name), getattr(after, field.name)
        if not field.compare or one == other:
            continue
        if isinstance(one, Freshness):
            yield from (
                _KEYS[part.name]
                for part in fields(Freshness)
                if getattr(one, part.name) != getattr(other, part.name)
            )
        else:
            yield _KEYS.get(field.name, field.name)


def _dates(service: Service, old: Picture, new: Picture) -> tuple[str, ...]:
    """Tell whether an array's dates are read otherwise than before."""
    differs = any(old.zones.get(array) != new.zones.get(array) for array in service.arrays)
    return (_ZONE_OF_DATES,) if differs else ()


def _decision(service: Service, picture: Picture, now: datetime) -> str:
    if any(clone not in picture.sightings for clone in service.clones):
        return "to be observed first"
    standing = picture.standings.get(service.name)
    retry_at = standing.retry_at if standing else None
    last = last_resync_of(service, picture.sightings, picture.zones)
    match decide(service, last, now, retry_at, binding(picture.holds, service, now)):
        case Due(reason):
            return f"due: {WORDS[reason]}"
        case NotDue(reason, None):
            return f"not due: {WORDS[reason]}"
        case NotDue(reason, until):
            return f"not due until {until:%Y-%m-%dT%H:%M:%SZ}: {WORDS[reason]}"
