"""What the array shows beside relations stops a command: hosts, remote copies, sizes, names."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flashd.core.enrolment import Refusal
from flashd.core.firewall import Cleared
from flashd.engine.events import Event
from flashd.engine.gate import Ground, judge
from flashd.engine.observe import observe, take_stock
from flashd.model.inventory import EVERYTHING
from flashd.model.protection import Protection
from flashd.model.run import Outcome
from flashd.sim.hosts import access
from flashd.sim.nouns import RemoteCopy
from tests.integration.engine.doors import followed
from tests.integration.engine.house import SERIAL, Lab, asked, resource, ticks
from tests.unit.core.builders import withdrawal

if TYPE_CHECKING:
    from collections.abc import Callable

    from flashd.sim.array import Array
    from flashd.sim.inventory import Inventory

PAIRS = ("0001:0002", "0101:0102")


def change(array: Array, act: Callable[[Inventory], None]) -> None:
    with array.inventory() as held:
        act(held)


def mapped(held: Inventory) -> None:
    access.add(held, "prd7")
    access.map_volumes(held, "prd7", ["0102"])


def mirrored(held: Inventory) -> None:
    held.put_remote_copy(
        RemoteCopy(primary_volume="0102", secondary_volume="IBM.2107-75ZZZ99/0102")
    )


def altered(**changes: object) -> Callable[[Inventory], None]:
    def act(held: Inventory) -> None:
        held.put_volume(replace(held.need_volume("0102"), **changes))  # type: ignore[arg-type]

    return act


STOPS = {
    "a host that is not declared": (mapped, "0102 is mapped to host prd7"),
    "a remote copy": (mirrored, "0102 is in a remote copy relation"),
    "a smaller target": (altered(blocks=1), "0102 has 1 blocks, its source"),
    "another type": (altered(datatype="FB 520P"), "0102 is 'FB 520P', its source 'FB 512'"),
    "a target that is not well": (altered(datastate="Failed"), "0102 is Online/Failed/Normal"),
    "a protected name": (altered(name="PRD_7"), "0102 is called PRD_7, which is protected"),
}
RECORDING = {"recording": True, "not recording": False}


def nightly(lab: Lab, *, recording: bool) -> None:
    lab.clones(*PAIRS, record=recording)
    wanted = replace(resource(*PAIRS, recording=recording), hosts=("tst*",))
    lab.define("db", wanted)
    lab.protected = Protection(names=frozenset({"PRD_*"}))


@pytest.mark.parametrize("recording", RECORDING.values(), ids=RECORDING.keys())
@pytest.mark.parametrize(("act", "reason"), STOPS.values(), ids=STOPS.keys())
async def test_invariant_2_refuses_before_anything_is_opened(
    lab: Lab, act: Callable[[Inventory], None], reason: str, *, recording: bool
) -> None:
    nightly(lab, recording=recording)
    change(lab.array(), act)
    async with lab.open() as world:
        (result,) = await asked(world, "db", dry_run=True)
        assert (result.outcome, result.exit_code) == (Outcome.REFUSED, 4)
        assert reason in result.reason
        (result,) = await asked(world, "db")
        assert (result.outcome, result.exit_code) == (Outcome.REFUSED, 4)
        assert reason in result.reason
        await ticks(world, 2)
    assert not lab.changes()


async def test_invariant_2_an_array_is_asked_anew_before_each_run(lab: Lab) -> None:
    nightly(lab, recording=True)
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE
        change(lab.array(), mapped)
        (result,) = await asked(world, "db", force=True)
        assert result.outcome is Outcome.REFUSED
        assert "prd7" in result.reason
    assert lab.acted() == ["resyncflash"]


async def test_invariant_2_an_inventory_that_grew_old_during_the_login_stops_it(lab: Lab) -> None:
    def meanwhile() -> None:
        lab.clock.ahead += timedelta(seconds=61)

    nightly(lab, recording=True)
    async with lab.open(dress=lambda store: followed(store, "intend", meanwhile)) as world:
        (result,) = await asked(world, "db")
        assert (result.outcome, result.exit_code) == (Outcome.REFUSED, 4)
        assert "grew old during the login" in result.reason
    assert not lab.changes()


async def test_an_inventory_that_cannot_be_read_sends_nothing(lab: Lab) -> None:
    nightly(lab, recording=True)
    lab.array().add_fault("garbage", "lshostconnect")
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert (result.outcome, result.exit_code) == (Outcome.FAILED, 1)
        assert "was listed, but what a copy could harm could not be read" in result.reason
        assert "was not understood" in result.reason
        assert result.reason.endswith("; nothing is sent")
        assert not lab.changes()
        assert Event.ARRAY_UNREADABLE not in lab.told.kinds()
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE


async def test_invariant_2_only_a_withdrawal_of_its_own_lets_a_service_establish(lab: Lab) -> None:
    nightly(lab, recording=False)
    text = f"mkflash -dev {SERIAL} -persist -cp {' '.join(PAIRS)}"
    async with lab.open() as world:
        stock = await take_stock(world, SERIAL, EVERYTHING)
        listing = replace(await observe(world, SERIAL), relations={})
        for owners, passes in ((("db", "db"), True), (("db", "other"), False), ((), False)):
            own = [
                withdrawal(pair, owner=owner, array=SERIAL)
                for pair, owner in zip(PAIRS, owners, strict=False)
            ]
            ground = Ground(listing=listing, inventory=stock, withdrawals=own, enrolment=None)
            found = judge(world, lab.services["db"], [text], ground)
            assert (not isinstance(found, Refusal)) is passes, found


async def test_invariant_2_of_several_commands_each_must_pass(lab: Lab) -> None:
    nightly(lab, recording=True)
    good = f"resyncflash -dev {SERIAL} -persist -record -cp {' '.join(PAIRS)}"
    bad = good.replace(" -record", "")
    async with lab.open() as world:
        listing, stock = await observe(world, SERIAL), await take_stock(world, SERIAL, EVERYTHING)
        ground = Ground(listing=listing, inventory=stock, withdrawals=(), enrolment=None)
        service = lab.services["db"]
        assert judge(world, service, [good, good], ground) == (Cleared(good),) * 2
        for texts in ([good, bad], [bad, good]):
            found = judge(world, service, texts, ground)
            assert isinstance(found, Refusal)
            assert "none of the three known commands" in found.reason
