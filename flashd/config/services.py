"""`services.d/*.yaml`: from text to definitions, each checked on its own."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import ValidationError

from flashd.config.document import Block, read
from flashd.config.durations import format_duration
from flashd.config.guards import GuardOptions
from flashd.config.mistakes import nearest
from flashd.config.options import (
    GUARD_TYPES,
    Defaults,
    ResourceOptions,
    ServiceFile,
    ServiceOptions,
    Timing,
)
from flashd.config.validation import Part, Path, validate
from flashd.config.values import SERVICE_NAME
from flashd.model.hosts import plain_name
from flashd.model.service import Freshness, GuardSpec, Resource, Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from zoneinfo import ZoneInfo

    from flashd.config.document import Value
    from flashd.config.mistakes import Mistake, Place, Source
    from flashd.config.ssh import FactsOfHosts

_NO_DEFAULT = {
    "guards": "what proves one service down proves nothing of another; share it by a YAML anchor",
    "sync": "each service has volumes of its own",
    "description": "each service has its own",
}


@dataclass(frozen=True, slots=True)
class Definition:
    """A service as its file defines it; `options` is None where something is wrong with it.

    `resources` are those that are right in themselves, so that a mistake elsewhere in the
    service does not hide that two services claim one volume.
    """

    name: str
    part: Part
    options: ServiceOptions | None
    resources: Mapping[str, ResourceOptions]

    @property
    def place(self) -> Place:
        """Where the service is defined."""
        return self.part.source.place(self.part.at)

    def service(self, zone: ZoneInfo, hosts: FactsOfHosts) -> Service:
        """Make the noun that the engine works with; `hosts` by plain name, as `ssh` has them."""
        if self.options is None:
            raise ValueError(f"service {self.name} is not defined rightly")
        options = self.options
        return Service(
            name=self.name,
            description=options.description,
            freshness=Freshness(
                min_delay=options.sync_min_delay,
                max_delay=options.sync_max_delay,
                refresh_after=options.refresh_after,
            ),
            schedule=options.schedule,
            timezone=zone,
            guards=tuple(_aimed(_placed(guard, hosts), options) for guard in options.guards),
            resources=tuple(_resource(name, found) for name, found in options.sync.items()),
            origin=str(self.place),
        )


def _placed(guard: GuardSpec, hosts: FactsOfHosts) -> GuardSpec:
    """Tell of a guard on another host where that is: who repoints it has another machine asked."""
    host = getattr(guard.options, "host", None)
    if not isinstance(host, str):
        return guard
    return replace(guard, facts=(*guard.facts, *hosts.get(plain_name(host), ())))


def _aimed(guard: GuardSpec, service: ServiceOptions) -> GuardSpec:
    """Tell a guard the targets of its service; most look elsewhere."""
    targets = (
        (resource.array, pair.target)
        for resource in service.sync.values()
        for pair in resource.pairs
    )
    if not isinstance(guard.options, GuardOptions):
        return guard
    return replace(guard, options=guard.options.aim(tuple(targets)))


def _resource(name: str, options: ResourceOptions) -> Resource:
    return Resource(
        id=name,
        array=options.array,
        pairs=options.pairs,
        recording=options.recording,
        bgcopy=options.bgcopy,
        hosts=options.hosts,
    )


def read_services(
    source: Source, types: Mapping[str, type[GuardOptions]]
) -> tuple[list[Definition], list[Mistake]]:
    """Read one file of services.d; what is wrong with one service hides no other's mistakes."""
    document = read(source)
    mistakes = list(document.mistakes)
    if document.root is None:
        return [], mistakes
    if not isinstance(document.root, Block):
        return [], [
            *mistakes,
            source.mistake((1, 1), "must be a mapping", "begin with 'services:'"),
        ]
    mistakes += _unknown_at_top(source, document.root)
    defaults = _block(source, document.root, "defaults", mistakes)
    mistakes += _defaults(source, defaults)
    defaults = defaults.without(_NO_DEFAULT)
    definitions = []
    services = _block(source, document.root, "services", mistakes)
    for name, value in services.items():
        definition, wrong = _define(source, services, name, value, defaults, types)
        mistakes += wrong
        definitions += [definition] if definition else []
    return definitions, mistakes


def _unknown_at_top(source: Source, root: Block) -> Iterator[Mistake]:
    known = ServiceFile.model_fields
    for key in root.keys() - known.keys():
        hint = nearest(key, known)
        if key in ServiceOptions.model_fields:
            hint = "it belongs to a service: services, then its name, then this"
        yield source.mistake(root.keys_at[key], f"unknown key '{key}'", hint)


def _block(source: Source, root: Block, key: str, mistakes: list[Mistake]) -> Block:
    value = root.get(key)
    if isinstance(value, Block):
        return value
    if value is not None:
        mistakes.append(source.mistake(root.values_at[key], f"{key}: must be a mapping"))
    return Block((1, 1))


def _defaults(source: Source, block: Block) -> list[Mistake]:
    """Check the defaults by themselves; also where no service uses them."""
    mistakes = [
        source.mistake(block.keys_at[key], f"'{key}' cannot be a default", why)
        for key, why in _NO_DEFAULT.items()
        if key in block
    ]
    part = Part(source, block.without(_NO_DEFAULT), block.at, _last_word, _advice_on_default)
    found = validate(Defaults, part)
    return mistakes + (found if isinstance(found, list) else [])


def _define(
    source: Source,
    services: Block,
    name: str,
    value: Value,
    defaults: Block,
    types: Mapping[str, type[GuardOptions]],
) -> tuple[Definition | None, list[Mistake]]:
    at = services.keys_at[name]
    if not re.fullmatch(SERVICE_NAME, name):
        hint = "write letters, digits, '.', '_' and '-', a letter or digit first"
        return None, [source.mistake(at, f"{name!r} cannot be the name of a service", hint)]
    if not isinstance(value, Block):
        return None, [source.mistake(at, f"service {name} must be a mapping")]
    block = _with_defaults(value, defaults)
    part = Part(source, block, at, _words(name), _advice(block, types))
    found = validate(ServiceOptions, part, {GUARD_TYPES: types})
    if isinstance(found, list):
        return Definition(name, part, None, _right_resources(part.block.get("sync"))), found
    return Definition(name, part, found, found.sync), _timing(part, found)


def _with_defaults(block: Block, defaults: Block) -> Block:
    if not defaults:
        return block
    merged = Block(block.at)
    merged.fill(block)
    merged.fill(defaults)
    return merged


def _right_resources(sync: Value) -> dict[str, ResourceOptions]:
    found = {}
    for name, value in sync.items() if isinstance(sync, Block) else ():
        try:
            found[name] = ResourceOptions.model_validate(value)
        except ValidationError:
            continue
    return found


def _timing(part: Part, options: ServiceOptions) -> list[Mistake]:
    if options.sync_min_delay < options.sync_max_delay:
        return []
    key = "sync_min_delay" if "sync_min_delay" in part.block else "sync_max_delay"
    shortest, longest = map(format_duration, (options.sync_min_delay, options.sync_max_delay))
    message = f"sync_min_delay {shortest} must be less than sync_max_delay {longest}"
    return [part.mistake((key,), message)]


def _words(service: str) -> Callable[[Path], str]:
    def name(path: Path) -> str:
        match path:
            case ():
                return f"service {service}"
            case ("guards", int(index)):
                return f"guard {index + 1}"
            case ("sync", str(resource)):
                return f"resource {resource}"
            case (*_, "type") | (*_, "pairs", int()):
                return ""  # the message names it
            case _:
                return _last_word(path)

    return name


def _last_word(path: Path) -> str:
    return next((step for step in reversed(path) if isinstance(step, str)), "defaults")


def _advice(block: Block, types: Mapping[str, type[GuardOptions]]) -> Callable[[Path], str]:
    """Make what says which key was probably meant."""

    def advice(path: Path) -> str:
        key = str(path[-1])
        match path:
            case ("guards", int(index), _):
                options = types[str(block.value(("guards", index, "type")))]
                return nearest(key, {"type", *options.model_fields})
            case ("sync", str(), _):
                return nearest(key, ResourceOptions.model_fields)
            case _:
                return _misplaced(key) or nearest(key, ServiceOptions.model_fields)

    return advice


def _advice_on_default(path: Path) -> str:
    key = str(path[-1])
    return _misplaced(key) or nearest(key, Timing.model_fields)


def _misplaced(key: str) -> str:
    if key in ResourceOptions.model_fields:
        return "it belongs to a resource: services, a name, sync, an id, then this"
    return ""
