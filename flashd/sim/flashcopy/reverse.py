"""Source and target change roles: what was copied comes back."""

from dataclasses import replace

from flashd.sim.flashcopy import refusals
from flashd.sim.flashcopy.flash import changed_tracks, flash
from flashd.sim.flashcopy.options import NO_RELATION, Options, Refused
from flashd.sim.flashcopy.space import ruin
from flashd.sim.ids import Pair
from flashd.sim.inventory import Inventory
from flashd.sim.nouns import Relation


def reverse(held: Inventory, pair: Pair, options: Options) -> Relation | Refused:
    """Make the source a copy of its target. From then on the pair is the other way round.

    Without `fast` the copy has to be complete. With it the source is restored while tracks are
    missing on the target, which then holds nothing usable [recalled].
    """
    relation = held.relation(pair)
    if relation is None:
        return NO_RELATION
    refusal = refusals.not_incremental(relation) or _not_copied(held, relation, options)
    refusal = refusal or refusals.volumes_unfit(held, pair.turned, options)
    refusal = refusal or _others_in_the_way(held, relation, options)
    if refusal:
        return refusal
    return _turn(held, relation, options)


def swap(held: Inventory, relation: Relation) -> Relation | Refused:
    """Swap the roles alone, whatever the relation is like; what the volumes hold stays."""
    return _source_is_target(held, relation) or _swap(held, relation)


def _turn(held: Inventory, relation: Relation, options: Options) -> Relation:
    left = held.out_of_sync(relation)
    every = held.need_volume(relation.pair.target).tracks
    tracks = min(every, left + changed_tracks(held, relation))
    turned = _swap(held, relation)
    other = flash(held, replace(turned, synced_at=held.at), tracks, options)
    if left > 0 and held.switches["fast_reverse"] == "ruins":
        ruin(held, turned.pair.source)
    return other


def _swap(held: Inventory, relation: Relation) -> Relation:
    held.drop_relation(relation.pair)
    turned = replace(relation, pair=relation.pair.turned)
    held.put_relation(turned)
    return turned


def _not_copied(held: Inventory, relation: Relation, options: Options) -> Refused | None:
    if options.fast or held.out_of_sync(relation) == 0:
        return None
    return Refused("the copy is not complete, which -fast would permit")


def _others_in_the_way(held: Inventory, relation: Relation, options: Options) -> Refused | None:
    """Say why the source cannot become a target, or the target a source."""
    pair = relation.pair
    if refusal := _source_is_target(held, relation):
        return refusal
    if len(held.from_source(pair.source)) > 1 or held.from_source(pair.target):
        cascaded = refusals.cascade_refused(held)
        return cascaded or refusals.source_full(held, pair.target, options)
    return None


def _source_is_target(held: Inventory, relation: Relation) -> Refused | None:
    if other := held.onto_target(relation.pair.source):
        return Refused(f"the source is the target of volume {other.pair.source}")
    return None
