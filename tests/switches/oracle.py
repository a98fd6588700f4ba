"""What must be so whatever the switches: judged by the simulated array, not by flashd's words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from flashd.engine.events import Event
from flashd.model.health import Status
from flashd.model.run import Outcome
from tests.integration.engine.house import health

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import Enum

    from flashd.engine.request import Result
    from flashd.engine.world import World
    from flashd.model.run import RunRecord
    from tests.switches.site import Site

SLACK = timedelta(milliseconds=1)
"""What fractions of seconds lose on their way."""

ENDS: Mapping[Enum, Outcome] = {
    Event.RESYNC_COMPLETED: Outcome.DONE,
    Event.RESYNC_REFUSED: Outcome.REFUSED,
    Event.RESYNC_FAILED: Outcome.FAILED,
    Event.RESYNC_UNKNOWN: Outcome.UNKNOWN,
}


def right_results(lab: Site, results: list[Result]) -> None:
    """Success only with the right content; anything else with a reason; each is told."""
    for one in results:
        assert one.exit_code == one.outcome.exit_code
        if one.outcome is Outcome.DONE:
            assert lab.fresh(*pairs_of(lab, one.service)), f"{one.service} is not fresh"
        else:
            assert one.reason.strip()
        assert told(lab, one), "its end was not told"


def told(lab: Site, result: Result) -> bool:
    """Whether somebody was told how it ended; where nothing was begun, why not."""
    return any(
        (
            ENDS.get(event) is result.outcome
            and facts.get("flashd.service.name") == result.service
            and facts.get("event.reason") == result.reason
        )
        or (result.run is None and result.reason in message)
        for event, message, facts in lab.told.events
    )


async def right_history(lab: Site, world: World) -> None:
    """Every run is closed, and the array read no command twice that was meant once."""
    assert not await world.store.open_runs()
    runs = sorted(await world.store.history(None, 1000), key=lambda run: run.id)
    assert all(run.reason.strip() for run in runs)
    intended = [one for run in runs for one in sent_of(run)]
    read = [one.command for one in lab.changes()]
    left = iter(intended)
    assert all(command in left for command in read), f"read {read} of {intended}"
    for run in runs:
        if run.outcome is Outcome.DONE:
            assert sent_of(run)[-1] in {one.command for one in lab.changes() if one.acted}


def sent_of(run: RunRecord) -> list[str]:
    """Tell the commands of a run that may have been sent."""
    return [step.intent.command for step in run.steps if step.unsent is None]


async def right_freshness(lab: Site, world: World) -> None:
    """No copy is claimed to be younger than it is, nor older where the array was read since.

    Of what it did not see happen, flashd has only the word of the array's clock.
    """
    slack = SLACK if lab.acted() else SLACK + abs(lab.skew)
    for name in lab.services:
        truths = [truth(lab, pair) for pair in pairs_of(lab, name)]
        copies = [one for one in truths if one is not None]
        standing = await health(world, name)
        bounds = standing.last_resync
        if bounds and bounds.earliest:
            assert len(copies) == len(truths), f"{name}: a copy is claimed that is not there"
            assert bounds.earliest <= min(copies) + slack
        if bounds and bounds.latest and copies and standing.status is not Status.UNKNOWN:
            assert bounds.latest >= min(copies) - slack


def truth(lab: Site, pair: str) -> datetime | None:
    """Tell by the host's clock of when a target's content is; None: it is no copy."""
    source, _, target = pair.partition(":")
    for one in lab.array().relations():
        if str(one.pair) == pair and lab.array().content(target).startswith(f"{source}@"):
            flashed = max(one.synced_at or 0.0, one.created_at)
            return datetime.fromtimestamp(flashed, UTC) - lab.skew
    return None


def pairs_of(lab: Site, service: str) -> list[str]:
    """Tell the pairs of a service."""
    return [str(pair) for one in lab.services[service].resources for pair in one.pairs]
