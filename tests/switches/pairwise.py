"""Rows in which every two positions of every two factors meet."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

Position = tuple[str, str]
Row = dict[str, str]


def pairwise(factors: Mapping[str, Sequence[str]], dice: Random) -> list[Row]:
    """Choose rows greedily; which ones, where several are as good, is for the dice to say.

    No less than the product of the two factors with most positions is possible, and it is not
    much more.
    """
    left = sorted(meetings(factors), key=sorted)  # a set has another order in every process
    dice.shuffle(left)
    unmet = dict.fromkeys(left)
    rows = []
    while unmet:
        row = _filled(dict(sorted(next(iter(unmet)))), factors, unmet, dice)
        rows.append(row)
        for two in itertools.combinations(row.items(), 2):
            unmet.pop(frozenset(two), None)
    return rows


def meetings(factors: Mapping[str, Sequence[str]]) -> set[frozenset[Position]]:
    """Tell all that have to meet."""
    return {
        frozenset({(one, x), (other, y)})
        for one, other in itertools.combinations(factors, 2)
        for x, y in itertools.product(factors[one], factors[other])
    }


def _filled(
    row: Row,
    factors: Mapping[str, Sequence[str]],
    unmet: Mapping[frozenset[Position], None],
    dice: Random,
) -> Row:
    """Give each factor that has none yet the position that makes most new meetings."""
    names = [name for name in factors if name not in row]
    dice.shuffle(names)
    for name in names:
        positions = dice.sample(factors[name], len(factors[name]))
        gains = {
            value: sum(frozenset({(name, value), other}) in unmet for other in row.items())
            for value in positions
        }
        row[name] = max(positions, key=gains.__getitem__)
    return {name: row[name] for name in factors}
