"""mkflash -wait: the client is answered only when the array has copied."""

from collections.abc import Sequence

from flashd.sim.array import Array
from flashd.sim.ids import Pair

_LOOK_AGAIN = 1.0  # seconds; the rate may be changed meanwhile


def await_copies(array: Array, pairs: Sequence[str]) -> None:
    """Wait until nothing of these pairs is left to be copied in the background."""
    while seconds := _seconds_left(array, pairs):
        array.clock.wait(min(_LOOK_AGAIN, seconds))


def _seconds_left(array: Array, pairs: Sequence[str]) -> float:
    with array.inventory() as held:
        if held.switches["mkflash_wait"] == "nothing":
            return 0
        found = [held.relation(Pair.parse(pair)) for pair in pairs]
        left = max((held.out_of_sync(r) for r in found if r and r.background_copy), default=0)
        rate = held.switches.number("copy_rate")
    return left / rate if rate else left
