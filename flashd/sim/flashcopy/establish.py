"""A new relation."""

from dataclasses import replace

from flashd.sim.flashcopy import refusals
from flashd.sim.flashcopy.flash import flash
from flashd.sim.flashcopy.options import Options, Refused
from flashd.sim.ids import Pair
from flashd.sim.inventory import Inventory
from flashd.sim.nouns import Relation


def establish(held: Inventory, pair: Pair, options: Options) -> Relation | Refused:
    """Make a relation, and the target a copy of the source as of now."""
    refusal = refusals.volumes_unfit(held, pair, options) or refusals.target_taken(held, pair)
    refusal = refusal or refusals.source_full(held, pair.source, options)
    if refusal:
        return refusal
    _release(held, pair.target)
    bare = Relation(
        pair=pair,
        created_at=held.at,
        synced_at=held.at if held.switches.on("synced_on_establish") else None,
        recording=False,
        persistent=False,
    )
    return flash(held, bare, held.need_volume(pair.source).tracks, options)


def _release(held: Inventory, target: str) -> None:
    volume = held.need_volume(target)
    if volume.space_efficient and held.switches["ese_release"] == "on-establish":
        held.put_volume(replace(volume, allocated=0))
