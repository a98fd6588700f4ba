"""Guards that hang, on a simulated array in virtual time: they cost their own services only."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from flashd.core.guards import FRESH_SECONDS
from flashd.engine.places import PUT_OFF, Places
from flashd.errors import StoreError
from flashd.model.verdict import Finding, Verdict
from flashd.rehearsal.clocks import run_virtually
from flashd.rehearsal.life import subject_of
from flashd.rehearsal.stage import Stage
from flashd.rehearsal.terms import Terms
from flashd.wiring import Home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from flashd.engine.world import World
    from flashd.model.service import GuardSpec
    from flashd.ports.clock import Clock
    from flashd.ports.guard import Guard
    from flashd.rehearsal.watched import WatchedStore

ARRAY = "IBM.2107-75AAA01"
START = datetime(2026, 11, 23, 12, tzinfo=UTC)
HUNG = 3600.0
ROOM = 8
CHECK = 60.0
LISTED = 12.0  # two listings with a login each, and a tick
GIVEN_UP = 10.0
"""What a batch waits for guards alone at most."""


@dataclass
class Watched:
    """When the guards of each service looked, in seconds from the start, and how many at once."""

    clock: Clock
    began: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    at_once: int = 0
    most: int = 0

    async def look(self, service: str, seconds: float) -> Finding:
        self.began[service].append((self.clock.now() - START).total_seconds())
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await asyncio.sleep(seconds)
        finally:
            self.at_once -= 1
        return Finding(Verdict.UP if service.startswith("up") else Verdict.DOWN, "as it is")


class _Guard:
    def __init__(self, watched: Watched, service: str, seconds: float) -> None:
        self._watched, self._service, self._seconds = watched, service, seconds

    async def look(self) -> Finding:
        return await self._watched.look(self._service, self._seconds)


class GuardedStage(Stage):
    """One on which a service's guard takes so long as is told for its name and its look."""

    takes: Callable[[str, int], float]
    seconds: float

    def _guard(self, spec: GuardSpec) -> Guard:
        service = subject(spec)
        return _Guard(self.watched, service, self.takes(service, len(self.watched.began[service])))

    def _world(self, store: WatchedStore) -> World:
        return replace(super()._world(store), places=Places(room=ROOM))

    def play_by(self, takes: Callable[[str, int], float]) -> None:
        self.watched = Watched(self.clock)
        self.takes = takes
        run_virtually(self.clock, self.run(lambda _part: None))


def subject(spec: GuardSpec) -> str:
    return subject_of(spec).service


def staged(
    tmp_path: Path,
    names: Iterable[str],
    minutes: float,
    settings: str = "",
    stage: type[GuardedStage] | None = None,
) -> GuardedStage:
    """Put services on one array that are due at once."""
    services = "".join(
        f"  {name}: {{refresh_after: 1m, "
        "guards: [{type: command, command: [/bin/false], down: 0, up: 1}], "
        f"sync: {{sync#1: {{array: {ARRAY}, pairs: '{number:04X}:{0x4000 + number:04X}'}}}}}}\n"
        for number, name in enumerate(names)
    )
    (tmp_path / "services.d").mkdir()
    (tmp_path / "services.d" / "all.yaml").write_text(f"services:\n{services}")
    (tmp_path / "flashd.yaml").write_text(f"timezone: Europe/Paris\n{settings}\n")
    configuration = Home(tmp_path).configuration
    terms = Terms(start=START, span=timedelta(minutes=minutes))
    made = (stage or GuardedStage)(configuration, configuration.services, {}, terms, tmp_path)
    made.seconds = minutes * 60
    return made


def pauses(stage: GuardedStage, name: str) -> list[float]:
    """Tell for how long a service was not looked at, from its first look to the end."""
    times = [*stage.watched.began[name], stage.seconds]
    return [after - before for before, after in pairwise(times)]


def ends(stage: GuardedStage, name: str) -> list[str]:
    """Tell how the runs of a service ended."""
    return [one.outcome for one in stage.played().notes.ends if one.service == name]


def numbered(name: str, count: int) -> list[str]:
    return [f"{name}{number}" for number in range(count)]


def hang_all(name: str, _look: int) -> float:
    return HUNG if name.startswith("hung") else 0.0


def test_invariant_8_however_many_hang_nobody_else_waits(tmp_path: Path) -> None:
    """Of a fleet that hangs nobody is known to when it begins: then it takes some seconds more."""
    hung, up = numbered("hung", 5 * ROOM), numbered("up", 8)
    stage = staged(tmp_path, [*hung, *up], 8)
    stage.play_by(hang_all)
    assert all(stage.watched.began[name] for name in (*hung, *up)), "nobody is left out"
    first = [pauses(stage, name)[0] for name in up]
    later = [pause for name in up for pause in pauses(stage, name)[1:]]
    assert max(first) < CHECK + LISTED + 5 * PUT_OFF + GIVEN_UP
    assert max(later) < CHECK + LISTED
    assert stage.watched.most <= 2 * ROOM + len(up)
    assert ends(stage, "up0") == ["refused"]
    assert ends(stage, "hung0") == ["refused"], "told once, though it hung each time"
    assert stage.played().notes.troubles == []


def test_who_hangs_costs_the_array_no_listing(tmp_path: Path) -> None:
    """But for the first one, and those that there are when nothing is due."""
    stage = staged(tmp_path, numbered("hung", 3), 9, "observe_interval: 1h")
    stage.play_by(hang_all)
    assert all(len(stage.watched.began[name]) > 4 for name in numbered("hung", 3))
    (twin,) = stage.played().twins.values()
    assert sum(one.changes for one in twin.told) == 0
    assert sum("lsflash" in one.command for one in twin.told) <= 4


def test_who_can_be_refreshed_is_beside_those_that_hang(tmp_path: Path) -> None:
    stage = staged(tmp_path, [*numbered("hung", 3 * ROOM), "well"], 6)
    stage.play_by(hang_all)
    assert ends(stage, "well").count("done") >= 3
    assert set(ends(stage, "well")) == {"done"}


def test_invariant_8_a_short_interval_holds_beside_one_that_hangs(tmp_path: Path) -> None:
    stage = staged(tmp_path, ["hung", "up"], 4, "check_interval: 10s")
    stage.play_by(hang_all)
    assert max(pauses(stage, "up")) < 10 + LISTED + GIVEN_UP
    assert len(stage.watched.began["hung"]) >= 3, "it is looked at again and again"
    assert max(pauses(stage, "hung")) < 10 + FRESH_SECONDS + LISTED + GIVEN_UP


@pytest.mark.parametrize("seconds", [5.0, 15.0, 29.0])
def test_who_is_slow_and_down_has_his_resync(tmp_path: Path, seconds: float) -> None:
    """Also where the batch does not wait for him: his look is handed to the next one."""
    stage = staged(tmp_path, ["slow", "up"], 6)
    stage.play_by(lambda name, _look: seconds if name == "slow" else 0.0)
    assert set(ends(stage, "slow")) == {"done"}
    assert ends(stage, "slow").count("done") >= 2
    assert max(pauses(stage, "up")) < CHECK + LISTED + 2 * seconds + GIVEN_UP


def test_who_answers_again_has_his_resync(tmp_path: Path) -> None:
    stage = staged(tmp_path, ["hung", "up"], 6)
    stage.play_by(lambda name, look: HUNG if name == "hung" and look < 2 else 0.0)
    assert ends(stage, "hung")[:2] == ["refused", "done"]


def test_invariant_8_last_looks_that_hang_do_not_keep_others_waiting(tmp_path: Path) -> None:
    """Each would keep the array for half a minute: forty of them, for twenty."""
    hung = numbered("hung", 40)
    stage = staged(tmp_path, [*hung, "up"], 10)
    stage.play_by(lambda name, look: HUNG if name != "up" and look % 2 else 0.0)
    assert max(pauses(stage, "up")) < 2 * CHECK + FRESH_SECONDS + LISTED
    assert all("done" not in ends(stage, name) for name in hung)


async def full(*_: object) -> None:
    raise StoreError("the disk is full")


class FullStage(GuardedStage):
    """One on which no refusal can be written down."""

    def _world(self, store: WatchedStore) -> World:
        store.write_ended = full  # type: ignore[method-assign, assignment]
        return super()._world(store)


def test_a_store_that_fails_for_who_hangs_is_told_once_an_interval(tmp_path: Path) -> None:
    stage = staged(tmp_path, ["hung"], 10, stage=FullStage)
    stage.play_by(hang_all)
    told = [message for _, message in stage.played().notes.troubles if "disk is full" in message]
    assert 4 <= len(told) <= 10 * 60 / (CHECK + FRESH_SECONDS) + 1
