"""Steps in the words of dscli."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashd.core.command import first_establish, render
from flashd.core.firewall import Cleared, Facts, Forbidden, examine
from flashd.model.protection import Protection
from flashd.model.run import Step, StepKind
from flashd.model.volumes import Pair, VolumeId
from tests.unit.core.builders import (
    ARRAY,
    PAIRS,
    inventory,
    listing,
    pair,
    relation,
    resource,
    service,
)

RESYNC, WITHDRAW, ESTABLISH = StepKind.RESYNC, StepKind.WITHDRAW, StepKind.ESTABLISH
DEV = f"-dev {ARRAY}"
NAMED = " ".join(PAIRS)

TEXTS = {
    (RESYNC, True, False): f"resyncflash {DEV} -persist -record -cp {NAMED}",
    (RESYNC, False, False): f"resyncflash {DEV} -persist -record -nocp {NAMED}",
    (RESYNC, True, True): f"resyncflash {DEV} -persist -record -cp -tgtse {NAMED}",
    (RESYNC, False, True): f"resyncflash {DEV} -persist -record -nocp -tgtse {NAMED}",
    (WITHDRAW, True, False): f"rmflash {DEV} -quiet {NAMED}",
    (WITHDRAW, False, False): f"rmflash {DEV} -quiet {NAMED}",
    (WITHDRAW, True, True): f"rmflash {DEV} -quiet {NAMED}",
    (WITHDRAW, False, True): f"rmflash {DEV} -quiet {NAMED}",
    (ESTABLISH, True, False): f"mkflash {DEV} -persist -cp {NAMED}",
    (ESTABLISH, False, False): f"mkflash {DEV} -persist -nocp {NAMED}",
    (ESTABLISH, True, True): f"mkflash {DEV} -persist -cp -tgtse {NAMED}",
    (ESTABLISH, False, True): f"mkflash {DEV} -persist -nocp -tgtse {NAMED}",
}


@pytest.mark.parametrize(("case", "text"), TEXTS.items())
def test_invariant_7_writes_the_options_in_full_and_in_opensvc_s_order(
    case: tuple[StepKind, bool, bool], text: str
) -> None:
    kind, bgcopy, space_efficient = case
    step = Step(
        kind=kind,
        resource="sync#1",
        array=ARRAY,
        pairs=tuple(map(pair, PAIRS)),
        bgcopy=bgcopy,
        space_efficient=space_efficient,
    )
    assert render(step) == text


FIRST = {
    (True, True): f"mkflash {DEV} -record -persist -cp 0001:0002",
    (True, False): f"mkflash {DEV} -record -persist -nocp 0001:0002",
    (False, True): f"mkflash {DEV} -persist -cp 0001:0002",
    (False, False): f"mkflash {DEV} -persist -nocp 0001:0002",
}


@pytest.mark.parametrize(("case", "text"), FIRST.items())
def test_writes_the_line_that_establishes_a_pair_for_the_first_time(
    case: tuple[bool, bool], text: str
) -> None:
    recording, bgcopy = case
    wanted = replace(resource(recording=recording), bgcopy=bgcopy)
    assert first_establish(wanted, pair("0001:0002")) == text


volumes = st.integers(0, 0xFFFF).map(lambda number: VolumeId(f"{number:04X}"))


@settings(max_examples=100)
@given(
    kind=st.sampled_from(list(StepKind)),
    volumes=st.lists(volumes, min_size=2, max_size=12, unique=True),
    bgcopy=st.booleans(),
    space_efficient=st.booleans(),
)
def test_invariant_2_the_gate_knows_every_command_that_is_written(
    *, kind: StepKind, volumes: list[VolumeId], bgcopy: bool, space_efficient: bool
) -> None:
    pairs = tuple(map(Pair, volumes[::2], volumes[1::2]))
    names = [str(one) for one in pairs]
    recording = kind is RESYNC
    wanted = replace(resource(*names, recording=recording), bgcopy=bgcopy)
    live = [replace(relation(name), recording=recording) for name in names]
    text = render(
        Step(
            kind=kind,
            resource=wanted.id,
            array=ARRAY,
            pairs=pairs,
            bgcopy=bgcopy,
            space_efficient=space_efficient,
        )
    )
    gate = examine(
        text,
        service(wanted),
        Facts(
            listing=listing(*([] if kind is ESTABLISH else live)),
            inventory=inventory(*names),
            withdrawn=frozenset((ARRAY, one.source, one.target) for one in pairs),
        ),
        Forbidden(frozenset((ARRAY, one.source) for one in pairs), Protection()),
    )
    assert gate == Cleared(text)
