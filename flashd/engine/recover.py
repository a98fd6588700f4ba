"""Close runs that nobody closed: end what may still act, read the array, never repeat blindly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flashd.core.verify import dated_too_late, end_unseen, in_doubt, in_doubt_until, unconfirmed
from flashd.engine.events import Event
from flashd.engine.settle import Ending, close, verdict_on
from flashd.model.run import Account, Answer, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flashd.engine.world import World
    from flashd.model.run import Intent, Moment, RunRecord, StepRecord
    from flashd.model.volumes import Listing


@dataclass(frozen=True, slots=True)
class Orphan:
    """A run without an end whose clients are surely gone.

    `settled`: they are gone for so long that the array carries out nothing of theirs any more.
    """

    run: RunRecord
    settled: bool


async def orphans(world: World, arrays: Iterable[str]) -> tuple[list[Orphan], list[RunRecord]]:
    """End the clients of open runs on these arrays, before anything is read.

    The caller holds the arrays' leases, so an open run on them is nobody's any more. Returns the
    runs whose clients are gone, and those that must be left alone for now.
    """
    held = set(arrays)
    found: list[Orphan] = []
    left: list[RunRecord] = []
    for run in await world.store.open_runs():
        if held.isdisjoint(run.arrays):
            continue
        if held.issuperset(run.arrays) and await _clients_gone(world, run):
            now = await world.moment()
            known = await _noted(world, run, now)
            found.append(Orphan(known, settled=not in_doubt(known, world.pace.doubt, now)))
        else:
            left.append(run)
    return found, left


async def settle_orphans(
    world: World, found: Iterable[Orphan], listings: Mapping[str, Listing]
) -> list[RunRecord]:
    """Close orphaned runs by what the arrays show now; returns those that could not be closed.

    What is not shown done, nor plainly refused, is not believed undone as long as the array may
    still do it.
    """
    left: list[RunRecord] = []
    for orphan in found:
        run = orphan.run
        ending = _ending(world, orphan, listings)
        if ending.outcome is Outcome.UNKNOWN:  # told when it was sent; the status says so meanwhile
            left.append(run)
            continue
        if not await close(world, run.id, run.service, ending, {"flashd.recovered": True}):
            left.append(run)
            continue
        world.events.tell(
            Event.RUN_RECOVERED,
            f"run {run.id} of {run.service} was left open and is closed as {ending.outcome}",
            {
                "flashd.run.id": run.id,
                "flashd.service.name": run.service,
                "event.outcome": "success" if ending.outcome is Outcome.DONE else "failure",
                "event.reason": ending.reason,
            },
        )
    return left


def still_open(world: World, run: RunRecord) -> str:
    """Say why a run without an end is in the way, and until when at most."""
    until = in_doubt_until(run, world.pace.doubt)
    if until is None:
        return f"run {run.id} of {run.service} is still open"
    left = "".join(
        f"; its dscli, process group {carrier.group} on {carrier.host}, has not been seen to end"
        for carrier in dict.fromkeys(
            step.intent.carrier for step in run.sent if not _seen_gone(step)
        )
    )
    return f"run {run.id} of {run.service} is still open: {unconfirmed(until)}{left}"


def _ending(world: World, orphan: Orphan, listings: Mapping[str, Listing]) -> Ending:
    sent = _sent(orphan.run)
    if not sent:
        return Ending(Outcome.FAILED, "flashd ended before anything was sent")
    unsent = _rest_unsent(orphan.run)
    service = world.newest.services.get(orphan.run.service)
    several = service is not None and len(service.resources) > 1
    ending = verdict_on(world, sent, listings, unsent, settled=orphan.settled, several=several)
    if ending.outcome is Outcome.DONE:
        return _with_doubts(world, orphan.run, ending, listings)
    return _final(ending) if orphan.settled else ending


def _with_doubts(
    world: World, run: RunRecord, ending: Ending, listings: Mapping[str, Listing]
) -> Ending:
    """Say of what is done that this run may not have done it, where the dates tell."""
    last = {step.intent.step.resource: step for step in run.sent}
    late = [
        str(pair)
        for step in last.values()
        for pair in dated_too_late(
            step,
            listings.get(step.intent.step.array),
            world.pace.doubt,
            world.zones.get(step.intent.step.array),
        )
    ]
    if not late:
        return ending
    words = f"{', '.join(late)} dated later than this command can have been carried out"
    reason = f"{ending.reason}; {words}: somebody else's resync, or the array's clock is ahead"
    return replace(ending, reason=reason)


def _sent(run: RunRecord) -> list[tuple[Intent, Answer | None]]:
    return [(step.intent, step.answer) for step in run.sent]


async def _noted(world: World, run: RunRecord, now: Moment) -> RunRecord:
    """Note the end of clients that nobody saw end; from then on it counts how late the array is."""
    steps = []
    for step in run.steps:
        known = step
        if step.unsent is None and end_unseen(step, now):
            answer = replace(step.answer or _unheard(step), gone=now)
            await world.store.answered(run.id, step.intent.seq, answer)
            known = replace(step, answer=answer)
        steps.append(known)
    return replace(run, steps=tuple(steps))


def _unheard(step: StepRecord) -> Answer:
    """Stand for what a client may have said that was left behind."""
    accounts = dict.fromkeys(step.intent.step.pairs, Account.SILENT)
    return Answer(exit_status=None, accounts=accounts, refused=False, reason="", output="")


def _rest_unsent(run: RunRecord) -> Ending | None:
    if len(_sent(run)) < len(run.commands):
        return Ending(Outcome.FAILED, "flashd ended before everything was sent")
    return None


def _final(ending: Ending) -> Ending:
    """No run stays open: what even a settled array does not show is a failure that says so."""
    if ending.outcome is Outcome.UNKNOWN:
        return Ending(Outcome.FAILED, f"not proved done: {ending.reason}", ending.evidence)
    return ending


async def _clients_gone(world: World, run: RunRecord) -> bool:
    for step in run.sent:
        if not _seen_gone(step) and not await _client_gone(world, run, step.intent):
            return False
    return True


def _seen_gone(step: StepRecord) -> bool:
    return step.answer is not None and step.answer.gone is not None


async def _client_gone(world: World, run: RunRecord, intent: Intent) -> bool:
    """End one client; on another host it is waited for as long as it may run."""
    carrier = intent.carrier
    match await world.host.end(carrier):
        case True:
            world.events.tell(
                Event.CARRIER_ENDED,
                f"the dscli of run {run.id} is gone, process group {carrier.group}",
                {"flashd.run.id": run.id, "flashd.dscli.group": carrier.group},
            )
            return True
        case False:
            return False
        case _:
            now = await world.store.time(world.clock.now())  # the intent bears that of the store
            return now > intent.at + world.pace.command_timeout
