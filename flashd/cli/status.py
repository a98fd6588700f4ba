"""`flashd status`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from flashd.cli.held import hold_of, no_chance, to_show
from flashd.cli.names import SERVICE
from flashd.cli.tables import table
from flashd.cli.words import VERSION, chosen, instant, json_option, print_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from flashd.config.auth import Auth
    from flashd.config.configuration import Configuration
    from flashd.model.health import Health
    from flashd.model.observation import Picture, Sighting
    from flashd.model.service import Resource, Service
    from flashd.wiring import Home

NOT_ALL_UP = 3

_BRIEF = 120
"""So many characters of what refused or failed a turn are shown to people; `why` has it all."""


@click.command
@click.argument("services", nargs=-1, metavar="[SERVICE]...", type=SERVICE)
@click.option("--refresh", is_flag=True, help="Ask the arrays first.")
@json_option
@click.pass_obj
def command(home: Home, services: tuple[str, ...], *, refresh: bool, as_json: bool) -> int:
    """Tell one line a service: status, age, what comes next. Exit 3 unless all are up."""
    import asyncio

    configuration, bad = to_show(home)
    if bad and refresh:
        click.echo("the arrays are not asked: --refresh needs a good configuration", err=True)
    look = refresh and not bad
    status = asyncio.run(_status(home, configuration, services, refresh=look, as_json=as_json))
    return bad or status


async def _status(
    home: Home,
    configuration: Configuration,
    names: tuple[str, ...],
    *,
    refresh: bool,
    as_json: bool,
) -> int:
    from flashd.core.health import assess
    from flashd.model.health import Status

    wanted = chosen(configuration, names)
    now, known = await gather(home, configuration, wanted, refresh=refresh)
    assessed = [(service, assess(service, known, now)) for service in wanted]
    if as_json:
        documents = [_document(service, health, known, now) for service, health in assessed]
        print_json({"version": VERSION, "generated_at": instant(now), "services": documents})
    else:
        _print(assessed, known, now)
    return 0 if all(one.status is Status.UP for _, one in assessed) else NOT_ALL_UP


async def gather(
    home: Home, configuration: Configuration, wanted: list[Service], *, refresh: bool
) -> tuple[datetime, Picture]:
    """Gather what is known of the arrays of `wanted`, reading them first if asked."""
    from flashd.wiring import system_clock

    auth = login_of(home, configuration, needed=refresh)
    if refresh:
        await _refresh(home, configuration, auth, wanted)
    async with home.records(configuration, auth) as records:
        return system_clock().now(), await records.picture(arrays_of(wanted), with_runs=True)


def login_of(home: Home, configuration: Configuration, *, needed: bool) -> Auth | None:
    """Open auth.conf; who only looks misses no more than the zones of the arrays' dates."""
    from flashd.errors import ConfigError

    try:
        return home.auth(configuration)
    except ConfigError:
        if needed:
            raise
        return None  # dates are in UTC then


def arrays_of(services: Iterable[Service]) -> list[str]:
    """Name the arrays of these services, each once."""
    return sorted({array for service in services for array in service.arrays})


async def _refresh(
    home: Home, configuration: Configuration, auth: Auth | None, wanted: list[Service]
) -> None:
    import asyncio

    from flashd.engine.batch import look_at
    from flashd.wiring import command_events

    async with home.world(configuration, auth, command_events()) as world:
        await asyncio.gather(*(look_at(world, array) for array in arrays_of(wanted)))


def _document(service: Service, health: Health, known: Picture, now: datetime) -> dict[str, Any]:
    from flashd.core.explain import next_chance

    last = health.last_resync.earliest if health.last_resync else None
    chance = next_chance(service, known, now)
    return {
        "name": service.name,
        "status": str(health.status),
        "reasons": [*health.reasons, *_setback(service, health, known, now)],
        "last_resync": instant(last),
        "age_seconds": max(0, int((now - last).total_seconds())) if last else None,
        "sync_min_delay_seconds": int(service.freshness.min_delay.total_seconds()),
        "sync_max_delay_seconds": int(service.freshness.max_delay.total_seconds()),
        "stale_at": instant(last + service.freshness.max_delay) if last else None,
        "next": {"at": instant(chance[0]), "reason": chance[1]} if chance else None,
        "hold": hold_of(service, known, now),
        "resources": [_resource(resource, known) for resource in service.resources],
    }


def _resource(resource: Resource, known: Picture) -> dict[str, Any]:
    seen = {pair: known.sightings.get((resource.array, pair)) for pair in resource.pairs}
    times = [one.observed_at for one in seen.values() if one]
    return {
        "id": resource.id,
        "array": resource.array,
        "observed_at": instant(min(times)) if len(times) == len(seen) else None,
        "pairs": [_pair(str(pair), sighting) for pair, sighting in seen.items()],
    }


def _pair(name: str, sighting: Sighting | None) -> dict[str, Any]:
    relation = sighting.relation if sighting else None
    return {
        "id": name,
        "present": (relation is not None) if sighting else None,
        "state": relation.state if relation else None,
        "recording": relation.recording if relation else None,
        "persistent": relation.persistent if relation else None,
        "out_of_sync_tracks": relation.out_of_sync_tracks if relation else None,
        "synced": relation.synced.text if relation and relation.synced else None,
    }


def _print(assessed: list[tuple[Service, Health]], known: Picture, now: datetime) -> None:
    from flashd.core.durations import spell
    from flashd.core.explain import next_chance
    from flashd.core.holds import bindings, words

    rows = []
    for service, health in assessed:
        last = health.last_resync.earliest if health.last_resync else None
        chance = next_chance(service, known, now)
        held = bindings(known.holds, service.name, service.arrays, now)
        setbacks = map(_brief, _setback(service, health, known, now))
        rows.append(
            [
                service.name,
                str(health.status),
                spell(now - last) if last else "-",
                _when(chance, now) or no_chance(hold_of(service, known, now)),
                "; ".join([*health.reasons, *map(words, held), *setbacks]),
            ]
        )
    table(["service", "status", "age", "next", "reasons"], rows)


def _setback(service: Service, health: Health, known: Picture, now: datetime) -> list[str]:
    """Tell how the last turn ended, unless an array that cannot be read is the reason already."""
    from flashd.core.explain import setback

    standing, words = known.standings.get(service.name), setback(service, known, now)
    told = standing is not None and any(standing.reason in one for one in health.reasons)
    return [] if words is None or told else [words]


def _brief(words: str) -> str:
    if len(words) <= _BRIEF:
        return words
    return f"{words[:_BRIEF].rsplit(' ', 1)[0]} ..."


def _when(chance: tuple[datetime, str] | None, now: datetime) -> str:
    from flashd.core.durations import spell

    if chance is None:
        return ""
    at, reason = chance
    return f"now ({reason})" if at <= now else f"in {spell(at - now)} ({reason})"
