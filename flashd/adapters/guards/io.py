"""Whether a host reads or writes a target: the array's counters, read twice."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flashd.adapters.guards.findings import late, unknown
from flashd.errors import FlashdError
from flashd.model.counters import HOST_FIELDS
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence
    from typing import TypeAlias

    from flashd.config.guards import Aimed, IoOptions
    from flashd.config.guards.arrays import Targets
    from flashd.model.counters import Counters
    from flashd.model.volumes import VolumeId

    Count: TypeAlias = Callable[[str, Sequence[VolumeId]], Awaitable[Sequence[Counters]]]
    Steady: TypeAlias = Callable[[], float]

_DATE = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4}) ([0-9]{2}:[0-9]{2}:[0-9]{2}) (\S+)")

KEPT_SECONDS = 120.0
"""So long a sample may be compared with a later one."""


@dataclass(frozen=True, slots=True)
class Samples:
    """What was counted lately, kept in this process, by array and volume."""

    kept: dict[tuple[str, VolumeId], list[Counters]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add(self, counted: Iterable[Counters]) -> None:
        """Keep new ones; drop what is too old to be compared with them."""
        for one in counted:
            before = self.kept[one.array, one.volume]
            fresh = [old for old in before if one.taken - old.taken <= KEPT_SECONDS]
            self.kept[one.array, one.volume] = [*fresh, one]

    def before(self, later: Counters, window: float) -> Counters | None:
        """Tell the youngest that is at least `window` seconds older, and not too old."""
        found = [
            old
            for old in self.kept.get((later.array, later.volume), ())
            if window <= later.taken - old.taken <= KEPT_SECONDS
        ]
        return max(found, key=lambda one: one.taken, default=None)


@dataclass(frozen=True, slots=True)
class IoGuard:
    """Vetoes where a host field of a target moved; where none did it has nothing against."""

    aimed: Aimed[IoOptions]
    count: Count | None = None
    steady: Steady | None = None
    samples: Samples = field(default_factory=Samples)

    async def look(self) -> Finding:
        """Read the counters; where no sample is old enough, once more after the window."""
        if self.count is None or self.steady is None:
            return unknown("there is no way to an array")
        limit = self.aimed.options.timeout
        try:
            async with asyncio.timeout(limit.total_seconds()):
                return await self._compared(self.count, self.steady)
        except TimeoutError:
            return late("the arrays did not tell their counters twice", limit)
        except FlashdError as error:
            return unknown(f"the arrays did not tell their counters: {error.message}")

    async def _compared(self, count: Count, steady: Steady) -> Finding:
        window = self.aimed.options.window.total_seconds()
        now = await self._read(count)
        if any(self.samples.before(one, window) is None for one in now):
            first = min((one.taken for one in now), default=steady())
            await asyncio.sleep(max(0.0, first + window - steady()))
            now = await self._read(count)
        pairs = [(self.samples.before(one, window), one) for one in now]
        return judge(self.aimed.targets, pairs)

    async def _read(self, count: Count) -> list[Counters]:
        wanted: dict[str, list[VolumeId]] = defaultdict(list)
        for array, target in self.aimed.targets:
            wanted[array].append(target)
        found = await asyncio.gather(*(count(array, ids) for array, ids in wanted.items()))
        counted = [one for part in found for one in part]
        self.samples.add(counted)
        return counted


def judge(targets: Targets, pairs: Sequence[tuple[Counters | None, Counters]]) -> Finding:
    """Take any host field that grew for up; what went back, or was not counted anew, is unknown."""
    if not pairs or sorted((one.array, one.volume) for _, one in pairs) != sorted(targets):
        return unknown("not every target was counted")
    moved: dict[str, object] = {}
    doubts: list[str] = []
    for before, after in pairs:
        name = f"{after.array} {after.volume}"
        if before is None:
            doubts.append(f"target {name} was counted once only")
            continue
        grown = {key: after.values[key] - before.values[key] for key in HOST_FIELDS}
        moved[name] = {
            "from": before.date,
            "to": after.date,
            "seconds": round(after.taken - before.taken, 1),
            "moved": {key: by for key, by in grown.items() if by},
        }
        if any(by > 0 for by in grown.values()):
            fields = ", ".join(key for key, by in grown.items() if by > 0)
            return Finding(Verdict.UP, f"a host uses target {name}: {fields} moved", moved)
        if any(by < 0 for by in grown.values()):
            doubts.append(f"the counters of target {name} went back")
        elif after.date == before.date:
            doubts.append(f"the counters of target {name} are those of {after.date} both times")
        elif not _later(before.date, after.date):
            doubts.append(
                f"the counters of target {name} are those of {after.date}, after {before.date}"
            )
    if doubts:
        return unknown(doubts[0], moved)
    words = f"no host read or wrote any of the {len(pairs)} targets between two looks"
    return Finding(Verdict.CLEAR, words, moved)


def _later(before: str, after: str) -> bool:
    """Whether an array's date is later than another one, of the same zone.

    Nothing says which of day and month comes first, so one of both ways of reading it will do.
    """
    first, second = _DATE.fullmatch(before), _DATE.fullmatch(after)
    if first is None or second is None or first[5] != second[5]:
        return False
    return any(first.group(3, *way, 4) < second.group(3, *way, 4) for way in ((1, 2), (2, 1)))
