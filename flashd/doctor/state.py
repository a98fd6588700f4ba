"""What needs the state store: the daemon, logins, guards."""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from flashd.adapters.host import LinuxHost
from flashd.adapters.stores.survey import survey
from flashd.core.checkup.dates import judge_array_clock, judge_zone, lead
from flashd.core.checkup.diagnosis import Diagnosis, problem, unseen
from flashd.core.checkup.login import judge_inventory, judge_login
from flashd.core.checkup.looks import judge_guards
from flashd.core.checkup.pins import judge_pins
from flashd.core.checkup.sessions import judge_session
from flashd.core.checkup.state import (
    Daemon,
    judge_daemon,
    judge_enrolments,
    judge_readings,
    judge_schema,
)
from flashd.doctor.arrays import log_in, take_stock
from flashd.doctor.guards import ask_all
from flashd.errors import ConfigError, FlashdError, StoreError
from flashd.model.lease import DAEMON_LEASE
from flashd.wiring import asks_arrays

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from flashd.doctor.case import Case
    from flashd.engine.world import World
    from flashd.model.inventory import Inventory
    from flashd.model.service import Service

_STORE = "state store"
_PATIENCE = 15.0
_FIRST = "Start the daemon, or run `flashd status --refresh`: both make the store."


async def about_state(case: Case) -> AsyncIterator[Diagnosis]:
    """Check the store, and with it the daemon, the arrays and the guards.

    A store that is not there, or is not of this version, is not opened: that would make or
    migrate it. Without it there is no login either, since a refused one could not be remembered.
    """
    schema, usable, first = None, False, ""
    try:
        async with asyncio.timeout(_PATIENCE):
            found = await survey(case.settings.state)
    except StoreError as error:
        yield problem(_STORE, error.message, error.hint)
    except TimeoutError:
        yield problem(
            _STORE,
            f"it gives no answer within {_PATIENCE:g} s",
            "See whether its server can be reached, or who keeps its file locked.",
        )
    else:
        schema, usable = judge_schema(found.where, found.version, found.known), found.usable
        first = _FIRST if found.version is None and _can_be_made(case) else ""
        if not usable:
            yield schema
    try:
        async with _world(case, usable=usable) as world:
            if usable and schema:  # only now it is known to open
                yield schema
            async for one in _with_store(case, world) if usable else _without_store(case, first):
                yield one
            async for one in _about_guards(case, world, login=usable and case.wanted.login):
                yield one
    except StoreError as error:
        yield problem(_STORE, error.message, error.hint)


@asynccontextmanager
async def _world(case: Case, *, usable: bool) -> AsyncIterator[World]:
    """Put the engine's world together, on a store to be thrown away where ours is not usable."""
    with tempfile.TemporaryDirectory(prefix="flashd-doctor-") as directory:
        spare = case.settings.model_copy(update={"state": f"sqlite:///{directory}/spare.db"})
        settings = case.settings if usable else spare
        async with case.home.store_of(settings) as store:
            try:
                yield case.home.assemble(
                    case.read.configuration, case.read.auth, case.events, store
                )
            finally:
                await case.home.log_out()


def _can_be_made(case: Case) -> bool:
    return case.place is None or os.path.isdir(case.directory)  # noqa: PTH112 - raises nothing


async def _without_store(case: Case, first: str) -> AsyncIterator[Diagnosis]:
    yield unseen("daemon", "without a state store nothing is known of it")
    for array in case.read.arrays:
        yield unseen(f"login to {array}", "not tried: a refused one could not be remembered", first)


async def _with_store(case: Case, world: World) -> AsyncIterator[Diagnosis]:
    lease = (await world.store.held()).get(DAEMON_LEASE)
    records = tuple((await world.store.arrays()).values())
    gone = LinuxHost().gone(lease.by) if lease else None
    daemon = Daemon(lease=lease, gone=gone, arrays=records)
    for one in judge_daemon(daemon, case.settings.observe_interval, case.now):
        yield one
    for one in judge_readings(records, case.read.arrays):
        yield one
    enrolments = await world.store.enrolments()
    for one in judge_enrolments(world.services, enrolments, required=world.require_enrolment):
        yield one
    inventories: dict[str, Inventory] = {}
    for found, stock in await asyncio.gather(
        *(_about_array(case, world, array) for array in case.read.arrays)
    ):
        inventories |= {stock.array: stock} if stock else {}
        for one in found:
            yield one
    for one in judge_pins(world.services.values(), enrolments, inventories):
        yield one


async def _about_array(
    case: Case, world: World, array: str
) -> tuple[list[Diagnosis], Inventory | None]:
    """Log in to an array; tell what came of it, and what is there if that could be asked."""
    check, zone = f"login to {array}", world.zones.get(array)
    sightings = await world.store.sightings([array])
    if reason := _no_login(case, array):
        clock = judge_array_clock(array, lead(None, sightings, zone))
        return [unseen(check, f"not tried: {reason}"), clock], None
    outcome, output = await log_in(world, array)
    if isinstance(outcome, ConfigError):  # told with the pwfile already
        return [unseen(check, f"not tried: {outcome.message}")], None
    judged = judge_login(array, outcome, output)
    if isinstance(outcome, FlashdError):
        return [judged], None
    stock = await take_stock(world, array)
    found = [judged, judge_inventory(array, stock), *_about_session(case, array)]
    found += [*judge_zone(array, outcome, zone)]
    found += [judge_array_clock(array, lead(outcome, sightings, zone))]
    return found, None if isinstance(stock, FlashdError) else stock


def _about_session(case: Case, array: str) -> list[Diagnosis]:
    """Judge the session in which an array was just asked, if there can be any."""
    if not case.keeps_sessions or case.no_terminal:
        return []
    return [judge_session(array, case.events.doubts.get(array, ""))]


def _no_login(case: Case, array: str) -> str:
    if not case.wanted.login:
        return "--no-login"
    return "" if array in case.reachable else "no console answers"


async def _about_guards(case: Case, world: World, *, login: bool) -> AsyncIterator[Diagnosis]:
    """Ask them all; those that log in to arrays only where that may be done."""
    if not case.wanted.guards:
        yield unseen("guards", "not asked: --no-guards")
        return
    services = list(world.services.values())
    if not login:
        left_out = [one.name for one in services if any(map(asks_arrays, one.guards))]
        services = [_without_logins(one) for one in services]
        if left_out:
            names = ", ".join(left_out)
            yield unseen("guards", f"those that log in to arrays are not asked: of {names}")
    for one in judge_guards(await ask_all(world, services)):
        yield one


def _without_logins(service: Service) -> Service:
    guards = tuple(spec for spec in service.guards if not asks_arrays(spec))
    return replace(service, guards=guards)
