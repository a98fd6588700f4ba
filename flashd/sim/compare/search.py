"""Which switches make the simulator answer like the real one: each move is tried, on a copy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flashd.sim.array import Array
from flashd.sim.behaviours import only_by_changing
from flashd.sim.compare.client import Client
from flashd.sim.compare.differences import (
    Comparison,
    Difference,
    added_columns,
    compare,
    explained,
    keys,
    zones,
)
from flashd.sim.compare.probes import Probe
from flashd.sim.compare.survey import Answers, Survey, take
from flashd.sim.switches import SWITCHES

Move = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Bench:
    """The real answers, and a simulated array that can be moved and asked again."""

    probes: Sequence[Probe]
    real: Answers
    array: Array
    client: Client
    facts: dict[str, str]

    def simulated(self, probes: Sequence[Probe]) -> Survey:
        """Ask the array as it stands."""
        return take(self.client, probes, self.facts, lambda _: None, careful=False)

    def differences(self, probes: Sequence[Probe]) -> Comparison:
        """Compare the array as it stands."""
        return compare(probes, self.real, dict(self.simulated(probes).answers))


def search(bench: Bench) -> tuple[Comparison, tuple[Move, ...]]:
    """Return the differences, each with what would end it, and the moves in their order.

    One move at a time, the one that ends most; a move that ends some and makes others as many
    is none. Where two would do the same, the first of the table of switches is named.
    """
    at_first = bench.differences(bench.probes)
    told, left = at_first.differences, at_first.differences
    moves: list[Move] = []
    while left and (best := _best(bench, left)):
        bench.array.switch(*best)
        after = bench.differences(bench.probes).differences
        ended = keys(left) - keys(after)
        told = tuple(explained((one,), after, best)[0] if one.key in ended else one for one in told)
        moves.append(best)
        left = after
    return Comparison(told, at_first.incomparable), tuple(moves)


def _best(bench: Bench, left: Sequence[Difference]) -> Move | None:
    """Return the move after which fewest differences are left, if they are fewer than now."""
    ahead = [probe for probe in bench.probes if probe.name in {one.probe for one in left}]
    fewest, best = len(left), None
    for move in _moves(bench.array, left):
        stood = bench.array.switches[move[0]]
        bench.array.switch(*move)
        if len(bench.differences(ahead).differences) < fewest:
            many = len(bench.differences(bench.probes).differences)
            fewest, best = (many, move) if many < fewest else (fewest, best)
        bench.array.switch(move[0], stood)
    return best


def _moves(array: Array, left: Sequence[Difference]) -> Iterator[Move]:
    """Return every position of every switch that a listing can show."""
    stand = array.switches
    for name, switch in SWITCHES.items():
        if only_by_changing(name):
            continue
        wanted = [value for value in switch.accepts if value not in {"number", "zone", "text"}]
        wanted += zones(left).values() if "zone" in switch.accepts else []
        wanted += [added_columns(left)] if name == "extra_columns" else []
        yield from (
            (name, value) for value in dict.fromkeys(wanted) if value not in {"", stand[name]}
        )
