"""A whole configuration: from files to nouns, with every mistake at once."""

from __future__ import annotations

import gc
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flashd.config.crosschecks import cross_check
from flashd.config.files import PROTECTED, SETTINGS, Files, read_files
from flashd.config.guards import BUILT_IN_GUARDS, GuardOptions
from flashd.config.hints import hints_on
from flashd.config.mistakes import Mistake, Mistakes, Place, Source
from flashd.config.protected import read_protected
from flashd.config.services import Definition, read_services
from flashd.config.settings import Settings, read_settings
from flashd.config.unchanged import Former, Readings, Unchanged
from flashd.model.protection import NOTHING, Protection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from flashd.model.service import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What the operator wants, without a mistake in it.

    `hints` are places where he may have meant something else, `array_places` those where each
    array is named, `readings` what it was read from.
    """

    settings: Settings
    services: tuple[Service, ...]
    protected: Protection = NOTHING
    hints: tuple[Mistake, ...] = ()
    array_places: Mapping[str, tuple[Place, ...]] = field(default_factory=dict, compare=False)
    readings: Readings = field(default_factory=Readings, compare=False, repr=False)


def load(
    config_dir: Path | str, guard_types: Mapping[str, type[GuardOptions]] = BUILT_IN_GUARDS
) -> Configuration:
    """Read and interpret the files of a directory; raises `Mistakes`."""
    return interpret(read_files(config_dir), guard_types)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Let what is read pile up: none of it is garbage, and each collection would go through it all.

    With thousands of services that takes two fifths of the time.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@_collector_paused()
def interpret(
    files: Files,
    guard_types: Mapping[str, type[GuardOptions]] = BUILT_IN_GUARDS,
    before: Configuration | None = None,
) -> Configuration:
    """Make a configuration of files; raises `Mistakes`, which carries every one of them.

    The services of files that are as they were in `before` are those of `before`; all are checked
    against each other.
    """
    settings, mistakes = read_settings(_source(files, SETTINGS), files.directory)
    protected, wrong = read_protected(_source(files, PROTECTED))
    mistakes += [*files.unread, *wrong]
    former = Former(before, settings, guard_types)
    definitions: list[Definition | Unchanged] = []
    for source in (sources := [_source(files, path) for path in files.services]):
        if (known := former.definitions(source)) is not None:
            definitions += known
            continue
        found, wrong = read_services(source, guard_types)
        definitions += found
        mistakes += wrong
    mistakes += cross_check(definitions, protected.volumes)
    if mistakes or settings is None:
        raise Mistakes(mistakes)
    return Configuration(
        settings=settings,
        services=_services(definitions, settings),
        protected=protected,
        hints=tuple(sorted([*files.hints, *hints_on(files, settings, definitions, protected)])),
        array_places=_array_places(definitions, former),
        readings=Readings.of(sources, guard_types),
    )


def _source(files: Files, path: str) -> Source:
    return Source(files.name(path), files.texts.get(path, ""))


def _services(definitions: list[Definition | Unchanged], settings: Settings) -> tuple[Service, ...]:
    ordered = sorted(definitions, key=lambda definition: definition.name)
    hosts = settings.ssh.facts()
    return tuple(definition.service(settings.timezone, hosts) for definition in ordered)


def _array_places(
    definitions: list[Definition | Unchanged], former: Former
) -> dict[str, tuple[Place, ...]]:
    places: dict[str, list[Place]] = defaultdict(list)
    for array, place in former.array_places():
        places[array].append(place)
    for definition in definitions:
        if isinstance(definition, Definition):
            for name, options in definition.resources.items():
                spot = definition.part.spot(("sync", name, "array"))
                places[options.array].append(definition.part.source.place(spot))
    return {array: tuple(sorted(found)) for array, found in places.items()}
