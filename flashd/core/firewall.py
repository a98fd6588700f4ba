"""May this command leave the house: the last gate before an array.

It reads the final text by a grammar of its own and shares no code with what built it. What it
does not know does not pass, and what the array was not seen to be is not taken to be so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from flashd.model.volumes import VolumeId

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from flashd.model.inventory import Inventory, Reach, Volume
    from flashd.model.protection import Protection
    from flashd.model.service import Resource, Service
    from flashd.model.volumes import Ends, Listing, Relation

_COMMANDS = re.compile(
    r"(?:(?P<resync>resyncflash) -dev (?P<dev1>\S+) -persist -record"
    r" (?P<copy1>-cp|-nocp)(?: -tgtse)?"
    r"|(?P<withdraw>rmflash) -dev (?P<dev2>\S+) -quiet"
    r"|(?P<establish>mkflash) -dev (?P<dev3>\S+) -persist (?P<copy3>-cp|-nocp)(?: -tgtse)?)"
    r"(?P<pairs>(?: [0-9A-F]{4}:[0-9A-F]{4})+)"
)

_FIXED_BLOCKS = re.compile(r"FB [0-9]{3}[A-Z]{0,2}")
"""Data types of open volumes, as `FB 512`, `FB 520P` and `FB 520PV`. Two volumes of which the type
is not told, or is none of these, are not of one kind because the words are the same."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """A command that passed the gate; only `examine` makes one."""

    text: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """A command that must not leave."""

    reason: str


@dataclass(frozen=True, slots=True)
class Forbidden:
    """What no command may have as a target.

    `sources` are the sources of every service, with their array; `protected` is what the operator
    names.
    """

    sources: AbstractSet[tuple[str, str]]
    protected: Protection


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the array was seen to be, and what flashd itself did to it.

    `listing` shows every live relation. `withdrawn` are the pairs, as array, source and target,
    that this service's own journal has as withdrawn and not established again. `grown` are those,
    as array and target, whose target a person has enrolled as larger than its source.
    """

    listing: Listing
    inventory: Inventory
    withdrawn: AbstractSet[tuple[str, str, str]] = frozenset()
    grown: AbstractSet[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class _Parsed:
    verb: str
    device: str
    copy: str | None
    pairs: tuple[tuple[str, str], ...]


def examine(text: str, service: Service, facts: Facts, forbidden: Forbidden) -> Cleared | Stopped:
    """Let a changing command pass, or say why not (invariant 2)."""
    parsed = _parse(text)
    if parsed is None:
        return Stopped("it is none of the three known commands with their known options")
    resource = _resource_of(parsed, service)
    if resource is None:
        return Stopped(f"its pairs are not those of one resource of service {service.name}")
    for reason in _objections(parsed, resource, facts, forbidden):
        return Stopped(reason)
    return Cleared(text)


def unfit(service: Service, facts: Facts, forbidden: Forbidden) -> tuple[str, ...]:
    """Tell what of an array's volumes would stop every command that this service could need.

    A target that is larger than its source is not among it: a person may mean that.
    """
    live = facts.listing.ends
    found: list[str] = []
    for resource in service.resources:
        if resource.array != facts.inventory.array:
            continue
        targets = {(resource.array, str(pair.target)) for pair in resource.pairs}
        meant = replace(facts, grown=targets)
        for pair in resource.pairs:
            source, target = str(pair.source), str(pair.target)
            found += _wrong_target(target, resource.array, live, facts.inventory, forbidden)
            found += _wrong_volumes(source, target, resource.array, meant)
            found += _wrong_reach(target, resource, facts.inventory, forbidden.protected)
    return tuple(dict.fromkeys(found))


def _objections(
    parsed: _Parsed, resource: Resource, facts: Facts, forbidden: Forbidden
) -> Iterator[str]:
    """Tell what speaks against it; each check that says nothing lets it pass."""
    yield from _wrong_options(parsed, resource)
    yield from _wrong_device(parsed, resource, facts)
    yield from _wrong_pairs(parsed, resource, facts.listing)
    live = facts.listing.ends
    for source, target in parsed.pairs:
        yield from _wrong_target(target, parsed.device, live, facts.inventory, forbidden)
        yield from _wrong_volumes(source, target, parsed.device, facts)
        yield from _wrong_reach(target, resource, facts.inventory, forbidden.protected)
        yield from _wrong_relation((source, target), parsed, resource, live, facts.withdrawn)


def _parse(text: str) -> _Parsed | None:
    match = _COMMANDS.fullmatch(text)
    if match is None:
        return None
    verb = match["resync"] or match["withdraw"] or match["establish"]
    device = match["dev1"] or match["dev2"] or match["dev3"]
    named = [tuple(word.split(":")) for word in match["pairs"].split()]
    pairs = tuple((source, target) for source, target in named)
    return _Parsed(verb, device, match["copy1"] or match["copy3"], pairs)


def _resource_of(parsed: _Parsed, service: Service) -> Resource | None:
    for resource in service.resources:
        configured = {(str(pair.source), str(pair.target)) for pair in resource.pairs}
        if resource.array == parsed.device and set(parsed.pairs) <= configured:
            return resource
    return None


def _wrong_options(parsed: _Parsed, resource: Resource) -> Iterator[str]:
    if (parsed.verb == "resyncflash") is not resource.recording:
        yield f"{parsed.verb} does not fit {resource.id}, whose recording is {resource.recording}"
    if parsed.copy is not None and (parsed.copy == "-cp") is not resource.bgcopy:
        yield (
            f"{parsed.copy} does not fit resource {resource.id}, whose bgcopy is {resource.bgcopy}"
        )


def _wrong_device(parsed: _Parsed, resource: Resource, facts: Facts) -> Iterator[str]:
    if not parsed.device == resource.array == facts.listing.array:
        yield f"it is for {parsed.device}, the listing of {facts.listing.array}"
    if parsed.device != facts.inventory.array:
        yield f"it is for {parsed.device}, the inventory of {facts.inventory.array}"


def _wrong_pairs(parsed: _Parsed, resource: Resource, listing: Listing) -> Iterator[str]:
    """Demand all pairs in their order; to withdraw, all of them that are there."""
    configured = [(str(pair.source), str(pair.target)) for pair in resource.pairs]
    named = list(parsed.pairs)
    if len({target for _, target in named}) != len(named):
        yield "it names a target twice"
    if parsed.verb == "rmflash":
        there = [pair for pair in resource.pairs if pair in listing.relations]
        live = {(str(pair.source), str(pair.target)) for pair in there}
        configured = [pair for pair in configured if pair in live or pair in named]
    if named != configured:
        yield f"it does not name all pairs of resource {resource.id} in their order"


def _wrong_target(
    target: str, array: str, live: Ends, inventory: Inventory, forbidden: Forbidden
) -> Iterator[str]:
    if (array, target) in forbidden.protected.volumes:
        yield f"target {target} is protected"
    if (array, target) in forbidden.sources:
        yield f"target {target} is a source of a service"
    if target in live.sources:
        yield f"target {target} is the source of a live relation"
    if target in inventory.mirrored:
        yield f"target {target} is in a remote copy relation (lspprc)"


def _wrong_volumes(source: str, target: str, array: str, facts: Facts) -> Iterator[str]:
    """Demand two volumes of one kind, all well, of which the target can hold the source."""
    volumes = facts.inventory.volumes
    from_, onto = volumes.get(VolumeId(source)), volumes.get(VolumeId(target))
    if from_ is None or onto is None:
        yield f"volume {target if from_ else source} is not among the array's volumes (lsfbvol)"
        return
    for one in (from_, onto):
        if not one.well:
            yield f"volume {one.id} is {'/'.join(one.states)}, not Online/Normal/Normal"
        if not _FIXED_BLOCKS.fullmatch(one.datatype):
            yield f"volume {one.id} is {one.datatype!r}, no known type of fixed blocks"
    if onto.datatype != from_.datatype:
        yield f"target {target} is {onto.datatype!r}, its source {from_.datatype!r}"
    if onto.blocks < from_.blocks:
        yield f"target {target} has {onto.blocks} blocks, its source {from_.blocks}"
    if onto.blocks > from_.blocks and (array, target) not in facts.grown:
        yield (
            f"target {target} has {onto.blocks} blocks, its source only {from_.blocks}; if that"
            " is meant, enroll the service"
        )


def _wrong_reach(
    target: str, resource: Resource, inventory: Inventory, protected: Protection
) -> Iterator[str]:
    """Demand that no host and no name that means production has to do with the target."""
    volume = inventory.volumes.get(VolumeId(target))
    if volume is None:
        return  # said already
    if _matches(volume.name, protected.names):
        yield f"target {volume.id} is called {volume.name}, which is protected"
    if inventory.reach is None:
        for demand in _wants_reach(resource, protected):
            yield (
                f"{inventory.array} was not asked which hosts and groups target {target} belongs"
                f" to (lshostconnect, lsvolgrp), as {demand} demand"
            )
        return
    yield from _in_protected_group(volume, resource.array, inventory.reach, protected)
    for connection in inventory.reach.mapped_to(volume):
        if _matches(connection.name, protected.hosts):
            yield f"target {target} is mapped to host {connection}, which is protected"
        if resource.hosts is not None and not _matches(connection.name, resource.hosts):
            yield (
                f"target {target} is mapped to host {connection}, which is not among the hosts"
                f" of resource {resource.id}"
            )


def _wants_reach(resource: Resource, protected: Protection) -> Iterator[str]:
    """Tell what cannot be judged of a target by its volume alone."""
    if resource.hosts is not None:
        yield f"the hosts of resource {resource.id}"
    if protected.hosts:
        yield "protected hosts"
    if any(array == resource.array for array, _ in protected.groups):
        yield "protected volume groups"


def _in_protected_group(
    volume: Volume, array: str, reach: Reach, protected: Protection
) -> Iterator[str]:
    patterns = {pattern for where, pattern in protected.groups if where == array}
    for name in volume.groups:
        group = reach.groups.get(name)
        if group is None:
            yield f"target {volume.id} is in volume group {name}, which is not listed (lsvolgrp)"
        elif _matches(name, patterns) or _matches(group.name, patterns):
            yield f"target {volume.id} is in volume group {name} {group.name}, which is protected"


def _matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name fits a pattern, or is just what stands there, brackets and all."""
    plain = name.casefold()
    return any(
        plain == pattern.casefold() or fnmatchcase(plain, pattern.casefold())
        for pattern in patterns
    )


def _wrong_relation(
    pair: tuple[str, str],
    parsed: _Parsed,
    resource: Resource,
    live: Ends,
    withdrawn: AbstractSet[tuple[str, str, str]],
) -> Iterator[str]:
    source, target = pair
    there = live.on_target.get(VolumeId(target), ())
    if parsed.verb == "mkflash":
        if there:
            yield f"target {target} has a live relation already"
        if (parsed.device, source, target) not in withdrawn:
            yield f"flashd itself has not withdrawn the pair {source}:{target}"
    elif len(there) != 1 or there[0].pair.source != source:
        yield f"the live relation of target {target} is not {source}:{target}"
    else:
        yield from _unlike_configured(there[0], resource)


def _unlike_configured(live: Relation, resource: Resource) -> Iterator[str]:
    if live.recording is not resource.recording or live.persistent is not True:
        yield f"the relation {live.pair} is not recording and persistent as configured"
    if (
        live.state != "Valid"
        or live.target_write_enabled is not True
        or live.revertible is not False
    ):
        yield f"the relation {live.pair} is in an unexpected state"
    if live.unread:
        yield f"the relation {live.pair} is told of in words that are not known"
    if live.background_copy is not False and live.out_of_sync_tracks != 0:
        yield f"the relation {live.pair} is still being copied"
