"""May this command leave the house: the last gate before an array.

It reads the final text by a grammar of its own and shares no code with what built it. What it
does not know does not pass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from flashd.model.service import Resource, Service
    from flashd.model.volumes import Listing, Relation

_COMMANDS = re.compile(
    r"(?:(?P<resync>resyncflash) -dev (?P<dev1>\S+) -persist -record"
    r" (?P<copy1>-cp|-nocp)(?: -tgtse)?"
    r"|(?P<withdraw>rmflash) -dev (?P<dev2>\S+) -quiet"
    r"|(?P<establish>mkflash) -dev (?P<dev3>\S+) -persist (?P<copy3>-cp|-nocp)(?: -tgtse)?)"
    r"(?P<pairs>(?: [0-9A-F]{4}:[0-9A-F]{4})+)"
)


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
    """Volumes, with their array, that no command may have as a target.

    `sources` are the sources of every service, `protected` what the operator names.
    """

    sources: AbstractSet[tuple[str, str]]
    protected: AbstractSet[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Parsed:
    verb: str
    device: str
    copy: str | None
    pairs: tuple[tuple[str, str], ...]


def examine(
    text: str,
    service: Service,
    listing: Listing,
    forbidden: Forbidden,
    withdrawn: AbstractSet[tuple[str, str, str]],
) -> Cleared | Stopped:
    """Let a changing command pass, or say why not (invariant 2).

    `listing` shows every live relation of the array. `withdrawn` are the pairs, as array,
    source and target, that this service's own journal has as withdrawn and not established again.
    """
    parsed = _parse(text)
    if parsed is None:
        return Stopped("it is none of the three known commands with their known options")
    resource = _resource_of(parsed, service)
    if resource is None:
        return Stopped(f"its pairs are not those of one resource of service {service.name}")
    for reason in (
        _wrong_options(parsed, resource),
        _wrong_device(parsed, resource, listing),
        _wrong_pairs(parsed, resource, listing),
        *(_wrong_target(target, parsed, listing, forbidden) for _, target in parsed.pairs),
        *(_wrong_relation(pair, parsed, resource, listing, withdrawn) for pair in parsed.pairs),
    ):
        if reason:
            return Stopped(reason)
    return Cleared(text)


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


def _wrong_options(parsed: _Parsed, resource: Resource) -> str | None:
    if (parsed.verb == "resyncflash") is not resource.recording:
        return f"{parsed.verb} does not fit {resource.id}, whose recording is {resource.recording}"
    if parsed.copy is not None and (parsed.copy == "-cp") is not resource.bgcopy:
        return (
            f"{parsed.copy} does not fit resource {resource.id}, whose bgcopy is {resource.bgcopy}"
        )
    return None


def _wrong_device(parsed: _Parsed, resource: Resource, listing: Listing) -> str | None:
    if not parsed.device == resource.array == listing.array:
        return f"it is for {parsed.device}, the listing of {listing.array}"
    return None


def _wrong_pairs(parsed: _Parsed, resource: Resource, listing: Listing) -> str | None:
    """Demand all pairs in their order; to withdraw, all of them that are there."""
    configured = [(str(pair.source), str(pair.target)) for pair in resource.pairs]
    named = list(parsed.pairs)
    if len({target for _, target in named}) != len(named):
        return "it names a target twice"
    if parsed.verb == "rmflash":
        live = {(str(pair.source), str(pair.target)) for pair in listing.relations}
        configured = [pair for pair in configured if pair in live or pair in named]
    if named != configured:
        return f"it does not name all pairs of resource {resource.id} in their order"
    return None


def _wrong_target(
    target: str, parsed: _Parsed, listing: Listing, forbidden: Forbidden
) -> str | None:
    if (parsed.device, target) in forbidden.protected:
        return f"target {target} is protected"
    if (parsed.device, target) in forbidden.sources:
        return f"target {target} is a source of a service"
    if any(pair.source == target for pair in listing.relations):
        return f"target {target} is the source of a live relation"
    return None


def _wrong_relation(
    pair: tuple[str, str],
    parsed: _Parsed,
    resource: Resource,
    listing: Listing,
    withdrawn: AbstractSet[tuple[str, str, str]],
) -> str | None:
    source, target = pair
    live = [one for key, one in listing.relations.items() if key.target == target]
    if parsed.verb == "mkflash":
        if live:
            return f"target {target} has a live relation already"
        if (parsed.device, source, target) not in withdrawn:
            return f"flashd itself has not withdrawn the pair {source}:{target}"
        return None
    if len(live) != 1 or live[0].pair.source != source:
        return f"the live relation of target {target} is not {source}:{target}"
    return _unlike_configured(live[0], resource)


def _unlike_configured(live: Relation, resource: Resource) -> str | None:
    if live.recording is not resource.recording or live.persistent is not True:
        return f"the relation {live.pair} is not recording and persistent as configured"
    if (
        live.state != "Valid"
        or live.target_write_enabled is not True
        or live.revertible is not False
    ):
        return f"the relation {live.pair} is in an unexpected state"
    return None
