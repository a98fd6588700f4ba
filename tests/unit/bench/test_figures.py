"""The bench's arithmetic: ratios, growth, and figures that could not be had."""

from __future__ import annotations

import math

import pytest

from tests.bench.figures import NEVER_CAME, Figure, Found, Promise, exponent, kept, ratio

ONE = Promise("one", "s", "")
OTHER = Promise("other", "s", "")


@pytest.mark.parametrize(
    ("measured", "target", "told"),
    [
        (1.0, 2.0, 0.5),
        (3.0, 2.0, 1.5),
        (0.0, 2.0, 0.0),
        (None, 2.0, None),
        (1.0, None, None),
        (1.0, 0.0, None),
    ],
)
def test_a_ratio_is_the_measured_figure_over_its_target(
    measured: float | None, target: float | None, told: float | None
) -> None:
    assert ratio(measured, target) == told


@pytest.mark.parametrize("power", [0, 0.5, 1, 2])
def test_the_exponent_is_that_of_the_growth(power: float) -> None:
    sizes = (100, 1000, 10_000)
    assert exponent(sizes, [3 * size**power for size in sizes]) == pytest.approx(power)


def test_the_exponent_goes_by_all_sizes_not_by_the_ends_alone() -> None:
    assert exponent((1, 10, 100), (1, 100, 100)) == pytest.approx(1)
    assert exponent((1, 10, 100, 1000), (1, 1, 1, 1000)) == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("sizes", "values"),
    [((10,), (1,)), ((10, 10), (1, 2)), ((10, 100), (0, 1)), ((0, 10), (1, 1)), ((), ())],
)
def test_there_is_no_growth_of_one_size_or_of_nothing(
    sizes: tuple[float, ...], values: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match=r".+"):
        exponent(sizes, values)


def test_what_was_promised_and_not_found_is_unmeasured_and_says_why() -> None:
    one, other = kept("part", [ONE, OTHER], {"other": Found(measured=1.0, target=2.0)})
    assert (one.measured, one.ratio, one.why) == (None, None, NEVER_CAME)
    assert (other.measured, other.ratio, other.why) == (1.0, 0.5, "")


def test_what_nobody_promised_is_an_error() -> None:
    with pytest.raises(KeyError, match="stranger"):
        kept("part", [ONE], {"stranger": Found(measured=1.0)})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_number_is_unmeasured(value: float) -> None:
    figure = Figure("part", ONE, Found(measured=value, target=1.0))
    assert (figure.measured, figure.ratio, figure.why) == (None, None, "it is no number")
