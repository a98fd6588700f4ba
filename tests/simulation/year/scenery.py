"""Random definitions, what reloads make of them, and when dependent services are up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.simulation.year.calendars import CALENDARS, DAY, HOUR
from tests.simulation.year.definitions import Clone, Definition, Regime, Watcher

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

ZONES = tuple(
    map(
        ZoneInfo,
        ("Europe/Paris", "America/Santiago", "Australia/Lord_Howe", "UTC", "America/New_York"),
    )
)
PROVING = ("systemd", "command", "opensvc", "process", "podman", "pacemaker")
VETOING = ("io", "http", "sessions")
_MINUTE = timedelta(minutes=1)
_MOST_VOLUMES = 0xFE00


@dataclass
class Scenery:
    """Draws services; every volume is somebody's, and sources may be shared."""

    chance: Random
    arrays: tuple[str, ...]
    used: dict[str, int] = field(default_factory=dict)
    drawn: int = 0

    def regime(self, count: int) -> Regime:
        """Draw services; some of the first ones' sources come again in later ones."""
        found: dict[str, Definition] = {}
        for _ in range(count):
            one = self.service(found)
            found[one.name] = one
        return Regime(found)

    def service(self, others: dict[str, Definition]) -> Definition:
        """Draw one service."""
        chance, self.drawn = self.chance, self.drawn + 1
        name = f"s{self.drawn:03}"
        wide = chance.random() < 0.12 and len(self.arrays) > 1
        where = chance.sample(self.arrays, 2) if wide else [chance.choice(self.arrays)]
        if not wide and chance.random() < 0.15:
            where = where * 2
        clones = tuple(
            self._clone(f"sync#{number}", array, others) for number, array in enumerate(where, 1)
        )
        timing = self.timing()
        watchers = self.watchers(name)
        return Definition(name=name, watchers=watchers, clones=clones, **timing)  # type: ignore[arg-type]

    def timing(self) -> dict[str, object]:
        """Draw when it is to be refreshed: by a window, by age, or by both."""
        chance = self.chance
        zone, way = chance.choice(ZONES), chance.random()
        if way < 0.3:
            most = HOUR * chance.randint(20, 90)
            age = most * chance.uniform(0.4, 0.7) if chance.random() < 0.5 else None
            least = chance.choice((timedelta(0), HOUR, most / 4))
            return _timing(None, zone, least, most, age)
        calendar = CALENDARS[chance.choice(tuple(CALENDARS))]
        least = chance.choice((timedelta(0), timedelta(0), 45 * _MINUTE, 3 * HOUR))
        if way < 0.4 and calendar.every is None and not calendar.spread:
            return _timing(calendar, zone, least, 90 * HOUR, HOUR * chance.randint(26, 60))
        return _timing(calendar, zone, least, 45 * DAY, None)

    def watchers(self, name: str) -> tuple[Watcher, ...]:
        """Draw guards: one or two that prove, and maybe one that can only veto."""
        chance = self.chance
        kinds = chance.sample(PROVING, chance.choice((1, 1, 2)))
        vetoes = chance.sample(VETOING, chance.choice((0, 0, 1)))
        return tuple(
            Watcher(
                kind,
                f"{kind} {name}",
                proves=kind in PROVING,
                seconds=chance.choice((0.02, 0.3, 2.0, 8.0)),
                fails=chance.choice((0.0, 0.0, 0.01, 0.03)),
                tells_starts=kind in {"systemd", "podman"},
            )
            for kind in (*kinds, *vetoes)
        )

    def _clone(self, name: str, array: str, others: dict[str, Definition]) -> Clone:
        chance = self.chance
        pairs = [
            f"{self.volume(array)}:{self.volume(array)}" for _ in range(chance.choice((1, 1, 2, 3)))
        ]
        shared = [
            s for one in others.values() for c in one.clones if c.array == array for s in c.sources
        ]
        recording = chance.random() < 0.7
        if shared and not recording and chance.random() < 0.3:  # one may be incremental, not two
            pairs[0] = f"{chance.choice(shared)}:{self.volume(array)}"
        return Clone(
            name, array, tuple(pairs), recording, bgcopy=recording or chance.random() < 0.7
        )

    def volume(self, array: str) -> str:
        """Tell a volume that nobody has."""
        number = self.used[array] = self.used.get(array, 0) + 1
        if number > _MOST_VOLUMES:
            raise ValueError("an array has no more volumes")
        return f"{number:04X}"

    def moved(self, one: Definition) -> Definition:
        """Give one pair another target."""
        place = self.chance.randrange(len(one.clones))
        clone = one.clones[place]
        number = self.chance.randrange(len(clone.pairs))
        source = clone.sources[number]
        pairs = list(clone.pairs)
        pairs[number] = f"{source}:{self.volume(clone.array)}"
        return _with_clone(one, place, replace(clone, pairs=tuple(pairs)))

    def flipped(self, one: Definition, others: dict[str, Definition]) -> Definition:
        """Let a resource be recording no more, or from now on, if its sources are its own."""
        place = self.chance.randrange(len(one.clones))
        clone = one.clones[place]
        used = [(c.array, s) for other in others.values() for c in other.clones for s in c.sources]
        if any(used.count((clone.array, source)) > 1 for source in clone.sources):
            return one
        return _with_clone(one, place, replace(clone, recording=not clone.recording, bgcopy=True))

    def thief(self, one: Definition) -> Definition:
        """Define a service whose source is the target of another one."""
        self.drawn += 1
        clone = one.clones[0]
        pair = f"{clone.targets[0]}:{self.volume(clone.array)}"
        name = f"s{self.drawn:03}"
        clones = (Clone("sync#1", clone.array, (pair,), recording=True, bgcopy=True),)
        return replace(one, name=name, watchers=self.watchers(name), clones=clones)


def _timing(
    calendar: object, zone: ZoneInfo, least: timedelta, most: timedelta, age: timedelta | None
) -> dict[str, object]:
    return {
        "calendar": calendar,
        "zone": zone,
        "min_delay": least,
        "max_delay": most,
        "refresh_after": age,
    }


def _with_clone(one: Definition, place: int, clone: Clone) -> Definition:
    return replace(one, clones=(*one.clones[:place], clone, *one.clones[place + 1 :]))


def ups(chance: Random, begin: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Draw when a dependent service is up: some hours every few days, and for moments."""
    at, found = begin, []
    while at < end:
        at += HOUR * chance.uniform(4, 90)
        length = chance.choice((0.002, 0.01, 1.5, 6.0)) * chance.uniform(0.3, 1.5)
        found.append((at, at + HOUR * length))
        at += HOUR * length
    return found
