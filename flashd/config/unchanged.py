"""Files that are as they were: their services are taken over, and not read again.

Of ten thousand services one is changed, and a reload would else take as long as a start. Whatever
is told about a service of such a file still needs its places: for that the file is read after all.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, cast

from flashd.config.services import read_services

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import timedelta
    from zoneinfo import ZoneInfo

    from flashd.config.configuration import Configuration
    from flashd.config.document import Spot
    from flashd.config.guards import GuardOptions
    from flashd.config.mistakes import Place, Source
    from flashd.config.services import Definition
    from flashd.config.settings import Settings
    from flashd.config.ssh import FactsOfHosts
    from flashd.config.validation import Part
    from flashd.core.schedule import Schedule
    from flashd.model.service import GuardSpec, Resource, Service


@dataclass(frozen=True, slots=True)
class Readings:
    """What a configuration was read from: digests of the services' files, and types of guards."""

    digests: Mapping[str, bytes] = field(default_factory=dict)
    types: Mapping[str, type[GuardOptions]] = field(default_factory=dict)

    @classmethod
    def of(cls, sources: Iterable[Source], types: Mapping[str, type[GuardOptions]]) -> Readings:
        """Remember these."""
        return cls({source.file: _digest(source.text) for source in sources}, types)


@dataclass(frozen=True, slots=True)
class Said:
    """What hints are about, of the options of a service."""

    sync_min_delay: timedelta
    sync_max_delay: timedelta
    refresh_after: timedelta | None
    schedule: Schedule | None
    guards: tuple[GuardSpec, ...]


class Unchanged:
    """A service of a file that is as it was: it answers what a `Definition` does."""

    def __init__(self, known: Service, file: _File) -> None:
        self._known = known
        self._file = file

    @property
    def name(self) -> str:
        """Its name."""
        return self._known.name

    @property
    def part(self) -> Part:
        """Its part of the file, which is read for that."""
        return self._file.definitions[self.name].part

    @property
    def place(self) -> Place:
        """Where it is defined; the file is read for that."""
        return self._file.definitions[self.name].place

    @property
    def options(self) -> Said:
        """What it says."""
        freshness = self._known.freshness
        return Said(
            sync_min_delay=freshness.min_delay,
            sync_max_delay=freshness.max_delay,
            refresh_after=freshness.refresh_after,
            schedule=cast("Schedule | None", self._known.schedule),  # definitions make no other
            guards=self._known.guards,
        )

    @property
    def resources(self) -> Mapping[str, Resource]:
        """Its resources, by their ids."""
        return {resource.id: resource for resource in self._known.resources}

    def service(self, zone: ZoneInfo, hosts: FactsOfHosts) -> Service:
        """Tell the very noun that was made before, in the same zone and of the same hosts."""
        del hosts  # they are those of before
        if zone != self._known.timezone:
            raise ValueError(f"service {self.name} was read in another zone")
        return self._known


class _File:
    """A file that need not be read unless a place in it is asked for."""

    def __init__(self, source: Source, types: Mapping[str, type[GuardOptions]]) -> None:
        self._source = source
        self._types = types

    @cached_property
    def definitions(self) -> Mapping[str, Definition]:
        """Its definitions, by their names."""
        found, _ = read_services(self._source, self._types)
        return {definition.name: definition for definition in found}


class Former:
    """The configuration that was accepted before, if any, asked for what stays as it was.

    Nothing does where services are made otherwise now: in another zone, of other guards, or of
    hosts that are elsewhere.
    """

    def __init__(
        self,
        before: Configuration | None,
        settings: Settings | None,
        types: Mapping[str, type[GuardOptions]],
    ) -> None:
        self._types = types
        self._taken_over: set[str] = set()
        self._before = before if before and settings and _alike(before, settings, types) else None
        self._services: dict[str, list[Service]] = defaultdict(list)
        for service in self._before.services if self._before else ():
            self._services[_file_of(service)].append(service)

    def definitions(self, source: Source) -> list[Unchanged] | None:
        """Take over the services of a file; None: it must be read."""
        digest = self._before and self._before.readings.digests.get(source.file)
        if digest is None or digest != _digest(source.text):
            return None
        self._taken_over.add(source.file)
        file = _File(source, self._types)
        return [Unchanged(one, file) for one in sorted(self._services[source.file], key=_spot_of)]

    def array_places(self) -> Iterator[tuple[str, Place]]:
        """Tell where arrays are named in the files that were taken over."""
        for array, places in self._before.array_places.items() if self._before else ():
            yield from ((array, place) for place in places if place.file in self._taken_over)


def _alike(
    before: Configuration, settings: Settings, types: Mapping[str, type[GuardOptions]]
) -> bool:
    was = before.settings
    same = was.timezone == settings.timezone and was.ssh.hosts == settings.ssh.hosts
    return same and before.readings.types == types


def _digest(text: str) -> bytes:
    return blake2b(text.encode(errors="surrogatepass")).digest()


def _file_of(service: Service) -> str:
    return service.origin.rsplit(":", 2)[0]


def _spot_of(service: Service) -> Spot:
    """Tell its line and column: a file of JSON may be one line."""
    _, line, column = service.origin.rsplit(":", 2)
    return int(line), int(column)
