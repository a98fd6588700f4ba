"""What hosts do with volumes: mount, write, read back, reserve. Here harm comes to light.

The array never refuses a FlashCopy onto an FB volume because a host has it mounted. A host that
comes to know it is a host that finds other data than it left there.
"""

from dataclasses import replace

from flashd.sim import flashcopy
from flashd.sim.errors import SimError
from flashd.sim.flashcopy import QUEUED
from flashd.sim.hosts.nouns import Harm
from flashd.sim.inventory import Inventory
from flashd.sim.nouns import Mount, Volume


def check_mapped(held: Inventory, host: str, volume: Volume) -> None:
    """Refuse where a host does not see a volume: they share no volume group."""
    connections = held.hosts.of(host)
    if not connections:
        known = ", ".join(sorted({c.name for c in held.hosts.connections()})) or "none"
        raise SimError(f"there is no host {host!r}; there are: {known}")
    seen = {connection.volgrp for connection in connections} - {"-"}
    if not ({"V20", *volume.volgrp.split(",")} & seen):
        raise SimError(f"host {host} does not see volume {volume.id}; map it first")


def mount(held: Inventory, host: str, volume_id: str, *, writing: bool = False) -> Mount:
    """Let a host mount a volume that it sees; another's reservation is in the way."""
    volume = held.need_volume(volume_id)
    check_mapped(held, host, volume)
    _check_reservation(held, host, volume_id)
    mounted = Mount(host=host, volume=volume_id, writing=writing, seen=volume.content)
    held.put_mount(mounted)
    return mounted


def write(held: Inventory, host: str, volume_id: str, now: float) -> tuple[str, Harm | None]:
    """Let a host write to a volume that it has mounted; first it reads what it left there.

    The answer is what the volume holds then, or `queued` while it is frozen.
    """
    mounted = need_mount(held, host, volume_id)
    _check_reservation(held, host, volume_id)
    harm = read_back(held, mounted, now)
    written = flashcopy.write(held, held.need_volume(volume_id))
    if isinstance(written, flashcopy.Refused):
        raise SimError(written.reason)
    if written is None:
        return QUEUED, harm
    held.put_mount(replace(mounted, seen=written.content))
    return written.content, harm


def read_back(held: Inventory, mounted: Mount, now: float) -> Harm | None:
    """Compare what a volume holds with what its host left there; note the harm, and once."""
    content = held.need_volume(mounted.volume).content
    held.put_mount(replace(mounted, seen=content))
    seen = mounted.seen
    if seen is None or not was_overwritten(mounted.volume, seen, content):
        return None
    harm = Harm(at=now, host=mounted.host, volume=mounted.volume, lost=seen, now=content)
    held.hosts.note_harm(harm)
    return harm


def was_overwritten(volume_id: str, seen: str, now: str) -> bool:
    """Say whether what a volume holds `now` came over what was `seen` other than by hosts' writes.

    A later write to the same volume, of this host or of another, builds on what was there.
    """
    if now == seen:
        return False
    after = _write_number(volume_id, now)
    return after is None or after < (_write_number(volume_id, seen) or 0)


def _write_number(volume_id: str, content: str) -> int | None:
    """Return which write to this very volume a content is, or None for another volume's."""
    volume, _, number = content.rpartition("@")
    return int(number) if volume == volume_id else None


def umount(held: Inventory, host: str, volume_id: str, now: float) -> Harm | None:
    """Let a host umount a volume; it finds out at last what became of its writes."""
    harm = read_back(held, need_mount(held, host, volume_id), now)
    held.drop_mount(host, volume_id)
    return harm


def is_mounted(held: Inventory, host: str, volume_id: str) -> bool:
    """Say whether a host has a volume mounted."""
    return any((m.host, m.volume) == (host, volume_id) for m in held.mounts())


def need_mount(held: Inventory, host: str, volume_id: str) -> Mount:
    """Return what a host has mounted."""
    for mounted in held.mounts():
        if (mounted.host, mounted.volume) == (host, volume_id):
            return mounted
    raise SimError(f"host {host} has not mounted volume {volume_id}")


def reserve(held: Inventory, host: str, volume_id: str) -> None:
    """Let a host hold a SCSI reservation, as AIX does with reserve_policy=single_path."""
    check_mapped(held, host, held.need_volume(volume_id))
    _check_reservation(held, host, volume_id)
    held.reserve(volume_id, host)


def release(held: Inventory, host: str, volume_id: str) -> None:
    """Let a host give its reservation back."""
    if held.reserved_by(volume_id) != host:
        raise SimError(f"host {host} holds no reservation of volume {volume_id}")
    held.release(volume_id)


def _check_reservation(held: Inventory, host: str, volume_id: str) -> None:
    holder = held.reserved_by(volume_id)
    if holder not in {None, host}:
        raise SimError(f"volume {volume_id} is reserved by host {holder}")
