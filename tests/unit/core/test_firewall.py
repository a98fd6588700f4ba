"""May this command leave the house: both sides of every check, and no text but the good one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashd.core.firewall import Cleared, Facts, Forbidden, Stopped, examine, unfit
from flashd.model.inventory import HostConnection, VolumeGroup
from flashd.model.protection import NOTHING, Protection
from flashd.model.volumes import VolumeId
from tests.unit.core.builders import (
    ARRAY,
    OTHER_ARRAY,
    PAIRS,
    REACH,
    inventory,
    listing,
    pair,
    reached,
    relation,
    resource,
    service,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from flashd.model.inventory import Inventory
    from flashd.model.service import Resource, Service
    from flashd.model.volumes import Listing, Relation

NAMED = " ".join(PAIRS)
RESYNC = f"resyncflash -dev {ARRAY} -persist -record -cp {NAMED}"
WITHDRAW = f"rmflash -dev {ARRAY} -quiet {NAMED}"
ESTABLISH = f"mkflash -dev {ARRAY} -persist -cp {NAMED}"
SOURCES = frozenset((ARRAY, str(pair(name).source)) for name in PAIRS)


@dataclass(frozen=True)
class Gate:
    """All that the gate is shown beside the text."""

    service: Service
    listing: Listing
    forbidden: Forbidden = field(default_factory=lambda: Forbidden(SOURCES, NOTHING))
    withdrawn: frozenset[tuple[str, str, str]] = frozenset()
    inventory: Inventory = field(default_factory=lambda: inventory(*PAIRS))
    grown: frozenset[tuple[str, str]] = frozenset()

    def examine(self, text: str) -> Cleared | Stopped:
        facts = Facts(
            listing=self.listing,
            inventory=self.inventory,
            withdrawn=self.withdrawn,
            grown=self.grown,
        )
        return examine(text, self.service, facts, self.forbidden)

    def protecting(self, array: str, volume: str) -> Gate:
        protection = Protection(volumes=frozenset({(array, volume)}))
        return replace(self, forbidden=Forbidden(SOURCES, protection))

    def with_source(self, array: str, volume: str) -> Gate:
        return replace(self, forbidden=Forbidden(SOURCES | {(array, volume)}, NOTHING))

    def showing(self, *relations: Relation) -> Gate:
        """Put these relations in place of those of their targets, or beside them."""
        targets = {one.pair.target for one in relations}
        kept = [one for key, one in self.listing.relations.items() if key.target not in targets]
        return replace(self, listing=listing(*kept, *relations))

    def without(self, name: str) -> Gate:
        kept = [one for key, one in self.listing.relations.items() if key != pair(name)]
        return replace(self, listing=listing(*kept))

    def serving(self, *resources: Resource) -> Gate:
        return replace(self, service=service(*resources))


def full(name: str) -> Relation:
    """Make a relation that does not record."""
    return replace(relation(name), recording=False)


RECORDING = Gate(service(), listing(*map(relation, PAIRS)))
TWO_STEP = Gate(service(resource(recording=False)), listing(*map(full, PAIRS)))
WITHDRAWN = replace(
    TWO_STEP,
    listing=listing(),
    withdrawn=frozenset((ARRAY, str(pair(n).source), str(pair(n).target)) for n in PAIRS),
)
GOOD = {"resync": (RECORDING, RESYNC), "withdraw": (TWO_STEP, WITHDRAW)} | {
    "establish": (WITHDRAWN, ESTABLISH)
}
UNKNOWN = "it is none of the three known commands with their known options"
FOREIGN = "its pairs are not those of one resource of service iiststibmds"
INCOMPLETE = "it does not name all pairs of resource sync#1 in their order"


@pytest.mark.parametrize(("gate", "text"), GOOD.values(), ids=GOOD.keys())
def test_invariant_2_lets_the_good_command_pass(gate: Gate, text: str) -> None:
    assert gate.examine(text) == Cleared(text)


@pytest.mark.parametrize("text", [RESYNC, ESTABLISH])
def test_invariant_2_lets_a_space_efficient_target_be_permitted(text: str) -> None:
    gate = RECORDING if text is RESYNC else WITHDRAWN
    permitted = text.replace(" -cp ", " -cp -tgtse ")
    assert gate.examine(permitted) == Cleared(permitted)


@pytest.mark.parametrize("text", [RESYNC, ESTABLISH])
def test_invariant_2_wants_the_copy_option_as_configured(text: str) -> None:
    gate = RECORDING if text is RESYNC else WITHDRAWN
    sparing = gate.serving(replace(gate.service.resources[0], bgcopy=False))
    slow = text.replace("-cp", "-nocp")
    assert gate.examine(slow) == Stopped("-nocp does not fit resource sync#1, whose bgcopy is True")
    assert sparing.examine(slow) == Cleared(slow)
    assert sparing.examine(text) == Stopped(
        "-cp does not fit resource sync#1, whose bgcopy is False"
    )


WORDS = {
    "nothing": "",
    "no pair": f"resyncflash -dev {ARRAY} -persist -record -cp",
    "no device": f"resyncflash -persist -record -cp {NAMED}",
    "no -persist": RESYNC.replace("-persist ", ""),
    "no -record": RESYNC.replace("-record ", ""),
    "no copy option": RESYNC.replace("-cp ", ""),
    "both copy options": RESYNC.replace("-cp", "-cp -nocp"),
    "another order of options": RESYNC.replace("-persist -record", "-record -persist"),
    "-tgtse before -cp": RESYNC.replace("-cp", "-tgtse -cp"),
    "-tgtse twice": RESYNC.replace("-cp", "-cp -tgtse -tgtse"),
    "an option behind the pairs": f"{RESYNC} -tgtse",
    "an option in capitals": RESYNC.replace("-cp", "-CP"),
    "a lower-case id": RESYNC.replace("0001:0002", "000a:0002"),
    "a short id": RESYNC.replace("0001:0002", "001:0002"),
    "a long id": RESYNC.replace("0001:0002", "00001:0002"),
    "digits of another script": RESYNC.replace("0001:0002", "000\u0661:0002"),
    "an id with its array": RESYNC.replace("0001:", f"{ARRAY}/0001:"),
    "a newline at the end": f"{RESYNC}\n",
    "a second command": f"{RESYNC}\n{RESYNC}",
    "a second command on the line": f"{RESYNC}; {RESYNC}",
    "a tab": RESYNC.replace(" -cp", "\t-cp"),
    "a double blank": RESYNC.replace(" -cp", "  -cp"),
    "a blank in front": f" {RESYNC}",
    "a blank at the end": f"{RESYNC} ",
    "a path in front": f"/opt/ibm/dscli/dscli {RESYNC}",
    "another verb": RESYNC.replace("resyncflash", "reverseflash"),
    "a verb in capitals": RESYNC.replace("resyncflash", "RESYNCFLASH"),
    "rmflash that copies": WITHDRAW.replace("-quiet", "-quiet -cp"),
    "rmflash that asks": WITHDRAW.replace("-quiet ", ""),
    "rmflash that permits": WITHDRAW.replace("-quiet", "-quiet -tgtse"),
    "mkflash that records": ESTABLISH.replace("-persist", "-record -persist"),
    "mkflash that is quiet": ESTABLISH.replace("-persist", "-quiet -persist"),
    "rmvol": f"rmfbvol -dev {ARRAY} -quiet 0002",
}
OPTIONS = ["-tgtpprc", "-resetreserve", "-freeze", "-force", "-multinc", "-tgtinhibit", "-fast"]


@pytest.mark.parametrize("text", WORDS.values(), ids=WORDS.keys())
def test_invariant_2_knows_three_commands_in_one_spelling_each(text: str) -> None:
    for gate in (RECORDING, TWO_STEP, WITHDRAWN):
        assert gate.examine(text) == Stopped(UNKNOWN)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize(("gate", "text"), GOOD.values(), ids=GOOD.keys())
def test_invariant_7_lets_no_other_option_pass(gate: Gate, text: str, option: str) -> None:
    words = text.split()
    for place in range(len(words) + 1):
        changed = " ".join([*words[:place], option, *words[place:]])
        assert isinstance(gate.examine(changed), Stopped), changed


PAIRINGS = {
    "another array": (RESYNC.replace(ARRAY, OTHER_ARRAY), FOREIGN),
    "a foreign pair": (f"{RESYNC} 0005:0006", FOREIGN),
    "a foreign target": (RESYNC.replace("0001:0002", "0001:0006"), FOREIGN),
    "a foreign source": (RESYNC.replace("0001:0002", "0005:0002"), FOREIGN),
    "a reversed pair": (RESYNC.replace("0001:0002", "0002:0001"), FOREIGN),
    "a pair left out": (RESYNC.replace("0001:0002 ", ""), INCOMPLETE),
    "another order": (
        f"resyncflash -dev {ARRAY} -persist -record -cp 0101:0102 0001:0002 0003:0004",
        INCOMPLETE,
    ),
    "a pair twice": (f"{RESYNC} 0001:0002", "it names a target twice"),
}


@pytest.mark.parametrize(("text", "reason"), PAIRINGS.values(), ids=PAIRINGS.keys())
def test_invariants_2_and_6_let_all_pairs_of_the_resource_pass_and_no_others(
    text: str, reason: str
) -> None:
    assert RECORDING.examine(text) == Stopped(reason)


def test_invariant_2_a_target_configured_twice_is_not_refreshed_twice() -> None:
    gate = RECORDING.serving(resource("0001:0002", "0003:0002"))
    text = f"resyncflash -dev {ARRAY} -persist -record -cp 0001:0002 0003:0002"
    assert gate.examine(text) == Stopped("it names a target twice")


def test_invariant_6_the_pairs_of_two_resources_do_not_go_in_one_command() -> None:
    gate = RECORDING.serving(
        resource("0001:0002", "0101:0102"), resource("0003:0004", name="sync#2")
    )
    assert gate.examine(RESYNC) == Stopped(FOREIGN)
    for names in ("0001:0002 0101:0102", "0003:0004"):
        text = RESYNC.replace(NAMED, names)
        assert gate.examine(text) == Cleared(text)


def test_invariant_2_a_resource_of_another_array_does_not_lend_its_pairs() -> None:
    elsewhere = replace(resource(name="sync#2"), array=OTHER_ARRAY)
    gate = RECORDING.serving(resource("0005:0006"), elsewhere)
    assert gate.examine(RESYNC) == Stopped(FOREIGN)
    there = RESYNC.replace(ARRAY, OTHER_ARRAY)
    assert gate.examine(there) == Stopped(f"it is for {OTHER_ARRAY}, the listing of {ARRAY}")
    read = replace(gate, listing=listing(*map(relation, PAIRS), array=OTHER_ARRAY))
    assert read.examine(there) == Stopped(f"it is for {OTHER_ARRAY}, the inventory of {ARRAY}")
    known = replace(read, inventory=inventory(*PAIRS, array=OTHER_ARRAY))
    assert known.examine(there) == Cleared(there)


@pytest.mark.parametrize(("gate", "text"), GOOD.values(), ids=GOOD.keys())
def test_invariant_2_wants_a_listing_of_the_same_array(gate: Gate, text: str) -> None:
    other = listing(*gate.listing.relations.values(), array=OTHER_ARRAY)
    assert replace(gate, listing=other).examine(text) == Stopped(
        f"it is for {ARRAY}, the listing of {OTHER_ARRAY}"
    )


@pytest.mark.parametrize(("gate", "text"), GOOD.values(), ids=GOOD.keys())
def test_invariant_2_wants_an_inventory_of_the_same_array(gate: Gate, text: str) -> None:
    other = inventory(*PAIRS, array=OTHER_ARRAY)
    assert replace(gate, inventory=other).examine(text) == Stopped(
        f"it is for {ARRAY}, the inventory of {OTHER_ARRAY}"
    )


MISFITS = {
    "resync of a resource that does not record": (TWO_STEP, RESYNC, "resyncflash", False),
    "withdraw of one that records": (RECORDING, WITHDRAW, "rmflash", True),
    "establish of one that records": (
        replace(RECORDING, withdrawn=WITHDRAWN.withdrawn, listing=listing()),
        ESTABLISH,
        "mkflash",
        True,
    ),
}


@pytest.mark.parametrize(
    ("gate", "text", "verb", "recording"), MISFITS.values(), ids=MISFITS.keys()
)
def test_invariant_7_wants_the_command_that_fits_the_resource(
    *, gate: Gate, text: str, verb: str, recording: bool
) -> None:
    assert gate.examine(text) == Stopped(
        f"{verb} does not fit sync#1, whose recording is {recording}"
    )


@pytest.mark.parametrize(("gate", "text"), GOOD.values(), ids=GOOD.keys())
@pytest.mark.parametrize("target", ["0002", "0102", "0004"])
def test_invariant_2_no_target_is_forbidden(gate: Gate, text: str, target: str) -> None:
    assert gate.protecting(ARRAY, target).examine(text) == Stopped(f"target {target} is protected")
    assert gate.with_source(ARRAY, target).examine(text) == Stopped(
        f"target {target} is a source of a service"
    )
    cascade = gate.showing(relation(f"{target}:0999"))
    assert cascade.examine(text) == Stopped(f"target {target} is the source of a live relation")


@pytest.mark.parametrize(("gate", "text"), GOOD.values(), ids=GOOD.keys())
def test_invariant_2_what_is_forbidden_elsewhere_is_not_forbidden_here(
    gate: Gate, text: str
) -> None:
    assert gate.protecting(OTHER_ARRAY, "0002").examine(text) == Cleared(text)
    assert gate.with_source(OTHER_ARRAY, "0002").examine(text) == Cleared(text)
    assert gate.protecting(ARRAY, "0001").examine(text) == Cleared(text)  # a source is only read
    assert gate.showing(relation("0001:0999")).examine(text) == Cleared(text)
    assert gate.showing(relation("0999:0001")).examine(text) == Cleared(text)


LIVE = {"resync": (RECORDING, RESYNC), "withdraw": (TWO_STEP, WITHDRAW)}
CHANGED = {
    "another state": (lambda one: replace(one, state="Invalid"), "is in an unexpected state"),
    "a state in capitals": (lambda one: replace(one, state="VALID"), "is in an unexpected state"),
    "writes disabled": (
        lambda one: replace(one, target_write_enabled=False),
        "is in an unexpected state",
    ),
    "writes unknown": (
        lambda one: replace(one, target_write_enabled=None),
        "is in an unexpected state",
    ),
    "revertible": (lambda one: replace(one, revertible=True), "is in an unexpected state"),
    "revertible unknown": (lambda one: replace(one, revertible=None), "is in an unexpected state"),
    "a word that is not known": (
        lambda one: replace(one, unread=("DateSynced=yesterday",)),
        "is told of in words that are not known",
    ),
    "a copy that runs": (
        lambda one: replace(one, out_of_sync_tracks=1),
        "is still being copied",
    ),
    "a copy of which nobody knows how far it is": (
        lambda one: replace(one, out_of_sync_tracks=None),
        "is still being copied",
    ),
    "a copy of which nobody knows whether it runs": (
        lambda one: replace(one, background_copy=None, out_of_sync_tracks=1),
        "is still being copied",
    ),
    "recording the other way": (
        lambda one: replace(one, recording=not one.recording),
        "is not recording and persistent as configured",
    ),
    "recording unknown": (
        lambda one: replace(one, recording=None),
        "is not recording and persistent as configured",
    ),
    "not persistent": (
        lambda one: replace(one, persistent=False),
        "is not recording and persistent as configured",
    ),
    "persistent unknown": (
        lambda one: replace(one, persistent=None),
        "is not recording and persistent as configured",
    ),
}


@pytest.mark.parametrize(("change", "reason"), CHANGED.values(), ids=CHANGED.keys())
@pytest.mark.parametrize(("gate", "text"), LIVE.values(), ids=LIVE.keys())
@pytest.mark.parametrize("name", PAIRS)
def test_invariant_2_the_live_relation_is_as_configured(
    gate: Gate, text: str, name: str, change: Callable[[Relation], Relation], reason: str
) -> None:
    changed = gate.showing(change(gate.listing.relations[pair(name)]))
    assert changed.examine(text) == Stopped(f"the relation {name} {reason}")


@pytest.mark.parametrize(("gate", "text"), LIVE.values(), ids=LIVE.keys())
def test_what_is_copied_only_when_it_is_written_to_is_never_copied_to_its_end(
    gate: Gate, text: str
) -> None:
    (first, *_) = gate.listing.relations.values()
    shown = gate.showing(replace(first, background_copy=False, out_of_sync_tracks=1000))
    assert shown.examine(text) == Cleared(text)


@pytest.mark.parametrize(("gate", "text"), LIVE.values(), ids=LIVE.keys())
@pytest.mark.parametrize("name", PAIRS)
def test_invariant_2_the_live_relation_goes_from_source_to_target(
    gate: Gate, text: str, name: str
) -> None:
    source, target = pair(name).volumes
    unlike = Stopped(f"the live relation of target {target} is not {name}")
    own = gate.listing.relations[pair(name)]
    foreign = replace(own, pair=pair(f"0999:{target}"))
    assert gate.without(name).examine(text) == unlike
    assert gate.showing(foreign).examine(text) == unlike
    both = replace(gate, listing=listing(*gate.listing.relations.values(), foreign))
    assert both.examine(text) == unlike
    turned = gate.without(name).showing(replace(own, pair=pair(f"{target}:{source}")))
    assert turned.examine(text) == Stopped(f"target {target} is the source of a live relation")


@pytest.mark.parametrize("name", PAIRS)
def test_invariant_2_to_withdraw_some_is_to_withdraw_all_that_are_there(name: str) -> None:
    rest = [one for one in PAIRS if one != name]
    text = f"rmflash -dev {ARRAY} -quiet {' '.join(rest)}"
    assert TWO_STEP.examine(text) == Stopped(INCOMPLETE)
    assert TWO_STEP.without(name).examine(text) == Cleared(text)
    reordered = f"rmflash -dev {ARRAY} -quiet {' '.join(reversed(rest))}"
    assert TWO_STEP.without(name).examine(reordered) == Stopped(INCOMPLETE)


@pytest.mark.parametrize(
    ("gate", "text"), [(RECORDING, RESYNC), (WITHDRAWN, ESTABLISH)], ids=["resync", "establish"]
)
@pytest.mark.parametrize("name", PAIRS)
def test_invariant_6_what_is_missing_is_left_out_of_nothing_but_a_withdraw(
    gate: Gate, text: str, name: str
) -> None:
    assert gate.without(name).examine(text.replace(f" {name}", "")) == Stopped(INCOMPLETE)


@pytest.mark.parametrize("name", PAIRS)
def test_invariant_2_establishes_only_what_this_service_withdrew(name: str) -> None:
    source, target = (str(volume) for volume in pair(name).volumes)
    own = WITHDRAWN.withdrawn - {(ARRAY, source, target)}
    stopped = Stopped(f"flashd itself has not withdrawn the pair {name}")
    for others in (
        set(),
        {(OTHER_ARRAY, source, target)},
        {(ARRAY, target, source)},
        {(ARRAY, "0999", target)},
        {(ARRAY, source, "0999")},
    ):
        assert replace(WITHDRAWN, withdrawn=own | others).examine(ESTABLISH) == stopped


@pytest.mark.parametrize("name", PAIRS)
def test_invariant_2_establishes_only_where_no_relation_is_left(name: str) -> None:
    target = pair(name).target
    stopped = Stopped(f"target {target} has a live relation already")
    assert WITHDRAWN.showing(full(name)).examine(ESTABLISH) == stopped
    assert WITHDRAWN.showing(full(f"0999:{target}")).examine(ESTABLISH) == stopped
    assert WITHDRAWN.showing(full("0998:0999")).examine(ESTABLISH) == Cleared(ESTABLISH)


# Whatever is done to the text


ALPHABET = st.sampled_from(" \t\n\r\x00\x1b;|&$-:.0123456789ABCDEFabcdef\u00a0\u0661\uff10/")
OTHER_WORDS = st.sampled_from(
    [
        *OPTIONS,
        "-tgtse",
        "-nocp",
        "-cp",
        "-quiet",
        "-record",
        "-persist",
        "-dev",
        "mkflash",
        "rmflash",
        "resyncflash",
        OTHER_ARRAY,
        ARRAY.lower(),
        ARRAY[:-1],
        "0005:0006",
        "0002:0001",
        "0101:0002",
        "0001:0004",
        "0001-0003:0002-0004",
        "0001",
        "-",
        "",
    ]
)
PLACE = st.integers(0, 10**6)


@st.composite
def spoiled(draw: st.DrawFn, text: str) -> str:
    """Change a command in one to three places."""
    for _ in range(draw(st.integers(1, 3))):
        place = draw(PLACE)
        words = text.split(" ")
        here, there = place % len(words), draw(PLACE) % len(words)
        match draw(st.integers(0, 8)):
            case 0:
                at = place % (len(text) + 1)
                text = text[:at] + draw(ALPHABET) + text[at:]
            case 1:
                at = place % (len(text) + 1)
                text = text[:at] + text[at + 1 :]
            case 2:
                at = place % (len(text) + 1)
                text = text[:at] + draw(ALPHABET) + text[at + 1 :]
            case 3:
                words[here], words[there] = words[there], words[here]
                text = " ".join(words)
            case 4:
                text = " ".join([*words[:here], words[there], *words[here:]])
            case 5:
                text = " ".join([*words[:here], *words[here + 1 :]])
            case 6:
                text = " ".join([*words[:here], draw(OTHER_WORDS), *words[here:]])
            case 7:
                text = " ".join([*words[:here], draw(OTHER_WORDS), *words[here + 1 :]])
            case _:
                words[here] = words[here].swapcase()
                text = " ".join(words)
    return text


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from(sorted(GOOD)))
def test_invariant_2_lets_no_text_pass_but_the_good_one(data: st.DataObject, name: str) -> None:
    gate, good = GOOD[name]
    text = data.draw(spoiled(good))
    answer = gate.examine(text)
    if isinstance(answer, Cleared):
        assert answer.text == text
        # `-tgtse` only permits: where it is missing the array refuses, where it is too much
        # nothing is different.
        assert text.replace(" -tgtse", "") == good


def with_volume(stock: Inventory, **more: object) -> Inventory:
    """Change the target of the second pair."""
    changed = replace(stock.volumes[TARGET], **more)  # type: ignore[arg-type]
    return replace(stock, volumes={**stock.volumes, TARGET: changed})


def with_connection(stock: Inventory, name: str, group: str | None) -> Inventory:
    """Map one more port of a host to a volume group, which need not be there."""
    one = HostConnection(id="0001", name=name, wwpn="10000000C9A1B2C4", group=group)
    return reached(stock, one)


def with_group(stock: Inventory, name: str, kind: str) -> Inventory:
    """Add a volume group in which no volume is."""
    assert stock.reach
    groups = {**stock.reach.groups, "V9": VolumeGroup(id="V9", name=name, type=kind)}
    return replace(stock, reach=replace(stock.reach, groups=groups))


TARGET = VolumeId("0102")
STOCK = inventory(*PAIRS)
OTHER_HOST = "prd7 10000000C9A1B2C4"
ALL = with_group(STOCK, "All Fixed Block-512", "SCSI All")
MASK = with_group(STOCK, "prd7", "SCSI Mask")
MISFIT_VOLUMES = {
    "a target in a remote copy relation": (
        replace(STOCK, mirrored=frozenset({TARGET})),
        "target 0102 is in a remote copy relation (lspprc)",
    ),
    "a target that is not there": (
        replace(STOCK, volumes={k: v for k, v in STOCK.volumes.items() if k != TARGET}),
        "volume 0102 is not among the array's volumes (lsfbvol)",
    ),
    "a source that is not there": (
        replace(STOCK, volumes={k: v for k, v in STOCK.volumes.items() if k != "0101"}),
        "volume 0101 is not among the array's volumes (lsfbvol)",
    ),
    "a target that is smaller": (
        with_volume(STOCK, blocks=41943039),
        "target 0102 has 41943039 blocks, its source 41943040",
    ),
    "a target that is larger": (
        with_volume(STOCK, blocks=41943041),
        (
            "target 0102 has 41943041 blocks, its source only 41943040; if that is meant, enroll"
            " the service"
        ),
    ),
    "a target of another type": (
        with_volume(STOCK, datatype="FB 520P"),
        "target 0102 is 'FB 520P', its source 'FB 512'",
    ),
    "a target that is not well": (
        with_volume(STOCK, states=("Online", "Inaccessible", "Normal")),
        "volume 0102 is Online/Inaccessible/Normal, not Online/Normal/Normal",
    ),
    "a volume group that is not listed": (
        with_volume(STOCK, groups=("V1", "V8")),
        "target 0102 is in volume group V8, which is not listed (lsvolgrp)",
    ),
}


@pytest.mark.parametrize("good", GOOD.values(), ids=GOOD.keys())
@pytest.mark.parametrize(
    ("stock", "reason"), MISFIT_VOLUMES.values(), ids=list(MISFIT_VOLUMES.keys())
)
def test_invariant_2_wants_two_volumes_that_fit(
    stock: Inventory, reason: str, good: tuple[Gate, str]
) -> None:
    gate, text = good
    assert replace(gate, inventory=stock).examine(text) == Stopped(reason)


def typed(kind: str) -> Inventory:
    """Have all volumes be of one type."""
    same = {k: replace(v, datatype=kind) for k, v in STOCK.volumes.items()}
    return replace(STOCK, volumes=same)


@pytest.mark.parametrize("good", GOOD.values(), ids=GOOD.keys())
@pytest.mark.parametrize("kind", ["FB 512", "FB 520P", "FB 520PV", "FB 520U"])
def test_invariant_2_knows_the_types_of_open_volumes(kind: str, good: tuple[Gate, str]) -> None:
    gate, text = good
    assert replace(gate, inventory=typed(kind)).examine(text) == Cleared(text)


@pytest.mark.parametrize("good", GOOD.values(), ids=GOOD.keys())
@pytest.mark.parametrize(
    "kind", ["", "-", "3390", "CKD 3390", "FB", "FB 512 ", "fb 512", "FB 512PVX", "unknown"]
)
def test_invariant_2_two_words_that_are_the_same_are_no_type(
    kind: str, good: tuple[Gate, str]
) -> None:
    gate, text = good
    assert replace(gate, inventory=typed(kind)).examine(text) == Stopped(
        f"volume 0001 is {kind!r}, no known type of fixed blocks"
    )


def test_invariant_2_a_source_must_be_well_too() -> None:
    ill = replace(STOCK.volumes[VolumeId("0101")], states=("Online", "Normal", "Reconfiguring"))
    stock = replace(STOCK, volumes={**STOCK.volumes, ill.id: ill})
    assert replace(RECORDING, inventory=stock).examine(RESYNC) == Stopped(
        "volume 0101 is Online/Normal/Reconfiguring, not Online/Normal/Normal"
    )


def test_invariant_2_a_source_may_be_in_a_remote_copy_relation() -> None:
    stock = replace(STOCK, mirrored=frozenset({VolumeId("0101")}))
    assert replace(RECORDING, inventory=stock).examine(RESYNC) == Cleared(RESYNC)


def test_invariant_2_a_larger_target_that_a_person_enrolled_passes() -> None:
    gate = replace(RECORDING, inventory=with_volume(STOCK, blocks=41943041))
    enrolled = replace(gate, grown=frozenset({(ARRAY, "0102")}))
    assert enrolled.examine(RESYNC) == Cleared(RESYNC)
    elsewhere = replace(gate, grown=frozenset({(OTHER_ARRAY, "0102"), (ARRAY, "0002")}))
    assert isinstance(elsewhere.examine(RESYNC), Stopped)
    smaller = replace(enrolled, inventory=with_volume(STOCK, blocks=1))
    assert isinstance(smaller.examine(RESYNC), Stopped)


PROTECTED = {
    "its volume group, by id": (
        Protection(groups=frozenset({(ARRAY, "V1")})),
        "target 0002 is in volume group V1 tst1, which is protected",
    ),
    "its volume group, by name": (
        Protection(groups=frozenset({(ARRAY, "tst1")})),
        "target 0002 is in volume group V1 tst1, which is protected",
    ),
    "a host that it is mapped to": (
        Protection(hosts=frozenset({"TST?"})),
        "target 0002 is mapped to host tst1 10000000C9A1B2C3, which is protected",
    ),
    "its name": (
        Protection(names=frozenset({"tst_010*"})),
        "target 0102 is called TST_0102, which is protected",
    ),
}
NOT_PROTECTED = {
    "a group of another array": Protection(groups=frozenset({(OTHER_ARRAY, "V1")})),
    "another group": Protection(groups=frozenset({(ARRAY, "V11")})),
    "another host": Protection(hosts=frozenset({"tst", "tst11", "tst2*"})),
    "the name of a source": Protection(names=frozenset({"TST_0101", "TST"})),
}


@pytest.mark.parametrize("good", GOOD.values(), ids=GOOD.keys())
@pytest.mark.parametrize(("protection", "reason"), PROTECTED.values(), ids=PROTECTED.keys())
def test_invariant_2_protects_by_group_host_and_name(
    protection: Protection, reason: str, good: tuple[Gate, str]
) -> None:
    gate, text = good
    protecting = replace(gate, forbidden=Forbidden(SOURCES, protection))
    assert protecting.examine(text) == Stopped(reason)


@pytest.mark.parametrize("protection", NOT_PROTECTED.values(), ids=NOT_PROTECTED.keys())
def test_invariant_2_protects_nothing_else(protection: Protection) -> None:
    gate = replace(RECORDING, forbidden=Forbidden(SOURCES, protection))
    assert gate.examine(RESYNC) == Cleared(RESYNC)


REACHES = {
    "a host of the same group": with_connection(STOCK, "prd7", "V1"),
    "a host that sees everything": with_connection(ALL, "prd7", "V9"),
    "a host of a group that is not listed": with_connection(STOCK, "prd7", "V77"),
}
REACHES_NOT = {
    "a host without a group": with_connection(STOCK, "prd7", None),
    "a host of another group": with_connection(MASK, "prd7", "V9"),
}


@pytest.mark.parametrize("stock", REACHES.values(), ids=REACHES.keys())
@pytest.mark.parametrize("good", GOOD.values(), ids=GOOD.keys())
def test_invariant_2_a_host_beyond_the_declared_ones_stops_it(
    stock: Inventory, good: tuple[Gate, str]
) -> None:
    gate, text = good
    mapped = replace(gate, inventory=stock)
    declaring = mapped.serving(replace(gate.service.resources[0], hosts=("TST*",)))
    assert declaring.examine(text) == Stopped(
        f"target 0002 is mapped to host {OTHER_HOST}, which is not among the hosts of resource"
        " sync#1"
    )
    assert mapped.examine(text) == Cleared(text)
    both = mapped.serving(replace(gate.service.resources[0], hosts=("tst1", "prd7")))
    assert both.examine(text) == Cleared(text)
    protecting = replace(
        mapped, forbidden=Forbidden(SOURCES, Protection(hosts=frozenset({"prd*"})))
    )
    assert protecting.examine(text) == Stopped(
        f"target 0002 is mapped to host {OTHER_HOST}, which is protected"
    )


@pytest.mark.parametrize("stock", REACHES_NOT.values(), ids=REACHES_NOT.keys())
def test_invariant_2_a_host_that_cannot_reach_the_target_does_not(stock: Inventory) -> None:
    gate = replace(RECORDING, inventory=stock)
    declaring = gate.serving(replace(gate.service.resources[0], hosts=("tst1",)))
    assert declaring.examine(RESYNC) == Cleared(RESYNC)


def test_invariant_2_nobody_may_be_mapped_where_nobody_is_declared() -> None:
    declaring = RECORDING.serving(replace(RECORDING.service.resources[0], hosts=()))
    assert declaring.examine(RESYNC) == Stopped(
        "target 0002 is mapped to host tst1 10000000C9A1B2C3, which is not among the hosts of"
        " resource sync#1"
    )
    nobody = replace(declaring, inventory=replace(STOCK, reach=replace(REACH, connections=())))
    assert nobody.examine(RESYNC) == Cleared(RESYNC)


OTHER_SPELLINGS = {
    "a target in small letters": (RECORDING, RESYNC.replace("0101:0102", "0101:010a")),
    "a source in small letters": (RECORDING, RESYNC.replace("0101:0102", "010a:0102")),
    "a short target": (RECORDING, RESYNC.replace("0101:0102", "0101:102")),
    "a short source": (RECORDING, RESYNC.replace("0101:0102", "101:0102")),
    "another option of copying, resync": (RECORDING, RESYNC.replace("-cp", "-copy")),
    "another option of copying, establish": (WITHDRAWN, ESTABLISH.replace("-cp", "-copy")),
    "no -persist, establish": (WITHDRAWN, ESTABLISH.replace(" -persist", "")),
    "no -dev, resync": (RECORDING, RESYNC.replace("-dev ", "")),
    "no -dev, withdraw": (TWO_STEP, WITHDRAW.replace("-dev ", "")),
    "no -dev, establish": (WITHDRAWN, ESTABLISH.replace("-dev ", "")),
}


@pytest.mark.parametrize(
    ("gate", "text"), OTHER_SPELLINGS.values(), ids=list(OTHER_SPELLINGS.keys())
)
def test_invariant_2_what_is_spelled_otherwise_is_not_known(gate: Gate, text: str) -> None:
    assert gate.examine(text) == Stopped(UNKNOWN)


@pytest.mark.parametrize("pattern", ["v1", "TST1", "tst*", "V?", "[tV]*1"])
def test_invariant_2_a_group_is_protected_by_a_pattern_in_any_case(pattern: str) -> None:
    protection = Protection(groups=frozenset({(ARRAY, pattern)}))
    gate = replace(RECORDING, forbidden=Forbidden(SOURCES, protection))
    assert gate.examine(RESYNC) == Stopped(
        "target 0002 is in volume group V1 tst1, which is protected"
    )


def test_invariant_2_a_name_with_brackets_is_protected_as_it_stands_there() -> None:
    stock = with_volume(STOCK, name="A[1]")
    gate = replace(RECORDING, inventory=stock)
    protecting = replace(gate, forbidden=Forbidden(SOURCES, Protection(names=frozenset({"a[1]"}))))
    assert protecting.examine(RESYNC) == Stopped("target 0102 is called A[1], which is protected")


WHAT = (
    f"{ARRAY} was not asked which hosts and groups target 0002 belongs to (lshostconnect,"
    " lsvolgrp), as {} demand"
)
DEMANDS: dict[str, tuple[tuple[str, ...] | None, Protection, str]] = {
    "declared hosts": (("tst1",), NOTHING, "the hosts of resource sync#1"),
    "that there be no host": ((), NOTHING, "the hosts of resource sync#1"),
    "protected hosts": (None, Protection(hosts=frozenset({"prd*"})), "protected hosts"),
    "protected groups": (
        None,
        Protection(groups=frozenset({(ARRAY, "V9")})),
        "protected volume groups",
    ),
}
DEMANDS_NOT = {
    "nothing": NOTHING,
    "protected groups of another array": Protection(groups=frozenset({(OTHER_ARRAY, "V1")})),
    "protected names": Protection(names=frozenset({"prd*"})),
    "protected volumes": Protection(volumes=frozenset({(ARRAY, "0009")})),
}
UNASKED = replace(STOCK, reach=None, image=None)


@pytest.mark.parametrize("good", GOOD.values(), ids=GOOD.keys())
@pytest.mark.parametrize(("hosts", "protection", "who"), DEMANDS.values(), ids=DEMANDS.keys())
def test_invariant_2_who_was_not_asked_about_is_not_taken_for_nobody(
    hosts: tuple[str, ...] | None, protection: Protection, who: str, good: tuple[Gate, str]
) -> None:
    gate, text = good
    forbidden = Forbidden(SOURCES, protection)
    demanding = replace(gate, forbidden=forbidden).serving(
        replace(gate.service.resources[0], hosts=hosts)
    )
    assert replace(demanding, inventory=UNASKED).examine(text) == Stopped(WHAT.format(who))
    nobody = replace(STOCK, reach=replace(REACH, connections=()))
    assert replace(demanding, inventory=nobody).examine(text) == Cleared(text)
    facts = Facts(listing=listing(), inventory=UNASKED)
    first, *_ = unfit(demanding.service, facts, forbidden)
    assert first == WHAT.format(who)


@pytest.mark.parametrize("protection", DEMANDS_NOT.values(), ids=DEMANDS_NOT.keys())
def test_invariant_2_who_is_asked_by_nobody_may_stay_unknown(protection: Protection) -> None:
    gate = replace(RECORDING, inventory=UNASKED, forbidden=Forbidden(SOURCES, protection))
    assert gate.examine(RESYNC) == Cleared(RESYNC)


def test_invariant_2_a_protected_name_stops_it_whoever_was_asked_about() -> None:
    protection = Protection(names=frozenset({"tst_0002"}))
    gate = replace(RECORDING, inventory=UNASKED, forbidden=Forbidden(SOURCES, protection))
    assert gate.examine(RESYNC) == Stopped("target 0002 is called TST_0002, which is protected")
