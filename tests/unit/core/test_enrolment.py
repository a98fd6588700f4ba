"""What a service is, and how it is no more what was enrolled: both sides of each fact."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashd.core.enrolment import (
    Refusal,
    barred,
    describe,
    drift,
    grown,
    objection,
    pinned_elsewhere,
    unasked,
)
from flashd.core.firewall import Facts, Forbidden, unfit
from flashd.model.enrolment import Enrolment, Fact
from flashd.model.inventory import EVERYTHING, HostConnection, Image, Part
from flashd.model.protection import NOTHING, Protection
from flashd.model.service import GuardSpec
from flashd.model.volumes import VolumeId
from tests.unit.core.builders import (
    ARRAY,
    NOW,
    OTHER_ARRAY,
    PAIRS,
    REACH,
    inventory,
    listing,
    reached,
    relation,
    resource,
    service,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flashd.model.inventory import Inventory
    from flashd.model.service import Service

SERVICE = service(resource("0001:0002"))
STOCK = inventory("0001:0002")
WWID = "6005076303ffc111000000000000"
SECOND = HostConnection(id="0001", name="prd7", wwpn="10000000C9FFFFFF", group="V1")


def volume_as(number: str, **change: Any) -> Inventory:  # noqa: ANN401 - any field of a volume
    id_ = VolumeId(number)
    volumes = {**STOCK.volumes, id_: replace(STOCK.volumes[id_], **change)}
    return replace(STOCK, volumes=volumes)


def with_connections(*connections: HostConnection) -> Inventory:
    return replace(STOCK, reach=replace(REACH, connections=connections))


def without(name: str) -> Inventory:
    kept = {key: one for key, one in STOCK.volumes.items() if key != VolumeId(name)}
    return replace(STOCK, volumes=kept)


def with_resource(**change: Any) -> Service:  # noqa: ANN401 - any field of a resource
    return replace(SERVICE, resources=(replace(SERVICE.resources[0], **change),))


def enrolment(of: Service = SERVICE, *stocks: Inventory) -> Enrolment:
    return Enrolment(service=of.name, at=NOW, by="ann", facts=describe(of, stocks or [STOCK]))


def test_a_service_is_described_in_its_order_and_readably() -> None:
    assert list(map(str, describe(SERVICE, [STOCK]))) == [
        f"array of {ARRAY}: serial {ARRAY}",
        f"array of {ARRAY}: WWNN 5005076303FFC111",
        f"source 0001 of {ARRAY}: name TST_0001",
        f"source 0001 of {ARRAY}: blocks 41943040",
        f"source 0001 of {ARRAY}: datatype FB 512",
        f"source 0001 of {ARRAY}: WWID {WWID}0001",
        f"source 0001 of {ARRAY}: host tst1 10000000C9A1B2C3",
        f"target 0002 of {ARRAY}: name TST_0002",
        f"target 0002 of {ARRAY}: blocks 41943040",
        f"target 0002 of {ARRAY}: datatype FB 512",
        f"target 0002 of {ARRAY}: WWID {WWID}0002",
        f"target 0002 of {ARRAY}: host tst1 10000000C9A1B2C3",
        f"resource sync#1: array {ARRAY}",
        "resource sync#1: pair 1 0001:0002",
        "resource sync#1: recording true",
        "resource sync#1: bgcopy true",
        "resource sync#1: hosts any",
        "service: guard systemd oracle",
    ]


def test_a_guard_is_described_by_what_it_is_told() -> None:
    assert list(map(str, describe(AIX, [])))[-3:] == [
        "service: guard aix aix tstvg",
        "guard aix aix tstvg: disks a b",
        "guard aix aix tstvg: exported_is_down false",
    ]


def test_a_source_of_two_targets_is_described_once() -> None:
    facts = describe(service(resource("0001:0002", "0001:0003")), [inventory("0001:0002")])
    assert len(facts) == len(set(facts))


def test_of_each_array_the_volumes_on_it_are_described_though_another_has_the_same_ids() -> None:
    elsewhere = replace(resource("0003:0004", name="sync#2"), array=OTHER_ARRAY)
    both = service(resource("0001:0002"), elsewhere)
    names = ("0001:0002", "0003:0004")
    stocks = [inventory(*names), inventory(*names, array=OTHER_ARRAY)]
    subjects = {(one.array, one.subject) for one in describe(both, stocks) if one.array}
    assert subjects == {
        (ARRAY, "array"),
        (ARRAY, "source 0001"),
        (ARRAY, "target 0002"),
        (OTHER_ARRAY, "array"),
        (OTHER_ARRAY, "source 0003"),
        (OTHER_ARRAY, "target 0004"),
    }


SWAPPED = service(resource("0003:0004", "0001:0002"))
MORE_GUARDS = replace(
    SERVICE,
    guards=(*SERVICE.guards, GuardSpec("tcp", "tcp tst1:1521", (), proves=False)),
)
OTHER_GUARD = replace(SERVICE, guards=(GuardSpec("systemd", "oracle on x", (), proves=True),))


def guarded(*facts: tuple[str, str], name: str = "aix tstvg") -> Service:
    return replace(SERVICE, guards=(GuardSpec("aix", name, (), proves=True, facts=facts),))


AIX = guarded(("disks", "a b"), ("exported_is_down", "false"))
TARGET = f"target 0002 of {ARRAY}"
SOURCE = f"source 0001 of {ARRAY}"

ARRAY_DRIFTS: dict[str, tuple[Inventory, list[str]]] = {
    "nothing": (STOCK, []),
    "another WWNN": (
        replace(STOCK, image=Image("5005076303FFC222")),
        [
            f"array of {ARRAY}: WWNN was 5005076303FFC111, is 5005076303FFC222",
            f"{SOURCE}: WWID was {WWID}0001, is 6005076303ffc2220000000000000001",
            f"{TARGET}: WWID was {WWID}0002, is 6005076303ffc2220000000000000002",
        ],
    ),
    "a target renamed": (
        volume_as("0002", name="PRD_01"),
        [f"{TARGET}: name was TST_0002, is PRD_01"],
    ),
    "a target without a name": (
        volume_as("0002", name=""),
        [f"{TARGET}: name was TST_0002, is empty"],
    ),
    "a source renamed": (
        volume_as("0001", name="X"),
        [f"{SOURCE}: name was TST_0001, is X"],
    ),
    "a target resized": (
        volume_as("0002", blocks=41943041),
        [f"{TARGET}: blocks was 41943040, is 41943041"],
    ),
    "a source resized": (
        volume_as("0001", blocks=1),
        [f"{SOURCE}: blocks was 41943040, is 1"],
    ),
    "another data type": (
        volume_as("0002", datatype="FB 520P"),
        [f"{TARGET}: datatype was FB 512, is FB 520P"],
    ),
    "a target that is gone": (without("0002"), [f"{TARGET} is not there any more"]),
    "a host mapped since": (
        reached(STOCK, SECOND),
        [
            f"{SOURCE}: host prd7 10000000C9FFFFFF is mapped since",
            f"{TARGET}: host prd7 10000000C9FFFFFF is mapped since",
        ],
    ),
    "another port of the host": (
        with_connections(replace(REACH.connections[0], wwpn="10000000C9000000")),
        [
            f"{which}: host tst1 {words}"
            for which in (SOURCE, TARGET)
            for words in ("10000000C9000000 is mapped since", "10000000C9A1B2C3 is mapped no more")
        ],
    ),
    "a host mapped no more": (
        volume_as("0002", groups=()),
        [f"{TARGET}: host tst1 10000000C9A1B2C3 is mapped no more"],
    ),
    "a host unmapped and another mapped elsewhere": (
        reached(STOCK, replace(SECOND, group="V2"), V2="SCSI Mask"),
        [],
    ),
    "what is not pinned": (volume_as("0002", states=("Offline", "Normal", "Normal")), []),
}


@pytest.mark.parametrize(("now", "told"), ARRAY_DRIFTS.values(), ids=ARRAY_DRIFTS.keys())
def test_drift_of_an_array_is_told(now: Inventory, told: list[str]) -> None:
    before, after = describe(SERVICE, [STOCK]), describe(SERVICE, [now])
    assert list(drift(before, after, {ARRAY})) == told


DEFINITION_DRIFTS: dict[str, tuple[Service, Service, list[str]]] = {
    "nothing": (SERVICE, SERVICE, []),
    "recording": (
        SERVICE,
        with_resource(recording=False),
        ["resource sync#1: recording was true, is false"],
    ),
    "bgcopy": (
        SERVICE,
        with_resource(bgcopy=False),
        ["resource sync#1: bgcopy was true, is false"],
    ),
    "hosts declared": (
        SERVICE,
        with_resource(hosts=("tst2", "tst1")),
        ["resource sync#1: hosts was any, is tst1 tst2"],
    ),
    "hosts declared in another order": (
        with_resource(hosts=("tst1", "tst2")),
        with_resource(hosts=("tst2", "tst1")),
        [],
    ),
    "no host any more": (
        with_resource(hosts=("tst1",)),
        with_resource(hosts=()),
        ["resource sync#1: hosts was tst1, is none"],
    ),
    "another array": (
        SERVICE,
        with_resource(array=OTHER_ARRAY),
        [f"resource sync#1: array was {ARRAY}, is {OTHER_ARRAY}"],
    ),
    "another pair": (
        SERVICE,
        service(resource("0001:0004")),
        ["resource sync#1: pair 1 was 0001:0002, is 0001:0004"],
    ),
    "the order of pairs": (
        service(resource("0001:0002", "0003:0004")),
        SWAPPED,
        [
            "resource sync#1: pair 1 was 0001:0002, is 0003:0004",
            "resource sync#1: pair 2 was 0003:0004, is 0001:0002",
        ],
    ),
    "a pair more": (
        SERVICE,
        service(resource("0001:0002", "0003:0004")),
        ["resource sync#1: pair 2 was absent, is 0003:0004"],
    ),
    "a resource renamed": (
        SERVICE,
        with_resource(id="sync#2"),
        ["resource sync#1 is not there any more", "resource sync#2 was not enrolled"],
    ),
    "a guard more": (
        SERVICE,
        MORE_GUARDS,
        ["service: guard tcp tcp tst1:1521 is defined since"],
    ),
    "a guard less": (
        MORE_GUARDS,
        SERVICE,
        ["service: guard tcp tcp tst1:1521 is defined no more"],
    ),
    "a guard of something else": (
        SERVICE,
        OTHER_GUARD,
        [
            "service: guard systemd oracle on x is defined since",
            "service: guard systemd oracle is defined no more",
        ],
    ),
    "an option of a guard": (
        AIX,
        guarded(("disks", "a b"), ("exported_is_down", "true")),
        ["guard aix aix tstvg: exported_is_down was false, is true"],
    ),
    "an option more": (
        AIX,
        guarded(("disks", "a b"), ("exported_is_down", "false"), ("host", "h")),
        ["guard aix aix tstvg: host was absent, is h"],
    ),
    "an option less": (
        AIX,
        guarded(("exported_is_down", "false")),
        ["guard aix aix tstvg: disks was a b, is absent"],
    ),
    "an option that is empty": (
        AIX,
        guarded(("disks", ""), ("exported_is_down", "false")),
        ["guard aix aix tstvg: disks was a b, is empty"],
    ),
    "options that were not pinned yet": (
        guarded(),
        AIX,
        ["guard aix aix tstvg was not enrolled"],
    ),
    "the options of a guard that is another one": (
        AIX,
        guarded(("disks", "a b"), name="aix othervg"),
        [
            "service: guard aix aix othervg is defined since",
            "service: guard aix aix tstvg is defined no more",
        ],
    ),
    "the same options of a guard": (AIX, replace(AIX, description="x"), []),
    "what is not pinned": (SERVICE, replace(SERVICE, description="x"), []),
}


@pytest.mark.parametrize(
    ("before", "after", "told"), DEFINITION_DRIFTS.values(), ids=DEFINITION_DRIFTS.keys()
)
def test_drift_of_a_definition_is_told(before: Service, after: Service, told: list[str]) -> None:
    assert list(drift(describe(before, []), describe(after, []), set())) == told


def test_a_name_that_commands_a_terminal_is_spelled_out_and_still_compared() -> None:
    odd = describe(SERVICE, [volume_as("0002", name="\x1b[2Jx")])
    (words,) = drift(describe(SERVICE, [STOCK]), odd, {ARRAY})
    assert words == f"{TARGET}: name was TST_0002, is \\x1b[2Jx"
    assert all(str(fact).isprintable() for fact in odd)
    assert drift(odd, describe(SERVICE, [volume_as("0002", name="\\x1b[2Jx")]), {ARRAY})


def test_an_array_that_was_not_looked_at_has_not_drifted() -> None:
    facts = describe(SERVICE, [STOCK])
    assert drift(facts, describe(SERVICE, []), set()) == ()
    assert drift(facts, describe(SERVICE, []), {ARRAY}) == (
        f"array of {ARRAY} is not there any more",
        f"{SOURCE} is not there any more",
        f"{TARGET} is not there any more",
    )
    assert drift(describe(SERVICE, []), facts, {ARRAY})[0] == f"array of {ARRAY} was not enrolled"


some_facts = st.lists(
    st.builds(
        Fact,
        st.sampled_from(["", ARRAY, OTHER_ARRAY]),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["name", "host", "guard"]),
        st.sampled_from(["x", "y", ""]),
    ),
    unique=True,
).map(lambda facts: tuple(sorted(facts, key=str)))


@given(before=some_facts, after=some_facts)
def test_any_difference_is_told_and_none_where_there_is_none(
    before: tuple[Fact, ...], after: tuple[Fact, ...]
) -> None:
    everything = {ARRAY, OTHER_ARRAY}
    assert bool(drift(before, after, everything)) is (set(before) != set(after))


def test_who_is_not_enrolled_is_refused_where_it_is_required() -> None:
    assert objection(SERVICE, None, [STOCK], required=False) is None
    found = objection(SERVICE, None, [STOCK], required=True)
    assert found
    assert "is not enrolled" in found.reason
    assert f"flashd enroll {SERVICE.name} --dry-run" in found.hint


@pytest.mark.parametrize("required", [True, False])
def test_who_is_enrolled_is_held_to_it_required_or_not(required: bool) -> None:  # noqa: FBT001 - a case
    assert objection(SERVICE, enrolment(), [STOCK], required=required) is None
    found = objection(SERVICE, enrolment(), [volume_as("0002", name="PRD_01")], required=required)
    assert found
    assert found.reason == (
        "it is not what ann enrolled at 2026-11-21T02:00:00Z:"
        f" {TARGET}: name was TST_0002, is PRD_01"
    )
    assert f"`flashd enroll {SERVICE.name}`" in found.hint


def test_of_many_differences_some_are_told() -> None:
    names = [f"{n:04X}:{n + 1:04X}" for n in range(0, 40, 2)]
    many = service(resource(*names))
    stock = inventory(*names)
    lost = replace(stock, volumes={})
    found = objection(many, enrolment(many, stock), [lost], required=True)
    assert found
    assert found.reason.count("is not there any more") == 12
    assert found.reason.endswith("; and 28 more")


@pytest.mark.parametrize(("number", "more"), [(12, ""), (13, "; and 1 more")])
def test_twelve_differences_are_told_and_of_more_how_many(number: int, more: str) -> None:
    names = [f"{n:04X}:{n + 1:04X}" for n in range(0, 14, 2)]
    many = service(resource(*names))
    stock = inventory(*names)
    left = {key: one for place, (key, one) in enumerate(stock.volumes.items()) if place >= number}
    found = objection(many, enrolment(many, stock), [replace(stock, volumes=left)], required=True)
    assert found
    assert found.reason.count("is not there any more") == 12
    assert found.reason.rpartition("any more")[2] == more


LARGER = volume_as("0002", blocks=50000000)


def test_a_larger_target_counts_only_as_it_was_enrolled() -> None:
    enrolled = enrolment(SERVICE, LARGER)
    assert grown(SERVICE, enrolled, [LARGER]) == {(ARRAY, "0002")}
    assert grown(SERVICE, None, [LARGER]) == frozenset()
    assert grown(SERVICE, enrolment(), [LARGER]) == frozenset()
    assert grown(SERVICE, enrolled, [STOCK]) == frozenset()
    assert grown(SERVICE, enrolled, [volume_as("0002", blocks=50000001)]) == frozenset()
    assert grown(SERVICE, enrolled, []) == frozenset()
    smaller = replace(
        LARGER,
        volumes={
            **LARGER.volumes,
            VolumeId("0001"): volume_as("0001", blocks=1).volumes[VolumeId("0001")],
        },
    )
    assert grown(SERVICE, enrolled, [smaller]) == frozenset()
    assert grown(SERVICE, enrolment(), [STOCK]) == frozenset(), "of equal size is not larger"


def test_of_what_is_pinned_only_blocks_tell_how_large_a_target_is() -> None:
    """Names and WWIDs can be all digits too."""
    image = Image("5005076303000111")
    same = replace(volume_as("0002", name="2"), image=image)
    larger = replace(LARGER, image=image)
    assert grown(SERVICE, enrolment(SERVICE, same), [same]) == frozenset()
    assert grown(SERVICE, enrolment(SERVICE, larger), [larger]) == {(ARRAY, "0002")}
    backwards = enrolment(SERVICE, larger)
    backwards = replace(backwards, facts=backwards.facts[::-1])
    assert grown(SERVICE, backwards, [larger]) == {(ARRAY, "0002")}


def test_a_pair_that_was_not_enrolled_is_not_larger() -> None:
    more = service(resource("0001:0002", "0003:0004"))
    stock = inventory("0001:0002", "0003:0004")
    onto = VolumeId("0004")
    stock = replace(
        stock, volumes={**stock.volumes, onto: replace(stock.volumes[onto], blocks=50000000)}
    )
    assert grown(more, enrolment(more, stock), [stock]) == {(ARRAY, "0004")}
    assert grown(more, enrolment(), [stock]) == frozenset()
    source = tuple(one for one in enrolment(more, stock).facts if one.subject != "target 0004")
    assert grown(more, replace(enrolment(), facts=source), [stock]) == frozenset()


FORBIDDEN = Forbidden(frozenset(), NOTHING)
SOME = frozenset({VolumeId("0002")})
UNFIT: dict[str, tuple[Service, Inventory, Forbidden, Callable[[], Any], str]] = {
    "protected": (
        SERVICE,
        STOCK,
        Forbidden(frozenset(), Protection(volumes=frozenset({(ARRAY, "0002")}))),
        listing,
        "target 0002 is protected",
    ),
    "a source": (
        SERVICE,
        STOCK,
        Forbidden(frozenset({(ARRAY, "0002")}), NOTHING),
        listing,
        "target 0002 is a source of a service",
    ),
    "a live source": (
        SERVICE,
        STOCK,
        FORBIDDEN,
        lambda: listing(relation("0002:0009")),
        "target 0002 is the source of a live relation",
    ),
    "mirrored": (
        SERVICE,
        replace(STOCK, mirrored=SOME),
        FORBIDDEN,
        listing,
        "target 0002 is in a remote copy relation (lspprc)",
    ),
    "smaller": (
        SERVICE,
        volume_as("0002", blocks=1),
        FORBIDDEN,
        listing,
        "target 0002 has 1 blocks, its source 41943040",
    ),
    "not there": (
        SERVICE,
        without("0002"),
        FORBIDDEN,
        listing,
        "volume 0002 is not among the array's volumes (lsfbvol)",
    ),
    "an undeclared host": (
        with_resource(hosts=("tst2",)),
        STOCK,
        FORBIDDEN,
        listing,
        (
            "target 0002 is mapped to host tst1 10000000C9A1B2C3, which is not among the hosts of"
            " resource sync#1"
        ),
    ),
}


@pytest.mark.parametrize(
    ("of", "stock", "forbidden", "live", "told"), UNFIT.values(), ids=UNFIT.keys()
)
def test_what_can_never_pass_the_gate_is_unfit(
    of: Service, stock: Inventory, forbidden: Forbidden, live: Callable[[], Any], told: str
) -> None:
    assert unfit(of, Facts(listing=live(), inventory=stock), forbidden) == (told,)


def test_what_can_pass_is_fit_whether_its_pairs_are_established_or_not() -> None:
    whole = service(resource(*PAIRS))
    stock = inventory(*PAIRS)
    for live in (listing(), listing(*map(relation, PAIRS))):
        assert unfit(whole, Facts(listing=live, inventory=stock), FORBIDDEN) == ()
    assert unfit(SERVICE, Facts(listing=listing(), inventory=LARGER), FORBIDDEN) == ()
    elsewhere = inventory("0001:0002", array=OTHER_ARRAY)
    assert unfit(SERVICE, Facts(listing=listing(), inventory=elsewhere), FORBIDDEN) == ()


PINNED = Enrolment(service="old", at=NOW, by="ann", facts=describe(SERVICE, [STOCK]))


def barred_by(one: Service, others: Mapping[str, Enrolment]) -> Refusal | None:
    return barred(one, None, others, (), required=False)


def test_a_target_that_is_pinned_under_another_name_is_held_to_that() -> None:
    refused = barred_by(SERVICE, {"old": PINNED})
    assert refused is not None
    assert refused.reason == f"target 0002 of {ARRAY} is enrolled as that of old"
    assert f"flashd enroll {SERVICE.name}" in refused.hint


def test_invariant_2_a_source_that_is_pinned_is_no_target_of_who_is_not_enrolled() -> None:
    """Also where its service is defined no more, so that it is the source of none."""
    refused = barred_by(service(resource("0005:0001")), {"old": PINNED})
    assert refused is not None
    assert refused.reason == f"source 0001 of {ARRAY} is enrolled as that of old"
    assert barred_by(service(resource("0001:0005")), {"old": PINNED}) is None  # only read


def test_all_targets_that_are_pinned_elsewhere_are_told_each_once() -> None:
    one = service(resource("0005:0001", "0006:0002", "0007:0004"))
    as_target = f"target 0002 of {ARRAY} is enrolled as that of"
    as_source = f"source 0001 of {ARRAY} is enrolled as that of"
    assert pinned_elsewhere(one, {"z": PINNED, "a": PINNED, one.name: PINNED}) == (
        f"{as_source} a",
        f"{as_target} a",
        f"{as_source} z",
        f"{as_target} z",
    )
    assert pinned_elsewhere(one, {}) == ()


def test_what_others_pinned_of_other_volumes_holds_nobody() -> None:
    other = service(resource("0003:0004"))
    elsewhere = service(replace(resource("0001:0002"), array=OTHER_ARRAY))
    for one in (other, elsewhere):
        assert barred_by(one, {"old": PINNED}) is None
    assert barred_by(SERVICE, {SERVICE.name: PINNED}) is None
    assert barred_by(SERVICE, {}) is None


def test_who_is_enrolled_is_held_to_that_and_to_no_other_enrolment() -> None:
    others = {"old": PINNED}
    assert barred(SERVICE, enrolment(), others, [STOCK], required=True) is None
    missing = barred(SERVICE, None, others, [STOCK], required=True)
    assert missing == objection(SERVICE, None, [STOCK], required=True)
    renamed = volume_as("0002", name="PRD_01")
    drifted = barred(SERVICE, enrolment(), others, [renamed], required=False)
    assert drifted == objection(SERVICE, enrolment(), [renamed], required=False)
    assert drifted is not None


NOT_ASKED = {
    Part.REACH: "which hosts reach its volumes (lshostconnect, lsvolgrp)",
    Part.IMAGE: "for its WWNN (lssi)",
}
PARTIAL = {
    "who reaches it": (replace(STOCK, reach=None), [Part.REACH]),
    "its name": (replace(STOCK, image=None), [Part.IMAGE]),
    "either": (replace(STOCK, reach=None, image=None), [Part.IMAGE, Part.REACH]),
}


def words_of(parts: list[Part], array: str = ARRAY) -> list[str]:
    return [f"{array} was not asked {NOT_ASKED[one]}, which an enrolment pins" for one in parts]


@pytest.mark.parametrize(("stock", "missing"), PARTIAL.values(), ids=PARTIAL.keys())
def test_an_enrolment_holds_no_service_that_was_not_looked_at_as_a_whole(
    stock: Inventory, missing: list[Part]
) -> None:
    """Also not one that nobody was mapped to when it was enrolled: nobody was asked now."""
    assert list(unasked([stock])) == words_of(missing)
    alone = with_connections()
    for before in (STOCK, alone, stock):
        pinned = enrolment(SERVICE, before)
        refused = objection(SERVICE, pinned, [stock], required=False)
        assert refused is not None
        assert refused.reason == "; ".join(words_of(missing))
        assert refused.hint
    assert objection(SERVICE, None, [stock], required=False) is None
    assert objection(SERVICE, enrolment(), [STOCK], required=False) is None


def test_what_was_asked_as_a_whole_lacks_nothing() -> None:
    assert unasked([]) == unasked([STOCK]) == unasked([with_connections()]) == ()
    assert STOCK.parts == EVERYTHING


def test_of_several_arrays_each_one_that_was_not_asked_is_named() -> None:
    other = replace(inventory("0001:0002", array=OTHER_ARRAY), reach=None)
    found = unasked([STOCK, other, replace(STOCK, image=None)])
    assert list(found) == [*words_of([Part.REACH], OTHER_ARRAY), *words_of([Part.IMAGE])]


def test_what_was_not_asked_is_no_fact() -> None:
    told = list(map(str, describe(SERVICE, [replace(STOCK, reach=None, image=None)])))
    assert not [one for one in told if "host tst1" in one or "WW" in one]
    assert f"target 0002 of {ARRAY}: name TST_0002" in told
