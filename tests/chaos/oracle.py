"""What must be so after any kill: judged by the array's own journal and contents.

flashd's journal is read for one thing only, how many commands it meant to send.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from flashd.model.health import Status
from flashd.model.run import Outcome
from tests.chaos.scenes import TWO_STEPS
from tests.integration.engine.house import health

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flashd.engine.world import World
    from flashd.model.run import RunRecord
    from flashd.sim.journal import Entry
    from tests.chaos.scenes import Scene, Stage

SLACK = timedelta(milliseconds=50)
"""What two readings of one clock lose on their way."""

HOURS = timedelta(hours=1)
FLASHES = ("resyncflash", "mkflash")
ALARMS = ("RESYNC_FAILED", "RESYNC_UNKNOWN", "RUN_RECOVERED")


@dataclass
class Oracle:
    """Judges one service of a case; `problems` are what must not be."""

    lab: Stage
    scene: Scene
    service: str
    problems: list[str] = field(default_factory=list)
    partly: bool = False
    claimable: bool = True

    def hold(self, so: object, what: str) -> None:
        """Note what ought to be so and is not."""
        if not so:
            self.problems.append(f"{self.service}: {what}")

    def commands(self, serial: str) -> list[Entry]:
        """Tell the changing commands that an array read and that name a pair of the service."""
        mine = {pair for one, pair in self._clones() if one == serial}
        return [one for one in self.lab.changes(serial) if mine & set(one.command.split())]

    # whenever somebody asks

    async def truthful(self, world: World, when: str) -> None:
        """No clone is claimed to be fresher than it is; one that is partly done is no fresh one."""
        standing = await health(world, self.service)
        bounds = standing.last_resync
        self.claimable = True
        truths = [self._copied(serial, pair) for serial, pair in self._clones()]
        copies = [one for one in truths if one is not None]
        if bounds and bounds.earliest:
            self.hold(self.claimable, f"{when}: a copy is claimed that is not there")
            if copies:
                self.hold(
                    bounds.earliest <= min(copies) + self._slack,
                    f"{when}: claimed as of {bounds.earliest}, and is of {min(copies)}",
                )
        if self._is_partly_done():
            self.partly = True
            self.hold(
                standing.status is not Status.UP, f"{when}: partly done, and its status is up"
            )

    @property
    def _slack(self) -> timedelta:
        """A console that shows old dates anew says of a time that the copy was not there yet."""
        return HOURS if self.scene.trouble == "listing of before" else SLACK

    def _copied(self, serial: str, pair: str) -> datetime | None:
        """Tell of when a target's content is; None: it is no copy, or of a relation that is gone.

        What was withdrawn still holds the copy of before, which nobody can date any more.
        """
        source, _, target = pair.partition(":")
        array = self.lab.array(serial)
        copied = array.content(target).startswith(f"{source}@")
        self.claimable = self.claimable and copied
        for one in array.relations():
            if str(one.pair) == pair and copied:
                flashed = max(one.synced_at or 0.0, one.created_at)
                return datetime.fromtimestamp(flashed, UTC)
        return None

    def _is_partly_done(self) -> bool:
        """Whether some targets of the service hold what their sources hold, and others do not."""
        fresh = [self.lab.fresh(pair, serial=serial) for serial, pair in self._clones()]
        return any(fresh) and not all(fresh)

    def _clones(self) -> list[tuple[str, str]]:
        return [(one.serial, pair) for one in self.scene.of(self.service) for pair in one.pairs]

    # at the end

    async def final(self, world: World) -> None:
        """All is quiet: nothing is open, nothing is lost, nothing was done twice."""
        self.hold(not await world.store.open_runs(), "a run is open")
        runs = sorted(await world.store.history([self.service], 1000), key=lambda run: run.id)
        self.hold(all(run.reason.strip() for run in runs), "a run ended without a reason")
        for serial in self.scene.arrays:
            steps = [step for run in runs for step in run.sent if step.intent.step.array == serial]
            self._each_intent_once(serial, [step.intent.command for step in steps])
        self._all_done_once()
        for one in self.scene.of(self.service):
            self._whole_and_never_withdrawn_twice(one.serial, one.pairs)
        self._done_is_done([run for run in runs if run.outcome is Outcome.DONE])
        if self.partly:
            self.hold(self._alarmed(), "partly done, and nobody was told")
        fault = self.scene.fault
        if fault is None or fault.heals:
            await self._whole(world)
        else:
            self._left_alone()

    def _each_intent_once(self, serial: str, intended: list[str]) -> None:
        """Every command that the array read was meant, in that order, and no more often."""
        left = iter(intended)
        read = [one.command for one in self.commands(serial)]
        self.hold(
            all(command in left for command in read),
            f"{serial} read {read}, and meant were {intended}",
        )

    def _all_done_once(self) -> None:
        """Once every clone of the service was flashed nothing more is sent for it.

        A run that could not do all is followed by one that begins with the first resource anew.
        """
        done: set[tuple[str, str]] = set()
        first, begun = set(self.scene.of(self.service)[0].pairs), set[str]()
        everything = [
            (serial, one) for serial in self.scene.arrays for one in self.commands(serial)
        ]
        for serial, one in sorted(everything, key=lambda pair: pair[1].at):
            if done == set(self._clones()):
                self.hold(not done, f"all was done, and then {one.command}")
                return
            if first & set(one.command.split()):
                if _verb(one) in begun:
                    done, begun = set(), set()
                begun.add(_verb(one))
            acted = {(serial, pair) for pair in one.acted}
            done = done | acted if _verb(one) in FLASHES else done - acted

    def _whole_and_never_withdrawn_twice(self, serial: str, pairs: tuple[str, ...]) -> None:
        """A command names all pairs of its resource, in order; none is withdrawn that is gone."""
        mine = [one for one in self.commands(serial) if set(pairs) & set(one.command.split())]
        withdrawn: set[str] = set()
        for number, one in enumerate(mine):
            named = [word for word in one.command.split() if word in pairs]
            if _verb(one) == "resyncflash" or number == 0:
                self.hold(named == list(pairs), f"{one.command}: not all pairs, or not in order")
            elif _verb(one) == "mkflash":
                there = {pair for pair in pairs if pair not in named}
                self.hold(not there & withdrawn, f"{one.command}: not {there & withdrawn}")
            acted = set(one.acted) & set(pairs)
            if _verb(one) == "rmflash":
                self.hold(not withdrawn & acted, f"withdrawn twice: {withdrawn & acted}")
                withdrawn |= acted
            else:
                withdrawn -= acted

    def _done_is_done(self, done: Sequence[RunRecord]) -> None:
        """Each run that counts as done has flashed each of its pairs, and no two by one command."""
        if self.scene.fault is not None and self.scene.fault.fault == "others-resync":
            return  # what somebody else made counts, and is said so where dates tell
        left = [one for serial in self.scene.arrays for one in self.commands(serial)]
        for run in done:
            last = {step.intent.step.resource: step.intent for step in run.sent}
            for intent in last.values():
                pairs = {str(pair) for pair in intent.step.pairs}
                mine = [
                    one
                    for one in left
                    if one.command == intent.command
                    and _verb(one) in FLASHES
                    and pairs <= set(one.acted)
                ]
                self.hold(mine, f"run {run.id} is done, and nothing flashed {sorted(pairs)}")
                left = [one for one in left if one is not next(iter(mine), None)]

    def _alarmed(self) -> bool:
        file = self.lab.root / "told"
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        return any(line.split(" ")[0] in ALARMS for line in lines)

    async def _whole(self, world: World) -> None:
        self.hold(not await world.store.withdrawals(), "a withdrawal is open")
        standing = await health(world, self.service)
        self.hold(standing.status is Status.UP, f"it did not heal: {standing.reasons}")
        for _, _, serial, pairs in self.scene.of(self.service):
            there = {str(one.pair): one for one in self.lab.array(serial).relations()}
            self.hold(set(pairs) <= set(there), f"a relation is lost: {set(pairs) - set(there)}")
            self.hold(self.lab.fresh(*pairs, serial=serial), f"{pairs} are not fresh")
            for pair in set(pairs) & set(there):
                recording = there[pair].recording
                self.hold(
                    recording == (self.scene.way == "recording"), f"{pair}: recording {recording}"
                )

    def _left_alone(self) -> None:
        """What somebody else changed is his: the one command was sent at most, and no other.

        Of two steps the second heals what the first may have withdrawn, whoever did.
        """
        if self.scene.way == TWO_STEPS:
            return
        for serial in self.scene.arrays:
            sent = [_verb(one) for one in self.commands(serial)]
            self.hold(
                sent.count(self.scene.flash) <= len(self.scene.of(self.service)), f"sent {sent}"
            )


def _verb(one: Entry) -> str:
    return one.command.split()[0]
