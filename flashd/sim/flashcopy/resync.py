"""A new point in time for a relation that is there."""

from dataclasses import replace

from flashd.sim.flashcopy import refusals
from flashd.sim.flashcopy.flash import changed_tracks, flash
from flashd.sim.flashcopy.options import NO_RELATION, Options, Refused
from flashd.sim.ids import Pair
from flashd.sim.inventory import Inventory
from flashd.sim.nouns import Relation


def resync(held: Inventory, pair: Pair, options: Options) -> Relation | Refused:
    """Bring an incremental relation to a new point in time.

    The options replace those of the relation: without record and persist it loses both.
    """
    relation = held.relation(pair)
    if relation is None:
        return NO_RELATION
    refusal = refusals.not_resyncable(held, relation)
    refusal = refusal or refusals.volumes_unfit(held, pair, options)
    refusal = refusal or refusals.multinc_refused(held, options)
    return refusal or refresh(held, relation, options)


def refresh(held: Inventory, relation: Relation, options: Options) -> Relation:
    """Copy what changed on either side, and what was not copied yet."""
    every = held.need_volume(relation.pair.source).tracks
    tracks = min(every, held.out_of_sync(relation) + changed_tracks(held, relation))
    created_at = held.at if held.switches.on("created_on_resync") else relation.created_at
    fresh = replace(relation, synced_at=held.at, created_at=created_at)
    return flash(held, fresh, tracks, options)
