"""Whether services are what people enrolled, by their definitions and by what arrays show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flashd.core.checkup.diagnosis import Diagnosis, ok, problem
from flashd.core.counting import counted
from flashd.core.enrolment import Refusal, barred, targets_of
from flashd.model.printable import harmless

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from flashd.model.enrolment import Enrolment
    from flashd.model.inventory import Inventory
    from flashd.model.service import Service


def judge_pins(
    services: Collection[Service],
    enrolments: Mapping[str, Enrolment],
    inventories: Mapping[str, Inventory],
) -> Iterator[Diagnosis]:
    """Tell what the last gate would refuse by the enrolments; an array not asked is not compared.

    Who is not enrolled is not told of for that alone.
    """
    enrolled = [one for one in services if one.name in enrolments]
    pinning = _by_subject(enrolments)
    refusals = {
        one.name: _refusal(one, enrolments.get(one.name), pinning, inventories) for one in services
    }
    if enrolled and not any(refusals[one.name] for one in enrolled):
        compared = _compared(enrolled, inventories)
        are = counted(len(enrolled), "service is", "services are")
        yield ok("pins", f"{are} as enrolled{compared}")
    for name, refusal in refusals.items():
        if refusal is not None:
            yield problem(f"pins of {name}", harmless(refusal.reason), refusal.hint)


def _refusal(
    service: Service,
    enrolment: Enrolment | None,
    pinning: Mapping[tuple[str, str], Mapping[str, Enrolment]],
    inventories: Mapping[str, Inventory],
) -> Refusal | None:
    seen = [inventories[array] for array in service.arrays if array in inventories]
    others: dict[str, Enrolment] = {}
    for target in targets_of(service):
        others |= pinning.get(target, {})
    return barred(service, enrolment, others, seen, required=False)


def _by_subject(
    enrolments: Mapping[str, Enrolment],
) -> Mapping[tuple[str, str], Mapping[str, Enrolment]]:
    """Tell who has facts of what, so that no target is looked for in all enrolments of a fleet."""
    found: dict[tuple[str, str], dict[str, Enrolment]] = {}
    for name, enrolment in enrolments.items():
        for fact in enrolment.facts:
            found.setdefault((fact.array, fact.subject), {})[name] = enrolment
    return found


def _compared(services: Collection[Service], inventories: Mapping[str, Inventory]) -> str:
    """Say what was not compared."""
    arrays = {array for service in services for array in service.arrays}
    if missing := sorted(arrays - inventories.keys()):
        return f" by their definitions; what is there was not compared on {', '.join(missing)}"
    return ", by their definitions and by what the arrays show"
