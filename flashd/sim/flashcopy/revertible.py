"""Relations that can go back to the point in time before, as Global Mirror's recovery needs it."""

from dataclasses import replace

from flashd.sim.flashcopy import refusals
from flashd.sim.flashcopy.freeze import freeze
from flashd.sim.flashcopy.options import NO_RELATION, Options, Refused
from flashd.sim.flashcopy.resync import refresh
from flashd.sim.ids import Pair
from flashd.sim.inventory import Inventory
from flashd.sim.nouns import Relation


def make_revertible(held: Inventory, pair: Pair, options: Options) -> Relation | Refused:
    """Keep what the target holds, so that `revert` can bring it back."""
    relation = held.relation(pair)
    if relation is None:
        return NO_RELATION
    refusal = refusals.not_resyncable(held, relation)
    refusal = refusal or refusals.volumes_unfit(held, pair, options)
    if refusal:
        return refusal
    saved = held.need_volume(pair.target).content
    if held.switches["set_revertible"] == "resyncs":
        relation = refresh(held, relation, replace(options, record=True, persist=True))
    elif options.freeze:
        freeze(held, pair.source)
    return _put(held, relation, revertible=True, saved=saved)


def commit(held: Inventory, relation: Relation) -> Relation | Refused:
    """Keep what the target holds now; there is no way back any more."""
    if not relation.revertible:
        return Refused("the FlashCopy relationship is not revertible")
    return _put(held, relation, revertible=False, saved=None)


def revert(held: Inventory, relation: Relation) -> Relation | Refused:
    """Make the target what it was when the relation became revertible."""
    if not relation.revertible or relation.saved is None:
        return Refused("the FlashCopy relationship is not revertible")
    target = held.need_volume(relation.pair.target)
    held.change_content(
        replace(
            target,
            content=relation.saved,
            writes=target.writes + 1,
            changed_at=held.next_generation(),
            copied_from=None,
        )
    )
    return _put(held, relation, revertible=False, saved=None)


def _put(held: Inventory, relation: Relation, *, revertible: bool, saved: str | None) -> Relation:
    changed = replace(relation, revertible=revertible, saved=saved)
    held.put_relation(changed)
    return changed
