"""Is a service still what a person enrolled: pinned facts, and how they have drifted.

A name that a cluster, a console or a colleague gives to another volume later must not carry a copy
onto it. So what was enrolled is compared value by value, and any difference counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.core.aim import misaimed
from flashd.model.enrolment import Fact
from flashd.model.inventory import EVERYTHING, Part
from flashd.model.printable import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from flashd.model.enrolment import Enrolment
    from flashd.model.inventory import Inventory
    from flashd.model.service import Resource, Service
    from flashd.model.volumes import VolumeId

DEFINITION = ""
"""Stands for an array in facts that the definition alone tells."""

_ARRAY = "array"
_HOST = "host"
_BLOCKS = "blocks"
_GUARD = "guard"
_SERVICE = (DEFINITION, "service")

_MOST_TOLD = 12

_UNASKED = {
    Part.REACH: "which hosts reach its volumes (lshostconnect, lsvolgrp)",
    Part.IMAGE: "for its WWNN (lssi)",
}

_Subject = tuple[str, str]
_Aspects = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing is sent for a service, and what a person can do."""

    reason: str
    hint: str = ""


def describe(service: Service, inventories: Iterable[Inventory]) -> tuple[Fact, ...]:
    """Tell what a service is: its definition, and all that these arrays show of its volumes.

    A volume that an array has not is left out, and so is what it was not asked: see `unasked`. The
    order is that of the definition.
    """
    by_array = {one.array: one for one in inventories}
    facts: list[Fact] = []
    for array in service.arrays:
        if array in by_array:
            facts += _of_array(service, by_array[array])
    for resource in service.resources:
        facts += _of_resource(resource)
    facts += _of_guards(service)
    return tuple(dict.fromkeys(facts))


def unasked(inventories: Iterable[Inventory]) -> tuple[str, ...]:
    """Tell in words what is pinned of a service and was not asked of these arrays.

    Who is not known to be mapped is not unmapped: with any of it nothing can be enrolled, nor be
    found to be what was enrolled.
    """
    return tuple(
        f"{one.array} was not asked {_UNASKED[part]}, which an enrolment pins"
        for one in inventories
        for part in sorted(EVERYTHING - one.parts)
    )


def drift(
    enrolled: Sequence[Fact], now: Sequence[Fact], arrays: AbstractSet[str]
) -> tuple[str, ...]:
    """Tell in words how what is now differs from what was enrolled.

    Only `arrays` are compared, and the definition: what was not looked at has not drifted.
    """
    before, after = _by_subject(enrolled, arrays), _by_subject(now, arrays)
    told = _guards_of(before) ^ _guards_of(after)  # more or less as a whole
    return tuple(
        harmless(words)
        for subject in dict.fromkeys([*before, *after])
        if subject not in told
        for words in _differences(subject, before.get(subject), after.get(subject))
    )


def objection(
    service: Service,
    enrolment: Enrolment | None,
    inventories: Iterable[Inventory],
    *,
    required: bool,
) -> Refusal | None:
    """Say why nothing may be sent for a service by what was enrolled of it, if so.

    Whoever enrolled a service is held to it, whether that is `required` or not. Enrolled or not,
    guards that look at other volumes than its targets let nothing be sent.
    """
    name = service.name
    if enrolment is None and required:
        return Refusal(
            f"service {name} is not enrolled, which require_enrolment demands",
            f"Look at what it is, `flashd enroll {name} --dry-run`, then run `flashd enroll"
            f" {name}`.",
        )
    seen = tuple(inventories)
    if enrolment is not None and (drifted := _drifted(service, enrolment, seen)):
        return drifted
    if beside := misaimed(service, seen):
        return Refusal(
            _some(beside),
            "Have the guards that look at volumes name all targets of the service and no other"
            " volume; `flashd enroll --dry-run` shows the WWID of each.",
        )
    return None


def barred(
    service: Service,
    enrolment: Enrolment | None,
    others: Mapping[str, Enrolment],
    inventories: Iterable[Inventory],
    *,
    required: bool,
) -> Refusal | None:
    """Say why nothing may be sent for a service by what was enrolled, of it or of `others`.

    A service that is renamed, or another one that takes over its volumes, does not get rid of what
    a person has pinned; nor does one that would overwrite a source which a person has pinned.
    """
    refusal = objection(service, enrolment, inventories, required=required)
    if refusal is None and enrolment is None:
        return _enrolled_as_another(service, others)
    return refusal


def pinned_elsewhere(service: Service, enrolments: Mapping[str, Enrolment]) -> tuple[str, ...]:
    """Tell in words which targets of a service are pinned under other names, as either end."""
    targets = frozenset(targets_of(service))
    told = (
        f"{fact.subject} of {fact.array} is enrolled as that of {other}"
        for other, enrolment in sorted(enrolments.items())
        if other != service.name
        for fact in enrolment.facts
        if (fact.array, fact.subject) in targets
    )
    return tuple(dict.fromkeys(told))


def _enrolled_as_another(service: Service, others: Mapping[str, Enrolment]) -> Refusal | None:
    for words in pinned_elsewhere(service, others):
        return Refusal(
            words, f"Look whether that is meant, and if so run `flashd enroll {service.name}`."
        )
    return None


def targets_of(service: Service) -> Iterator[tuple[str, str]]:
    """Tell the arrays and subjects of the facts that pin the targets of a service, as either."""
    for array, pair in service.clones:
        yield array, f"target {pair.target}"
        yield array, f"source {pair.target}"


def _drifted(service: Service, enrolment: Enrolment, seen: Sequence[Inventory]) -> Refusal | None:
    if missing := unasked(seen):
        return Refusal(_some(missing), "It is asked at the next try, by what is enrolled then.")
    differences = drift(
        enrolment.facts, describe(service, seen), frozenset(one.array for one in seen)
    )
    if not differences:
        return None
    return Refusal(
        f"it is not what {enrolment.by} enrolled at {enrolment.at:%Y-%m-%dT%H:%M:%SZ}:"
        f" {_some(differences)}",
        f"Look whether that is meant, and if so run `flashd enroll {service.name}`.",
    )


def grown(
    service: Service, enrolment: Enrolment | None, inventories: Iterable[Inventory]
) -> frozenset[tuple[str, str]]:
    """Tell the targets, with their array, that were enrolled as larger than their source.

    They count only with exactly the blocks that they were enrolled with, and so their sources.
    """
    if enrolment is None:
        return frozenset()
    pinned = {
        (fact.array, fact.subject): fact.value
        for fact in enrolment.facts
        if fact.aspect == _BLOCKS and fact.value.isdecimal()
    }
    present = {
        (fact.array, fact.subject): fact.value
        for fact in describe(service, inventories)
        if fact.aspect == _BLOCKS
    }
    return frozenset(
        (array, str(pair.target))
        for array, pair in service.clones
        if _same_and_larger(array, pair.source, pair.target, pinned, present)
    )


def _same_and_larger(
    array: str,
    source: VolumeId,
    target: VolumeId,
    pinned: Mapping[tuple[str, str], str],
    present: Mapping[tuple[str, str], str],
) -> bool:
    ends = ((array, f"source {source}"), (array, f"target {target}"))
    if not all(one in pinned and pinned[one] == present.get(one) for one in ends):
        return False
    return int(pinned[ends[1]]) > int(pinned[ends[0]])


def _of_array(service: Service, inventory: Inventory) -> Iterator[Fact]:
    array = inventory.array
    yield Fact(array, _ARRAY, "serial", array)
    if inventory.image is not None:
        yield Fact(array, _ARRAY, "WWNN", inventory.image.wwnn)
    for where, pair in service.clones:
        if where == array:
            yield from _of_volume("source", pair.source, inventory)
            yield from _of_volume("target", pair.target, inventory)


def _of_volume(role: str, volume: VolumeId, inventory: Inventory) -> Iterator[Fact]:
    found = inventory.volumes.get(volume)
    if found is None:
        return
    array, subject = inventory.array, f"{role} {volume}"
    yield Fact(array, subject, "name", found.name)
    yield Fact(array, subject, _BLOCKS, str(found.blocks))
    yield Fact(array, subject, "datatype", found.datatype)
    if inventory.image is not None:
        yield Fact(array, subject, "WWID", inventory.image.wwid(volume))
    if inventory.reach is not None:
        for host in sorted(map(str, inventory.reach.mapped_to(found))):
            yield Fact(array, subject, _HOST, host)


def _of_resource(resource: Resource) -> Iterator[Fact]:
    subject = f"resource {resource.id}"
    yield Fact(DEFINITION, subject, "array", resource.array)
    for place, pair in enumerate(resource.pairs, 1):
        yield Fact(DEFINITION, subject, f"pair {place}", str(pair))
    yield Fact(DEFINITION, subject, "recording", _flag(on=resource.recording))
    yield Fact(DEFINITION, subject, "bgcopy", _flag(on=resource.bgcopy))
    hosts = "any" if resource.hosts is None else " ".join(sorted(resource.hosts)) or "none"
    yield Fact(DEFINITION, subject, "hosts", hosts)


def _of_guards(service: Service) -> Iterator[Fact]:
    for guard in service.guards:
        yield Fact(*_SERVICE, _GUARD, f"{guard.type} {guard.name}")
    for guard in service.guards:
        _, subject = _guard(f"{guard.type} {guard.name}")
        for key, text in guard.facts:
            yield Fact(DEFINITION, subject, key, text)


def _guard(named: str) -> _Subject:
    return (DEFINITION, f"guard {named}")


def _guards_of(subjects: Mapping[_Subject, _Aspects]) -> AbstractSet[_Subject]:
    return frozenset(map(_guard, subjects.get(_SERVICE, {}).get(_GUARD, ())))


def _flag(*, on: bool) -> str:
    return "true" if on else "false"


def _by_subject(facts: Iterable[Fact], arrays: AbstractSet[str]) -> dict[_Subject, _Aspects]:
    found: dict[_Subject, _Aspects] = {}
    for fact in facts:
        if fact.array == DEFINITION or fact.array in arrays:
            aspects = found.setdefault((fact.array, fact.subject), {})
            aspects[fact.aspect] = (*aspects.get(fact.aspect, ()), fact.value)
    return found


def _differences(
    subject: _Subject, before: _Aspects | None, after: _Aspects | None
) -> Iterator[str]:
    about = f"{subject[1]} of {subject[0]}" if subject[0] else subject[1]
    if before is None or after is None:
        yield f"{about} was not enrolled" if before is None else f"{about} is not there any more"
        return
    for aspect in dict.fromkeys([*before, *after]):
        was, now = before.get(aspect, ()), after.get(aspect, ())
        if subject == _SERVICE or (subject[0] and aspect == _HOST):
            yield from _of_several(about, aspect, was, now)
        elif was != now:
            yield f"{about}: {aspect} was {_one(was)}, is {_one(now)}"


def _of_several(about: str, aspect: str, was: Sequence[str], now: Sequence[str]) -> Iterator[str]:
    verb = "mapped" if aspect == _HOST else "defined"
    for one in now:
        if one not in was:
            yield f"{about}: {aspect} {one} is {verb} since"
    for one in was:
        if one not in now:
            yield f"{about}: {aspect} {one} is {verb} no more"


def _one(values: Sequence[str]) -> str:
    return ", ".join(one or "empty" for one in values) or "absent"


def _some(differences: Sequence[str]) -> str:
    more = len(differences) - _MOST_TOLD
    told = "; ".join(differences[:_MOST_TOLD])
    return f"{told}; and {more} more" if more > 0 else told
