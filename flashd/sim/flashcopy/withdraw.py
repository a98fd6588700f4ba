"""The end of a relation."""

from dataclasses import replace

from flashd.sim.flashcopy.options import NO_RELATION, Refused
from flashd.sim.flashcopy.space import ruin
from flashd.sim.ids import Pair
from flashd.sim.inventory import Inventory
from flashd.sim.nouns import Relation


def withdraw(held: Inventory, pair: Pair, sequence: str | None = None) -> Relation | Refused:
    """End a relation. Of a copy that was not complete, the target holds nothing usable."""
    relation = _meant(held, pair, sequence)
    if isinstance(relation, Refused):
        return relation
    if held.out_of_sync(relation) > 0:
        ruin(held, pair.target)
    held.drop_relation(pair)
    return relation


def withdraw_when_copied(
    held: Inventory, pair: Pair, sequence: str | None = None
) -> Relation | Refused:
    """Copy the rest in the background, and end the relation with that [recalled]."""
    relation = _meant(held, pair, sequence)
    if isinstance(relation, Refused):
        return relation
    left = held.out_of_sync(relation)
    if left == 0 or relation.state != "Valid":
        return withdraw(held, pair)
    passing = replace(relation, recording=False, persistent=False, background_copy=True)
    copying = replace(passing, uncopied=left, copy_from=held.at, held=False)
    held.put_relation(copying)
    return copying


def _meant(held: Inventory, pair: Pair, sequence: str | None) -> Relation | Refused:
    """Return the relation, which must have the sequence number if one is given [recalled]."""
    relation = held.relation(pair)
    if relation is None:
        return NO_RELATION
    if sequence is not None and int(sequence, 16) != int(relation.sequence, 16):
        return Refused(f"the FlashCopy relationship has sequence number {relation.sequence}")
    return relation
