"""Carry one changing command to the array, past every gate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flashd.core.command import render
from flashd.core.enrolment import Refusal
from flashd.core.guards import FRESH_SECONDS, Held, combine, restarted
from flashd.core.holds import binding, words
from flashd.core.instants import indistinct
from flashd.engine.events import Event
from flashd.engine.gate import Ground, judge
from flashd.engine.observe import outdated
from flashd.engine.telling import (
    Conversation,
    tell_readings,
    tell_store_failed,
    tell_task_failed,
)
from flashd.errors import ArrayError, StoreError, TooLate
from flashd.model.lease import array_lease
from flashd.model.run import Account, Answer, Intent, Marks, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flashd.core.firewall import Cleared
    from flashd.engine.leases import Grip
    from flashd.engine.looks import Looked, Looks
    from flashd.engine.world import World
    from flashd.model.footing import Say
    from flashd.model.inventory import Inventory
    from flashd.model.observation import Sighting, Withdrawal
    from flashd.model.run import Moment, Step
    from flashd.model.service import Service
    from flashd.model.verdict import Reading
    from flashd.model.volumes import Listing, Pair
    from flashd.ports.array import Session


@dataclass(frozen=True, slots=True)
class Errand:
    """A run on its way: what it is for, in how many steps, and under which leases."""

    run: str
    looked: Looked
    looks: Looks
    grip: Grip
    steps: int

    @property
    def service(self) -> Service:
        """Whose clones it refreshes."""
        return self.looked.service


@dataclass(frozen=True, slots=True)
class Scene:
    """What one array showed, and what flashd remembers of it, before a step."""

    listing: Listing
    inventory: Inventory
    sightings: Mapping[tuple[str, Pair], Sighting]
    withdrawals: Mapping[tuple[str, Pair], Withdrawal]


async def scene(world: World, step: Step, listing: Listing, inventory: Inventory) -> Scene:
    """Put what an array showed beside what is remembered of the pairs of a step."""
    past = await world.store.past(step.array, step.pairs)
    return Scene(
        listing,
        inventory,
        {(one.array, one.pair): one for one in past.sightings},
        {(one.array, one.pair): one for one in past.withdrawals},
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """The command was written to dscli; only the array knows what it did."""

    intent: Intent
    answer: Answer
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Unsent:
    """The command was not written to dscli."""

    outcome: Outcome
    reason: str
    readings: tuple[Reading, ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Open:
    """The last gate is open for this command; what the guards said just before."""

    command: Cleared
    readings: tuple[Reading, ...]
    not_after: float


async def carry(world: World, errand: Errand, seq: int, step: Step, scene: Scene) -> Sent | Unsent:
    """Log in, write the intent, look at the guards a last time, pass the gate, send, read.

    While the array works, the guards of the next step look, or of the service that comes next.

    Raises `ArrayError` where no session could be had, `StoreError` where the intent could not
    be written: nothing was sent then.
    """
    await _let_a_second_pass(world, step, scene)
    witness = Conversation(world, step.array, errand.run, errand.service.name)
    async with world.arrays(step.array).session(witness, render(step)) as session:
        intent = _intent(world, errand, seq, step, scene, session)
        hold = await world.store.intend(intent, errand.grip.names, errand.grip.holder)
        if hold is not None:
            return Unsent(Outcome.REFUSED, words(hold))
        gate = await _last_gate(world, errand, intent, scene)
        if isinstance(gate, Unsent):
            await world.store.unsent(errand.run, seq, gate.reason)
            return gate
        errand.looks.beside(errand.looked if seq < errand.steps else None)
        try:
            answer = await session.change(gate.command, step.pairs, gate.not_after)
        except TooLate as error:
            await world.store.unsent(errand.run, seq, error.message)
            return Unsent(Outcome.REFUSED, error.message, gate.readings)
        except ArrayError as error:  # the client ended before it read the command
            await world.store.unsent(errand.run, seq, error.message)
            raise
        except Exception as error:  # noqa: BLE001 - it may have been sent: only the array knows
            tell_task_failed(world, f"sending the command of run {errand.run}", error)
            answer = _no_answer(step, error)
    try:
        answer = replace(answer, gone=await _over(world, intent, answer))
        await _answered(world, errand, seq, answer)
    except StoreError as error:
        tell_store_failed(world, error, f"the answer to run {errand.run} could not be written")
    return Sent(intent, answer, gate.readings)


async def _over(world: World, intent: Intent, answer: Answer) -> Moment | None:
    """Tell when the client was at this command no more; None: it may be still.

    One that has not told of every pair was killed; what could not be killed goes on.
    """
    silent = Account.SILENT in answer.accounts.values() and not answer.refused
    if silent and await world.host.end(intent.carrier) is not True:
        return None
    return await world.moment()


async def _answered(world: World, errand: Errand, seq: int, answer: Answer) -> None:
    """Write what came back; after the last step nobody needs the leases any more."""
    if seq < errand.steps:
        await world.store.answered(errand.run, seq, answer)
        return
    grip = errand.grip
    await world.store.answered_last(errand.run, seq, answer, grip.names, grip.holder)
    grip.over = True


async def _last_gate(world: World, errand: Errand, intent: Intent, scene: Scene) -> Open | Unsent:
    """Look once more, now that dscli waits for its command; then let the text pass or not."""
    service = errand.service
    readings = await errand.looks.last(service, errand.looked.readings)
    tell_readings(world, service.name, errand.run, readings)
    say = await world.store.say(service.name, service.arrays, _leases(errand, scene))
    if reason := await _overtaken(world, errand, intent, scene, say):
        return Unsent(Outcome.REFUSED, reason, readings)
    verdict = combine(service.guards, readings, world.clock.monotonic())
    held = verdict if isinstance(verdict, Held) else restarted(errand.looked.readings, readings)
    if held is not None:
        return Unsent(Outcome.REFUSED, held.reason, readings)
    ground = Ground(
        listing=scene.listing,
        inventory=scene.inventory,
        withdrawals=scene.withdrawals.values(),
        enrolment=say.enrolment,
    )
    gate = judge(world, service, [intent.command], ground)
    if isinstance(gate, Refusal):
        _tell_stopped(world, errand, intent, gate.reason)
        return Unsent(Outcome.REFUSED, gate.reason, readings, gate.hint)
    if world.drain.wanted:
        return Unsent(Outcome.REFUSED, "flashd is being stopped", readings)
    (command,) = gate
    return Open(command, readings, min(one.began for one in readings) + FRESH_SECONDS)


def _leases(errand: Errand, scene: Scene) -> tuple[str, ...]:
    """Tell what must be held still: the volumes, and the array that was read under its lease."""
    return (*errand.grip.names, array_lease(scene.listing.array))


def _tell_stopped(world: World, errand: Errand, intent: Intent, reason: str) -> None:
    world.events.tell(
        Event.COMMAND_STOPPED,
        f"the last gate stopped a command: {reason}",
        {
            "flashd.run.id": errand.run,
            "flashd.service.name": errand.service.name,
            "flashd.storage.id": intent.step.array,
            "flashd.dscli.command": intent.command,
            "event.reason": reason,
        },
    )


async def _overtaken(
    world: World, errand: Errand, intent: Intent, scene: Scene, say: Say
) -> str | None:
    """Say what happened meanwhile that ends it; what is begun is ended as it began."""
    if reason := _grown_old(world, errand, scene, say):
        return reason
    return await _replaced(world, errand.service) if intent.seq == 1 else None


async def _replaced(world: World, service: Service) -> str | None:
    """Say that other definitions are in force by now."""
    if not world.stands(service):
        return "a reload changed its definition meanwhile"
    if world.accepted is not None:
        found = await world.store.accepted()
        if found is not None and dict(found[0]) != dict(world.accepted):
            return "the daemon was given another configuration meanwhile"
    return None


def _grown_old(world: World, errand: Errand, scene: Scene, say: Say) -> str | None:
    """Say what was true when the turn began and may be no longer, logging in having taken long."""
    held, holder = say.leases, errand.grip.holder
    wanted = _leases(errand, scene)
    if any(name not in held or held[name].by != holder for name in wanted):
        return "a lease was lost: another run may be at work"
    if outdated(world, scene.listing) or outdated(world, scene.inventory):
        return "what the array showed grew old during the login"
    hold = binding(say.holds, errand.service, world.clock.now())
    return words(hold) if hold else None


def _no_answer(step: Step, error: Exception) -> Answer:
    return Answer(
        exit_status=None,
        accounts=dict.fromkeys(step.pairs, Account.SILENT),
        refused=False,
        reason=f"an error of flashd's own after the command was sent: {error!r}",
        output="",
    )


def _intent(
    world: World, errand: Errand, seq: int, step: Step, scene: Scene, session: Session
) -> Intent:
    return Intent(
        run=errand.run,
        seq=seq,
        step=step,
        command=render(step),
        carrier=session.carrier,
        before={pair: marks_of(step.array, pair, scene) for pair in step.pairs},
        at=world.clock.now(),
    )


def marks_of(array: str, pair: Pair, scene: Scene) -> Marks:
    """Tell the dates of a pair before a step; those of its withdrawal where it is withdrawn."""
    if relation := scene.listing.relations.get(pair):
        return Marks(
            relation.synced.text if relation.synced else None,
            relation.created.text if relation.created else None,
        )
    if withdrawal := scene.withdrawals.get((array, pair)):
        return Marks(withdrawal.synced, withdrawal.created)
    return Marks(None, None)


async def _let_a_second_pass(world: World, step: Step, scene: Scene) -> None:
    """Wait where a pair was seen refreshed less than two seconds ago."""
    now, zone = world.clock.now(), world.zones.get(step.array)
    waits = [
        indistinct(sighting, zone, now)
        for pair in step.pairs
        if (sighting := scene.sightings.get((step.array, pair)))
    ]
    if any(waits):
        await world.clock.sleep(max(waits).total_seconds())
