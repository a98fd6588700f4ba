"""What is asked of an array only where it is demanded: both sides of each demand.

Both gates decide for themselves, so each case is also put to them: with what is demanded nothing
stops for want of an answer, and without any of it something does.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations
from typing import TYPE_CHECKING

import pytest

from flashd.core.demand import demanded
from flashd.core.enrolment import describe, objection
from flashd.core.firewall import Facts, Forbidden, Stopped, examine
from flashd.model.enrolment import Enrolment
from flashd.model.inventory import EVERYTHING, Part
from flashd.model.protection import NOTHING, Protection
from flashd.model.service import GuardSpec
from tests.unit.core.builders import (
    ARRAY,
    NOW,
    OTHER_ARRAY,
    inventory,
    listing,
    relation,
    resource,
    service,
)

if TYPE_CHECKING:
    from flashd.model.inventory import Inventory
    from flashd.model.service import Service

PAIR = "0001:0002"
TEXT = f"resyncflash -dev {ARRAY} -persist -record -cp {PAIR}"
STOCK = inventory(PAIR)
PLAIN = service(resource(PAIR))
ELSEWHERE = replace(resource(PAIR, name="sync#2"), array=OTHER_ARRAY)
LOOKING = GuardSpec(
    "mounts", "mounts", (), proves=True, wwids=("6005076303ffc1110000000000000002",)
)
NOBODY: frozenset[Part] = frozenset()
REACH, IMAGE = frozenset({Part.REACH}), frozenset({Part.IMAGE})


def declaring(*hosts: str) -> Service:
    return service(replace(resource(PAIR), hosts=hosts))


def guarded(guard: GuardSpec) -> Service:
    return replace(PLAIN, guards=(*PLAIN.guards, guard))


def protecting(**what: frozenset[object]) -> Protection:
    return Protection(**what)  # type: ignore[arg-type]


DEMANDS: dict[str, tuple[Service, Protection, bool, frozenset[Part]]] = {
    "nobody": (PLAIN, NOTHING, False, NOBODY),
    "hosts that are declared": (declaring("tst*"), NOTHING, False, REACH),
    "hosts that one of two resources declares": (
        service(*declaring("tst*").resources, resource("0003:0004", name="sync#2")),
        NOTHING,
        False,
        REACH,
    ),
    "hosts of another array": (
        service(resource(PAIR), replace(ELSEWHERE, hosts=("tst*",))),
        NOTHING,
        False,
        NOBODY,
    ),
    "protected hosts": (PLAIN, protecting(hosts=frozenset({"prd*"})), False, REACH),
    "protected groups": (PLAIN, protecting(groups=frozenset({(ARRAY, "V9")})), False, REACH),
    "protected groups of another array": (
        PLAIN,
        protecting(groups=frozenset({(OTHER_ARRAY, "V1")})),
        False,
        NOBODY,
    ),
    "protected names and volumes": (
        PLAIN,
        protecting(names=frozenset({"PRD*"}), volumes=frozenset({(ARRAY, "0009")})),
        False,
        NOBODY,
    ),
    "a guard that looks at volumes": (guarded(LOOKING), NOTHING, False, IMAGE),
    "a guard that looks at volumes, beside one that does not": (
        replace(PLAIN, guards=(LOOKING, replace(LOOKING, name="others", wwids=()))),
        NOTHING,
        False,
        IMAGE,
    ),
    "a guard that looks at none": (guarded(replace(LOOKING, wwids=())), NOTHING, False, NOBODY),
    "both": (
        guarded(LOOKING),
        protecting(hosts=frozenset({"prd*"})),
        False,
        EVERYTHING,
    ),
    "an enrolment": (PLAIN, NOTHING, True, EVERYTHING),
}
every_demand = pytest.mark.parametrize(
    ("of", "protected", "enrolled", "parts"), DEMANDS.values(), ids=DEMANDS.keys()
)


@every_demand
def test_what_is_demanded(
    of: Service,
    protected: Protection,
    enrolled: bool,  # noqa: FBT001 - a case
    parts: frozenset[Part],
) -> None:
    assert demanded(of, ARRAY, protected, enrolled=enrolled) == parts


def with_parts(*parts: Part) -> Inventory:
    return replace(
        STOCK,
        reach=STOCK.reach if Part.REACH in parts else None,
        image=STOCK.image if Part.IMAGE in parts else None,
    )


EVERY_SUBSET = tuple(chain.from_iterable(combinations(Part, size) for size in range(len(Part) + 1)))


def stopped(of: Service, stock: Inventory, protected: Protection, *, enrolled: bool) -> str:
    """Tell why both gates together let no command pass; empty where they do."""
    pinned = Enrolment(service=of.name, at=NOW, by="ann", facts=describe(of, [STOCK]))
    if refused := objection(of, pinned if enrolled else None, [stock], required=False):
        return refused.reason
    facts = Facts(listing=listing(relation(PAIR)), inventory=stock)
    answer = examine(TEXT, of, facts, Forbidden(frozenset(), protected))
    return answer.reason if isinstance(answer, Stopped) else ""


@every_demand
@pytest.mark.parametrize("asked", EVERY_SUBSET, ids=lambda one: "+".join(one) or "nothing")
def test_invariant_2_the_gates_pass_what_was_asked_and_nothing_less(
    of: Service,
    protected: Protection,
    enrolled: bool,  # noqa: FBT001 - a case
    parts: frozenset[Part],
    asked: tuple[Part, ...],
) -> None:
    why = stopped(of, with_parts(*asked), protected, enrolled=enrolled)
    if parts <= set(asked):
        assert why == ""
    else:
        assert f"{ARRAY} was not asked" in why
