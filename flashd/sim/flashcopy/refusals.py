"""Why the array does not make or resync a relation."""

from flashd.sim import codelevel
from flashd.sim.flashcopy.options import Options, Refused
from flashd.sim.ids import Pair
from flashd.sim.inventory import Inventory
from flashd.sim.nouns import Relation, Volume

TARGETS_PER_SOURCE = 12
_CASCADING_SINCE = (88, 30)  # release 8.3
_MULTINC_SINCE = (88, 40)  # release 8.4, as recalled


def volumes_unfit(held: Inventory, pair: Pair, options: Options) -> Refused | None:
    """Say why these volumes cannot be source and target under these options."""
    source, target = held.volume(pair.source), held.volume(pair.target)
    if source is None or target is None:
        missing = pair.source if source is None else pair.target
        return Refused(f"volume {missing} does not exist")
    if source.id == target.id:
        return Refused("source and target are the same volume")
    refusal = _kind_unfit(source, target) or _size_unfit(source, target)
    refusal = refusal or _space_unfit(held, target, options)
    return refusal or _not_permitted(held, target, options)


def target_taken(held: Inventory, pair: Pair) -> Refused | None:
    """Say why a relation that is there keeps a new one from being made."""
    if held.relation(pair):
        return Refused("the volumes are in a FlashCopy relationship already")
    if other := held.onto_target(pair.target):
        return Refused(f"the target is the target of volume {other.pair.source} already")
    if held.relation(Pair(pair.target, pair.source)):
        return Refused("the volumes are in the opposite FlashCopy relationship")
    cascaded = held.from_source(pair.target) or held.onto_target(pair.source)
    return cascade_refused(held) if cascaded else None


def cascade_refused(held: Inventory) -> Refused | None:
    """Say why a volume cannot be source and target: code before release 8.3."""
    if _available(held, "cascading", _CASCADING_SINCE):
        return None
    return Refused("a volume cannot be source and target at once")


def source_full(held: Inventory, source: str, options: Options) -> Refused | None:
    """Say why a source takes no further target, or no further incremental one."""
    others = held.from_source(source)
    if len(others) >= TARGETS_PER_SOURCE:
        return Refused(f"the source has {TARGETS_PER_SOURCE} targets already")
    if refusal := multinc_refused(held, options):
        return refusal
    if options.record and not options.multinc and any(relation.recording for relation in others):
        return Refused("the source has an incremental FlashCopy relationship already")
    return None


def multinc_refused(held: Inventory, options: Options) -> Refused | None:
    """Say why there is no `-multinc`: code before release 8.4."""
    if not options.multinc or _available(held, "multinc", _MULTINC_SINCE):
        return None
    return Refused(f"-multinc is not known at code level {held.code_level}")


def not_resyncable(held: Inventory, relation: Relation) -> Refused | None:
    """Say why a relation cannot be brought to a new point in time."""
    refusal = not_incremental(relation)
    if refusal or held.switches["resync_while_copying"] == "accept":
        return refusal
    return still_copying(held, relation)


def not_incremental(relation: Relation) -> Refused | None:
    """Say why the array does not know what changed since the last point in time."""
    if not (relation.recording and relation.persistent):
        return Refused("the FlashCopy relationship is not recording and persistent")
    if relation.state != "Valid":
        return Refused(f"the FlashCopy relationship is in state {relation.state}")
    if relation.revertible:
        return Refused("the FlashCopy relationship is revertible")
    return None


def still_copying(held: Inventory, relation: Relation) -> Refused | None:
    """Say that the background copy runs; one that was not asked for does not."""
    if relation.background_copy and held.out_of_sync(relation) > 0:
        return Refused("the background copy is still running")
    return None


def _kind_unfit(source: Volume, target: Volume) -> Refused | None:
    if source.datatype.partition(" ")[0] != target.datatype.partition(" ")[0]:
        return Refused("source and target are volumes of different kinds")
    for volume in (source, target):
        if volume.accstate != "Online" or volume.configstate != "Normal":
            return Refused(f"volume {volume.id} is {volume.accstate}, {volume.configstate}")
    return None


def _size_unfit(source: Volume, target: Volume) -> Refused | None:
    if target.blocks < source.blocks:
        return Refused("the target is smaller than the source")
    if target.blocks > source.blocks and target.space_efficient:
        return Refused("a space efficient target must be as large as the source")
    return None


def _space_unfit(held: Inventory, target: Volume, options: Options) -> Refused | None:
    """Say why `-tgtse` is missing, or why it is too much."""
    said, needed = options.space_efficient_target, target.space_efficient
    if needed and not said and held.switches["ese_without_tgtse"] == "refuse":
        return Refused("the target is space efficient, which -tgtse would permit")
    if said and not needed and held.switches["tgtse_on_standard"] == "refuse":
        return Refused("the target is a standard volume, which -tgtse does not permit")
    return None


def _not_permitted(held: Inventory, target: Volume, options: Options) -> Refused | None:
    host = held.reserved_by(target.id)
    if host and not options.break_reservation and held.switches["reserved_target"] == "refuse":
        return Refused(f"the target is reserved by host {host}, which -resetreserve would break")
    permitted = options.target_mirrored or held.switches["mirrored_target"] == "accept"
    if not permitted and held.mirrored(target.id):
        return Refused("the target is a remote mirror primary, which -tgtpprc would permit")
    if options.target_offline and held.switches["tgtoffline_on_fb"] == "refuse":
        return Refused("-tgtoffline is for CKD volumes")
    return None


def _available(held: Inventory, switch: str, since: tuple[int, int]) -> bool:
    position = held.switches[switch]
    if position == "by-level":
        return codelevel.parse(held.code_level) >= since
    return position == "accept"
