"""Space efficient volumes: they take tracks from their pool as these are written or copied."""

from dataclasses import replace

from flashd.sim.inventory import Inventory
from flashd.sim.nouns import Relation, Volume

UNPREDICTABLE = "unpredictable"
FAILED = "Tgt Failed"  # a word of State that is recalled, not found in writing


def missing_tracks(held: Inventory, volume: Volume, tracks: int) -> int:
    """How many of `tracks` a volume cannot take from its pool."""
    wanted = _wanted(volume, tracks)
    return max(0, wanted - int(min(held.space_left(volume.pool), wanted))) if wanted else 0


def take(held: Inventory, volume: Volume, tracks: int) -> None:
    """Let a volume take tracks, as far as it does not have them."""
    if wanted := _wanted(volume, tracks):
        held.allocate(volume, wanted)


def claim(held: Inventory, relation: Relation) -> None:
    """Let the target take the space of what was copied since the last look."""
    left = held.out_of_sync(relation)
    copied = relation.unclaimed - left
    if copied == 0 and left > 0:
        return
    target = held.need_volume(relation.pair.target)
    missing = missing_tracks(held, target, copied)
    take(held, target, copied - missing)
    if missing:
        _run_out(held, replace(relation, unclaimed=left), left + missing)
    else:
        held.note_claim(relation.pair, left)


def copy_first(held: Inventory, relation: Relation, tracks: int) -> None:
    """Copy tracks of a source before they are written to.

    The model knows amounts, not places: each write is taken to hit tracks that none has hit
    before.
    """
    if spared := _spared(held, relation, tracks):
        copied = replace(relation, uncopied=relation.uncopied - spared)
        held.put_relation(copied)
        if copied.filling:
            claim(held, copied)


def need_not_copy(held: Inventory, relation: Relation, tracks: int) -> None:
    """Leave out tracks of a target that are written to: the write takes their space itself."""
    if spared := _spared(held, relation, tracks):
        uncopied, unclaimed = relation.uncopied - spared, relation.unclaimed - spared
        held.put_relation(replace(relation, uncopied=uncopied, unclaimed=unclaimed))


def _spared(held: Inventory, relation: Relation, tracks: int) -> int:
    return 0 if relation.held else min(tracks, held.out_of_sync(relation))


def ruin(held: Inventory, volume_id: str) -> None:
    """Let a volume hold nothing that anybody could use."""
    volume = held.need_volume(volume_id)
    ruined = replace(
        volume, content=UNPREDICTABLE, changed_at=held.next_generation(), copied_from=None
    )
    held.change_content(ruined)


def _wanted(volume: Volume, tracks: int) -> int:
    if not volume.space_efficient:
        return 0
    return max(0, min(tracks, volume.tracks - volume.allocated))


def _run_out(held: Inventory, relation: Relation, left: int) -> None:
    """Let a copy that finds no space fail, be withdrawn, or wait for space."""
    position = held.switches["ese_pool_full"]
    if position == "refuse-writes":
        waiting = replace(relation, uncopied=left, copy_from=held.at, unclaimed=left, filling=True)
        held.put_relation(waiting)
        return
    ruin(held, relation.pair.target)
    if position == "withdraw":
        held.drop_relation(relation.pair)
        return
    failed = replace(relation, state=FAILED, uncopied=left, held=True, filling=False)
    held.put_relation(failed)
