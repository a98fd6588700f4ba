"""Several pairs in one command: one point in time, or one after the other while hosts write."""

from collections.abc import Sequence

from flashd.sim.flashcopy.options import Act, Refused
from flashd.sim.flashcopy.writes import hosts_write
from flashd.sim.ids import Pair
from flashd.sim.inventory import Inventory
from flashd.sim.nouns import Relation, Volume


def act_on_each(
    held: Inventory, pairs: Sequence[Pair], act: Act, *, frozen: bool, flashes: bool = True
) -> tuple[Relation | Refused, ...]:
    """Act on the pairs in their order; a refusal stops none of the others.

    Hosts that write all the time do so before and after the command, and between its pairs:
    first to the source that was just flashed, then to the one that comes next, so that no two
    pairs are one point in time. With -freeze, or where the switch says so, none do between.
    Around a command that flashes nothing it does not matter what they write.
    """
    if not flashes:
        return tuple(map(act, pairs))
    together = frozen or held.switches.on("pairs_together")
    sources = [pair.source for pair in pairs]
    hosts_write(held, dict.fromkeys(sources))
    outcomes: list[Relation | Refused] = []
    for number, pair in enumerate(pairs):
        if number and not together:
            hosts_write(held, (sources[number - 1], pair.source))
        outcomes.append(act(pair))
    hosts_write(held, dict.fromkeys(sources))
    return tuple(outcomes)


def one_point_in_time(targets: Sequence[Volume]) -> bool:
    """Say whether some instant explains what all of these volumes hold."""
    if any(target.copied_from is None for target in targets):
        return False
    ends = [target.same_until for target in targets if target.same_until is not None]
    return max(target.same_from for target in targets) < min(ends, default=float("inf"))
