"""What was enrolled is compared with what is there: before a run, and in the last gate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from flashd.engine.enroll import pin, survey
from flashd.engine.events import Event
from flashd.engine.observe import take_stock
from flashd.model.inventory import Part
from flashd.model.protection import Protection
from flashd.model.run import Outcome
from flashd.model.service import GuardSpec
from flashd.model.volumes import VolumeId
from flashd.sim.hosts import access
from flashd.sim.ids import volume_id
from tests.integration.engine.doors import followed
from tests.integration.engine.house import (
    OTHER,
    SERIAL,
    Lab,
    Looks,
    asked,
    clear,
    outcomes,
    resource,
    ticks,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from flashd.engine.enroll import Surveyed
    from flashd.engine.world import World

PAIR, SECOND = "0001:0002", "0101:0102"


async def enroll(world: World, *names: str) -> tuple[Surveyed, ...]:
    found = await survey(world, [world.services[name] for name in names or ("db",)])
    await pin(world, found, "ann")
    return found


def rename(lab: Lab) -> None:
    lab.array().set_volume("0002", name="PRD_01")


def map_a_host(lab: Lab) -> None:
    with lab.array().inventory() as held:
        access.add(held, "prd7", ("10000000C9FFFFFF",), access.DEFAULT_TYPE)
        access.map_volumes(held, "prd7", [volume_id("0002")])


def resize(lab: Lab) -> None:
    lab.array().set_volume("0002", blocks=lab.array().volume("0002").blocks + 8192)


def another_array(lab: Lab) -> None:
    with lab.array().file.change() as rows:
        rows.execute("UPDATE array SET wwnn = '5005076303FFC999'")


DRIFTS: dict[str, tuple[Callable[[Lab], None], str]] = {
    "renamed": (rename, f"target 0002 of {SERIAL}: name was "),
    "a host mapped": (map_a_host, "host prd7 10000000C9FFFFFF is mapped since"),
    "resized": (resize, f"target 0002 of {SERIAL}: blocks was "),
    "another array of that serial": (another_array, "WWNN was 5005076303"),
}


@pytest.mark.parametrize(("change", "told"), DRIFTS.values(), ids=DRIFTS.keys())
async def test_invariant_2_drift_before_a_run_is_refused_until_somebody_enrolls_again(
    lab: Lab, change: Callable[[Lab], None], told: str
) -> None:
    lab.clones(PAIR)
    lab.define("db", resource(PAIR))
    async with lab.open() as world:
        await enroll(world)
        change(lab)
        (refused,) = await asked(world, "db")
        assert refused.outcome is Outcome.REFUSED
        assert refused.exit_code == 4
        assert told in refused.reason
        assert "flashd enroll db" in refused.hint
        assert not lab.changes()
        (again,) = await enroll(world)
        assert any(told in one for one in again.differences)
        (done,) = await asked(world, "db")
        assert done.outcome is Outcome.DONE, done.reason
    assert lab.acted() == ["resyncflash"]


async def test_invariant_2_an_enrolment_of_something_else_meanwhile_stops_the_last_gate(
    lab: Lab,
) -> None:
    """The store's enrolment is read afresh: what counts is what a person said last."""
    lab.clones(PAIR)

    async def meanwhile() -> None:
        found = await world.store.enrolment("db")
        assert found
        others = tuple(
            replace(fact, value="TST_99") if fact.aspect == "name" else fact for fact in found.facts
        )
        await world.store.enroll([replace(found, facts=others)], world.clock.now())

    lab.define("db", resource(PAIR))
    async with lab.open(dress=lambda store: followed(store, "intend", meanwhile)) as world:
        await enroll(world)
        (refused,) = await asked(world, "db")
        assert refused.outcome is Outcome.REFUSED
        assert "name was TST_99, is" in refused.reason
        assert "flashd enroll db" in refused.hint
        (stopped,) = lab.told.facts(Event.COMMAND_STOPPED)
        assert stopped == {
            "flashd.run.id": refused.run,
            "flashd.service.name": "db",
            "flashd.storage.id": SERIAL,
            "flashd.dscli.command": refused.commands[0],
            "event.reason": refused.reason,
        }
        assert not await world.store.open_runs()
    assert not lab.changes()


async def test_invariant_2_a_requirement_by_a_reload_meanwhile_stops_the_last_gate(
    lab: Lab,
) -> None:
    lab.clones(PAIR)

    def reload() -> None:
        replace(world, require_enrolment=True).after(world).succeed()

    lab.define("db", resource(PAIR))
    async with lab.open(dress=lambda store: followed(store, "intend", reload)) as world:
        (refused,) = await asked(world, "db")
        assert refused.outcome is Outcome.REFUSED
        assert "is not enrolled" in refused.reason
    assert not lab.changes()


@pytest.mark.parametrize("change", [rename, map_a_host], ids=["renamed", "a host mapped"])
async def test_a_service_of_two_steps_is_held_to_it_too(
    lab: Lab, change: Callable[[Lab], None]
) -> None:
    lab.clones(PAIR, record=False)
    lab.define("db", resource(PAIR, recording=False))
    async with lab.open() as world:
        await enroll(world)
        change(lab)
        (refused,) = await asked(world, "db")
        assert refused.outcome is Outcome.REFUSED
        assert not lab.changes()
        await enroll(world)
        (done,) = await asked(world, "db")
        assert done.outcome is Outcome.DONE, done.reason
    assert lab.acted() == ["rmflash", "mkflash"]


def commands(lab: Lab) -> set[str]:
    return {entry.command.split()[0] for entry in lab.array().journal()}


async def test_without_an_enrolment_nothing_is_compared_unless_it_is_required(lab: Lab) -> None:
    lab.clones(PAIR)
    lab.define("db", resource(PAIR))
    async with lab.open() as world:
        strict = replace(world, require_enrolment=True)
        (refused,) = await asked(strict, "db")
        assert refused.outcome is Outcome.REFUSED
        assert refused.reason.startswith("service db is not enrolled")
        assert "flashd enroll db --dry-run" in refused.hint
        assert "lsfbvol" not in commands(lab)
        (planned,) = await asked(strict, "db", dry_run=True)
        assert (planned.outcome, planned.exit_code) == (Outcome.REFUSED, 4)
        assert planned.hint == refused.hint
        assert "lsfbvol" not in commands(lab)
        (done,) = await asked(world, "db")
        assert done.outcome is Outcome.DONE, done.reason
    assert "lsfbvol" in commands(lab)


async def test_who_is_not_enrolled_is_refused_once_in_the_history_and_never_enrolled(
    lab: Lab,
) -> None:
    lab.clones(PAIR)
    lab.define("db", resource(PAIR))
    async with lab.open() as world:
        strict = replace(world, require_enrolment=True)
        await ticks(strict, 3)
        assert await outcomes(world, "db") == ["refused"]
        standing = (await world.store.standings())["db"]
        assert standing.refused
        assert "is not enrolled" in standing.reason
        assert len(lab.told.messages(Event.RESYNC_REFUSED)) == 1
        assert await world.store.enrolments() == {}
        await enroll(strict)
        await ticks(strict)
        assert await outcomes(world, "db") == ["refused", "done"]
    assert Event.SERVICE_ENROLLED in lab.told.kinds()
    assert lab.told.facts(Event.SERVICE_ENROLLED)[0]["user.name"] == "ann"


def other_guard(lab: Lab) -> None:
    lab.services["db"] = replace(
        lab.services["db"], guards=(GuardSpec("table", "db is down too", (), proves=True),)
    )
    lab.guards["db is down too"] = lab.guards["db is down"]


DEFINITIONS: dict[str, tuple[Callable[[Lab], object], str]] = {
    "pairs moved": (lambda lab: lab.define("db", resource(SECOND)), "pair 1 was 0001:0002"),
    "a flag": (lambda lab: lab.define("db", resource(PAIR, bgcopy=False)), "bgcopy was true"),
    "a guard more": (
        lambda lab: lab.define("db", resource(PAIR), also={"port": Looks([clear()])}),
        "guard table port is defined since",
    ),
    "another guard": (other_guard, "guard table db is down is defined no more"),
}


@pytest.mark.parametrize(("change", "told"), DEFINITIONS.values(), ids=DEFINITIONS.keys())
async def test_another_definition_is_refused_until_somebody_enrolls_again(
    lab: Lab, change: Callable[[Lab], object], told: str
) -> None:
    lab.clones(PAIR, SECOND)
    lab.define("db", resource(PAIR))
    async with lab.open() as world:
        await enroll(world)
        change(lab)
        (refused,) = await asked(world, "db")
        assert refused.outcome is Outcome.REFUSED
        assert told in refused.reason
        await enroll(world)
        (done,) = await asked(world, "db")
        assert done.outcome is Outcome.DONE, done.reason


def aim(lab: Lab, *wwids: str) -> None:
    guards = (GuardSpec("table", "db is down", (), proves=True, wwids=wwids),)
    lab.services["db"] = replace(lab.services["db"], guards=guards)


@pytest.mark.parametrize("enrolled", [True, False])
async def test_invariant_1_a_guard_that_looks_at_other_volumes_lets_nothing_be_sent(
    lab: Lab,
    enrolled: bool,  # noqa: FBT001 - a case
) -> None:
    lab.clones(PAIR, SECOND)
    lab.define("db", resource(PAIR, SECOND))
    async with lab.open() as world:
        image = (await take_stock(world, SERIAL, {Part.IMAGE})).image
        assert image
        source, first, second = (image.wwid(VolumeId(one)) for one in ("0001", "0002", "0102"))
        told = {
            (first, second, source): f"looks at {source}, which is no target of this service",
            (first,): f"no guard looks at target 0102 of {SERIAL}, {second}",
        }
        for wwids, words in told.items():
            aim(lab, *wwids)
            if enrolled:
                (found,) = await enroll(world)
                assert not found.fit
                assert words in found.objections[0]
            (refused,) = await asked(world, "db")
            assert refused.outcome is Outcome.REFUSED
            assert words in refused.reason
            assert "name all targets" in refused.hint
        assert not lab.changes()
        aim(lab, second, first)
        if enrolled:
            (found,) = await enroll(world)
            assert found.fit
        (done,) = await asked(world, "db")
        assert done.outcome is Outcome.DONE, done.reason


async def test_a_larger_target_is_refreshed_only_as_it_was_enrolled(lab: Lab) -> None:
    lab.clones(PAIR)
    lab.define("db", resource(PAIR))
    resize(lab)
    async with lab.open() as world:
        (refused,) = await asked(world, "db")
        assert "if that is meant, enroll the service" in refused.reason
        (found,) = await enroll(world)
        assert found.fit
        (done,) = await asked(world, "db")
        assert done.outcome is Outcome.DONE, done.reason
        resize(lab)
        (refused,) = await asked(world, "db", force=True)
        assert "blocks was" in refused.reason


async def test_what_cannot_be_read_or_never_pass_is_not_enrolled(lab: Lab) -> None:
    lab.clones(PAIR, SECOND)
    lab.define("db", resource(PAIR))
    lab.define("other", resource(SECOND))
    lab.protected = Protection(volumes=frozenset({(SERIAL, "0002")}))
    async with lab.open() as world:
        db, other = await enroll(world, "db", "other")
        assert (db.fit, other.fit) == (False, True)
        assert db.objections == (f"{SERIAL}: target 0002 is protected",)
        assert set(await world.store.enrolments()) == {"other"}
        lab.array().add_fault("refused", "lspprc")
        (unread,) = await enroll(world, "other")
        assert not unread.fit
        assert unread.objections[0].startswith(f"array {SERIAL} was listed, but what a copy")
        assert unread.differences == ()


async def test_a_service_on_two_arrays_is_enrolled_with_both(lab: Lab) -> None:
    lab.clones(PAIR)
    lab.clones(SECOND, serial=OTHER)
    lab.define("db", resource(PAIR), resource(SECOND, name="sync#2", serial=OTHER))
    async with lab.open() as world:
        (found,) = await enroll(world)
        assert {fact.array for fact in found.facts} == {"", SERIAL, OTHER}
        lab.array(OTHER).set_volume("0102", name="PRD_02")
        (refused,) = await asked(world, "db")
        assert f"target 0102 of {OTHER}: name was" in refused.reason
    assert not lab.changes()
    assert not lab.changes(OTHER)


async def test_a_service_that_is_renamed_keeps_what_was_pinned_of_its_volumes(lab: Lab) -> None:
    lab.clones(PAIR)
    lab.define("db", resource(PAIR))
    async with lab.open() as world:
        await enroll(world, "db")
    del lab.services["db"]
    lab.define("db2", resource(PAIR))
    async with lab.open() as world:
        (result,) = await asked(world, "db2")
        assert (result.outcome, result.exit_code) == (Outcome.REFUSED, 4)
        assert "is enrolled as that of db" in result.reason
        assert not lab.changes()
        (found,) = await enroll(world, "db2")
        assert found.elsewhere == (f"target 0002 of {SERIAL} is enrolled as that of db",)
        (result,) = await asked(world, "db2")
        assert result.outcome is Outcome.DONE
