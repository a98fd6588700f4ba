"""Down is the exception: whatever om may say, one deviation takes it away."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashd.adapters.guards import instances
from flashd.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 26, 2, 0, 30, tzinfo=UTC)
FOLDER = Path(__file__).parent
OWN, CLUSTER = (
    json.loads((FOLDER / f"opensvc-2.1/down/{name}.answer").read_text())
    for name in ("instance", "cluster")
)
THREE = json.loads((FOLDER / "opensvc-3/down/instances.answer").read_text())
HARMLESS = {"down", "stdby down", "n/a"}

anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=9), st.just([]), st.just({"a": 1})
)


def judged(own: Any, cluster: Any) -> Verdict | None:  # noqa: ANN401 - JSON may be anything
    try:
        told = instances.read_2(own, cluster, "oratst")
    except ValueError:
        return None
    return instances.judge("oratst", told, (), NOW, timedelta(seconds=60)).verdict


def places() -> Iterator[tuple[str | int, ...]]:
    """Name every place in the two documents whose value a Down depends on."""
    for node in ("tst1", "tst2"):
        below = ("monitor", "nodes", node, "services")
        status = (*below, "status", "oratst")
        yield from ((*status, key) for key in ("avail", "resources", "updated", "frozen"))
        yield (*status, "resources", "fs#1", "status")
        yield (*below, "config", "oratst", "scope")
        yield status
        yield below


def changed(document: Any, place: tuple[str | int, ...], value: object) -> Any:  # noqa: ANN401 - JSON may be anything
    whole = copy.deepcopy(document)
    node = whole
    for step in place[:-1]:
        node = node[step]
    node[place[-1]] = value
    return whole


@pytest.mark.parametrize("order", [("up", "down"), ("down", "up"), ("down", "down")])
def test_a_resource_that_is_told_twice_is_nonsense(order: tuple[str, str]) -> None:
    twice = [{"rid": "app#1", "status": status, "type": "app"} for status in order]
    assert judged(changed(OWN, ("resources",), twice), CLUSTER) is None
    encap = {"c": {"resources": [{"rid": "app#1", "status": one} for one in order]}}
    assert judged({**OWN, "encap": encap}, CLUSTER) is None
    outer = {"c:app#1": {"status": order[0]}}
    inner = {"c": {"resources": {"app#1": {"status": order[1]}}}}
    assert judged({**OWN, "resources": outer, "encap": inner}, CLUSTER) is None


def test_the_example_is_down() -> None:
    assert judged(OWN, CLUSTER) is Verdict.DOWN


@given(place=st.sampled_from(list(places())), value=anything)
def test_whatever_else_stands_in_one_place_is_not_down(
    place: tuple[str, ...], value: object
) -> None:
    if place[-1] == "frozen" and (not value or value == 1) and value not in (None, [], {}, ""):
        return
    assert judged(OWN, changed(CLUSTER, place, value)) is not Verdict.DOWN


@given(key=st.sampled_from(["avail", "updated", "resources"]), value=anything)
def test_nor_in_the_instance_of_the_node_asked(key: str, value: object) -> None:
    assert judged(changed(OWN, (key,), value), CLUSTER) is not Verdict.DOWN


@given(word=st.text(max_size=12))
def test_one_resource_with_another_word_takes_it_away(word: str) -> None:
    place = (1, "status", "resources", "app#1", "status")
    told = instances.read_3(changed(THREE, place, word), "oratst")
    finding = instances.judge("oratst", told, (), NOW, timedelta(seconds=60))
    assert (finding.verdict is Verdict.DOWN) == (word in HARMLESS)


@pytest.mark.parametrize(("seconds", "down"), [(60, True), (61, False), (-60, True), (-61, False)])
def test_how_old_it_may_be(seconds: int, *, down: bool) -> None:
    looked = datetime.fromisoformat("2026-11-26T02:00:25.800780+00:00")
    told = instances.read_3(THREE, "oratst")
    at = looked + timedelta(seconds=seconds)
    finding = instances.judge("oratst", told, (), at, timedelta(seconds=60))
    assert (finding.verdict is Verdict.DOWN) is down
