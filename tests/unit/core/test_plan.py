"""Which steps bring a service's clones to a new point in time, or why not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashd.core.command import render
from flashd.core.firewall import Cleared, Facts, Forbidden, examine
from flashd.core.plan import Objection, Planned, Refused, outline, plan
from flashd.model.protection import Protection
from flashd.model.run import Step, StepKind
from tests.unit.core.builders import (
    ARRAY,
    OTHER_ARRAY,
    PAIRS,
    inventory,
    listing,
    pair,
    relation,
    resource,
    service,
    withdrawal,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from flashd.model.observation import Withdrawal
    from flashd.model.service import Service
    from flashd.model.volumes import Pair, Relation

FIRST, SECOND, THIRD = PAIRS
RECORDING = service()
TWO_STEP = service(resource(recording=False))
Seen = dict[tuple[str, "Pair"], "Relation | None"]


def full(name: str) -> Relation:
    """Make a relation that does not record."""
    return replace(relation(name), recording=False)


def seen(*relations: Relation, array: str = ARRAY) -> Seen:
    return {(array, one.pair): one for one in relations}


ALL = seen(*map(relation, PAIRS))
ALL_FULL = seen(*map(full, PAIRS))


def resync(*names: str, **changes: bool) -> Step:
    return step(StepKind.RESYNC, *names, **changes)


def withdraw(*names: str, **changes: bool) -> Step:
    return step(StepKind.WITHDRAW, *names, **changes)


def establish(*names: str, **changes: bool) -> Step:
    return step(StepKind.ESTABLISH, *names, **changes)


def step(kind: StepKind, *names: str, bgcopy: bool = True, space_efficient: bool = False) -> Step:
    return Step(
        kind=kind,
        resource="sync#1",
        array=ARRAY,
        pairs=tuple(map(pair, names or PAIRS)),
        bgcopy=bgcopy,
        space_efficient=space_efficient,
    )


def test_invariant_6_resyncs_all_pairs_in_one_command_in_configured_order() -> None:
    assert plan(RECORDING, dict(reversed(ALL.items())), []) == Planned((resync(),))


def test_invariant_6_withdraws_all_pairs_and_then_establishes_all() -> None:
    backwards = dict(reversed(ALL_FULL.items()))
    assert plan(TWO_STEP, backwards, []) == Planned((withdraw(), establish()))


def test_passes_the_copy_option_on() -> None:
    sparing = service(replace(resource(), bgcopy=False))
    assert plan(sparing, ALL, []) == Planned((resync(bgcopy=False),))


def test_looks_at_nobody_else_s_relations() -> None:
    others = seen(replace(relation("0098:0099"), state="Invalid"))
    elsewhere = seen(replace(relation(FIRST), state="Invalid"), array=OTHER_ARRAY)
    assert plan(RECORDING, ALL | others | elsewhere, []) == Planned((resync(),))


# Unexpected

DEVIATIONS: dict[str, tuple[Callable[[Relation], Relation], str]] = {
    "state": (lambda one: replace(one, state="Invalid"), "is in state Invalid, not Valid"),
    "no state": (lambda one: replace(one, state=""), "is in state , not Valid"),
    "not persistent": (lambda one: replace(one, persistent=False), "is not persistent"),
    "persistent unknown": (lambda one: replace(one, persistent=None), "is not persistent"),
    "writes disabled": (
        lambda one: replace(one, target_write_enabled=False),
        "has target writes disabled",
    ),
    "writes unknown": (
        lambda one: replace(one, target_write_enabled=None),
        "has target writes disabled",
    ),
    "revertible": (lambda one: replace(one, revertible=True), "is revertible"),
    "revertible unknown": (lambda one: replace(one, revertible=None), "is revertible"),
    "unread": (
        lambda one: replace(one, unread=("DateSynced=gestern", "State=?")),
        "was reported as DateSynced=gestern, State=?, which is not known",
    ),
    "still copying": (
        lambda one: replace(one, out_of_sync_tracks=7),
        "is still being copied",
    ),
    "tracks unknown": (
        lambda one: replace(one, out_of_sync_tracks=None),
        "is still being copied",
    ),
    "copy unknown": (
        lambda one: replace(one, background_copy=None, out_of_sync_tracks=7),
        "is still being copied",
    ),
}


@pytest.mark.parametrize(("change", "reason"), DEVIATIONS.values(), ids=DEVIATIONS.keys())
@pytest.mark.parametrize("name", PAIRS)
def test_refuses_a_relation_that_is_not_as_configured(
    change: Callable[[Relation], Relation], reason: str, name: str
) -> None:
    for wanted, found in ((RECORDING, ALL), (TWO_STEP, ALL_FULL)):
        live = found[ARRAY, pair(name)]
        assert live is not None
        answer = plan(wanted, found | {(ARRAY, pair(name)): change(live)}, [])
        assert isinstance(answer, Refused)
        assert answer.reason == f"pair {name} {reason}"


@pytest.mark.parametrize(
    ("wanted", "recording", "word"),
    [
        (RECORDING, False, "Enabled"),
        (RECORDING, None, "Enabled"),
        (TWO_STEP, True, "Disabled"),
        (TWO_STEP, None, "Disabled"),
    ],
)
def test_invariant_7_refuses_where_recording_is_not_as_configured(
    *, wanted: Service, recording: bool | None, word: str
) -> None:
    found = ALL if wanted is RECORDING else ALL_FULL
    live = replace(relation(SECOND), recording=recording)
    answer = plan(wanted, found | {(ARRAY, live.pair): live}, [])
    assert answer == Refused((Objection(live.pair, f"has not Recording {word} as configured"),))


@pytest.mark.parametrize(
    "good",
    [
        replace(relation(FIRST), background_copy=False, out_of_sync_tracks=7),
        replace(relation(FIRST), background_copy=False, out_of_sync_tracks=None),
        replace(relation(FIRST), background_copy=None, out_of_sync_tracks=0),
        replace(relation(FIRST), source_write_enabled=False),
        relation(FIRST, synced=None, created=None),
    ],
)
def test_takes_no_offence_at_anything_else(good: Relation) -> None:
    assert plan(RECORDING, ALL | {(ARRAY, good.pair): good}, []) == Planned((resync(),))


@pytest.mark.parametrize("gone", [{}, {(ARRAY, pair(SECOND)): None}])
@pytest.mark.parametrize(
    ("wanted", "found", "line"),
    [
        (RECORDING, ALL, f"mkflash -dev {ARRAY} -record -persist -cp {SECOND}"),
        (TWO_STEP, ALL_FULL, f"mkflash -dev {ARRAY} -persist -cp {SECOND}"),
    ],
)
def test_refuses_a_missing_pair_and_writes_the_line_that_makes_it(
    wanted: Service, found: Seen, line: str, gone: Seen
) -> None:
    rest = {clone: one for clone, one in found.items() if clone[1] != pair(SECOND)}
    assert plan(wanted, rest | gone, []) == Refused(
        (
            Objection(
                pair(SECOND),
                f"is not on the array {ARRAY}",
                f"Establish it once by hand: {line}",
            ),
        )
    )


def test_a_pair_that_was_once_seen_reversed_and_is_gone_is_missing() -> None:
    left = {clone: one for clone, one in ALL.items() if clone[1] != pair(SECOND)}
    answer = plan(RECORDING, left | {(ARRAY, pair("0102:0101")): None}, [])
    assert isinstance(answer, Refused)
    assert answer.reason == f"pair {SECOND} is not on the array {ARRAY}"


def test_refuses_a_reversed_pair() -> None:
    turned = seen(relation("0102:0101")) | {(ARRAY, pair(SECOND)): None}
    assert plan(RECORDING, ALL | turned, []) == Refused(
        (Objection(pair(SECOND), "is reversed on the array", "Find out who ran reverseflash."),)
    )
    elsewhere = seen(relation("0102:0101"), array=OTHER_ARRAY)
    assert plan(RECORDING, ALL | elsewhere, []) == Planned((resync(),))


@pytest.mark.parametrize("other", ["0999:0102", "0102:0999"])
@pytest.mark.parametrize("mine", [[], [withdrawal(SECOND)]])
def test_refuses_a_pair_whose_target_is_bound_to_another_volume(
    other: str, mine: list[Withdrawal]
) -> None:
    # Else the rest would be withdrawn first, and then the establish of all be stopped.
    left = {clone: one for clone, one in ALL_FULL.items() if clone[1] != pair(SECOND)}
    assert plan(TWO_STEP, left | seen(full(other)), mine) == Refused(
        (
            Objection(
                pair(SECOND),
                f"is not on the array {ARRAY}, where its target is in the relation {other}",
                "Find out who made that relation; with it gone, establish the pair by hand: "
                f"mkflash -dev {ARRAY} -persist -cp {SECOND}",
            ),
        )
    )


@pytest.mark.parametrize(
    "harmless",
    [
        seen(full("0101:0999")),  # another clone of the same source
        seen(full("0999:0101")),
        seen(full("0999:0102"), array=OTHER_ARRAY),
        {(ARRAY, pair("0999:0102")): None},
    ],
)
def test_other_relations_of_the_source_do_not_hinder(harmless: Seen) -> None:
    left = {clone: one for clone, one in ALL_FULL.items() if clone[1] != pair(SECOND)}
    answer = plan(TWO_STEP, left | harmless, [withdrawal(SECOND)])
    assert answer == Planned((withdraw(FIRST, THIRD), establish()))


def test_tells_all_objections_at_once() -> None:
    found = seen(replace(relation(FIRST), persistent=False, revertible=True, out_of_sync_tracks=7))
    answer = plan(RECORDING, found | seen(relation(THIRD)), [])
    assert isinstance(answer, Refused)
    assert answer.reason == (
        f"pair {FIRST} is not persistent; pair {FIRST} is revertible; "
        f"pair {SECOND} is not on the array {ARRAY}; "
        f"pair {FIRST} is still being copied"
    )


# Withdrawn pairs

HEALS: dict[str, tuple[list[str], list[Withdrawal], list[Step] | None]] = {
    "one withdrawn": (
        [FIRST, THIRD],
        [withdrawal(SECOND)],
        [withdraw(FIRST, THIRD), establish()],
    ),
    "all withdrawn": ([], list(map(withdrawal, PAIRS)), [establish()]),
    "intended, and still there": (
        [FIRST, SECOND, THIRD],
        [withdrawal(SECOND)],
        [withdraw(), establish()],
    ),
    "by another service": ([FIRST, THIRD], [withdrawal(SECOND, owner="other")], None),
    "on another array": ([FIRST, THIRD], [withdrawal(SECOND, array=OTHER_ARRAY)], None),
    "another pair": ([FIRST, THIRD], [withdrawal("0999:0102")], None),
    "only one of two": ([FIRST], [withdrawal(SECOND)], None),
}


@pytest.mark.parametrize(("live", "withdrawals", "steps"), HEALS.values(), ids=HEALS.keys())
def test_invariant_2_establishes_again_what_this_service_withdrew(
    live: list[str], withdrawals: list[Withdrawal], steps: list[Step] | None
) -> None:
    answer = plan(TWO_STEP, seen(*map(full, live)), withdrawals)
    if steps is None:
        assert isinstance(answer, Refused)
    else:
        assert answer == Planned(tuple(steps))


def test_a_withdrawn_pair_that_is_to_record_is_left_to_a_person() -> None:
    rest = seen(relation(FIRST), relation(THIRD))
    answer = plan(RECORDING, rest, [withdrawal(SECOND)])
    assert isinstance(answer, Refused)
    assert answer.objections[0].hint.endswith(f"-record -persist -cp {SECOND}")


def test_a_withdrawn_pair_that_was_turned_is_refused() -> None:
    found = seen(full(FIRST), full(THIRD), full("0102:0101"))
    answer = plan(TWO_STEP, found, [withdrawal(SECOND)])
    assert isinstance(answer, Refused)
    assert answer.reason == f"pair {SECOND} is reversed on the array"


# -tgtse

SPARSE = replace(full(SECOND), space_efficient_target=True)


def test_permits_space_efficient_targets_for_all_as_soon_as_one_is() -> None:
    recorded = replace(SPARSE, recording=True)
    found = ALL | {(ARRAY, recorded.pair): recorded}
    assert plan(RECORDING, found, []) == Planned((resync(space_efficient=True),))
    both = (withdraw(space_efficient=True), establish(space_efficient=True))
    assert plan(TWO_STEP, ALL_FULL | {(ARRAY, SPARSE.pair): SPARSE}, []) == Planned(both)


def test_permits_nothing_where_it_is_not_known() -> None:
    found = ALL | seen(replace(relation(SECOND), space_efficient_target=None))
    assert plan(RECORDING, found, []) == Planned((resync(),))


@pytest.mark.parametrize("owner", ["iiststibmds", "other"])
def test_takes_the_permission_from_before_its_own_withdraw(owner: str) -> None:
    mine = [withdrawal(FIRST), withdrawal(THIRD)]
    sparse = replace(withdrawal(SECOND, owner=owner), space_efficient=True)
    answer = plan(TWO_STEP, seen(full(SECOND)), [*mine, sparse])
    permitted = owner == "iiststibmds"
    assert answer == Planned(
        (
            withdraw(SECOND, space_efficient=permitted),
            establish(space_efficient=permitted),
        )
    )


# Several resources


def test_plans_resource_by_resource() -> None:
    second = replace(resource("0003:0004", name="sync#2", recording=False), array=OTHER_ARRAY)
    both = service(resource(FIRST), second)
    found = seen(relation(FIRST)) | seen(full(THIRD), array=OTHER_ARRAY)
    steps = (
        resync(FIRST),
        replace(withdraw(THIRD), resource="sync#2", array=OTHER_ARRAY),
        replace(establish(THIRD), resource="sync#2", array=OTHER_ARRAY),
    )
    assert plan(both, found, []) == Planned(steps)
    assert outline(both, {}, []) == steps
    answer = plan(both, seen(relation(FIRST)) | seen(full(THIRD)), [])
    assert isinstance(answer, Refused)
    assert (
        answer.reason == f"sync#2 on {OTHER_ARRAY}: pair {THIRD} is not on the array {OTHER_ARRAY}"
    )


# Without asking an array


def test_an_outline_takes_pairs_that_were_never_seen_to_be_there() -> None:
    assert outline(RECORDING, {}, []) == (resync(),)
    assert outline(TWO_STEP, {}, []) == (withdraw(), establish())
    assert outline(TWO_STEP, {}, [withdrawal(FIRST)]) == (withdraw(SECOND, THIRD), establish())
    assert outline(TWO_STEP, {}, list(map(withdrawal, PAIRS))) == (establish(),)


def test_an_outline_takes_the_permission_from_the_last_observation() -> None:
    assert outline(TWO_STEP, {(ARRAY, SPARSE.pair): SPARSE}, []) == (
        withdraw(space_efficient=True),
        establish(space_efficient=True),
    )


# What is planned can be sent

STATES = ("good", "gone", "displaced", "invalid")


@settings(max_examples=150, deadline=None)
@given(
    recording=st.booleans(),
    states=st.tuples(*[st.sampled_from(STATES)] * 3),
    withdrawn=st.tuples(*[st.booleans()] * 3),
)
def test_invariant_2_every_step_of_a_plan_passes_the_last_gate(
    *, recording: bool, states: tuple[str, ...], withdrawn: tuple[bool, ...]
) -> None:
    wanted = service(resource(recording=recording))
    live = []
    for number, (name, state) in enumerate(zip(PAIRS, states, strict=True)):
        bound = f"090{number}:{pair(name).target}" if state == "displaced" else name
        one = replace(relation(bound), recording=recording)
        if state != "gone":
            live.append(replace(one, state="Invalid") if state == "invalid" else one)
    journal = [withdrawal(name) for name, mine in zip(PAIRS, withdrawn, strict=True) if mine]
    answer = plan(wanted, seen(*live), journal)
    if isinstance(answer, Refused):
        return
    assert {"displaced", "invalid"}.isdisjoint(states)
    own = {(ARRAY, str(one.pair.source), str(one.pair.target)) for one in journal}
    shown = listing(*live)
    for planned in answer.steps:
        if planned.kind is StepKind.ESTABLISH:
            own |= {(ARRAY, str(each.source), str(each.target)) for each in planned.pairs}
            shown = listing()
        gate = examine(
            render(planned),
            wanted,
            Facts(listing=shown, inventory=inventory(*PAIRS), withdrawn=own),
            Forbidden(set(), Protection()),
        )
        assert gate == Cleared(render(planned))
