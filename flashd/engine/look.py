"""Ask the guards."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from flashd.core.guards import FRESH_SECONDS
from flashd.errors import FlashdError
from flashd.model.verdict import Finding, Reading, Verdict

if TYPE_CHECKING:
    from flashd.engine.world import World
    from flashd.model.service import GuardSpec, Service


async def look(world: World, service: Service) -> tuple[Reading, ...]:
    """Take one look with every guard of a service, side by side.

    None hides another: one that hangs or raises is Unknown, after at most the time for which
    a reading may be used.
    """
    return tuple(await asyncio.gather(*(_read(world, spec) for spec in service.guards)))


async def _read(world: World, spec: GuardSpec) -> Reading:
    at, began = world.clock.now(), world.clock.monotonic()
    limit = asyncio.timeout(FRESH_SECONDS)
    try:
        async with limit:
            finding = await world.guards(spec).look()
    except FlashdError as error:
        finding = Finding(Verdict.UNKNOWN, error.message)
    except Exception as error:  # noqa: BLE001 - a guard may be anybody's code; it must not end a batch
        late = limit.expired()
        words = (
            f"no answer in {FRESH_SECONDS:g} s" if late else f"the guard itself failed: {error!r}"
        )
        finding = Finding(Verdict.UNKNOWN, words)
    except asyncio.CancelledError as error:
        if _we_are_ended():
            raise
        finding = Finding(Verdict.UNKNOWN, f"the guard itself failed: {error!r}")
    if not isinstance(finding, Finding):
        finding = Finding(Verdict.UNKNOWN, f"the guard answered {finding!r}")
    took = world.clock.monotonic() - began
    return Reading(spec.name, spec.type, spec.proves, finding, at, began, took)


def _we_are_ended() -> bool:
    """Whether it is this look that is cancelled, and not something inside the guard."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
