"""Another configuration while the daemon runs: all of it, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from flashd.adapters.threads import beside
from flashd.core.changes import Kind, Side, changes
from flashd.core.counting import counted
from flashd.daemon.collector import leave_alone
from flashd.daemon.start import Footing, tell_hints, tell_refused
from flashd.engine.events import Event
from flashd.engine.observe import picture
from flashd.errors import ConfigError, FlashdError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flashd.config.auth import Auth
    from flashd.core.changes import Change
    from flashd.engine.cycle import Cycle
    from flashd.engine.world import World
    from flashd.wiring import Home

_MOST_NAMED = 100


@dataclass(frozen=True, slots=True)
class _Heir:
    """What would be in force: the files' texts, what was made of them, what that changes."""

    texts: Mapping[str, str]
    footing: Footing
    world: World
    changes: tuple[Change, ...]
    under_way: Mapping[str, str]


async def reloaded(home: Home, cycle: Cycle, before: Footing) -> Footing:
    """Read the configuration again and put it in force as a whole; a bad one changes nothing.

    Nothing can fail any more once the new one is remembered as accepted. Runs that are under
    way end by the definitions by which they began.
    """
    old = cycle.world
    try:
        heir = await _heir(home.anew(before.configuration), old, before)
        await old.store.accept(heir.texts, old.clock.now())
    except FlashdError as error:
        return _refused(old, before, error)
    cycle.adopt(heir.world)
    _tell(heir, before)
    return heir.footing


async def _heir(home: Home, old: World, before: Footing) -> _Heir:
    """Prepare what a reload would put in force; raises `FlashdError`."""
    footing = await beside(partial(_read, home, before.auth))  # it takes seconds for thousands
    was, now = (home.settings(one.configuration).state for one in (before, footing))
    if was != now:
        raise ConfigError(
            "state cannot be changed by a reload: what is under way is written down there",
            "Restart flashd to have it use the other store.",
        )
    world = home.assemble(footing.configuration, footing.auth, old.events, old.store).after(old)
    known = await picture(old)
    found = changes(
        Side(old.services, known),
        Side(world.services, replace(known, zones=world.zones)),
        old.clock.now(),
    )
    under_way = {run.service: run.id for run in await old.store.open_runs()}
    kept = home.texts_to_keep()
    return _Heir(kept, footing, world, found, under_way)


def _read(home: Home, auth: Auth) -> Footing:
    configuration = home.configuration
    leave_alone()
    return Footing(configuration=configuration, auth=home.auth(configuration, auth))


def _refused(old: World, before: Footing, error: FlashdError) -> Footing:
    """Tell that nothing changes, and why; the daemon's status says so until it is mended."""
    if isinstance(error, ConfigError):
        count = tell_refused(old.events, error)
        what = counted(count, "mistake")
    else:
        what = error.message
    old.events.tell(
        Event.RELOAD_REFUSED,
        f"reload refused, {what}; everything goes on as before",
        {"error.message": what, "error.code": error.code, "flashd.hint": error.hint},
    )
    at = f"{old.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    return replace(before, refused=f"RELOAD REFUSED at {at}, {what}")


def _tell(heir: _Heir, before: Footing) -> None:
    events = heir.world.events
    for change in heir.changes:
        events.tell(
            Event.DEFINITION_CHANGED,
            _sentence(change, heir.under_way.get(change.service)),
            {
                "flashd.service.name": change.service,
                "flashd.definition.change": str(change.kind),
                "flashd.definition.keys": list(change.what),
                "flashd.decision.before": change.before,
                "flashd.decision.now": change.after,
            },
        )
    named = {kind: [one.service for one in heir.changes if one.kind is kind] for kind in Kind}
    deciding = sum(one.decides_otherwise for one in heir.changes)
    counts = ", ".join(f"{len(names)} {kind}" for kind, names in named.items())
    settings = _differing(before, heir.footing)
    events.tell(
        Event.CONFIGURATION_RELOADED,
        f"configuration reloaded: {counts}, {deciding} decided otherwise"
        + (f"; settings changed: {', '.join(settings)}" if settings else ""),
        {
            "flashd.services": len(heir.world.services),
            "flashd.settings.changed": settings,
            **{f"flashd.definitions.{kind}": _some(names) for kind, names in named.items()},
        },
    )
    tell_hints(heir.footing.configuration, events)


def _sentence(change: Change, run: str | None) -> str:
    what = f": {', '.join(change.what)}" if change.what else ""
    words = [f"{change.service} {change.kind}{what}"]
    if change.before and change.after and change.decides_otherwise:
        words.append(f"was {change.before}, is {change.after}")
    elif change.after:
        words.append(change.after)
    if run:
        words.append(f"run {run} is under way, and what it has begun it ends")
    return "; ".join(words)


def _differing(before: Footing, after: Footing) -> list[str]:
    """Name the settings that differ, and the arrays whose login or place does."""
    one, other = before.configuration.settings, after.configuration.settings
    keys = [key for key in type(one).model_fields if getattr(one, key) != getattr(other, key)]
    arrays = sorted(before.auth.keys() | after.auth.keys())
    keys += [f"[{it}]" for it in arrays if before.auth.get(it) != after.auth.get(it)]
    if before.configuration.protected != after.configuration.protected:
        keys.append("protected")
    return keys


def _some(names: Sequence[str]) -> list[str]:
    """Name so many that the line stays one that journald keeps whole."""
    more = len(names) - _MOST_NAMED
    return [*names[:_MOST_NAMED], *([f"and {more} more"] if more > 0 else [])]
