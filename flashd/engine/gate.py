"""The last gate as it stands before one array: what is enrolled, then each command's final text.

Judged early, so that nothing is begun that cannot end, and late, when dscli waits for the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.core.enrolment import Refusal, barred, grown, objection
from flashd.core.firewall import Cleared, Facts, Stopped, examine

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flashd.engine.world import World
    from flashd.model.enrolment import Enrolment
    from flashd.model.footing import Footing
    from flashd.model.inventory import Inventory
    from flashd.model.observation import Withdrawal
    from flashd.model.service import Service
    from flashd.model.volumes import Listing

_HINT = (
    "Nothing overrides this: look whether the definition names the right volumes, then at the"
    " array; docs/guards.md tells under 'The last gate' what is demanded of a target."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What one array showed, what flashd itself withdrew there, and what is enrolled by now."""

    listing: Listing
    inventory: Inventory
    withdrawals: Iterable[Withdrawal]
    enrolment: Enrolment | None


def misdefined(world: World, service: Service, footing: Footing) -> Refusal | None:
    """Say what its definition alone has against a service, before an array is asked anything."""
    enrolment, others = footing.enrolment, footing.others
    return barred(service, enrolment, others, (), required=world.demands_enrolment)


def judge(
    world: World, service: Service, texts: Sequence[str], ground: Ground
) -> tuple[Cleared, ...] | Refusal:
    """Let all these commands of one array pass, or say why one of them does not.

    The array is compared once with what is enrolled, however many they are.
    """
    enrolment, inventory = ground.enrolment, ground.inventory
    if other := objection(service, enrolment, [inventory], required=world.demands_enrolment):
        return other
    facts = Facts(
        listing=ground.listing,
        inventory=inventory,
        withdrawn=_own(service, ground.withdrawals),
        grown=grown(service, enrolment, [inventory]),
    )
    cleared: list[Cleared] = []
    for text in texts:
        gate = examine(text, service, facts, world.forbidden)
        if isinstance(gate, Stopped):
            return Refusal(f"on {ground.listing.array} {gate.reason}", _HINT)
        cleared.append(gate)
    return tuple(cleared)


def _own(service: Service, withdrawals: Iterable[Withdrawal]) -> frozenset[tuple[str, str, str]]:
    """Tell the pairs that a service's own journal has as withdrawn, as the last gate wants them."""
    return frozenset(
        (one.array, str(one.pair.source), str(one.pair.target))
        for one in withdrawals
        if one.service == service.name
    )
