"""How fresh is a service, and is all as it should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flashd.core.durations import spell
from flashd.core.instants import last_resync, oldest
from flashd.core.plan import unexpected
from flashd.core.verify import in_doubt_until, unconfirmed
from flashd.model.health import Health, Status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from flashd.model.health import Bounds
    from flashd.model.observation import Picture, Sighting, Withdrawal
    from flashd.model.service import Resource, Service
    from flashd.model.volumes import Pair


_WITHDRAWN = " (withdrawn by flashd, which establishes it in the next run)"


def assess(service: Service, picture: Picture, now: datetime) -> Health:
    """Give a service its status and every reason for it.

    The age of the last observation alone changes nothing: what was proved stays proved.
    """
    last = last_resync_of(service, picture.sightings, picture.zones)
    unknown = _unknown(service, picture, now)
    warnings = [*_unexpected(service, picture), *_age(service, last, now)]
    if unknown:
        return Health(Status.UNKNOWN, (*unknown, *warnings), last)
    return Health(Status.WARN if warnings else Status.UP, tuple(warnings), last)


def last_resync_of(
    service: Service,
    sightings: Mapping[tuple[str, Pair], Sighting],
    zones: Mapping[str, ZoneInfo | None],
) -> Bounds | None:
    """Bound the last resync of a service's oldest pair; None where a pair holds no copy."""
    copies = [
        last_resync(sighting, zones.get(clone[0])) if (sighting := sightings.get(clone)) else None
        for clone in service.clones
    ]
    return oldest(copies)


def _unknown(service: Service, picture: Picture, now: datetime) -> list[str]:
    unseen = {array for array, pair in service.clones if (array, pair) not in picture.sightings}
    reasons = [f"never observed on {array}" for array in sorted(unseen)]
    reasons += [
        f"array {array} could not be read: {record.failure}"
        for array in service.arrays
        if (record := picture.arrays.get(array)) and record.failure
    ]
    if (run := picture.open_runs.get(service.name)) and run.open and run.steps:
        until = in_doubt_until(run, picture.doubt)
        doubt = f": {unconfirmed(until)}" if until and now <= until else ""
        reasons.append(f"the outcome of run {run.id} is not known{doubt}")
    return reasons


def _unexpected(service: Service, picture: Picture) -> list[str]:
    relations = picture.relations_of(service)
    reasons = []
    for resource in service.resources:
        mine = _withdrawn_of(service, resource, picture)
        stays = {objection.pair for objection in unexpected(resource, relations, mine)}
        for objection in unexpected(resource, relations, {}):
            if (resource.array, objection.pair) in picture.sightings:
                healed = objection.pair not in stays
                reasons.append(f"{objection}{_WITHDRAWN if healed else ''}")
    return reasons


def _withdrawn_of(service: Service, resource: Resource, picture: Picture) -> dict[Pair, Withdrawal]:
    """Pick the pairs that this service itself withdrew; it heals no others."""
    return {
        pair: one
        for pair in resource.pairs
        if (one := picture.withdrawals.get((resource.array, pair))) and one.service == service.name
    }


def _age(service: Service, last: Bounds | None, now: datetime) -> list[str]:
    if last is None:
        return []  # the pair that holds no copy has its own warning
    if last.earliest is None:
        return ["the time of the last resync is not known"]
    limit = service.freshness.max_delay
    if (age := now - last.earliest) > limit:
        return [f"last resync {spell(age)} ago, more than sync_max_delay {spell(limit)}"]
    return []
