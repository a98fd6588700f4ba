"""Four arrays, a store, and flashd's own engine in virtual time; the truth about all of it."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from flashd.core.schedule import parse
from flashd.model.service import Freshness, GuardSpec, Resource, Service
from flashd.model.volumes import Pair
from flashd.rehearsal.clocks import VirtualClock
from flashd.rehearsal.schedules import Remembered
from flashd.rehearsal.terms import Terms
from flashd.rehearsal.twin import USER, open_twin
from flashd.sim.array import Array
from flashd.sim.errors import SimError
from tests.simulation.year.bounds import Ledger
from tests.simulation.year.lives import Clients, Life, YearHost
from tests.simulation.year.mischief import MINUTE, Rates, YearMischief
from tests.simulation.year.oracle import Live, Oracle
from tests.simulation.year.scenery import Scenery, ups
from tests.simulation.year.times import HostClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from flashd.model.lease import Holder
    from flashd.model.run import Carrier
    from flashd.rehearsal.mischief import Mischief
    from flashd.rehearsal.twin import Twin
    from tests.simulation.year.definitions import Clone, Definition, Regime

UTC = ZoneInfo("UTC")
Row = tuple[Any, ...]
HANGS = frozenset({"hang", "login-hang", "client-timeout"})
LEASED = 24 * MINUTE
"""So long a hung client has its batch keep its leases: the time limit of a command, and an end."""
_TRUTH = """SELECT source || ':' || target, created_at, synced_at, recording, persistent,
    state = 'Valid' AND target_writable AND NOT revertible FROM relation"""
ARRAYS = tuple(f"IBM.2107-75{letter * 3}01" for letter in "ABCD")


@dataclass(frozen=True)
class Plot:
    """What is asked of a simulation; `trouble` makes everything that disturbs so much likelier.

    `to_first`: it ends at the first violation.
    """

    seed: int
    start: datetime
    days: float
    services: int = 200
    arrays: int = 4
    trouble: float = 1.0
    whole_store: bool = False
    to_first: bool = False
    check: timedelta = timedelta(minutes=10)
    observe: timedelta = timedelta(hours=3)

    @property
    def end(self) -> datetime:
        return self.start + timedelta(days=self.days)


class House:
    """All that is there but the daemon."""

    def __init__(self, plot: Plot, directory: Path) -> None:
        self.plot, self.directory = plot, directory
        self.true = VirtualClock(plot.start)
        self.clock = HostClock(self.true)
        self.struck: Counter[str] = Counter()
        self.ledger = Ledger(plot.check)
        self.oracle = Oracle(self.true.now, self.true.monotonic, self.late_volumes)
        self.clients = Clients()
        self.host = YearHost(0, 0, self.clients)
        self.life = Life(0)
        self.boot = 0
        self.pwfiles: Counter[str] = Counter()
        self.refused_logins: list[str] = []
        self.meddled: list[tuple[str, str]] = []
        self.skews: dict[str, float] = {}
        self.under_way: Callable[[], Iterable[tuple[str, ...]]] = tuple
        self._late_until: dict[str, datetime] = {}
        self._ups: dict[str, list[tuple[datetime, datetime]]] = {}
        self._oldest: dict[str, datetime] = {}
        self._rows: dict[str, dict[Row, Live]] = defaultdict(dict)
        self._whose: dict[tuple[str, str], tuple[str, ...]] = {}
        names = ARRAYS[: plot.arrays]
        self.scenery = Scenery(self.chance("scenery"), names)
        self.regime = self.scenery.regime(plot.services)
        self.mischiefs = {name: self._mischief(name) for name in names}
        self.twins = {name: self._twin(name) for name in names}
        self.reign(self.regime)
        for name in names:
            self.look(name)

    def chance(self, what: str) -> Random:
        """Draw from the seed, apart for each purpose."""
        return Random(f"{self.plot.seed} {what}")  # noqa: S311 - no secret, and the same again

    # the arrays

    def _mischief(self, name: str) -> YearMischief:
        part = self.plot.trouble
        base = Rates()
        rates = Rates(*(part * one for one in vars(base).values()))
        return YearMischief(
            rates=rates,
            chance=self.chance(f"faults {name}"),
            struck=self.struck,
            note=lambda kind, length: self._struck(name, kind, length),
            refused=lambda: self.refused_logins.append(name),
            meddled=lambda pair: self._meddled(name, pair),
            deceives=lambda: self.oracle.deceived.__setitem__(name, self.true.now()),
            pairs=lambda: sorted(self.oracle.shown[name].relations),
        )

    def _struck(self, name: str, kind: str, length: timedelta) -> None:
        now = self.true.now()
        self.ledger.trouble(name, now - 2 * MINUTE, length)
        if kind in HANGS:
            self._share(name, now)
        if kind == "acts-late":
            self._late_until[name] = now + 5 * MINUTE

    def _share(self, hung: str, now: datetime) -> None:
        """Excuse the other arrays of a batch in which one hangs: it has the leases of all."""
        for batch in self.under_way():
            for other in batch if hung in batch else ():
                self.ledger.trouble(other, now - 2 * MINUTE, LEASED)

    def _meddled(self, array: str, pair: str) -> None:
        self.meddled.append((array, pair))

    def _twin(self, name: str) -> Twin:
        path = self.directory / f"{name}.array"
        array = Array.create(path, name, consoles=("console",), user=USER, password=USER)
        mine = [c for one in self.regime.services.values() for c in one.clones if c.array == name]
        array.add_volumes(*dict.fromkeys(v for c in mine for p in c.pairs for v in p.split(":")))
        age = self.chance(f"ages {name}")
        for clone in mine:
            at = self.plot.start - timedelta(hours=age.uniform(1, 30))
            array.establish(
                *clone.pairs, synced_at=at.timestamp(), record=clone.recording, cp=clone.bgcopy
            )
        terms = Terms(
            start=self.plot.start,
            span=timedelta(days=self.plot.days),
            login_seconds=1.4,
            command_seconds=0.3,
        )
        mischief = cast("Mischief", self.mischiefs[name])
        twin = open_twin(name, path, self.true, terms, mischief)
        twin.replays.unwritten = True
        self.skew(twin, self.chance(f"skew {name}").uniform(-20, 20))
        return twin

    def skew(self, twin: Twin, seconds: float) -> None:
        """Set an array's clock."""
        self.skews[twin.name] = max(abs(seconds), self.skews.get(twin.name, 0.0))
        twin.array.set_clock(offset=seconds)

    def is_late(self, array: str) -> bool:
        """Whether an array may act on what a client left behind, or did since it was looked at."""
        return array in self._late_until

    def late_volumes(self, array: str) -> frozenset[tuple[str, str]]:
        """Tell the volumes on which an array has still to act."""
        if not self.is_late(array):
            return frozenset()
        twin = self.twins[array]
        now = twin.array.now()
        with twin.file.look() as rows:
            found = rows.execute("SELECT pairs FROM late_act WHERE at > ?", (now,)).fetchall()
        return frozenset(
            (array, v) for (pairs,) in found for p in pairs.split() for v in p.split(":")
        )

    def look(self, array: str) -> None:
        """Tell the oracle what an array has."""
        until = self._late_until.get(array)
        if until and until <= self.true.now():
            del self._late_until[array]
        with self.twins[array].array.inventory() as held:
            rows = set(held.rows.execute(_TRUTH))
        known = self._rows[array]
        if rows == known.keys():
            return
        self._rows[array] = {row: known.get(row) or _live(*row) for row in rows}
        changed = self.oracle.shows(array, {one.pair: one for one in self._rows[array].values()})
        self._refreshed({name for pair in changed for name in self._whose.get((array, pair), ())})

    def _refreshed(self, names: Iterable[str]) -> None:
        for name in sorted(names):
            one = self.regime.services[name]
            acted = [self.oracle.shown[where].acted.get(pair) for where, pair in one.pairs]
            known = [at for at in acted if at is not None]
            if known and len(known) == len(acted) and self._oldest.get(name) != min(known):
                self._oldest[name] = min(known)
                self.ledger.refreshed(name, self.true.now())

    def repair(self, clone: Clone, pairs: tuple[str, ...]) -> None:
        """Have a person make pairs as they are configured, whatever is there."""
        twin = self.twins[clone.array]
        wanted = grouped(self.regime)
        for pair in pairs:
            source, _, target = pair.partition(":")
            with twin.array.inventory() as held:
                for relation in held.relations():
                    ends = str(relation.pair).split(":")
                    left = source == ends[0] and (clone.array, ":".join(ends)) not in wanted
                    if target in ends or left:
                        held.drop_relation(relation.pair)
            try:
                twin.array.establish(pair, record=clone.recording, cp=clone.bgcopy)
            except SimError as error:
                self.struck[f"repair refused: {error}"[:60]] += 1
        twin.replays.drop()
        self.look(clone.array)

    def make(self, one: Definition) -> None:
        """Have a person make the volumes and relations of a new service."""
        for clone in one.clones:
            twin = self.twins[clone.array]
            have = {volume.id for volume in twin.array.volumes()}
            wanted = dict.fromkeys(v for pair in clone.pairs for v in pair.split(":"))
            twin.array.add_volumes(*(v for v in wanted if v not in have))
            twin.replays.drop()

    # the services

    def reign(self, regime: Regime) -> None:
        """Put definitions in force."""
        now, before = self.true.now(), self.regime.services
        for name in before.keys() - regime.services.keys():
            self.ledger.ends[name] = now
        for name, one in regime.services.items():
            if name not in self._ups:
                self._ups[name] = ups(self.chance(f"ups {name}"), now, self.plot.end)
            known = self.ledger.reigns[name]
            if not known or known[-1][1] != one:
                known.append((now, one))
                self._oldest.pop(name, None)
        self.regime = regime
        self.oracle.reigns(regime)
        self._whose = {
            key: tuple(name for name, _ in clones) for key, clones in grouped(regime).items()
        }
        self._refreshed(regime.services)  # a new service's pairs may have been made before

    def up(self, name: str) -> bool:
        """Whether a dependent service is up."""
        spans, now = self._ups[name], self.true.now()
        return any(
            begin <= now < end for begin, end in spans[: bisect_right(spans, (now, now))][-8:]
        )

    def starts(self, name: str) -> int:
        """How often it has been started."""
        now = self.true.now()
        return bisect_right(self._ups[name], (now, self.plot.end + timedelta(days=999)))

    def burst(self, name: str, after: float, length: float) -> None:
        """Let it come up soon, for a moment."""
        begin = self.true.now() + timedelta(seconds=after)
        insort(self._ups[name], (begin, begin + timedelta(seconds=length)))

    @property
    def timetables(self) -> dict[str, list[tuple[datetime, datetime]]]:
        return self._ups


class PresentHost:
    """The host by which the store judges leases: always the one of the present life."""

    def __init__(self, house: House) -> None:
        self._house = house

    def holder(self, token: str) -> Holder:
        return self._house.host.holder(token)

    def gone(self, holder: Holder) -> bool | None:
        return self._house.host.gone(holder)

    def ours(self, carrier: Carrier) -> bool:
        return self._house.host.ours(carrier)

    async def end(self, carrier: Carrier) -> bool | None:
        return await self._house.host.end(carrier)


def _live(
    pair: str, created: float, synced: float | None, recording: int, persistent: int, plain: int
) -> Live:
    return Live(
        pair=pair,
        acted_at=max(created, synced or 0.0),
        created_at=created,
        recording=bool(recording),
        persistent=bool(persistent),
        plain=bool(plain),
    )


@lru_cache(maxsize=4096)
def service_of(one: Definition) -> Service:
    """Put a definition in flashd's words; the same one is the same service."""
    return Service(
        name=one.name,
        freshness=Freshness(
            min_delay=one.min_delay, max_delay=one.max_delay, refresh_after=one.refresh_after
        ),
        schedule=Remembered(parse(list(one.calendar.texts))) if one.calendar else None,
        timezone=one.zone,
        guards=tuple(
            GuardSpec(watcher.kind, watcher.name, (one.name, watcher), watcher.proves)
            for watcher in one.watchers
        ),
        resources=tuple(
            Resource(
                id=clone.id,
                array=clone.array,
                pairs=tuple(map(Pair.parse, clone.pairs)),
                recording=clone.recording,
                bgcopy=clone.bgcopy,
            )
            for clone in one.clones
        ),
    )


def grouped(regime: Regime) -> dict[tuple[str, str], list[tuple[str, Clone]]]:
    """Tell whose each pair is."""
    found: dict[tuple[str, str], list[tuple[str, Clone]]] = defaultdict(list)
    for one in regime.services.values():
        for clone in one.clones:
            for pair in clone.pairs:
                found[clone.array, pair].append((one.name, clone))
    return found
