"""Guards that look at volumes look at the targets: at all of them, and at nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flashd.core.aim import misaimed
from flashd.core.enrolment import describe, objection
from flashd.model.enrolment import Enrolment
from flashd.model.inventory import Image
from flashd.model.service import GuardSpec, Service
from tests.unit.core.builders import ARRAY, NOW, OTHER_ARRAY, inventory, resource, service

SERVICE = service(resource("0001:0002", "0101:0102"))
STOCK = inventory("0001:0002", "0101:0102")
OTHER_STOCK = replace(inventory("0001:0002", array=OTHER_ARRAY), image=Image("5005076303FFC222"))
WWID = "6005076303ffc111000000000000"
FIRST, SECOND, SOURCE = f"{WWID}0002", f"{WWID}0102", f"{WWID}0001"
THERE = "6005076303ffc2220000000000000002"
NOWHERE = "6005076303ffc9990000000000000002"


def mounts(*wwids: str, host: str = "tst1") -> GuardSpec:
    return GuardSpec("mounts", f"mounts on {host}", (), proves=True, wwids=wwids)


def veto(*wwids: str) -> GuardSpec:
    return GuardSpec("scsi-reservation", "reservation", (), proves=False, wwids=wwids)


def guarded(*guards: GuardSpec, of: Service = SERVICE) -> Service:
    return replace(of, guards=(*of.guards, *guards))


def elsewhere(wwid: str, guard: str = "mounts on tst1") -> str:
    return f"guard {guard} looks at {wwid}, which is no target of this service"


def left_out(target: str, wwid: str, guards: str = "mounts on tst1") -> str:
    return f"no guard looks at target {target}, {wwid}; those that look at volumes: {guards}"


AIMS: dict[str, tuple[tuple[GuardSpec, ...], list[str]]] = {
    "no guard of volumes": ((), []),
    "all targets": ((mounts(FIRST, SECOND),), []),
    "all targets, shared out": ((mounts(FIRST), mounts(SECOND, host="tst2")), []),
    "one target left out": ((mounts(FIRST),), [left_out(f"0102 of {ARRAY}", SECOND)]),
    "left out by several": (
        (mounts(FIRST), mounts(FIRST, host="tst2")),
        [left_out(f"0102 of {ARRAY}", SECOND, "mounts on tst1, mounts on tst2")],
    ),
    "a source": ((mounts(FIRST, SECOND, SOURCE),), [elsewhere(SOURCE)]),
    "a volume of no array of its own": ((mounts(FIRST, SECOND, NOWHERE),), [elsewhere(NOWHERE)]),
    "only volumes of somebody else": (
        (mounts(NOWHERE),),
        [
            elsewhere(NOWHERE),
            left_out(f"0002 of {ARRAY}", FIRST),
            left_out(f"0102 of {ARRAY}", SECOND),
        ],
    ),
    "a veto for some targets": ((veto(FIRST),), []),
    "a veto for another volume": ((veto(SOURCE),), [elsewhere(SOURCE, "reservation")]),
    "a veto fills no gap of a proof": (
        (mounts(FIRST), veto(SECOND)),
        [left_out(f"0102 of {ARRAY}", SECOND)],
    ),
}


@pytest.mark.parametrize(("guards", "told"), AIMS.values(), ids=AIMS.keys())
def test_what_guards_look_at_is_compared_with_the_targets(
    guards: tuple[GuardSpec, ...], told: list[str]
) -> None:
    assert list(misaimed(guarded(*guards), [STOCK])) == told


TWO = service(
    resource("0001:0002"), replace(resource("0001:0002", name="sync#2"), array=OTHER_ARRAY)
)


def test_of_several_arrays_each_counts_once_it_is_seen() -> None:
    whole = guarded(mounts(FIRST, THERE), of=TWO)
    assert misaimed(whole, []) == ()
    assert misaimed(whole, [STOCK]) == misaimed(whole, [OTHER_STOCK]) == ()
    assert misaimed(whole, [STOCK, OTHER_STOCK]) == ()
    half = guarded(mounts(FIRST), of=TWO)
    assert misaimed(half, [STOCK]) == ()
    assert misaimed(half, [OTHER_STOCK]) == (left_out(f"0002 of {OTHER_ARRAY}", THERE),)
    beside = guarded(mounts(FIRST, THERE, SOURCE), of=TWO)
    assert misaimed(beside, [STOCK]) == (elsewhere(SOURCE),), "it is one of the array seen"
    assert misaimed(beside, [OTHER_STOCK]) == ()
    strange = guarded(mounts(FIRST, THERE, NOWHERE), of=TWO)
    assert misaimed(strange, [STOCK]) == ()
    assert misaimed(strange, [STOCK, OTHER_STOCK]) == (elsewhere(NOWHERE),)


def unasked(array: str) -> str:
    return (
        f"{array} was not asked by which names hosts know its volumes (lssi), as guard mounts on"
        " tst1 demands"
    )


def test_an_array_that_was_not_asked_for_its_name_lets_no_guard_of_volumes_pass() -> None:
    nameless, other = replace(STOCK, image=None), replace(OTHER_STOCK, image=None)
    one = guarded(mounts(FIRST, SECOND), veto(FIRST))
    assert misaimed(one, [nameless]) == (unasked(ARRAY),)
    assert misaimed(SERVICE, [nameless]) == (), "nobody looks at volumes"
    assert objection(one, None, [STOCK], required=False) is None
    refused = objection(one, None, [nameless], required=False)
    assert refused is not None
    assert refused.reason == unasked(ARRAY)
    two = guarded(mounts(FIRST, THERE), of=TWO)
    assert misaimed(two, [nameless, other]) == (unasked(ARRAY), unasked(OTHER_ARRAY))
    assert misaimed(two, [STOCK, other]) == (unasked(OTHER_ARRAY),)


def test_an_array_that_is_none_of_the_services_is_no_help() -> None:
    assert misaimed(guarded(mounts(FIRST, SECOND, THERE)), [STOCK, OTHER_STOCK]) == (
        elsewhere(THERE),
    )


@pytest.mark.parametrize("required", [True, False])
def test_nothing_is_sent_where_guards_look_elsewhere_enrolled_or_not(required: bool) -> None:  # noqa: FBT001 - a case
    for one, reason in (
        (guarded(mounts(FIRST, SECOND)), None),
        (guarded(mounts(FIRST, SECOND, SOURCE)), elsewhere(SOURCE)),
        (guarded(mounts(FIRST)), left_out(f"0102 of {ARRAY}", SECOND)),
    ):
        pinned = Enrolment(service=one.name, at=NOW, by="ann", facts=describe(one, [STOCK]))
        for enrolment in (pinned, *(() if required else (None,))):
            found = objection(one, enrolment, [STOCK], required=required)
            assert (found.reason if found else None) == reason
            assert found is None or "name all targets" in found.hint
            assert objection(one, enrolment, (), required=required) is None, "nothing was seen"
