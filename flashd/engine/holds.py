"""Hold services back, let them go, and tell of holds that have ended or last long."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flashd.core.durations import spell
from flashd.core.health import last_resync_of
from flashd.core.holds import (
    binding,
    bindings,
    covered,
    outlasted,
    reminder,
    stale_before_the_end,
    words,
)
from flashd.engine.events import Event
from flashd.engine.observe import picture

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from flashd.engine.world import World
    from flashd.model.hold import Hold, Scope
    from flashd.model.observation import Withdrawal
    from flashd.model.run import RunRecord
    from flashd.model.service import Service
    from flashd.ports.events import Events

_MOST_NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What came of holding.

    `open_runs` were begun before: what they have sent goes on. `withdrawn` are pairs that hold no
    copy until the hold ends. `stale` tells which clones grow too old before it does, and when.
    """

    holds: tuple[Hold, ...]
    replaced: tuple[Hold, ...]
    services: tuple[str, ...]
    open_runs: tuple[RunRecord, ...]
    withdrawn: tuple[Withdrawal, ...]
    stale: tuple[tuple[str, datetime], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What came of releasing: what was lifted, and what holds the same services still."""

    lifted: tuple[Hold, ...]
    remaining: tuple[Hold, ...]


async def place(world: World, holds: Iterable[Hold]) -> Placed:
    """Hold; when this returns no further command is sent that they cover.

    What is told of open runs is read after: one that wrote its intent before is among them.
    """
    now = world.clock.now()
    wanted = tuple(replace(one, remind_at=_reminder(world, one, now)) for one in holds)
    services = _covered(world, [one.scope for one in wanted])
    replaced = await world.store.hold(wanted, [one.name for one in services], now)
    for hold in wanted:
        _tell(world, Event.HOLD_SET, hold, words(hold))
    return await _placed(world, wanted, _still_bound(world, replaced, now), services)


def _still_bound(world: World, removed: Iterable[Hold], now: datetime) -> list[Hold]:
    """Part holds that were taken away from those that had ended by themselves, unnoticed."""
    bound = []
    for hold in removed:
        if hold.binds(now):
            bound.append(hold)
        else:
            _tell_lifted(world, hold)
    return bound


async def _placed(
    world: World, wanted: tuple[Hold, ...], replaced: Sequence[Hold], services: Sequence[Service]
) -> Placed:
    known, runs, now = await picture(world), await world.store.open_runs(), world.clock.now()
    over = {hold.scope: hold for hold in wanted}
    return Placed(
        holds=wanted,
        replaced=tuple(replaced),
        services=tuple(one.name for one in services),
        open_runs=tuple(run for run in runs if bindings(over, run.service, run.arrays, now)),
        withdrawn=tuple(
            one
            for one in known.withdrawals.values()
            if bindings(over, one.service, [one.array], now)
        ),
        stale=tuple(
            (one.name, at)
            for one in services
            if (hold := binding(over, one, now))
            and (last := last_resync_of(one, known.sightings, known.zones))
            and (at := stale_before_the_end(hold, one, last))
        ),
    )


async def release(world: World, scopes: Collection[Scope], by: str) -> Released:
    """Let go; the daemon looks at once at what is not held by another one."""
    now = world.clock.now()
    services = _covered(world, scopes)
    removed = await world.store.lift(scopes, [one.name for one in services], now)
    lifted = _still_bound(world, removed, now)
    for hold in lifted:
        _tell(world, Event.HOLD_RELEASED, hold, f"released by {by}, was {words(hold)}", by)
    left = await world.store.holds()
    remaining = (hold for one in services for hold in bindings(left, one.name, one.arrays, now))
    return Released(lifted=tuple(lifted), remaining=tuple(dict.fromkeys(remaining)))


async def foresee(world: World) -> None:
    """Fit the reminders to the present definitions; one that is overdue stays so."""
    now = world.clock.now()
    holds = (await world.store.holds()).values()
    coming = [one for one in holds if one.remind_at is None or one.remind_at > now]
    fitted = [(one, _reminder(world, one, now)) for one in coming]
    changed = [(one, at) for one, at in fitted if at != one.remind_at]
    if changed:
        await world.store.remind(changed)


async def tend(world: World, ripe: Sequence[Hold]) -> None:
    """Lift what has ended and remind of what lasts; where nothing is ripe, nothing is asked."""
    now = world.clock.now()
    if any(not hold.binds(now) for hold in ripe):
        for hold in await world.store.lift_ended(now):
            _tell_lifted(world, hold)
    lasting = [(hold, _reminder(world, hold, now)) for hold in ripe if hold.binds(now)]
    if lasting:
        for hold in await world.store.remind(lasting):
            _remind(world, hold, now)


def _remind(world: World, hold: Hold, now: datetime) -> None:
    late = outlasted(hold, world.services, now)
    if late:
        named = ", ".join(one.name for one in late[:_MOST_NAMED])
        more = f" and {len(late) - _MOST_NAMED} more" if len(late) > _MOST_NAMED else ""
        lasted = f"lasts for {spell(now - hold.since)}, longer than sync_max_delay of {named}{more}"
        _tell(world, Event.HOLD_REMINDED, hold, f"{lasted}; {words(hold)}")


def _reminder(world: World, hold: Hold, now: datetime) -> datetime | None:
    return reminder(hold, world.services, now)


def _covered(world: World, scopes: Iterable[Scope]) -> list[Service]:
    found = {one.name: one for scope in scopes for one in covered(scope, world.services)}
    return list(found.values())


def _tell_lifted(world: World, hold: Hold) -> None:
    _tell(world, Event.HOLD_LIFTED, hold, f"has ended by itself, was {words(hold)}")


def _tell(world: World, event: Event, hold: Hold, message: str, by: str | None = None) -> None:
    tell_hold(world.events, event, hold, message, by)


def tell_hold(
    events: Events, event: Event, hold: Hold, message: str, by: str | None = None
) -> None:
    """Tell what became of a hold."""
    events.tell(
        event,
        f"hold of {hold.scope}: {message}",
        {
            "flashd.hold.scope": str(hold.scope),
            "flashd.hold.by": hold.by,
            "flashd.hold.since": hold.since.isoformat(),
            "flashd.hold.until": hold.until.isoformat() if hold.until else None,
            "event.reason": hold.reason,
            "user.name": by or hold.by,
        },
    )
