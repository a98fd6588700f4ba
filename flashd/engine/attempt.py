"""One service's turn: from a first look at its guards to commands that were sent, or a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.core.command import render
from flashd.core.enrolment import Refusal
from flashd.core.guards import Held
from flashd.core.plan import Planned, Refused, plan
from flashd.engine.carry import Errand, Scene, Unsent, carry, scene
from flashd.engine.events import Event
from flashd.engine.gate import judge, misdefined
from flashd.engine.leases import leased
from flashd.engine.observe import note_failure
from flashd.engine.settle import Ending, close, tell_ending
from flashd.engine.telling import facts_of_reading, tell_readings, tell_store_failed
from flashd.errors import ArrayError, ConfigError, StoreError, Unsurveyed
from flashd.model.lease import volume_lease
from flashd.model.run import Outcome, RunRecord, StepKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flashd.engine.looks import Looked, Looks
    from flashd.engine.request import Request
    from flashd.engine.seen import Seen
    from flashd.engine.world import World
    from flashd.errors import FlashdError
    from flashd.model.lease import Holder
    from flashd.model.observation import Standing
    from flashd.model.run import Answer, Intent, Step
    from flashd.model.service import Service


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

    async def take(self) -> Attempt:
        """Refuse, or plan, or send; fail where it is not known what a copy could harm."""
        try:
            return await self._take()
        except Unsurveyed as error:
            ending = Ending(Outcome.FAILED, f"{error.message}; nothing is sent")
            return await self._end(ending, error.hint, tried=True)

    async def _take(self) -> Attempt:
        if isinstance(self.looked.verdict, Held):
            return await self._refuse(self.looked.verdict.reason)
        match await self._plan():
            case Refused(objections) as refused:
                hint = "\n".join(one.hint for one in objections if one.hint)
                return await self._refuse(refused.reason, hint)
            case planned:
                steps = planned.steps
        if self.request.dry_run:
            return await self._only_plan(steps)
        self.looks.begin(self.service)  # beside what is asked of the array now, and the login
        if stopped := await self._gate(steps):
            return await self._refuse(stopped.reason, stopped.hint)
        leases = sorted(volume_lease(array, volume) for array, volume in self.service.volumes)
        async with leased(self.world, leases, self.holder) as held:
            if held is not None:
                return await self._refuse(f"{held.by} has {held.name}: another run touches it")
            run = await self._begin(steps)
            errand = Errand(run, self.looked, self.looks, leases, self.holder, len(steps))
            return await self._send(errand, steps)

    async def _plan(self) -> Planned | Refused:
        withdrawals = await self.world.store.withdrawals(self.service.arrays)
        live = {
            (array, pair): relation
            for array, listing in self.seen.listings.items()
            for pair, relation in listing.relations.items()
        }
        return plan(self.service, live, withdrawals)

    async def _send(self, errand: Errand, steps: Sequence[Step]) -> Attempt:
        """Send the steps in their order; the first that is not plainly acknowledged is the last."""
        sent: list[tuple[Intent, Answer | None]] = []
        last_looks: list[Mapping[str, object]] = []
        cut: Ending | None = None
        hint = ""
        for seq, step in enumerate(steps, 1):
            try:
                end = await carry(self.world, errand, seq, step, await self._scene(step, sent))
            except (ArrayError, ConfigError, StoreError) as error:
                cut, hint = Ending(Outcome.FAILED, error.message), error.hint
                await self._note(step, error)
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

    async def _scene(self, step: Step, sent: Sequence[object]) -> Scene:
        """Tell how an array stands before a step; between withdraw and establish, look again."""
        array = step.array
        inventory = await self.seen.stock(array, self.service)
        again = sent and step.kind is StepKind.ESTABLISH
        listing = await (self.seen.list_again(array) if again else self.seen.listing(array))
        return await scene(self.world, array, listing, inventory)

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

    async def _only_plan(self, steps: Sequence[Step]) -> Attempt:
        """End a turn that must not change anything."""
        commands = tuple(render(step) for step in steps)
        held = await self.world.store.held()
        stopped = await self._gate(steps)
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

    async def _gate(self, steps: Sequence[Step]) -> Refusal | None:
        """Try the last gate on what would be sent first; the rest depends on what that does."""
        if other := await misdefined(self.world, self.service):
            return other
        first = {step.resource: step for step in reversed(steps)}
        for array in self.service.arrays:
            gate = await judge(
                self.world,
                self.service,
                [render(step) for step in first.values() if step.array == array],
                self.seen.listings[array],
                await self.seen.stock(array, self.service),
                await self.world.store.withdrawals([array]),
            )
            if isinstance(gate, Refusal):
                return gate
        return None

    async def _begin(self, steps: Sequence[Step]) -> str:
        run = self._record(tuple(render(step) for step in steps))
        await self.world.store.open_run(run)
        tell_readings(self.world, self.service.name, run.id, self.looked.readings)
        self.world.events.tell(
            Event.RESYNC_STARTED,
            f"resync of {self.service.name} started: {len(self.service.clones)} pairs",
            {
                "flashd.service.name": self.service.name,
                "flashd.run.id": run.id,
                "flashd.trigger": str(self.request.trigger),
                "flashd.pairs.total": len(self.service.clones),
                "flashd.storage.id": list(self.service.arrays),
                "user.name": self.request.by,
            },
        )
        return run.id

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

    async def _refuse(self, reason: str, hint: str = "") -> Attempt:
        return await self._end(Ending(Outcome.REFUSED, reason), hint)

    async def _end(self, ending: Ending, hint: str, *, tried: bool = False) -> Attempt:
        """Write to the history that nothing was sent and why, and tell it.

        The daemon does so only where it is news.
        """
        run = None
        if self.request.asked or self._is_news(ending.outcome, ending.reason):
            if not self.request.dry_run:
                record = self._record(())
                run = record.id
                await self.world.store.open_run(record)
            tell_readings(self.world, self.service.name, run, self.looked.readings)
            if run is None:
                tell_ending(self.world, None, self.service.name, ending)
            else:
                await close(self.world, run, self.service.name, ending)
        return Attempt(
            service=self.service,
            run=run,
            tried=tried,
            evidence=self.evidence,
            cut=ending,
            hint=hint,
        )

    def _is_news(self, outcome: Outcome, reason: str) -> bool:
        before, decision = self.standing, self.request.decision_on(outcome)
        return before is None or (before.decision, before.reason) != (decision, reason)
