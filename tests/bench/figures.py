"""A figure: what was promised to be measured, what was found, and the two side by side.

A ratio is the measured figure over its target, so below 1 is good. What could not be measured is
None and says why; it is never left out, and never taken for good.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NEVER_CAME = "its part ended without it"


@dataclass(frozen=True, slots=True)
class Promise:
    """A figure that is to be measured; `means` says to a user what it is."""

    name: str
    unit: str
    means: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What measuring came to, in the unit that was promised.

    `facts` stand beside the figure. `why` says why there is none.
    """

    measured: float | None
    target: float | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the bench."""

    part: str
    promise: Promise
    found: Found

    @property
    def measured(self) -> float | None:
        """The figure; None where it could not be had."""
        return finite(self.found.measured)

    @property
    def target(self) -> float | None:
        """What it is held against; None where it is only told."""
        return finite(self.found.target)

    @property
    def ratio(self) -> float | None:
        """Measured over target; None where one of them is not known."""
        return ratio(self.measured, self.target)

    @property
    def why(self) -> str:
        """Why it could not be measured; empty where it could."""
        if self.measured is not None:
            return ""
        return self.found.why or "it is no number"


def finite(value: float | None) -> float | None:
    """Take a number for itself, and what is none (a NaN, an infinity) for unmeasured."""
    return value if value is not None and math.isfinite(value) else None


def ratio(measured: float | None, target: float | None) -> float | None:
    """Tell measured over target; None where one is not known, or there is nothing to divide by."""
    return None if measured is None or not target else measured / target


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Tell how a figure grows with a size: 1 is linear, 2 square, 0 not at all.

    The slope of the straight line through the logarithms, by least squares. Raises `ValueError`
    where there are less than two different sizes, or a number is not above zero.
    """
    if min([*sizes, *values], default=0) <= 0:
        raise ValueError("growth is told only of what is above zero")
    logs = [math.log(size) for size in sizes], [math.log(value) for value in values]
    return statistics.linear_regression(*logs).slope


def kept(part: str, promises: Sequence[Promise], found: Mapping[str, Found]) -> list[Figure]:
    """Put what was found beside every promise; raises `KeyError` for what nobody promised."""
    names = [promise.name for promise in promises]
    if strangers := sorted(set(found) - set(names)):
        raise KeyError(f"nobody promised: {', '.join(strangers)}")
    missing = Found(measured=None, why=NEVER_CAME)
    return [Figure(part, promise, found.get(promise.name, missing)) for promise in promises]
