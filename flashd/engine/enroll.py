"""Enroll services because a person asks: look at the arrays, say what is there, pin it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.core.aim import misaimed
from flashd.core.enrolment import describe, drift, pinned_elsewhere, unasked
from flashd.core.firewall import Facts, unfit
from flashd.engine.events import Event
from flashd.engine.observe import observe, take_stock
from flashd.errors import ArrayError, ConfigError, FlashdError, Unsurveyed
from flashd.model.enrolment import Enrolment
from flashd.model.inventory import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flashd.engine.world import World
    from flashd.model.enrolment import Fact
    from flashd.model.inventory import Inventory
    from flashd.model.service import Service
    from flashd.model.volumes import Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """What a service was found to be.

    `objections` say why it cannot be enrolled, `hints` what to do about them, `differences` how it
    is not what it was when it was enrolled last, if it ever was. `elsewhere`: which of its targets
    are enrolled as another service's, which a person may mean.
    """

    service: str
    facts: tuple[Fact, ...]
    objections: tuple[str, ...]
    hints: tuple[str, ...] = ()
    before: Enrolment | None
    differences: tuple[str, ...]
    elsewhere: tuple[str, ...] = ()

    @property
    def fit(self) -> bool:
        """Whether it can be enrolled."""
        return not self.objections


async def survey(world: World, services: Sequence[Service]) -> tuple[Surveyed, ...]:
    """Read the arrays of these services, once each, and tell what the services are."""
    arrays = sorted({array for service in services for array in service.arrays})
    found = await asyncio.gather(*(_look(world, array) for array in arrays))
    seen = dict(zip(arrays, found, strict=True))
    before = await world.store.enrolments()
    return tuple(_surveyed(world, one, seen, before) for one in services)


async def pin(world: World, surveyed: Iterable[Surveyed], by: str) -> tuple[Enrolment, ...]:
    """Store what was found of those that can be enrolled, and tell it."""
    now = world.clock.now()
    fit = [one for one in surveyed if one.fit]
    wanted = tuple(Enrolment(service=one.service, at=now, by=by, facts=one.facts) for one in fit)
    if wanted:
        await world.store.enroll(wanted, now)
    for one in fit:
        _tell(world, one, by)
    return wanted


async def _look(world: World, array: str) -> tuple[Listing, Inventory] | FlashdError:
    try:
        return await observe(world, array), await take_stock(world, array, EVERYTHING)
    except (ArrayError, ConfigError) as error:
        return error


def _surveyed(
    world: World,
    service: Service,
    seen: Mapping[str, tuple[Listing, Inventory] | FlashdError],
    enrolments: Mapping[str, Enrolment],
) -> Surveyed:
    before = enrolments.get(service.name)
    objections: list[str] = []
    hints: list[str] = []
    stocks: list[Inventory] = []
    for array in service.arrays:
        looked = seen[array]
        if isinstance(looked, FlashdError):
            objections.append(_unread(array, looked))
            hints += [looked.hint] if looked.hint and looked.hint not in hints else []
            continue
        listing, stock = looked
        facts = Facts(listing=listing, inventory=stock)
        objections += [f"{array}: {why}" for why in unfit(service, facts, world.forbidden)]
        stocks.append(stock)
    objections += (*unasked(stocks), *misaimed(service, stocks))
    facts_now = describe(service, stocks)
    arrays = frozenset(one.array for one in stocks)
    return Surveyed(
        service=service.name,
        facts=facts_now,
        objections=tuple(objections),
        hints=tuple(hints),
        before=before,
        differences=drift(before.facts, facts_now, arrays) if before else (),
        elsewhere=pinned_elsewhere(service, enrolments),
    )


def _unread(array: str, error: FlashdError) -> str:
    if isinstance(error, Unsurveyed):
        return error.message  # it names the array, which could be listed
    return f"array {array} could not be read: {error.message}"


def _tell(world: World, one: Surveyed, by: str) -> None:
    again = " again" if one.before else ""
    world.events.tell(
        Event.SERVICE_ENROLLED,
        f"service {one.service} was enrolled{again} by {by}: {len(one.facts)} facts",
        {
            "flashd.service.name": one.service,
            "flashd.enrolment.facts": [str(fact) for fact in one.facts],
            "flashd.enrolment.differences": list(one.differences),
            "user.name": by,
        },
    )
