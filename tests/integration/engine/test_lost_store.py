"""A database server that is lost in the middle of a run: nothing is claimed, nothing is repeated.

The losses are real: a proxy cuts, freezes or swallows, or the server itself is ended.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.stores import server as at_server
from flashd.adapters.stores.store import open_store
from flashd.engine.events import Event
from flashd.engine.leases import leased
from flashd.errors import StoreError
from flashd.model.lease import DAEMON_LEASE, FOREIGN_LEASE, Held, Holder
from flashd.model.run import Outcome
from tests.integration.engine.doors import guarded_store
from tests.integration.engine.house import Lab, asked, down, outcomes, resource, ticks
from tests.integration.engine.test_store import check_recovery
from tests.servers.clock import at_the_server, set_clock
from tests.servers.proxy import Harm, between

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flashd.model.run import Carrier
    from flashd.model.verdict import Finding
    from tests.servers.postgresql import Server
    from tests.servers.proxy import Proxy

PAIRS = ("0001:0002", "0101:0102")
REPLY = 1.0
SAMPLE = 3
COMMIT = b"COMMIT"


@pytest.fixture
def proxy(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    monkeypatch.setattr(at_server, "REPLY_SECONDS", REPLY)
    with between(server.port) as made:
        yield made


@pytest.fixture
def lab(server: Server, proxy: Proxy, tmp_path: Path) -> Lab:
    return nightly(tmp_path, server.url(server.schema(), port=proxy.port))


def nightly(root: Path, url: str, *, recording: bool = True) -> Lab:
    lab = Lab(root, url)
    lab.clones(*PAIRS, record=recording)
    lab.define("db", resource(*PAIRS, recording=recording))
    return lab


async def attempt(lab: Lab, door: Callable[[str], None] = lambda _: None) -> Outcome | None:
    """Ask for a resync; None where the store ended all."""
    async with lab.open(dress=lambda store: guarded_store(store, door)) as world:
        try:
            (result,) = await asked(world, "db", force=True)
        except StoreError:
            return None
    return result.outcome


HARMS = [Harm.CUT, Harm.CUT_AFTER, Harm.FREEZE_AFTER]


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("words", [b"INSERT INTO steps", COMMIT])
async def test_an_intent_that_is_not_known_to_be_written_sends_nothing(
    lab: Lab, proxy: Proxy, harm: Harm, words: bytes
) -> None:
    trap = proxy.set(words, harm, armed=b"INSERT INTO steps")
    assert await attempt(lab) is not Outcome.DONE
    assert trap.sprung.is_set()
    assert not lab.changes(), "no record, no act"
    proxy.cut()
    await check_recovery(lab, None, [])
    assert lab.acted() == ["resyncflash"]


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("words", [b"answer=", b"outcome="], ids=["the answer", "the end"])
async def test_what_was_sent_is_closed_by_the_next_reading_and_not_sent_again(
    lab: Lab, proxy: Proxy, harm: Harm, words: bytes
) -> None:
    trap = proxy.set(words, harm)
    claimed = await attempt(lab)
    assert trap.sprung.is_set()
    assert lab.acted() == ["resyncflash"]
    proxy.cut()
    await check_recovery(lab, claimed, ["resyncflash"])
    assert lab.acted() == ["resyncflash"], "once for one intent"


@pytest.mark.parametrize("recording", [True, False], ids=["resync", "two steps"])
async def test_a_resync_any_of_whose_commits_is_not_acknowledged(
    server: Server, proxy: Proxy, tmp_path_factory: pytest.TempPathFactory, *, recording: bool
) -> None:
    def fresh() -> Lab:
        url = server.url(server.schema(), port=proxy.port)
        return nightly(tmp_path_factory.mktemp("lab"), url, recording=recording)

    calls: list[str] = []
    assert await attempt(fresh(), calls.append) is Outcome.DONE
    for number in some(len(calls)):
        lab, seen = fresh(), list[str]()

        def door(name: str, seen: list[str] = seen, at: int = number) -> None:
            seen.append(name)
            if len(seen) == at:
                proxy.set(COMMIT, Harm.CUT_AFTER)

        claimed = await attempt(lab, door)
        acted = lab.acted()
        assert len(acted) <= seen.count("intend"), seen[number - 1]
        await check_recovery(lab, claimed, acted)
        assert lab.acted().count("resyncflash") <= 1 + (acted == []), seen[number - 1]


def some(calls: int) -> list[int]:
    """Choose some of the calls, or take all where FLASHD_TEST_ALL says so."""
    if os.environ.get("FLASHD_TEST_ALL"):
        return list(range(1, calls + 1))
    seed = int(os.environ.get("FLASHD_TEST_SEED") or random.SystemRandom().randrange(10**6))
    print(f"FLASHD_TEST_SEED={seed}")  # noqa: T201 - shown where the test fails
    chosen = random.Random(seed).sample(range(1, calls + 1), SAMPLE)  # noqa: S311 - no secret
    return sorted(chosen)


@pytest.mark.parametrize(
    ("when", "how"),
    [
        ("intend", signal.SIGKILL),
        ("answered_last", signal.SIGINT),
        ("record_listing", signal.SIGQUIT),
        ("close_run", signal.SIGKILL),
    ],
)
async def test_the_server_ends_in_the_middle_of_a_run_and_comes_back(
    server: Server, tmp_path: Path, how: signal.Signals, when: str
) -> None:
    lab = nightly(tmp_path, server.url(server.schema()))

    def door(name: str) -> None:
        late = name != "record_listing" or lab.acted()
        if name == when and late and server.process and server.process.poll() is None:
            server.stop(how)

    try:
        claimed = await attempt(lab, door)
    finally:
        server.start()
    acted = lab.acted()
    assert acted == ([] if when == "intend" else ["resyncflash"])
    assert claimed is not Outcome.DONE or lab.fresh(*PAIRS)
    await check_recovery(lab, claimed, acted)
    assert lab.acted() == ["resyncflash"], "once, whatever became of the store"


async def test_a_daemon_goes_on_once_the_server_is_back(server: Server, tmp_path: Path) -> None:
    lab = nightly(tmp_path, server.url(server.schema()))
    async with lab.open() as world:
        await world.store.look_again(lab.clock.now())
        server.stop(signal.SIGKILL)
        try:
            with pytest.raises(StoreError):
                await ticks(world)
        finally:
            server.start()
        await ticks(world)
        assert await outcomes(world, "db") == ["done"]
    assert lab.acted() == ["resyncflash"]


async def test_a_lease_whose_taking_was_not_acknowledged_is_given_back(
    lab: Lab, proxy: Proxy
) -> None:
    """This process lives, so nobody would ever take it for void."""
    proxy.set(COMMIT, Harm.CUT_AFTER, armed=b"INSERT INTO leases")
    async with lab.open() as world:
        with pytest.raises(StoreError):
            await asked(world, "db")
        (result,) = await asked(world, "db")
        assert result.outcome is Outcome.DONE, result.reason
        assert not await world.store.held()


class Elsewhere:
    """Another host, which knows nothing of the processes here."""

    def holder(self, token: str) -> Holder:
        return Holder("elsewhere", "its boot", 1, 1, token)

    def gone(self, holder: Holder) -> bool | None:
        return False if holder.host == "elsewhere" else None

    def ours(self, carrier: Carrier) -> bool:  # noqa: ARG002 - the port's
        return False

    async def end(self, carrier: Carrier) -> bool | None:
        del carrier
        return None


async def test_a_lease_that_another_host_took_over_is_not_believed(
    server: Server, tmp_path: Path
) -> None:
    """Cut off for longer than a lease lives, and back: the intent is refused, nothing is sent."""
    url = server.url(server.schema())
    lab = nightly(tmp_path, url)
    other = await open_store(url, Elsewhere())
    await at_the_server(other)
    taken: list[Held | None] = []

    async def half_a_minute_later() -> Finding:
        names = list(await other.held())
        await set_clock(other, lab.clock.now() + FOREIGN_LEASE)
        taken.append(await other.acquire(names, Elsewhere().holder("b"), lab.clock.now()))
        return down()

    lab.guards["db is down"].table[0] = half_a_minute_later
    async with lab.open() as world:
        (result,) = await asked(world, "db")
    assert taken[0] is None, "it was void"
    assert result.outcome in {Outcome.REFUSED, Outcome.FAILED}
    assert not lab.changes()
    await other.close()


async def test_two_hosts_have_one_daemon(server: Server, tmp_path: Path) -> None:
    url = server.url(server.schema())
    lab = nightly(tmp_path, url)
    other = await open_store(url, Elsewhere())
    async with lab.open() as world, leased(world, [DAEMON_LEASE], world.holder()) as held:
        assert held is None
        first = await other.acquire([DAEMON_LEASE], Elsewhere().holder("b"), lab.clock.now())
        assert first is not None
        assert first.by.pid == os.getpid()
    assert await other.acquire([DAEMON_LEASE], Elsewhere().holder("b"), lab.clock.now()) is None
    await other.close()


async def test_a_frozen_server_holds_up_one_call_at_a_time_and_not_the_loop(
    lab: Lab, proxy: Proxy
) -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.05)
            beats += 1

    heart = asyncio.create_task(beat())
    proxy.set(b"FROM standings", Harm.FREEZE)
    async with lab.open() as world:
        with pytest.raises(StoreError, match="no answer within 1 s"):
            await world.store.standings()
    heart.cancel()
    assert beats >= 10, "the loop went on"
    assert Event.STORE_FAILED not in lab.told.kinds()
