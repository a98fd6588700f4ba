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


def take(held: Inventory, volume: Volume, tracks: int) -> Volume:
    """Let a volume take tracks, as far as it does not have them."""
    taken = replace(volume, allocated=volume.allocated + _wanted(volume, tracks))
    held.put_volume(taken)
    return taken


def claim(held: Inventory, relation: Relation) -> None:
    """Let the target take the space of what was copied since the last look."""
    left = held.out_of_sync(relation)
    target = held.need_volume(relation.pair.target)
    copied = relation.unclaimed - left
    missing = missing_tracks(held, target, copied)
    if missing == 0 and copied == 0:
        return
    take(held, target, copied - missing)
    now = replace(relation, unclaimed=left, filling=left > 0)
    if missing:
        _run_out(held, now, left + missing)
    else:
        held.put_relation(now)


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
