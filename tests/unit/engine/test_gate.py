"""The gate before one array: what is enrolled, each text, and whose withdrawals count."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from flashd.core.enrolment import Refusal, describe
from flashd.core.firewall import Cleared, Forbidden
from flashd.engine.gate import Ground, judge, misdefined
from flashd.model.enrolment import Enrolment
from flashd.model.footing import Footing
from flashd.model.protection import NOTHING, Protection
from flashd.model.volumes import VolumeId
from tests.unit.core.builders import (
    ARRAY,
    NOW,
    OTHER_ARRAY,
    inventory,
    listing,
    relation,
    resource,
    service,
    withdrawal,
)

if TYPE_CHECKING:
    from flashd.engine.world import World
    from flashd.model.inventory import Inventory
    from flashd.model.observation import Withdrawal
    from flashd.model.service import Service

PAIR = "0001:0002"
SERVICE = service(resource(PAIR))
TWO_STEP = service(resource(PAIR, recording=False))
STOCK = inventory(PAIR)
RESYNC = f"resyncflash -dev {ARRAY} -persist -record -cp {PAIR}"
ESTABLISH = f"mkflash -dev {ARRAY} -persist -cp {PAIR}"
PINNED = Enrolment(service=SERVICE.name, at=NOW, by="ann", facts=describe(SERVICE, [STOCK]))


@dataclass(frozen=True)
class Definitions:
    """What the gate asks of a world."""

    demands_enrolment: bool = False
    forbidden: Forbidden = field(
        default_factory=lambda: Forbidden(frozenset({(ARRAY, "0001")}), NOTHING)
    )


def judged(
    *texts: str,
    world: Definitions | None = None,
    of: Service = SERVICE,
    enrolment: Enrolment | None = None,
    stock: Inventory = STOCK,
    withdrawn: tuple[Withdrawal, ...] = (),
) -> tuple[Cleared, ...] | Refusal:
    live = listing() if withdrawn else listing(relation(PAIR))
    ground = Ground(listing=live, inventory=stock, withdrawals=withdrawn, enrolment=enrolment)
    return judge(cast("World", world or Definitions()), of, texts or (RESYNC,), ground)


def reason(found: tuple[Cleared, ...] | Refusal | None) -> str:
    assert isinstance(found, Refusal), found
    assert found.hint
    return found.reason


def renamed() -> Inventory:
    two = VolumeId("0002")
    return replace(STOCK, volumes={**STOCK.volumes, two: replace(STOCK.volumes[two], name="PRD")})


def test_invariant_2_every_text_passes_or_none() -> None:
    bad = RESYNC.replace(" -record", "")
    assert judged(RESYNC, RESYNC) == (Cleared(RESYNC), Cleared(RESYNC))
    for texts in ((bad,), (RESYNC, bad), (bad, RESYNC)):
        assert reason(judged(*texts)) == (
            f"on {ARRAY} it is none of the three known commands with their known options"
        )


def test_invariant_2_what_is_forbidden_in_the_world_is_forbidden_here() -> None:
    protection = Protection(volumes=frozenset({(ARRAY, "0002")}))
    world = replace(Definitions(), forbidden=Forbidden(frozenset(), protection))
    assert reason(judged(world=world)) == f"on {ARRAY} target 0002 is protected"
    world = replace(Definitions(), forbidden=Forbidden(frozenset({(ARRAY, "0002")}), NOTHING))
    assert reason(judged(world=world)) == f"on {ARRAY} target 0002 is a source of a service"


def test_invariant_2_whoever_is_enrolled_is_held_to_it_and_to_be_so_may_be_demanded() -> None:
    strict = Definitions(demands_enrolment=True)
    assert judged(world=strict, enrolment=PINNED) == (Cleared(RESYNC),)
    assert "is not enrolled" in reason(judged(world=strict))
    assert judged(stock=renamed()) == (Cleared(RESYNC),)
    for world in (strict, Definitions()):
        told = reason(judged(world=world, enrolment=PINNED, stock=renamed()))
        assert "name was TST_0002, is PRD" in told
    bare = replace(STOCK, reach=None)
    assert "was not asked which hosts reach" in reason(judged(enrolment=PINNED, stock=bare))


def test_a_target_that_was_enrolled_as_larger_passes() -> None:
    two = VolumeId("0002")
    blocks = STOCK.volumes[two].blocks + 1
    larger = replace(
        STOCK, volumes={**STOCK.volumes, two: replace(STOCK.volumes[two], blocks=blocks)}
    )
    pinned = replace(PINNED, facts=describe(SERVICE, [larger]))
    assert judged(enrolment=pinned, stock=larger) == (Cleared(RESYNC),)
    assert "if that is meant, enroll the service" in reason(judged(stock=larger))


def test_invariant_2_a_withdrawal_counts_for_who_withdrew_and_on_that_array_alone() -> None:
    assert judged(ESTABLISH, of=TWO_STEP, withdrawn=(withdrawal(PAIR),)) == (Cleared(ESTABLISH),)
    for other in (
        withdrawal(PAIR, owner="other"),
        withdrawal(PAIR, array=OTHER_ARRAY),
        withdrawal("0002:0001"),
        withdrawal("0001:0004"),
        withdrawal("0003:0002"),
    ):
        found = judged(ESTABLISH, of=TWO_STEP, withdrawn=(other,))
        assert reason(found) == f"on {ARRAY} flashd itself has not withdrawn the pair {PAIR}"


def test_what_its_definition_alone_has_against_a_service_is_told_before_anything_is_asked() -> None:
    def told(
        *, demanded: bool, enrolment: Enrolment | None = None, others: tuple[str, ...] = ()
    ) -> Refusal | None:
        footing = Footing(
            holds={}, withdrawals=(), enrolment=enrolment, others=dict.fromkeys(others, PINNED)
        )
        world = Definitions(demands_enrolment=demanded)
        return misdefined(cast("World", world), SERVICE, footing)

    assert told(demanded=False) is None
    assert told(demanded=True, enrolment=PINNED) is None
    assert told(demanded=True, enrolment=PINNED, others=("old",)) is None
    assert "is not enrolled" in reason(told(demanded=True))
    assert "is enrolled as that of old" in reason(told(demanded=False, others=("old",)))
    moved = Enrolment(
        service=SERVICE.name, at=NOW, by="ann", facts=describe(service(resource("0001:0004")), [])
    )
    assert "pair 1 was 0001:0004, is 0001:0002" in reason(told(demanded=False, enrolment=moved))
