"""Ask every guard once; they only look."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from flashd.engine.look import look

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flashd.engine.world import World
    from flashd.model.service import Service
    from flashd.model.verdict import Reading

AT_ONCE = 16
"""So many services' guards look side by side; each look has its own time limit."""


async def ask_all(world: World, services: Iterable[Service]) -> Mapping[str, Sequence[Reading]]:
    """Ask the guards of all services, not too many at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask(service: Service) -> tuple[str, Sequence[Reading]]:
        async with gate:
            return service.name, await look(world, service)

    return dict(await asyncio.gather(*(ask(service) for service in services)))
