"""The flash itself: at one instant the target becomes what the source is."""

from dataclasses import replace

from flashd.sim.flashcopy.freeze import freeze
from flashd.sim.flashcopy.options import Options
from flashd.sim.flashcopy.space import copy_first
from flashd.sim.inventory import Inventory
from flashd.sim.nouns import Relation


def shape(relation: Relation, options: Options) -> Relation:
    """Return the relation with all its options replaced."""
    return replace(
        relation,
        recording=options.record,
        persistent=options.persist or options.record,
        background_copy=options.background_copy,
        multinc=options.multinc,
        target_writable=not options.target_inhibit,
        sequence=options.sequence,
    )


def flash(held: Inventory, relation: Relation, tracks: int, options: Options) -> Relation:
    """Shape the relation, bring it to a new point in time; `tracks` are left to be copied."""
    pair = relation.pair
    if options.break_reservation:
        held.release(pair.target)
    _disturb_mirror(held, pair.target)
    for onward in held.from_source(pair.target):
        copy_first(held, onward, tracks)
    generation = _copy_content(held, relation)
    source, target = held.need_volume(pair.source), held.need_volume(pair.target)
    flashed = replace(
        shape(relation, options),
        uncopied=tracks,
        copy_from=held.at,
        held=False,
        source_writes=source.writes,
        target_writes=target.writes,
        flashed_at=generation,
        filling=target.space_efficient and tracks > 0,
        unclaimed=tracks,
    )
    held.put_relation(flashed)
    if options.freeze:
        freeze(held, pair.source)
    return flashed


def changed_tracks(held: Inventory, relation: Relation) -> int:
    """How many tracks hosts have written to on either side since the last point in time."""
    source, target = relation.pair.source, relation.pair.target
    writes = held.need_volume(source).writes - relation.source_writes
    writes += held.need_volume(target).writes - relation.target_writes
    return int(writes * held.switches.number("tracks_per_write"))


def _copy_content(held: Inventory, relation: Relation) -> int:
    source = held.need_volume(relation.pair.source)
    target = held.need_volume(relation.pair.target)
    generation = held.next_generation()
    copy = replace(
        target,
        content=source.content,
        writes=target.writes + 1,
        changed_at=generation,
        copied_from=source.id,
        same_from=source.changed_at,
        same_until=None,
    )
    held.change_content(copy)
    return generation


def _disturb_mirror(held: Inventory, target: str) -> None:
    """Let a mirror whose primary is flashed have all of it to send again [recalled]."""
    if (mirror := held.mirrored(target)) and mirror.state == "Full Duplex":
        held.put_remote_copy(replace(mirror, state="Copy Pending"))
