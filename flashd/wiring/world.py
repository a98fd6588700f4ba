"""The engine's world, put together of what there is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from flashd.wiring.arrays import zones_of
from flashd.wiring.guards import asks_arrays, guards_of
from flashd.wiring.surroundings import room_for_looks, system_clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flashd.config.configuration import Configuration
    from flashd.config.settings import Settings
    from flashd.engine.world import Pace, World
    from flashd.model.counters import Counters
    from flashd.model.inventory import Inventory
    from flashd.model.volumes import VolumeId
    from flashd.ports.events import Events
    from flashd.wiring.arrays import Ways
    from flashd.wiring.guards import GuardTypes


def world_of(configuration: Configuration, types: GuardTypes, ways: Ways, events: Events) -> World:
    """Make the engine's world over the ways to its arrays."""
    from flashd.adapters.guards.table import asking_arrays
    from flashd.adapters.host import LinuxHost
    from flashd.engine.places import Places
    from flashd.engine.telling import Conversation
    from flashd.engine.world import World
    from flashd.model.inventory import Part

    async def stock(array: str) -> Inventory:
        return await ways.to(array).inventory(Conversation(world, array), {Part.REACH})

    async def count(array: str, volumes: Sequence[VolumeId]) -> Sequence[Counters]:
        return await ways.to(array).counters(volumes, Conversation(world, array))

    settings, clock = ways.settings, system_clock()
    world = World(
        services={service.name: service for service in configuration.services},
        arrays=ways.to,
        guards=guards_of(types, settings, asking_arrays(stock, count, clock.monotonic)),
        looks_by=settings.ssh,
        zones=zones_of(ways.auth),
        store=ways.store,
        clock=clock,
        host=LinuxHost(),
        events=events,
        entropy=lambda: os.urandom(10),
        protected=configuration.protected,
        require_enrolment=settings.require_enrolment,
        pace=pace_of(settings),
        asks_arrays=asks_arrays,
        retention=settings.history.retention,
        places=Places(room=room_for_looks()),
    )
    return world


def pace_of(settings: Settings) -> Pace:
    """Tell how often is looked, and how long waited."""
    from flashd.engine.world import Pace

    return Pace(
        check_interval=settings.check_interval,
        observe_interval=settings.observe_interval,
        command_timeout=settings.dscli.timeout,
        late=settings.dscli.in_doubt,
    )
