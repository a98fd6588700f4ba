"""What a host's write does: to its volume, to the copies of it, and to those it is a copy of."""

from collections.abc import Iterable
from dataclasses import replace

from flashd.sim.flashcopy.options import Refused
from flashd.sim.flashcopy.space import copy_first, missing_tracks, need_not_copy, take
from flashd.sim.inventory import Inventory
from flashd.sim.nouns import Mount, Volume

QUEUED = "queued"


def write(held: Inventory, volume: Volume) -> Volume | Refused | None:
    """Let a host write to a volume: it then holds something that no other volume holds.

    A write to a frozen volume waits; the answer is None.
    """
    if refusal := _refused(held, volume):
        return refusal
    if volume.frozen_until is not None:
        held.queue_write(volume.id)
        return None
    tracks = int(held.switches.number("tracks_per_write"))
    for relation in held.from_source(volume.id):
        copy_first(held, relation, tracks)
    if onto := held.onto_target(volume.id):
        need_not_copy(held, onto, tracks)
    return _take_in(held, volume.id, tracks)


def hosts_write(held: Inventory, volume_ids: Iterable[str]) -> None:
    """Let the hosts that write all the time write now to those of these volumes they mounted."""
    for volume_id in volume_ids:
        for mount in held.writers(volume_id):
            volume = held.volume(volume_id)
            if volume is None or not _goes_on(held, mount, volume):
                continue
            if isinstance(written := write(held, volume), Volume):
                held.put_mount(replace(mount, seen=written.content))


def _goes_on(held: Inventory, mount: Mount, volume: Volume) -> bool:
    """Say whether a host can write: not to what another reserved, nor over what was flashed.

    What came over its data it finds when it next reads; a write now would hide it.
    """
    if held.reserved_by(volume.id) not in {None, mount.host}:
        return False
    return volume.copied_from is None or mount.seen in {None, volume.content}


def release_queued(held: Inventory) -> None:
    """Let the writes go on that waited for volumes that are frozen no longer, in their order."""
    for number, volume_id in held.queued_writes():
        volume = held.volume(volume_id)
        if volume is not None and volume.frozen_until is not None:
            continue
        held.drop_queued_write(number)
        if volume is not None:
            write(held, volume)


def _refused(held: Inventory, volume: Volume) -> Refused | None:
    copied_onto = held.onto_target(volume.id)
    if copied_onto and not copied_onto.target_writable:
        return Refused(f"volume {volume.id} is a target that hosts may not write to")
    if any(not relation.source_writable for relation in held.from_source(volume.id)):
        return Refused(f"volume {volume.id} is a source that hosts may not write to")
    tracks = int(held.switches.number("tracks_per_write"))
    if missing_tracks(held, volume, tracks):
        return Refused(f"volume {volume.id} gets no space from pool {volume.pool}")
    if held.switches["ese_pool_full"] == "refuse-writes":
        return _no_space_for_copies(held, volume, tracks)
    return None


def _no_space_for_copies(held: Inventory, volume: Volume, tracks: int) -> Refused | None:
    for relation in held.from_source(volume.id):
        wanted = min(tracks, held.out_of_sync(relation))
        target = held.need_volume(relation.pair.target)
        if missing_tracks(held, target, wanted):
            return Refused(f"target {target.id} gets no space from pool {target.pool}")
    return None


def _take_in(held: Inventory, volume_id: str, tracks: int) -> Volume:
    take(held, held.need_volume(volume_id), tracks)
    volume = held.need_volume(volume_id)
    number = volume.writes + 1
    written = replace(
        volume,
        writes=number,
        host_writes=volume.host_writes + 1,
        content=f"{volume.id}@{number}",
        changed_at=held.next_generation(),
        copied_from=None,
    )
    held.change_content(written)
    return written
