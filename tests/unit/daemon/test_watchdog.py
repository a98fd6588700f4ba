"""Signs of life are given only while ticks happen and workers answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from flashd.daemon.watchdog import keep_alive
from flashd.engine.events import Event
from flashd.errors import StoreError, StoreGone

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import Enum

    from flashd.engine.cycle import Cycle

PATIENCE = 0.2
TICK = 0.01


@dataclass
class Watcher:
    """Counts signs of life."""

    patience: float | None = PATIENCE
    signs: int = 0
    listens: bool = True

    def alive(self) -> None:
        self.signs += 1

    def ready(self, status: str) -> None: ...

    def reloading(self) -> None: ...

    def stopping(self, status: str) -> None: ...

    def status(self, status: str) -> None: ...


@dataclass
class Daemon:
    """What the watchdog looks at: its own world, store and clock."""

    ticks: bool = True
    hangs: bool = False
    fails: bool = False
    gone: bool = False
    asked: int = 0
    at_a_tick: bool = False
    looked_at_a_tick: list[bool] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    world: Any = field(init=False)

    def __post_init__(self) -> None:
        self.world = self
        self.clock = self
        self.store = self
        self.events = self

    def tell(self, event: Enum, message: str, facts: Mapping[str, object]) -> None:
        assert event is Event.DAEMON_STALLED
        assert not facts
        self.told.append(message)

    @property
    def ticked_at(self) -> float:
        return self.monotonic() if self.ticks else self.monotonic() - PATIENCE

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def tick_ended(self, patience: float) -> bool:
        self.at_a_tick = False
        await asyncio.sleep(min(patience, TICK) if self.ticks else patience)
        self.at_a_tick = self.ticks and patience >= TICK
        return self.at_a_tick

    async def answers(self) -> None:
        self.asked += 1
        self.looked_at_a_tick.append(self.at_a_tick)
        if self.hangs:
            await asyncio.Event().wait()
        if self.gone:
            raise StoreGone("the state store was deleted or replaced")
        if self.fails:
            raise StoreError("the disk is full")


async def signs(daemon: Daemon, watcher: Watcher, seconds: float = 3 * PATIENCE) -> int:
    """Watch for a while, and tell how many signs were given."""
    try:
        async with asyncio.timeout(seconds):
            await keep_alive(watcher, cast("Cycle", daemon))
    except TimeoutError:
        return watcher.signs
    return watcher.signs


async def test_signs_are_given_well_within_the_time() -> None:
    assert await signs(Daemon(), Watcher()) >= 6


@pytest.mark.parametrize(
    "daemon",
    [Daemon(ticks=False), Daemon(hangs=True), Daemon(ticks=False, hangs=True)],
    ids=["no tick ends", "a worker hangs", "both"],
)
async def test_a_wedged_daemon_gives_none_and_says_once_why(daemon: Daemon) -> None:
    assert await signs(daemon, Watcher()) == 0
    (why,) = daemon.told
    assert ("no tick has ended" in why) != daemon.ticks


async def test_it_looks_when_a_tick_has_ended_so_that_nothing_wakes_up_for_it_alone() -> None:
    daemon = Daemon()
    assert await signs(daemon, Watcher()) >= 6
    _at_once, *others = daemon.looked_at_a_tick
    assert all(others)


async def test_a_store_that_says_no_has_answered() -> None:
    assert await signs(Daemon(fails=True), Watcher()) >= 6


async def test_a_store_that_was_taken_away_gives_none_since_only_a_restart_helps() -> None:
    daemon = Daemon(gone=True)
    assert await signs(daemon, Watcher()) == 0
    assert "deleted or replaced" in daemon.told[0]


async def test_it_begins_again_when_the_daemon_gets_on_again() -> None:
    daemon, watcher = Daemon(hangs=True), Watcher()
    assert await signs(daemon, watcher) == 0
    daemon.hangs = False
    assert await signs(daemon, watcher) >= 6


async def test_nobody_who_waits_is_told_nothing_and_nothing_is_asked() -> None:
    daemon = Daemon()
    assert await signs(daemon, Watcher(patience=None)) == 0
    assert daemon.asked == 0
