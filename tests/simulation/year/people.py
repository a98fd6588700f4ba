"""What people do to it: holds, maintenance, other definitions, clocks, kill -9, each by chance."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

from flashd.engine.holds import place, release
from flashd.model.hold import Hold, Kind, Scope
from flashd.rehearsal.twin import USER
from flashd.sim.errors import SimError
from tests.simulation.year.calendars import DAY, HOUR
from tests.simulation.year.definitions import Regime
from tests.simulation.year.house import grouped
from tests.simulation.year.lives import Life
from tests.simulation.year.mischief import MINUTE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from tests.simulation.year.daemon import YearDaemon
    from tests.simulation.year.definitions import Definition
    from tests.simulation.year.house import House

    Deed = Callable[[], Awaitable[None]]

_SOON = 40 * MINUTE


@dataclass
class People:
    """Everybody but the dependent services; what they did is counted in `house.struck`."""

    house: House
    daemon: YearDaemon
    _agenda: list[tuple[datetime, int, Deed]] = field(default_factory=list)
    _order: count[int] = field(default_factory=count)
    _gone: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.chance = self.house.chance("people")
        part, many = self.house.plot.trouble, self.house.plot.services / 200
        if not part:
            return
        for name in self.house.twins:
            self._often(28 * DAY / part, lambda name=name: self._maintain(name))  # type: ignore[misc]
            self._often(12 * DAY / part, lambda name=name: self._meddle(name))  # type: ignore[misc]
            self._often(60 * DAY / part, lambda name=name: self._step_clock(name))  # type: ignore[misc]
        self._often(1.2 * DAY / part, self._kill)
        self._often(9 * DAY / part, self._stop)
        self._often(40 * DAY / part, self._set_clock)
        self._often(12 * HOUR / part / max(many, 0.15), self._reload)
        self._often(9 * HOUR / part / max(many, 0.1), self._hold_somebody)

    def _often(self, every: timedelta, deed: Deed) -> None:
        at = self.house.plot.start
        while (at := at + every * self.chance.expovariate(1)) < self.house.plot.end:
            self.at(at, deed)

    def at(self, when: datetime, deed: Deed) -> None:
        heapq.heappush(self._agenda, (when, next(self._order), deed))

    def soon(self, after: timedelta, deed: Deed) -> None:
        self.at(self.house.true.now() + after, deed)

    async def live(self) -> None:
        """Do everything in its order; look every few seconds at what came up meanwhile."""
        true = self.house.true
        while True:
            await self._react()
            ahead = timedelta(seconds=60)
            if self._agenda:
                ahead = min(ahead, self._agenda[0][0] - true.now())
            await true.sleep(max(ahead.total_seconds(), 0.001))
            while self._agenda and self._agenda[0][0] <= true.now():
                await heapq.heappop(self._agenda)[2]()

    def _note(self, what: str) -> None:
        self.house.struck[what] += 1

    async def _react(self) -> None:
        house = self.house
        while self.daemon.wants_hold:
            scope = Scope(Kind.SERVICE, self.daemon.wants_hold.pop())
            await self._hold(scope, self.chance.choice((30 * MINUTE, 5 * HOUR)))
        while house.refused_logins:
            name = house.refused_logins.pop()
            wait = HOUR * self.chance.uniform(0.3, 8)
            house.ledger.trouble(name, house.true.now() - MINUTE, wait + _SOON)
            self.soon(wait, lambda name=name: self._new_password(name))  # type: ignore[misc]
        while house.meddled:
            array, pair = house.meddled.pop()
            self._mend(array, [pair], HOUR * self.chance.uniform(0.5, 6))

    def _mend(self, array: str, pairs: list[str], wait: timedelta) -> None:
        """Have somebody put relations right after a while; their services are excused till then."""
        whose = grouped(self.house.regime)
        now = self.house.true.now()
        for pair in pairs:
            for name, _ in whose.get((array, pair), []):
                self.house.ledger.trouble(name, now - 5 * MINUTE, wait + _SOON)

        async def mend() -> None:
            present = grouped(self.house.regime)
            for pair in pairs:
                for _, clone in present.get((array, pair), [])[:1]:
                    self.house.repair(clone, (pair,))

        self.soon(wait, mend)

    # arrays

    async def _new_password(self, name: str) -> None:
        self.house.twins[name].array.add_user(USER, USER)
        self.house.twins[name].array.set_user(USER, locked=False, must_change=False)
        self.house.pwfiles[name] += 1
        self.house.ledger.trouble(name, self.house.true.now() - MINUTE, _SOON)

    async def _maintain(self, name: str) -> None:
        """Take a console away, or have the array busy, for hours."""
        length, mischief = HOUR * self.chance.uniform(0.5, 10), self.house.mischiefs[name]
        what = self.chance.choice(("down", "busy"))
        setattr(mischief, what, True)
        self._note(f"array {what}")
        self.house.ledger.trouble(
            name, self.house.true.now() - 5 * MINUTE, length + _SOON + 5 * MINUTE
        )

        async def end() -> None:
            setattr(mischief, what, False)
            self.house.twins[name].array.clear_faults()

        self.soon(length, end)

    async def _meddle(self, name: str) -> None:
        """Do something to a relation, beside all that flashd does."""
        twin, pairs = self.house.twins[name], sorted(self.house.oracle.shown[name].relations)
        if not pairs:
            return
        pair, way = self.chance.choice(pairs), self.chance.randrange(3)
        try:
            if way == 0:
                twin.array.drop_relation(pair)
            elif way == 1:
                twin.array.reverse_relation(pair)
            else:
                twin.array.set_relation(pair, state="Invalid")
        except SimError:
            return
        self._note("meddled with a relation")
        twin.replays.changed()
        self.house.look(name)
        self._mend(name, [pair], HOUR * self.chance.uniform(0.5, 6))

    async def _step_clock(self, name: str) -> None:
        self._note("array's clock set")
        self.house.skew(self.house.twins[name], self.chance.uniform(-40, 40))
        self.house.twins[name].replays.drop()
        self.house.ledger.trouble(name, self.house.true.now() - MINUTE, 3 * HOUR)

    # the daemon

    async def _kill(self) -> None:
        """End it at some await: soon, or just after it has meant to send something."""
        life = self.house.life
        if self.chance.random() < 0.25:
            self.house.boot += 1
            for group in self.house.clients.alive:
                self.house.clients.kill(group)
        from_intent = self.chance.random() < 0.6
        steps = self.chance.randint(0, 14 if from_intent else 400)
        life.doom(steps, from_intent=from_intent)
        self.soon(timedelta(0), lambda: self._killed(life))

    async def _killed(self, life: Life) -> None:
        """Excuse everybody around the end of a life, once it has come."""
        if not life.dead:
            self.soon(20 * timedelta(seconds=1), lambda: self._killed(life))
            return
        self._note("kill -9")
        self.house.ledger.trouble("all", self.house.true.now() - MINUTE, 30 * MINUTE)

    async def _stop(self) -> None:
        """Stop it as systemd does; another one begins."""
        cycle = self.daemon.cycle
        if cycle is None:
            return
        self._note("stopped")
        self.house.ledger.trouble("all", self.house.true.now() - MINUTE, 30 * MINUTE)
        cycle.world.drain.wanted = True
        self.daemon.stirred.set()

    async def _set_clock(self) -> None:
        """Set the host's clock, and set it right some time later."""
        house = self.house
        if house.clock.ahead:
            return
        jump = self.chance.choice((12 * timedelta(seconds=1), 2 * MINUTE, HOUR, 5 * HOUR))
        jump *= self.chance.choice((1, -1))
        last = HOUR * self.chance.uniform(0.05, 20)
        after = 36 * HOUR if abs(jump) > 5 * MINUTE else 3 * HOUR
        house.ledger.trouble("all", house.true.now() - MINUTE, last + after)
        self._put_clock(jump)

        async def right() -> None:
            self._put_clock(timedelta(0))

        self.soon(last, right)

    def _put_clock(self, ahead: timedelta) -> None:
        self._note("clock set")
        self._end_holds()
        self.house.clock.put(ahead)
        self._end_holds()
        self.daemon.stirred.set()
        self.soon(MINUTE, self.daemon.judge_ages)  # the jump is seen at once, in a tick

    def _end_holds(self) -> None:
        """Have each hold look whether its end has come: at any other clock it may not have."""
        for binds in self.house.oracle.holds.values():
            binds()

    # operators

    async def _hold_somebody(self) -> None:
        names = sorted(self.house.regime.services)
        way = self.chance.random()
        scope = Scope(Kind.SERVICE, self.chance.choice(names))
        if way < 0.05:
            scope = Scope(Kind.ALL)
        elif way < 0.15:
            scope = Scope(Kind.ARRAY, self.chance.choice(tuple(self.house.twins)))
        most = 6 if scope.kind is not Kind.SERVICE else 70
        await self._hold(scope, HOUR * self.chance.uniform(0.3, most))

    async def _hold(self, scope: Scope, length: timedelta) -> None:
        """Hold until an instant, or until somebody lets go."""
        house, clock, chance = self.house, self.house.clock, self.chance
        key, until = (str(scope.kind), scope.name), clock.now() + length
        by_itself = chance.random() < 0.5
        hold = Hold(
            scope=scope, reason="?", by="ann", since=clock.now(), until=until if by_itself else None
        )
        whom = "all" if scope.kind is Kind.ALL else scope.name
        house.ledger.trouble(whom, house.true.now() - MINUTE, length + 3 * MINUTE)
        world = self.daemon.world(Life(-1))
        await place(world, [hold])
        self._note("hold")

        ended = False

        def binds() -> bool:
            """A hold that has ended by itself stays over, also where the clock is set back."""
            nonlocal ended
            ended = ended or (by_itself and clock.now() >= until)
            return not ended

        house.oracle.holds[key] = binds
        self.daemon.stirred.set()

        async def lapse() -> None:
            if house.oracle.holds.get(key) is binds and binds():
                left = until - clock.now()
                house.ledger.trouble(whom, house.true.now() - MINUTE, left + 3 * MINUTE)
                self.soon(left, lapse)

        async def let_go() -> None:
            if by_itself:
                await lapse()  # it ends by the host's clock, which may have been set meanwhile
            elif house.oracle.holds.get(key) is binds:
                del house.oracle.holds[key]
                await release(self.daemon.world(Life(-1)), [scope], "ann")
                house.ledger.trouble(whom, house.true.now() - MINUTE, 3 * MINUTE)
                self.daemon.stirred.set()

        self.soon(length, let_go)

    # definitions

    async def _reload(self) -> None:
        way = self.chance.choice(
            ("add", "remove", "move", "flip", "protect", "thief", "timing", "guards")
        )
        services = dict(self.house.regime.services)
        name = self.chance.choice(sorted(services))
        self._note("reload")
        await getattr(self, f"_{way}")(services, services[name])

    def _reign(self, services: dict[str, Definition], *changed: str) -> None:
        """Put definitions in force; whoever is changed is excused for some minutes."""
        self._reign_protecting(services, self.house.regime.protected, *changed)

    def _reign_protecting(
        self,
        services: dict[str, Definition],
        protected: frozenset[tuple[str, str]],
        *changed: str,
    ) -> None:
        for name in changed:
            self.house.ledger.trouble(name, self.house.true.now() - 5 * MINUTE, _SOON)
        self.house.reign(Regime(services, protected))
        self.daemon.reload()

    async def _add(self, services: dict[str, Definition], _: Definition) -> None:
        one = self.house.scenery.service(services)
        self.house.make(one)
        for clone in one.clones:
            self.house.repair(clone, clone.pairs)
        self._reign({**services, one.name: one}, one.name)

    async def _remove(self, services: dict[str, Definition], one: Definition) -> None:
        if len(services) * 2 > self.house.plot.services:
            del services[one.name]
            self._gone.add(one.name)
            self._reign(services)

    async def _move(self, services: dict[str, Definition], one: Definition) -> None:
        await self._rebuild(services, one, self.house.scenery.moved(one))

    async def _flip(self, services: dict[str, Definition], one: Definition) -> None:
        await self._rebuild(services, one, self.house.scenery.flipped(one, services))

    async def _rebuild(
        self, services: dict[str, Definition], one: Definition, other: Definition
    ) -> None:
        """Define pairs otherwise; somebody fits the array to that, by and by."""
        self.house.make(other)
        self._reign({**services, one.name: other}, one.name)
        for old, new in zip(one.clones, other.clones, strict=True):
            if old != new:
                pairs = [
                    p for p in new.pairs if p not in old.pairs or new.recording != old.recording
                ]
                gone = [p for p in old.pairs if p not in new.pairs]
                self._mend(new.array, pairs, HOUR * self.chance.uniform(0, 2))
                self.soon(HOUR, lambda array=new.array, gone=gone: self._drop(array, gone))  # type: ignore[misc]

    async def _drop_copies_of(self, array: str, source: str) -> None:
        """Withdraw what a definition had made while it was in force: flashd rightly refuses to
        write to the source of a live relation, whoever forgot it there.
        """
        live = sorted(self.house.oracle.shown[array].relations)
        await self._drop(array, [pair for pair in live if pair.startswith(f"{source}:")])

    async def _drop(self, array: str, pairs: list[str]) -> None:
        twin, whose = self.house.twins[array], grouped(self.house.regime)
        for pair in pairs:
            if pair in self.house.oracle.shown[array].relations and (array, pair) not in whose:
                twin.array.drop_relation(pair)
        twin.replays.changed()
        self.house.look(array)

    async def _protect(self, services: dict[str, Definition], one: Definition) -> None:
        """Protect a target of a service, and let it go days later."""
        clone = self.chance.choice(one.clones)
        banned = (clone.array, self.chance.choice(clone.targets))
        length = HOUR * self.chance.uniform(1, 60)
        self.house.ledger.trouble(one.name, self.house.true.now() - 5 * MINUTE, length + _SOON)
        self._reign_protecting(services, self.house.regime.protected | {banned})

        async def free() -> None:
            regime = self.house.regime
            self._reign_protecting(dict(regime.services), regime.protected - {banned}, one.name)

        self.soon(length, free)

    async def _thief(self, services: dict[str, Definition], one: Definition) -> None:
        """Define a service whose source is somebody's target, and take that back."""
        thief = self.house.scenery.thief(one)
        length = HOUR * self.chance.uniform(1, 60)
        self.house.make(thief)
        self.house.ledger.trouble(one.name, self.house.true.now() - 5 * MINUTE, length + _SOON)
        self.house.ledger.trouble(thief.name, self.house.true.now(), 2 * length + DAY)
        self._reign({**services, thief.name: thief})

        async def undo() -> None:
            present = dict(self.house.regime.services)
            present.pop(thief.name, None)
            self._reign(present, one.name)
            await self._drop_copies_of(one.clones[0].array, one.clones[0].targets[0])

        self.soon(length, undo)

    async def _timing(self, services: dict[str, Definition], one: Definition) -> None:
        timed = replace(one, **self.house.scenery.timing())  # type: ignore[arg-type]
        self._reign({**services, one.name: timed}, one.name)

    async def _guards(self, services: dict[str, Definition], one: Definition) -> None:
        guarded = replace(one, watchers=self.house.scenery.watchers(one.name))
        self._reign({**services, one.name: guarded}, one.name)
