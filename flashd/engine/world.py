"""What the engine works with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from flashd.core.firewall import Forbidden
from flashd.engine.clocks import Clocks
from flashd.engine.places import Places
from flashd.model.history import USUAL, Retention
from flashd.model.protection import NOTHING, Protection
from flashd.model.run import Doubt, Moment, run_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from flashd.model.lease import Holder
    from flashd.model.service import GuardSpec, Service
    from flashd.model.volumes import Pair
    from flashd.ports.array import ArrayBackend
    from flashd.ports.clock import Clock
    from flashd.ports.events import Events
    from flashd.ports.guard import Guard
    from flashd.ports.host import Host
    from flashd.ports.store import Store


@dataclass(frozen=True, slots=True)
class Pace:
    """How often, and how long at most.

    `late`: so long after its intent was written a command whose client is gone may still be
    carried out by the array.
    """

    check_interval: timedelta = timedelta(seconds=60)
    observe_interval: timedelta = timedelta(minutes=15)
    command_timeout: timedelta = timedelta(seconds=1200)
    late: timedelta = timedelta(seconds=20)

    @property
    def doubt(self) -> Doubt:
        """How long a command that nobody answered plainly may still be carried out."""
        return Doubt(late=self.late, limit=self.command_timeout)


@dataclass(slots=True)
class Drain:
    """Set once: from then on no changing command is sent.

    `engaged` are the batches, named by their arrays, that have given a service its turn: they
    are worth waiting for, all others are only looking.
    """

    wanted: bool = False
    engaged: set[tuple[str, ...]] = field(default_factory=set)


@dataclass(slots=True)
class Succession:
    """Shared by the worlds of one daemon: the newest, once a reload has put one in place."""

    newest: World | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The definitions, and a way to everything outside.

    `arrays` and `guards` make what is asked for; both raise `ConfigError` where a credential is
    missing. `zones` are the zones in which arrays write their dates, `looks_by` the settings by
    which guards reach other hosts. `unreturned` are leases that could not be given back: as
    long as this process lives, nobody takes them for void. `answered`: by array, when the failure
    was whose end was told last.

    `accepted` are the files that were accepted last when a person's command began, beside which
    a daemon may be given others; None in a daemon, which is told by its own reload.

    A reload makes a new world; what is under way ends in the old one, which shares everything
    but the definitions with it. Nothing begins by definitions that do not `stand` any more.
    """

    services: Mapping[str, Service]
    arrays: Callable[[str], ArrayBackend]
    guards: Callable[[GuardSpec], Guard]
    zones: Mapping[str, ZoneInfo | None]
    store: Store
    clock: Clock
    host: Host
    events: Events
    entropy: Callable[[], bytes]
    looks_by: object = None
    accepted: Mapping[str, str] | None = None
    protected: Protection = NOTHING
    require_enrolment: bool = False
    pace: Pace = Pace()
    retention: Retention = USUAL
    asks_arrays: Callable[[GuardSpec], bool] = lambda _: False
    places: Places = field(default_factory=Places)
    clocks: Clocks = field(default_factory=Clocks)
    drain: Drain = field(default_factory=Drain)
    unreturned: set[tuple[Holder, tuple[str, ...]]] = field(default_factory=set)
    answered: dict[str, datetime | None] = field(default_factory=dict)
    succession: Succession = field(default_factory=Succession)
    _put_together: list[tuple[World, Forbidden]] = field(
        default_factory=list, init=False, repr=False
    )

    @property
    def newest(self) -> World:
        """The world whose definitions are in force."""
        return self.succession.newest or self

    def stands(self, service: Service) -> bool:
        """Whether a service is still wanted just as it is defined here, and looked at so."""
        newest = self.newest
        return newest.services.get(service.name) == service and newest.looks_by == self.looks_by

    def after(self, old: World) -> World:
        """Make this world the heir of `old`, with which it then shares all but the definitions."""
        return replace(
            self,
            store=old.store,
            drain=old.drain,
            unreturned=old.unreturned,
            answered=old.answered,
            succession=old.succession,
            places=old.places,
            clocks=old.clocks,
        )

    def succeed(self) -> None:
        """Put the definitions of this world in force."""
        self.succession.newest = self

    def new_id(self) -> str:
        """Make the id of a run."""
        return run_id(self.clock.now(), self.entropy())

    async def moment(self) -> Moment:
        """Tell the present instant as journals keep it; raises `StoreError`."""
        at = await self.store.time(self.clock.now())
        return Moment(at, self.host.holder("").boot_id, self.clock.monotonic())

    def holder(self) -> Holder:
        """Name a new holder of leases in this process."""
        return self.host.holder(self.new_id())

    @property
    def demands_enrolment(self) -> bool:
        """Whether nothing is sent for who is not enrolled, by these or newer definitions."""
        return self.require_enrolment or self.newest.require_enrolment

    @property
    def forbidden(self) -> Forbidden:
        """Tell what no command may have as a target, by these or newer definitions.

        Definitions do not change in place, so that it is put together once for each reload: with
        10,000 services that takes milliseconds, and each command asks for it.
        """
        newest = self.newest
        if not self._put_together or self._put_together[0][0] is not newest:
            self._put_together[:] = [(newest, self._forbidden(newest))]
        return self._put_together[0][1]

    def _forbidden(self, newest: World) -> Forbidden:
        worlds = (self,) if newest is self else (self, newest)
        sources = frozenset[tuple[str, str]]().union(
            *(service.sources for world in worlds for service in world.services.values())
        )
        return Forbidden(sources, self.protected | newest.protected)

    def pairs_on(self, array: str) -> Iterable[Pair]:
        """Tell every pair of an array that is configured now."""
        for service in self.newest.services.values():
            for resource in service.resources:
                if resource.array == array:
                    yield from resource.pairs
