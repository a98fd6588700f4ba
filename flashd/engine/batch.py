"""One batch: the arrays' leases, one reading before, each service's turn, one reading after."""

from __future__ import annotations

from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from flashd.core.due import Due, NotDue, decide, decide_asked, in_time
from flashd.core.guards import Held
from flashd.core.health import last_resync_of
from flashd.core.holds import binding, words
from flashd.engine.attempt import Attempt, Turn, footing_of
from flashd.engine.late import Rest
from flashd.engine.leases import leased
from flashd.engine.looks import Looked, Looks, asks_arrays
from flashd.engine.observe import observe, observe_all, picture, witness
from flashd.engine.obstacles import breach, in_the_way, obstacle
from flashd.engine.recover import orphans, settle_orphans, still_open
from flashd.engine.request import Request, Result
from flashd.engine.seen import Seen
from flashd.engine.settle import Ending, close, verdict_on
from flashd.engine.standing import reassess
from flashd.engine.telling import tell_store_failed, tell_task_failed
from flashd.errors import ArrayError, ConfigError, FlashdError, StoreError
from flashd.model.lease import array_lease
from flashd.model.run import Outcome
from flashd.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
    from datetime import datetime

    from flashd.engine.late import Late
    from flashd.engine.world import World
    from flashd.model.hold import Hold
    from flashd.model.lease import Holder
    from flashd.model.observation import Picture, Standing
    from flashd.model.run import RunRecord
    from flashd.model.service import Service
    from flashd.model.volumes import Listing


async def run_batch(
    world: World,
    arrays: Sequence[str],
    services: Sequence[Service],
    request: Request,
    late: Late | None = None,
) -> list[Result]:
    """Look at these arrays and services, resync what is due and allowed, and tell how it ended.

    `arrays` are all arrays of each of `services`. Leaves no failure untold; `StoreError` ends it.
    Whose guards are slow is waited for, or left to `late`.
    """
    try:
        if len(arrays) > 1 and not request.dry_run:  # a hung one keeps no lease of others
            await observe_all(world, arrays)
        results = await _under_leases(world, arrays, services, request, late)
    except (ArrayError, ConfigError) as error:
        results = [failed(service, error) for service in services]
    if not request.dry_run or not request.asked:
        try:
            await reassess(world, arrays, results, request)
        except StoreError as error:  # what was done is done, and who asked is told
            tell_store_failed(world, error, "where services stand could not be written")
    return results


async def _under_leases(
    world: World,
    arrays: Sequence[str],
    services: Sequence[Service],
    request: Request,
    late: Late | None,
) -> list[Result]:
    holder = world.holder()
    names = [] if request.dry_run else [array_lease(array) for array in arrays]
    async with leased(world, names, holder, patience=request.patience) as held:
        if held is not None:
            reason = f"{held.by} is at work on {held.name}"
            return [_refused(service, reason) for service in services]
        batch = Batch(world, tuple(arrays), request, holder, late)
        try:
            return await batch.run(services)
        finally:
            world.drain.engaged.discard(batch.arrays)


async def look_at(world: World, array: str) -> None:
    """Read one array because a person asks, closing open runs where nobody is at work on it.

    A failure is remembered, and shows in the status.
    """
    holder = world.holder()
    async with leased(world, [array_lease(array)], holder) as held:
        with suppress(ArrayError, ConfigError):
            if held is None:
                await Batch(world, (array,), Request(), holder).run([])
            else:
                await observe(world, array)


MANY = 64
"""Of more services than this nobody's guards look before the arrays are listed: what they start
would compete with the logins for the processor, also with those of other batches. It would save
them no more than one command of so many."""

ALONE = 10.0
"""Seconds for which a batch waits for slow guards while nobody else has a turn, at most a quarter
of a check interval: a second batch for them costs a listing, and meanwhile nobody else of these
arrays is looked at."""

FEW_NEW = 16
"""Of more services than this that were never observed nobody's guards are asked before the array
is: few of a fleet that is new are due, and each guard may start processes."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The work under one set of array leases."""

    world: World
    arrays: tuple[str, ...]
    request: Request
    holder: Holder
    late: Late | None = None

    @property
    def name(self) -> str:
        """Name it by its arrays."""
        return ", ".join(self.arrays)

    async def run(self, services: Sequence[Service]) -> list[Result]:
        """Recover, observe, take turns, observe again, settle.

        Raises `ArrayError` and `ConfigError` where an array cannot be read before anything is done.
        """
        began = self.world.clock.now()  # windows are judged by when we looked, not by slow logins
        handed = self.late.handed(services, self.world) if self.late else {}
        async with AsyncExitStack() as stack:
            looks = await stack.enter_async_context(Looks(self.world, handed))
            listings, left = await self._listed(looks, services, began)
            known = await self._known(services)
            refused, due = self._due(services, known, left, began)
            standings = known.standings
            attempts = [await self._refuse(one, why, standings) for one, why in refused]
            results: list[Result] = []
            looks.keep(due, partial(breach, known=known))
            async for attempt in self._turns(looks, known, Seen(self.world, listings), began):
                if attempt is not None:
                    attempts.append(attempt)
                    continue
                results += await self._settle_all(attempts)  # the rest waits for a slow guard
                attempts = []
            results += await self._settle_all(attempts)
            if self.late and not (looks.over or self.world.drain.wanted):
                had = {one.service for one in results}
                rest = Rest(self, looks, began, stack.pop_all())
                self.late.follow(rest, [one for one in due if one.name not in had])
            return results

    async def look_late(self, services: Sequence[Service]) -> Rest:
        """Begin to look at those that are due by what is known: they hung the last time.

        No array is listed for them; it is for whose guards then allow.
        """
        began = self.world.clock.now()
        known = await self._known(services)
        _, due = self._due(services, known, await self._open_here(), began)
        names = {one.name for one in due}
        if over := [one for one in services if one.name not in names]:
            await reassess(self.world, self.arrays, [], self.request, over)
        async with AsyncExitStack() as stack:
            looks = await stack.enter_async_context(Looks(self.world))
            looks.keep(due, partial(breach, known=known))
            return Rest(self, looks, began, stack.pop_all())

    async def refuse_late(self, looked: Sequence[Looked], began: datetime) -> None:
        """Refuse whose guards spoke against it after the batch; who is not due any more is not."""
        services = [one.service for one in looked]
        known = await self._known(services)
        attempts = []
        for one in looked:
            due = isinstance(self._decide(one.service, known, began), Due)
            if due and isinstance(one.verdict, Held) and not self._passed_over(one.service, began):
                reason = one.verdict.reason
                attempts.append(await self._refuse_looked(one, reason, known.standings))
        results = await self._settle_all(attempts)
        await reassess(self.world, self.arrays, results, self.request, services)

    async def _listed(
        self, looks: Looks, services: Sequence[Service], began: datetime
    ) -> tuple[dict[str, Listing], list[RunRecord]]:
        """Read the arrays, and have the guards of few look meanwhile."""
        before = looks.along(self._before())
        if len(services) <= MANY:
            looks.expect(await self._foreseen(services, began))
        return await before

    async def _foreseen(self, services: Sequence[Service], began: datetime) -> list[Service]:
        """Tell who is due by what is known already: their guards look while the arrays are listed.

        Nobody where a person asks: who is refused anyway has no guard asked, and what is known
        before the listing is not enough to say so.
        """
        if self.request.asked or self.request.dry_run or not services:
            return []
        known = await self._known(services)
        _, found = self._due(services, known, await self._open_here(), began)
        due = [one for one in found if not asks_arrays(self.world, one)]  # they could but wait
        new = {one.name for one in due if not known.sightings.keys() >= set(one.clones)}
        return due if len(new) <= FEW_NEW else [one for one in due if one.name not in new]

    async def _known(self, services: Iterable[Service]) -> Picture:
        """Gather what is known of the arrays, and where these services stand."""
        return await picture(self.world, self.arrays, [one.name for one in services])

    async def _open_here(self) -> list[RunRecord]:
        """Tell the runs without an end that name these arrays."""
        here = set(self.arrays)
        runs = await self.world.store.open_runs()
        return [run for run in runs if not here.isdisjoint(run.arrays)]

    async def _settle_all(self, attempts: Sequence[Attempt]) -> list[Result]:
        after = await self._after(attempts)
        return [await self._settle(attempt, after) for attempt in attempts]

    async def _refuse(
        self, service: Service, reason: str, standings: Mapping[str, Standing]
    ) -> Attempt:
        """Refuse before any guard was asked."""
        looked = Looked(service, (), Held(Verdict.UNKNOWN, reason))
        return await self._refuse_looked(looked, reason, standings)

    async def _refuse_looked(
        self, looked: Looked, reason: str, standings: Mapping[str, Standing]
    ) -> Attempt:
        """Refuse what was looked at; nothing is asked for it any more."""
        nothing = Looks(self.world), Seen(self.world)
        return await self._turn_of(looked, *nothing, standings).refuse(reason)

    async def _before(self) -> tuple[dict[str, Listing], list[RunRecord]]:
        """Read the arrays, closing what a crash left open; a dry run leaves that to others."""
        if self.request.dry_run:
            listings = await observe_all(self.world, self.arrays)
            return listings, await self._open_here()
        found, left = await orphans(self.world, self.arrays)
        listings = await observe_all(self.world, self.arrays)
        return listings, left + await settle_orphans(self.world, found, listings)

    def _due(
        self,
        services: Iterable[Service],
        known: Picture,
        left: Sequence[RunRecord],
        began: datetime,
    ) -> tuple[list[tuple[Service, str]], list[Service]]:
        """Part those that are due from those that are refused; what is not due is neither."""
        refused: list[tuple[Service, str]] = []
        due: list[Service] = []
        for service in services:
            if run := in_the_way(service, left):
                refused.append((service, still_open(self.world, run)))
                continue
            match self._decide(service, known, began):
                case Due():
                    due.append(service)
                case NotDue() as answer if self.request.asked:
                    refused.append((service, obstacle(service, answer, known, began)))
        return refused, due

    def _decide(self, service: Service, known: Picture, now: datetime) -> Due | NotDue:
        last = last_resync_of(service, known.sightings, known.zones)
        hold = binding(known.holds, service, self.world.clock.now())
        if self.request.asked:
            force = self.request.force
            return decide_asked(last, service.freshness, self.world.clock.now(), hold, force=force)
        standing = known.standings.get(service.name)
        return decide(service, last, now, standing.retry_at if standing else None, hold)

    async def _turns(
        self, looks: Looks, known: Picture, seen: Seen, began: datetime
    ) -> AsyncIterator[Attempt | None]:
        """Give each service its turn, the nearest breach first among those whose guards spoke.

        A guard that hangs keeps only its own service waiting: None tells that all others have
        had their turn so far.
        """
        alone: float | None = None
        while not (looks.over or self._hangs_on(looks, alone)):
            looked = await looks.whose_turn()
            if self.world.drain.wanted:
                return
            if looked is None:
                alone = alone or self.world.clock.monotonic()
                yield None
                continue
            alone = None
            if self._passed_over(looked.service, began):
                continue
            attempt = await self._turn(looked, looks, known, seen, began)
            looks.leave(looked.service)
            if attempt is not None:
                yield attempt

    def _hangs_on(self, looks: Looks, alone: float | None) -> bool:
        """Whether others have waited for hung guards for so long that what is left goes on late.

        The others are who becomes due meanwhile, and who wants these arrays' leases.
        """
        interval = self.world.pace.check_interval.total_seconds()
        now = self.world.clock.monotonic()
        if self.late is None:
            return False
        if alone is not None and looks.only_first:
            return looks.only_silent or now - alone >= min(ALONE, interval / 4)
        return looks.hung and now - looks.began >= interval / 2

    def _passed_over(self, service: Service, began: datetime) -> bool:
        """Whether it has no turn any more: its window closed, or a reload defined it otherwise."""
        if not self.world.stands(service):
            return True
        return not (self.request.asked or in_time(service, began, self.world.clock.now()))

    async def _turn(
        self, looked: Looked, looks: Looks, known: Picture, seen: Seen, began: datetime
    ) -> Attempt | None:
        """Give one service its turn; None where it is held by now, and nobody has to be told."""
        try:
            if isinstance(looked.verdict, Held):
                return await self._held(looked, looked.verdict.reason, looks, seen, known)
            return await self._sending(looked, looks, known, seen, began)
        except (ArrayError, ConfigError, StoreError) as error:
            if isinstance(error, StoreError):
                tell_store_failed(self.world, error)
            cut = Ending(Outcome.FAILED, error.message)
            return Attempt(service=looked.service, cut=cut, hint=error.hint)
        except Exception as error:  # noqa: BLE001 - one service's trouble must not end the others' turns
            tell_task_failed(self.world, f"the turn of {looked.service.name}", error)
            cut = Ending(Outcome.UNKNOWN, f"an error of flashd's own: {error!r}")
            return Attempt(service=looked.service, cut=cut)

    async def _held(
        self, looked: Looked, reason: str, looks: Looks, seen: Seen, known: Picture
    ) -> Attempt | None:
        """Refuse whom his guards hold, which takes neither a newer listing nor a footing."""
        service = looked.service
        holds = await self.world.store.covering(service.name, service.arrays)
        if hold := binding(holds, service, self.world.clock.now()):
            return await self._refuse_asked(service, hold, known)
        self.world.drain.engaged.add(self.arrays)
        return await self._turn_of(looked, looks, seen, known.standings).refuse(reason)

    async def _sending(
        self, looked: Looked, looks: Looks, known: Picture, seen: Seen, began: datetime
    ) -> Attempt | None:
        """Have him send, unless a hold or a newer listing speaks against it by now."""
        service, standings = looked.service, known.standings
        renewed = await seen.renew(service.arrays)
        footing = await footing_of(self.world, service)
        # One that came while others had their turns: a login is not worth its while.
        if hold := binding(footing.holds, service, self.world.clock.now()):
            return await self._refuse_asked(service, hold, known)
        if renewed:
            known = await self._known([service])
            if isinstance(answer := self._decide(service, known, began), NotDue):
                reason = obstacle(service, answer, known, self.world.clock.now())
                return await self._refuse(service, reason, standings)
        self.world.drain.engaged.add(self.arrays)
        return await self._turn_of(looked, looks, seen, standings).take(footing)

    def _turn_of(
        self, looked: Looked, looks: Looks, seen: Seen, standings: Mapping[str, Standing]
    ) -> Turn:
        standing = standings.get(looked.service.name)
        return Turn(self.world, looked, looks, seen, self.request, self.holder, standing)

    async def _refuse_asked(self, service: Service, hold: Hold, known: Picture) -> Attempt | None:
        asked = self.request.asked
        return await self._refuse(service, words(hold), known.standings) if asked else None

    async def _after(self, attempts: Iterable[Attempt]) -> dict[str, Listing]:
        """Read each array to which something was sent; one that cannot be read is left out."""
        touched = {intent.step.array for attempt in attempts for intent, _ in attempt.sent}
        after = {}
        for array in sorted(touched):
            try:
                after[array] = await witness(self.world, array)
            except FlashdError:
                continue  # told already; without a listing the outcome is unknown
        return after

    async def _settle(self, attempt: Attempt, after: Mapping[str, Listing]) -> Result:
        ending = attempt.cut or Ending(Outcome.DONE, "")
        if attempt.sent:
            several = len(attempt.service.resources) > 1
            ending = verdict_on(self.world, attempt.sent, after, attempt.cut, several=several)
            ending = replace(ending, evidence=(*attempt.last_looks, *ending.evidence))
            await close(self.world, attempt.run or "", attempt.service.name, ending)
        return Result(
            service=attempt.service.name,
            outcome=ending.outcome,
            reason=ending.reason,
            hint=attempt.hint,
            run=attempt.run,
            tried=attempt.tried,
            exit_code=ending.outcome.exit_code,
            commands=attempt.commands,
            evidence=(*attempt.evidence, *ending.evidence),
        )


def _refused(service: Service, reason: str) -> Result:
    return Result(
        service=service.name,
        outcome=Outcome.REFUSED,
        reason=reason,
        exit_code=Outcome.REFUSED.exit_code,
    )


def failed(service: Service, error: FlashdError) -> Result:
    """Say that a service's turn did not come, and why."""
    return Result(
        service=service.name,
        outcome=Outcome.FAILED,
        reason=error.message,
        hint=error.hint,
        exit_code=error.exit_code,
    )
