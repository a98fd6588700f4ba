"""-freeze: a source is long busy until somebody thaws its logical subsystem, or for a time."""

from dataclasses import replace

from flashd.sim.inventory import Inventory


def freeze(held: Inventory, volume_id: str) -> None:
    """Let writes to a volume wait until its logical subsystem's timer has run out."""
    volume = held.need_volume(volume_id)
    until = held.at + held.long_busy(volume.lss)
    held.put_volume(replace(volume, frozen_until=until))


def thaw(held: Inventory, lss: str) -> None:
    """Let writes to all volumes of a logical subsystem go on."""
    for volume in held.frozen():
        if volume.lss == lss:
            held.put_volume(replace(volume, frozen_until=None))


def thaw_in_time(held: Inventory) -> None:
    """Thaw the volumes whose timers have run out."""
    for volume in held.frozen():
        if volume.frozen_until is not None and volume.frozen_until <= held.at:
            held.put_volume(replace(volume, frozen_until=None))
