"""What the last gate would refuse by the enrolments, before anybody takes a turn."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from flashd.core.checkup.diagnosis import State
from flashd.core.checkup.pins import judge_pins
from flashd.core.enrolment import describe
from flashd.model.enrolment import Enrolment, Fact
from flashd.model.volumes import VolumeId
from tests.unit.core.builders import ARRAY, NOW, OTHER_ARRAY, SERVICE, inventory, resource, service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flashd.model.inventory import Inventory
    from flashd.model.service import Service

MINE = service(resource("0001:0002"))
STOCK = inventory("0001:0002")
LARGER = replace(
    STOCK,
    volumes={
        **STOCK.volumes,
        VolumeId("0002"): replace(STOCK.volumes[VolumeId("0002")], name="prod7"),
    },
)
TWICE = service(resource("0001:0002"), replace(resource("0003:0004", name="b"), array=OTHER_ARRAY))


def enrolled(of: Service, *stocks: Inventory, name: str = SERVICE) -> dict[str, Enrolment]:
    return {name: Enrolment(service=name, at=NOW, by="ann\x1b", facts=describe(of, stocks))}


PINS: dict[str, tuple[Service, dict[str, Enrolment], list[Inventory], State | None, str]] = {
    "nobody enrolled": (MINE, {}, [STOCK], None, ""),
    "as enrolled": (
        MINE,
        enrolled(MINE, STOCK),
        [STOCK],
        State.OK,
        "1 service is as enrolled, by their definitions and by what the arrays show",
    ),
    "another volume of that number": (
        MINE,
        enrolled(MINE, STOCK),
        [LARGER],
        State.PROBLEM,
        f"what ann\\x1b enrolled at {NOW:%Y-%m-%dT%H:%M:%SZ}: target 0002 of {ARRAY}: name was ",
    ),
    "another volume, and nobody asked the array": (
        MINE,
        enrolled(MINE, STOCK),
        [],
        State.OK,
        f"by their definitions; what is there was not compared on {ARRAY}",
    ),
    "another definition": (
        MINE,
        enrolled(service(replace(resource("0001:0002"), bgcopy=False)), STOCK),
        [],
        State.PROBLEM,
        "bgcopy was false, is true",
    ),
    "one of its arrays was not asked": (
        TWICE,
        enrolled(TWICE, STOCK),
        [STOCK],
        State.OK,
        f"not compared on {OTHER_ARRAY}",
    ),
    "its target is another one's": (
        MINE,
        enrolled(MINE, STOCK, name="other"),
        [STOCK],
        State.PROBLEM,
        f"target 0002 of {ARRAY} is enrolled as that of other",
    ),
}


@pytest.mark.parametrize(
    ("wanted", "enrolments", "stocks", "state", "words"), PINS.values(), ids=PINS.keys()
)
def test_judges_pins(
    wanted: Service,
    enrolments: dict[str, Enrolment],
    stocks: list[Inventory],
    state: State | None,
    words: str,
) -> None:
    found = list(judge_pins([wanted], enrolments, {one.array: one for one in stocks}))
    assert [one.state for one in found] == ([state] if state else [])
    assert all(words in one.words for one in found)
    if state is State.PROBLEM:
        assert found[0].check == f"pins of {SERVICE}"
        assert f"run `flashd enroll {SERVICE}`" in found[0].hint


class Counted(tuple[Fact, ...]):
    """Facts of an enrolment, which tell how often any were gone through."""

    __slots__ = ()
    walked = 0

    def __iter__(self) -> Iterator[Fact]:
        Counted.walked += 1
        return super().__iter__()


def test_twice_as_many_services_cost_twice_as_much() -> None:
    def walks(count: int) -> int:
        pairs = [f"{number:04X}:{number + 0x4000:04X}" for number in range(count)]
        fleet = [replace(service(resource(pair)), name=pair) for pair in pairs]
        enrolments: dict[str, Enrolment] = {}
        for one, pair in list(zip(fleet, pairs, strict=True))[::2]:
            enrolments |= enrolled(one, inventory(pair), name=pair)
        counted = {name: replace(one, facts=Counted(one.facts)) for name, one in enrolments.items()}
        Counted.walked = 0
        assert [one.state for one in judge_pins(fleet, counted, {})] == [State.OK]
        return Counted.walked

    assert 0 < walks(100) <= 2.2 * walks(50)
