"""One service's turn: from a first look at its guards to commands that were sent, or a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flashd.core.command import render
from flashd.core.counting import counted
from flashd.core.enrolment import Refusal
from flashd.core.plan import Refused, plan
from flashd.engine.carry import Errand, Scene, Unsent, carry, scene
from flashd.engine.events import Event
from flashd.engine.gate import Ground, judge, misdefined
from flashd.engine.leases import Grip, begun
from flashd.engine.observe import note_failure
from flashd.engine.settle import Ending, close, tell_ending
from flashd.engine.telling import facts_of_reading, tell_readings, tell_store_failed
from flashd.errors import ArrayError, ConfigError, StoreError, Unsurveyed
from flashd.model.lease import volume_lease
from flashd.model.run import Outcome, RunRecord, StepKind
from flashd.model.volumes import Pair, Relation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flashd.engine.looks import Looked, Looks
    from flashd.engine.request import Request
    from flashd.engine.seen import Seen
    from flashd.engine.world import World
    from flashd.errors import FlashdError
    from flashd.model.footing import Footing
    from flashd.model.inventory import Inventory
    from flashd.model.lease import Holder
    from flashd.model.observation import Standing
    from flashd.model.run import Answer, Intent, Step
    from flashd.model.service import Service
    from flashd.model.volumes import Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What one turn came to.

    `evidence` is what the guards said at first, `last_looks` what they said just before each
    command. With `sent` not empty a listing still has to judge it. `cut` says why not everything
    that was planned was sent; where nothing was, it is the end. `tried` is as in `Result`.
    """

    service: Service
    run: str | None = None
    tried: bool = False
    commands: tuple[str, ...] = ()
    evidence: tuple[Mapping[str, object], ...] = ()
    last_looks: tuple[Mapping[str, object], ...] = ()
    sent: tuple[tuple[Intent, Answer | None], ...] = ()
    cut: Ending | None = None
    hint: str = ""


async def footing_of(world: World, service: Service) -> Footing:
    """Ask flashd's own records what a turn begins with."""
    return await world.store.footing(service.name, service.clones)


class _Live(Mapping[tuple[str, Pair], Relation]):
    """All relations of the arrays, none of them copied: a turn asks for a few of thousands."""

    def __init__(self, listings: Mapping[str, Listing]) -> None:
        self._listings = listings

    def __getitem__(self, clone: tuple[str, Pair]) -> Relation:
        array, pair = clone
        return self._listings[array].relations[pair]

    def __iter__(self) -> Iterator[tuple[str, Pair]]:
        return ((array, pair) for array, one in self._listings.items() for pair in one.relations)

    def __len__(self) -> int:
        return sum(len(one.relations) for one in self._listings.values())


@dataclass(frozen=True, slots=True)
class Turn:
    """A service's turn in a batch, with the looks of the batch and what its arrays showed last."""

    world: World
    looked: Looked
    looks: Looks
    seen: Seen
    request: Request
    holder: Holder
    standing: Standing | None

    @property
    def service(self) -> Service:
        """Whose turn it is."""
        return self.looked.service

    @property
    def evidence(self) -> tuple[Mapping[str, object], ...]:
        """What the guards said at first."""
        return tuple(facts_of_reading(reading) for reading in self.looked.readings)

    async def take(self, footing: Footing) -> Attempt:
        """Plan, and send or refuse; fail where it is not known what a copy could harm."""
        try:
            return await self._take(footing)
        except Unsurveyed as error:
            ending = Ending(Outcome.FAILED, f"{error.message}; nothing is sent")
            return await self._end(ending, error.hint, tried=True)

    async def refuse(self, reason: str, hint: str = "") -> Attempt:
        """End it with nothing sent."""
        return await self._end(Ending(Outcome.REFUSED, reason), hint)

    async def _take(self, footing: Footing) -> Attempt:
        match plan(self.service, _Live(self.seen.listings), footing.withdrawals):
            case Refused(objections) as refused:
                hint = "\n".join(one.hint for one in objections if one.hint)
                return await self.refuse(refused.reason, hint)
            case planned:
                steps = planned.steps
        if self.request.dry_run:
            return await self._only_plan(steps, footing)
        self.looks.begin(self.service)  # beside what is asked of the array now, and the login
        if stopped := await self._gate(steps, footing):
            return await self.refuse(stopped.reason, stopped.hint)
        leases = sorted(volume_lease(array, volume) for array, volume in self.service.volumes)
        grip = Grip(leases, self.holder)
        run = self._record(tuple(render(step) for step in steps))
        async with begun(self.world, run, grip) as held:
            if held is not None:
                return await self.refuse(f"{held.by} has {held.name}: another run touches it")
            self._tell_begun(run)
            errand = Errand(run.id, self.looked, self.looks, grip, len(steps))
            return await self._send(errand, steps, footing)

    async def _send(self, errand: Errand, steps: Sequence[Step], footing: Footing) -> Attempt:
        """Send the steps in their order; the first that is not plainly acknowledged is the last."""
        sent: list[tuple[Intent, Answer | None]] = []
        last_looks: list[Mapping[str, object]] = []
        cut: Ending | None = None
        hint = ""
        for seq, step in enumerate(steps, 1):
            try:
                shown = await self._scene(step, sent, footing)
                end = await carry(self.world, errand, seq, step, shown)
            except (ArrayError, ConfigError, StoreError) as error:
                cut, hint = Ending(Outcome.FAILED, error.message), error.hint
                await self._note(step, error)
                if isinstance(error, StoreError):
                    await self._surely_unsent(errand, seq, error)
                break
            if isinstance(end, Unsent):
                looks = tuple(facts_of_reading(reading) for reading in end.readings)
                cut, hint = Ending(end.outcome, end.reason, looks), end.hint
                break
            sent.append((end.intent, end.answer))
            last_looks += [facts_of_reading(reading) for reading in end.readings]
            if not end.answer.all_accepted and seq < len(steps):
                cut = Ending(Outcome.FAILED, f"the rest was not sent after: {end.answer.reason}")
                break
        if not sent and cut is not None:
            await close(self.world, errand.run, self.service.name, cut)
        return Attempt(
            service=self.service,
            run=errand.run,
            commands=tuple(render(step) for step in steps),
            evidence=self.evidence,
            last_looks=tuple(last_looks),
            sent=tuple(sent),
            cut=cut,
            hint=hint,
        )

    async def _surely_unsent(self, errand: Errand, seq: int, error: StoreError) -> None:
        """Have the journal say that a step was not sent, where it may say that it was meant only.

        The withdrawal that a withdraw opens gives the right to establish a pair. Where the store
        fails still, the next listing ends it that shows the pair.
        """
        store = self.world.store
        try:
            open_runs = await store.open_runs()
            meant = [step for run in open_runs if run.id == errand.run for step in run.sent]
            if any(step.intent.seq == seq for step in meant):
                await store.unsent(errand.run, seq, error.message)
        except StoreError as failure:
            tell_store_failed(self.world, failure)

    async def _stock(self, array: str, footing: Footing) -> Inventory:
        """Tell what a copy can harm; the last gate asks anew who is enrolled, and what that takes.

        What then was not asked of the array is not permitted.
        """
        return await self.seen.stock(array, self.service, enrolled=footing.enrolment is not None)

    async def _scene(self, step: Step, sent: Sequence[object], footing: Footing) -> Scene:
        """Tell how an array stands before a step; between withdraw and establish, look again."""
        array = step.array
        inventory = await self._stock(array, footing)
        again = sent and step.kind is StepKind.ESTABLISH
        listing = await (self.seen.list_again(array) if again else self.seen.listing(array))
        return await scene(self.world, step, listing, inventory)

    async def _note(self, step: Step, error: FlashdError) -> None:
        """Remember why a step could not be sent; what was sent before it is settled anyway."""
        if isinstance(error, Unsurveyed):
            return  # the array was listed: its run alone has failed
        try:
            if isinstance(error, StoreError):
                raise error
            await note_failure(self.world, step.array, error)
        except StoreError as failure:
            tell_store_failed(self.world, failure)

    async def _only_plan(self, steps: Sequence[Step], footing: Footing) -> Attempt:
        """End a turn that must not change anything."""
        commands = tuple(render(step) for step in steps)
        held = await self.world.store.held()
        stopped = await self._gate(steps, footing)
        ending = Ending(Outcome.PLANNED, "nothing was sent")
        if stopped is not None:
            ending = Ending(Outcome.REFUSED, stopped.reason)
        for array, volume in sorted(self.service.volumes):
            other = held.get(volume_lease(array, volume))
            if other is not None and self.world.host.gone(other.by) is not True:
                ending = Ending(Outcome.REFUSED, f"{other.by} has {other.name}")
        if self.request.asked or self._is_news(ending.outcome, ending.reason):
            tell_readings(self.world, self.service.name, None, self.looked.readings)
            reason = f"{ending.reason}; it would be: {'; '.join(commands)}"
            told = Ending(ending.outcome, reason, self.evidence)
            facts = {"flashd.dscli.commands": list(commands)}
            tell_ending(self.world, None, self.service.name, told, facts)
        return Attempt(
            service=self.service,
            commands=commands,
            evidence=self.evidence,
            cut=ending,
            hint=stopped.hint if stopped else "",
        )

    async def _gate(self, steps: Sequence[Step], footing: Footing) -> Refusal | None:
        """Try the last gate on what would be sent first; the rest depends on what that does."""
        if other := misdefined(self.world, self.service, footing):
            return other
        first = {step.resource: step for step in reversed(steps)}
        for array in self.service.arrays:
            ground = Ground(
                inventory=await self._stock(array, footing),
                listing=self.seen.listings[array],
                withdrawals=footing.withdrawals,
                enrolment=footing.enrolment,
            )
            texts = [render(step) for step in first.values() if step.array == array]
            gate = judge(self.world, self.service, texts, ground)
            if isinstance(gate, Refusal):
                return gate
        return None

    def _tell_begun(self, run: RunRecord) -> None:
        tell_readings(self.world, self.service.name, run.id, self.looked.readings)
        self.world.events.tell(
            Event.RESYNC_STARTED,
            f"resync of {self.service.name} started: {counted(len(self.service.clones), 'pair')}",
            {
                "flashd.service.name": self.service.name,
                "flashd.run.id": run.id,
                "flashd.trigger": str(self.request.trigger),
                "flashd.pairs.total": len(self.service.clones),
                "flashd.storage.id": list(self.service.arrays),
                "user.name": self.request.by,
            },
        )

    def _record(self, commands: tuple[str, ...]) -> RunRecord:
        return RunRecord(
            id=self.world.new_id(),
            service=self.service.name,
            trigger=self.request.trigger,
            by=self.request.by,
            arrays=self.service.arrays,
            started_at=self.world.clock.now(),
            commands=commands,
            evidence=self.evidence,
        )

    async def _end(self, ending: Ending, hint: str, *, tried: bool = False) -> Attempt:
        """Write to the history that nothing was sent and why, and tell it.

        The daemon does so only where it is news.
        """
        run = None
        if self.request.asked or self._is_news(ending.outcome, ending.reason):
            if not self.request.dry_run:
                run = await self._write_ended(ending)
            tell_readings(self.world, self.service.name, run, self.looked.readings)
            tell_ending(self.world, run, self.service.name, ending)
        return Attempt(
            service=self.service,
            run=run,
            tried=tried,
            evidence=self.evidence,
            cut=ending,
            hint=hint,
        )

    async def _write_ended(self, ending: Ending) -> str:
        """Write a run that ends as it begins, before it is told: what is told is in the history.

        Whoever is killed in between has the same to tell next time, since nobody stands by it yet.
        """
        begun = self._record(())
        ended = replace(
            begun,
            ended_at=begun.started_at,
            outcome=ending.outcome,
            reason=ending.reason,
            evidence=(*begun.evidence, *ending.evidence),
        )
        await self.world.store.write_ended(ended)
        return ended.id

    def _is_news(self, outcome: Outcome, reason: str) -> bool:
        before, decision = self.standing, self.request.decision_on(outcome)
        return before is None or (before.decision, before.reason) != (decision, reason)
