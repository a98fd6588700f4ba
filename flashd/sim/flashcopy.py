"""What FlashCopy does to volumes and relations, and what it refuses.

Nothing here knows commands, options as typed, or texts on a screen. A refusal is an answer.
"""

from dataclasses import dataclass, replace

from flashd.sim.ids import Pair
from flashd.sim.inventory import Inventory
from flashd.sim.nouns import Relation, Volume

TARGETS_PER_SOURCE = 12
UNPREDICTABLE = "unpredictable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a relation shall be like; a resync replaces all of it."""

    record: bool = False
    persist: bool = False
    background_copy: bool = True
    multinc: bool = False
    target_inhibit: bool = False
    space_efficient_target: bool = False
    sequence: str = "0"


@dataclass(frozen=True, slots=True)
class Refused:
    """The array does not do it."""

    reason: str


def establish(held: Inventory, pair: Pair, options: Options) -> Relation | Refused:
    """Make a relation, and the target a copy of the source as of now."""
    refusal = _volumes_unfit(held, pair, options) or _target_taken(held, pair)
    refusal = refusal or _source_full(held, pair, options)
    if refusal:
        return refusal
    tracks = held.need_volume(pair.source).tracks
    synced_at = held.at if held.switches.on("synced_on_establish") else None
    bare = Relation(
        pair=pair, created_at=held.at, synced_at=synced_at, recording=False, persistent=False
    )
    return _flash(held, _shape(bare, options), tracks)


def resync(held: Inventory, pair: Pair, options: Options) -> Relation | Refused:
    """Bring an incremental relation to a new point in time.

    The options replace those of the relation: without record and persist it loses both.
    """
    relation = held.relation(pair)
    if relation is None:
        return Refused("the volumes are in no FlashCopy relationship")
    refusal = _not_resyncable(held, relation) or _volumes_unfit(held, pair, options)
    if refusal:
        return refusal
    changed = min(
        held.need_volume(pair.source).tracks, held.out_of_sync(relation) + _changed(held, relation)
    )
    created_at = held.at if held.switches.on("created_on_resync") else relation.created_at
    fresh = replace(relation, synced_at=held.at, created_at=created_at)
    return _flash(held, _shape(fresh, options), changed)


def withdraw(held: Inventory, pair: Pair) -> Relation | Refused:
    """End a relation. Of a copy that was not complete, the target holds nothing usable."""
    relation = held.relation(pair)
    if relation is None:
        return Refused("the volumes are in no FlashCopy relationship")
    if held.out_of_sync(relation) > 0:
        target = held.need_volume(pair.target)
        held.put_volume(replace(target, content=UNPREDICTABLE))
    held.drop_relation(pair)
    return relation


def write(held: Inventory, volume: Volume) -> Volume | Refused:
    """Let a host write to a volume: it then holds something that no other volume holds."""
    copied_onto = held.onto_target(volume.id)
    if copied_onto and not copied_onto.target_writable:
        return Refused(f"volume {volume.id} is a target that hosts may not write to")
    if any(not relation.source_writable for relation in held.from_source(volume.id)):
        return Refused(f"volume {volume.id} is a source that hosts may not write to")
    number = volume.writes + 1
    written = replace(volume, writes=number, content=f"{volume.id}@{number}")
    held.put_volume(written)
    return written


def _shape(relation: Relation, options: Options) -> Relation:
    return replace(
        relation,
        recording=options.record,
        persistent=options.persist or options.record,
        background_copy=options.background_copy,
        multinc=options.multinc,
        target_writable=not options.target_inhibit,
        sequence=options.sequence,
    )


def _flash(held: Inventory, relation: Relation, tracks: int) -> Relation:
    pair = relation.pair
    held.copy_content(pair)
    flashed = replace(
        relation,
        uncopied=tracks,
        copy_from=held.at,
        held=False,
        source_writes=held.need_volume(pair.source).writes,
        target_writes=held.need_volume(pair.target).writes,
    )
    held.put_relation(flashed)
    return flashed


def _changed(held: Inventory, relation: Relation) -> int:
    source, target = relation.pair.source, relation.pair.target
    writes = held.need_volume(source).writes - relation.source_writes
    writes += held.need_volume(target).writes - relation.target_writes
    return int(writes * held.switches.number("tracks_per_write"))


def _volumes_unfit(held: Inventory, pair: Pair, options: Options) -> Refused | None:
    source, target = held.volume(pair.source), held.volume(pair.target)
    if source is None or target is None:
        missing = pair.source if source is None else pair.target
        return Refused(f"volume {missing} does not exist")
    if source.id == target.id:
        return Refused("source and target are the same volume")
    return _size_unfit(source, target) or _space_unfit(held, target, options)


def _size_unfit(source: Volume, target: Volume) -> Refused | None:
    if target.blocks < source.blocks:
        return Refused("the target is smaller than the source")
    if target.blocks > source.blocks and target.space_efficient:
        return Refused("a space efficient target must be as large as the source")
    return None


def _space_unfit(held: Inventory, target: Volume, options: Options) -> Refused | None:
    permitted = options.space_efficient_target or not target.space_efficient
    if permitted or held.switches["ese_without_tgtse"] == "accept":
        return None
    return Refused("the target is space efficient, which -tgtse would permit")


def _target_taken(held: Inventory, pair: Pair) -> Refused | None:
    if held.relation(pair):
        return Refused("the volumes are in a FlashCopy relationship already")
    if other := held.onto_target(pair.target):
        return Refused(f"the target is the target of volume {other.pair.source} already")
    if held.relation(Pair(pair.target, pair.source)):
        return Refused("the volumes are in the opposite FlashCopy relationship")
    cascaded = held.from_source(pair.target) or held.onto_target(pair.source)
    if cascaded and held.switches["cascading"] == "refuse":
        return Refused("a volume cannot be source and target at once")
    return None


def _source_full(held: Inventory, pair: Pair, options: Options) -> Refused | None:
    others = held.from_source(pair.source)
    if len(others) >= TARGETS_PER_SOURCE:
        return Refused(f"the source has {TARGETS_PER_SOURCE} targets already")
    if not options.record or options.multinc:
        return None
    if any(relation.recording for relation in others):
        return Refused("the source has an incremental FlashCopy relationship already")
    return None


def _not_resyncable(held: Inventory, relation: Relation) -> Refused | None:
    if not (relation.recording and relation.persistent):
        return Refused("the FlashCopy relationship is not recording and persistent")
    if relation.state != "Valid":
        return Refused(f"the FlashCopy relationship is in state {relation.state}")
    if relation.revertible:
        return Refused("the FlashCopy relationship is revertible")
    if held.switches["resync_while_copying"] == "accept" or held.out_of_sync(relation) == 0:
        return None
    return Refused("the background copy is still running") if relation.background_copy else None
