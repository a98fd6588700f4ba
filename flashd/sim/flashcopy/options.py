"""What a command wants of a relation, and the answer that it does not get it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from flashd.sim.ids import Pair
from flashd.sim.inventory import Inventory
from flashd.sim.nouns import Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a relation shall be like, which a resync replaces as a whole; and what may be done.

    `target_mirrored`, `target_offline` and `break_reservation` permit things for this command
    only, and `freeze` lets the hosts' writes to the sources wait from its instant on.
    """

    record: bool = False
    persist: bool = False
    background_copy: bool = True
    multinc: bool = False
    target_inhibit: bool = False
    space_efficient_target: bool = False
    sequence: str = "0"
    freeze: bool = False
    break_reservation: bool = False
    target_mirrored: bool = False
    target_offline: bool = False
    fast: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The array does not do it."""

    reason: str


def fitted(held: Inventory, pair: Pair, options: Options) -> Options:
    """Return options that permit a space efficient target where there is one, and only there."""
    target = held.volume(pair.target)
    needed = target is not None and target.space_efficient
    return replace(options, space_efficient_target=needed)


NO_RELATION = Refused("the volumes are in no FlashCopy relationship")

Act = Callable[[Pair], Relation | Refused]
