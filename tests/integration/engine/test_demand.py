"""An array is asked only for what somebody demands; nothing is sent by what it was not asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from flashd.core.enrolment import Refusal
from flashd.core.firewall import Cleared
from flashd.engine.enroll import pin, survey
from flashd.engine.gate import Ground, judge
from flashd.engine.observe import observe, take_stock
from flashd.engine.seen import Seen
from flashd.errors import Unsurveyed
from flashd.model.inventory import EVERYTHING, Part
from flashd.model.protection import Protection
from flashd.model.run import Outcome
from tests.integration.engine.doors import followed
from tests.integration.engine.house import OTHER, SERIAL, Lab, asked, resource

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from flashd.engine.world import World
    from flashd.model.inventory import Inventory
    from flashd.model.service import Service
    from flashd.ports.array import ArrayBackend, Witness

PAIR, SECOND = "0001:0002", "0101:0102"
REPORTS = ("lsfbvol", "lspprc", "lshostconnect", "lsvolgrp", "lssi")
BARE = ["lspprc", "lsfbvol", "lspprc", "lssi"]
"""By a client of its own; the last one is its end mark."""

WHOLE = [
    "lsfbvol",
    "lspprc",
    "lshostconnect",
    "lsvolgrp",
    "lsfbvol",
    "lshostconnect",
    "lspprc",
    "lssi",
]
HOSTS = Protection(hosts=frozenset({"prd*"}))
TEXT = f"resyncflash -dev {SERIAL} -persist -record -cp {PAIR}"


def surveyed(lab: Lab, serial: str = SERIAL) -> list[str]:
    """Tell the reports of inventories that an array was asked, by its own journal."""
    verbs = [entry.command.partition(" ")[0] for entry in lab.array(serial).journal()]
    return [one for one in verbs if one in REPORTS]


def nightly(lab: Lab, name: str = "db", pair: str = PAIR, **more: object) -> Service:
    lab.clones(pair)
    return lab.define(name, replace(resource(pair), **more))  # type: ignore[arg-type]


def names(lab: Lab) -> None:
    nightly(lab)
    lab.protected = Protection(names=frozenset({"PRD*"}), groups=frozenset({(OTHER, "V1")}))


def declared(lab: Lab) -> None:
    nightly(lab, hosts=("tst*",))


def hosts(lab: Lab) -> None:
    nightly(lab)
    lab.protected = HOSTS


def groups(lab: Lab) -> None:
    nightly(lab)
    lab.protected = Protection(groups=frozenset({(SERIAL, "prd*")}))


DEMANDS: dict[str, tuple[Callable[[Lab], None], list[str]]] = {
    "names, and groups elsewhere": (names, BARE),
    "declared hosts": (declared, WHOLE),
    "protected hosts": (hosts, WHOLE),
    "protected groups": (groups, WHOLE),
}


@pytest.mark.parametrize(("prepare", "reports"), DEMANDS.values(), ids=DEMANDS.keys())
async def test_an_array_is_asked_for_what_is_demanded(
    lab: Lab, prepare: Callable[[Lab], None], reports: list[str]
) -> None:
    prepare(lab)
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE, result.reason
    assert surveyed(lab) == reports
    assert lab.acted() == ["resyncflash"]


async def test_an_enrolled_service_is_looked_at_as_a_whole(lab: Lab) -> None:
    nightly(lab)
    async with lab.open() as world:
        await enroll(world)
        assert surveyed(lab) == WHOLE
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE, result.reason
    assert surveyed(lab) == [*WHOLE, *WHOLE]


async def enroll(world: World) -> None:
    (found,) = await survey(world, [world.services["db"]])
    assert found.fit, found.objections
    await pin(world, [found], "ann")


async def test_invariant_2_who_is_enrolled_meanwhile_is_held_to_it_and_goes_next_time(
    lab: Lab,
) -> None:
    """The gate asks what is enrolled by now, and was shown less than that."""
    nightly(lab)
    first = True

    async def meanwhile() -> None:
        nonlocal first
        if first:
            first = False
            await enroll(world)

    async with lab.open(dress=lambda store: followed(store, "intend", meanwhile)) as world:
        (refused,) = await asked(world, "db")
        assert (refused.outcome, refused.exit_code) == (Outcome.REFUSED, 4)
        assert f"{SERIAL} was not asked which hosts reach its volumes" in refused.reason
        assert not lab.changes()
        (done,) = await asked(world, "db")
        assert done.outcome is Outcome.DONE, done.reason


RELOADS = {
    "protected hosts": HOSTS,
    "protected groups": Protection(groups=frozenset({(SERIAL, "prd*")})),
}


@pytest.mark.parametrize("protected", RELOADS.values(), ids=RELOADS.keys())
async def test_invariant_2_what_a_reload_protects_was_not_asked_and_stops_the_command(
    lab: Lab, protected: Protection
) -> None:
    nightly(lab)

    def reload() -> None:
        replace(world, services=dict(lab.services), protected=protected).after(world).succeed()

    async with lab.open(dress=lambda store: followed(store, "intend", reload)) as world:
        (refused,) = await asked(world, "db")
        assert (refused.outcome, refused.exit_code) == (Outcome.REFUSED, 4)
        assert f"{SERIAL} was not asked which hosts and groups target 0002" in refused.reason
        assert surveyed(lab) == BARE
        assert not lab.changes()
        (done,) = await asked(world, "db")
        assert done.outcome is Outcome.DONE, done.reason
        assert surveyed(lab) == [*BARE, *WHOLE]


@pytest.mark.parametrize("part", Part)
async def test_invariant_2_the_gate_does_not_trust_whoever_asked(lab: Lab, part: Part) -> None:
    """It is handed less than the service demands, by a caller that is mistaken."""
    nightly(lab, hosts=("tst*",))
    async with lab.open() as world:
        service, listing = world.services["db"], await observe(world, SERIAL)
        whole = await take_stock(world, SERIAL, EVERYTHING)
        less = replace(whole, **dict[str, Any]({str(part): None}))
        enough, lacking = (
            Ground(listing=listing, inventory=stock, withdrawals=(), enrolment=None)
            for stock in (whole, less)
        )
        assert judge(world, service, [TEXT], enough) == (Cleared(TEXT),)
        found = judge(world, service, [TEXT], lacking)
        assert isinstance(found, Refusal) is (part is Part.REACH)
        await enroll(world)
        pinned = await world.store.enrolment("db")
        assert judge(world, service, [TEXT], replace(enough, enrolment=pinned)) == (Cleared(TEXT),)
        found = judge(world, service, [TEXT], replace(lacking, enrolment=pinned))
        assert isinstance(found, Refusal)
        assert f"{SERIAL} was not asked" in found.reason


async def test_a_batch_asks_again_for_who_demands_more_and_not_for_who_demands_less(
    lab: Lab,
) -> None:
    """All of an inventory is of one reading, so that no part of it is older than another."""
    nightly(lab)
    nightly(lab, "web", SECOND, hosts=("tst*",))
    async with lab.open() as world:
        seen = Seen(world)
        bare = await seen.stock(SERIAL, world.services["db"], enrolled=False)
        assert bare.parts == {Part.IMAGE}
        assert await seen.stock(SERIAL, world.services["db"], enrolled=False) is bare
        assert surveyed(lab) == BARE
        whole = await seen.stock(SERIAL, world.services["web"], enrolled=False)
        assert whole.parts == EVERYTHING
        assert whole.began_at > bare.ended_at
        assert await seen.stock(SERIAL, world.services["db"], enrolled=False) is whole
        assert surveyed(lab) == [*BARE, *WHOLE]


async def test_what_grew_old_is_asked_anew_as_the_batch_demands_it(lab: Lab) -> None:
    nightly(lab)
    nightly(lab, "web", SECOND, hosts=("tst*",))
    async with lab.open() as world:
        seen = Seen(world)
        await seen.stock(SERIAL, world.services["web"], enrolled=False)
        lab.clock.older += 46  # and 15 s for the login
        again = await seen.stock(SERIAL, world.services["db"], enrolled=False)
        assert again.parts == EVERYTHING
        assert surveyed(lab) == [*WHOLE, *WHOLE]
        assert await seen.stock(SERIAL, world.services["web"], enrolled=False) is again


async def test_who_demands_no_hosts_is_served_where_they_cannot_be_listed(lab: Lab) -> None:
    """What one service demands in vain fails no other."""
    nightly(lab, hosts=("tst*",))
    nightly(lab, "web", SECOND)
    lab.array().add_fault("refused", "lshostconnect", times=-1)
    async with lab.open() as world:
        failed, done = await asked(world, "db", "web")
        assert (failed.service, failed.outcome) == ("db", Outcome.FAILED)
        assert (done.service, done.outcome) == ("web", Outcome.DONE), done.reason
    assert surveyed(lab).count("lsvolgrp") == 1
    assert lab.fresh(SECOND)
    assert not lab.fresh(PAIR)


async def test_where_hosts_cannot_be_listed_any_more_each_is_asked_for_its_own(lab: Lab) -> None:
    nightly(lab, hosts=("tst*",))
    nightly(lab, "web", SECOND)
    async with lab.open() as world:
        seen, db, web = Seen(world), world.services["db"], world.services["web"]
        await seen.stock(SERIAL, db, enrolled=False)
        lab.array().add_fault("refused", "lshostconnect", times=-1)
        lab.clock.older += 46
        bare = await seen.stock(SERIAL, web, enrolled=False)
        assert bare.reach is None
        assert surveyed(lab) == [*WHOLE, *WHOLE, *BARE]
        for _ in range(2):
            with pytest.raises(Unsurveyed):
                await seen.stock(SERIAL, db, enrolled=False)
            assert await seen.stock(SERIAL, web, enrolled=False) is bare
        told = [*WHOLE, *WHOLE, *BARE, *WHOLE]
        assert surveyed(lab) == told, "each demand is tried once, and then told the same"


async def test_where_not_even_volumes_are_told_nobody_asks_for_more(lab: Lab) -> None:
    nightly(lab)
    nightly(lab, "web", SECOND, hosts=("tst*",))
    lab.array().add_fault("refused", "lsfbvol", times=-1)
    async with lab.open() as world:
        results = await asked(world, "db", "web")
        assert [one.outcome for one in results] == [Outcome.FAILED] * 2
    assert surveyed(lab).count("lsfbvol") == 1
    assert not lab.changes()


async def test_of_two_arrays_each_is_asked_for_what_is_demanded_there(lab: Lab) -> None:
    lab.clones(PAIR)
    lab.clones(SECOND, serial=OTHER)
    there = replace(resource(SECOND, name="sync#2", serial=OTHER), hosts=("tst*",))
    lab.define("db", resource(PAIR), there)
    async with lab.open() as world:
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE, result.reason
    assert surveyed(lab) == BARE
    assert surveyed(lab, OTHER) == WHOLE


@dataclass(frozen=True)
class _Sparing:
    """An array whose adapter tells less than it was asked."""

    inner: ArrayBackend

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all else is as it is
        return getattr(self.inner, name)

    async def inventory(self, witness: Witness, _: AbstractSet[Part]) -> Inventory:
        return replace(await self.inner.inventory(witness, frozenset()), image=None)


async def test_invariant_2_what_an_adapter_does_not_tell_is_neither_enrolled_nor_passed(
    lab: Lab,
) -> None:
    nightly(lab, hosts=("tst*",))
    async with lab.open() as world:
        backends = world.arrays
        sparing = replace(world, arrays=lambda serial: cast("Any", _Sparing(backends(serial))))
        (found,) = await survey(sparing, [world.services["db"]])
        assert not found.fit
        assert [one for one in found.objections if "which hosts reach its volumes" in one]
        assert [one for one in found.objections if "for its WWNN" in one]
        assert await pin(sparing, [found], "ann") == ()
        (refused,) = await asked(sparing, "db")
        assert refused.outcome is Outcome.REFUSED
        assert "was not asked which hosts and groups target 0002" in refused.reason
    assert not lab.changes()
