"""A server that is lost in the middle: never taken for success, and never waited for long."""

from __future__ import annotations

import asyncio
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.stores import server as at_server
from flashd.adapters.stores.store import open_store
from flashd.errors import StoreError
from flashd.model.observation import Standing
from flashd.model.run import StepKind
from tests.contract.stores.samples import NOW, intent, run
from tests.servers.proxy import Harm, between

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from flashd.adapters.host import LinuxHost
    from flashd.adapters.stores.store import SqlStore
    from tests.servers.postgresql import Server
    from tests.servers.proxy import Proxy

REPLY = 1.0
INTENT = b"INSERT INTO steps"
COMMIT = b"COMMIT"


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    with between(server.port) as made:
        yield made


@pytest.fixture
async def store(
    server: Server, proxy: Proxy, host: LinuxHost, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[SqlStore]:
    """Open a store behind the proxy, which waits a second for an answer."""
    monkeypatch.setattr(at_server, "REPLY_SECONDS", REPLY)
    opened = await open_store(server.url(server.schema(), port=proxy.port), host)
    await opened.open_run(run())
    yield opened
    await opened.close()


@dataclass(frozen=True)
class Loss:
    harm: Harm
    words: bytes
    armed: bytes = b""
    written: bool = False


LOST = {
    "before the statement": Loss(Harm.CUT, INTENT),
    "the statement's answer": Loss(Harm.CUT_AFTER, INTENT),
    "in the middle of its answer": Loss(Harm.CUT_IN_ANSWER, INTENT),
    "before the commit": Loss(Harm.CUT, COMMIT, INTENT),
    "the commit's answer": Loss(Harm.CUT_AFTER, COMMIT, INTENT, written=True),
    "frozen before the statement": Loss(Harm.FREEZE, INTENT),
    "frozen before the commit": Loss(Harm.FREEZE, COMMIT, INTENT),
    "frozen after the commit": Loss(Harm.FREEZE_AFTER, COMMIT, INTENT, written=True),
}


@pytest.mark.parametrize("loss", LOST.values(), ids=LOST.keys())
async def test_an_intent_whose_connection_is_lost_is_no_success(
    store: SqlStore, proxy: Proxy, host: LinuxHost, loss: Loss
) -> None:
    trap = proxy.set(loss.words, loss.harm, loss.armed)
    began = time.monotonic()
    with pytest.raises(StoreError, match="not known"):
        await store.intend(intent(kind=StepKind.WITHDRAW), [], host.holder("me"))
    assert trap.sprung.is_set()
    assert time.monotonic() - began < 3 * REPLY
    proxy.cut()  # the server sees what a frozen client's host would make it see
    (found,) = await store.open_runs()
    assert bool(found.steps) is loss.written
    assert bool(await store.withdrawals()) is loss.written
    await store.enlist(["payroll"], NOW)  # the next transaction has another connection


async def test_a_reading_that_is_cut_short_is_none(store: SqlStore, proxy: Proxy) -> None:
    for number in range(50):
        await store.open_run(run(f"R{number:02}"))
    proxy.set(b"FROM runs", Harm.CUT_IN_ANSWER)
    with pytest.raises(StoreError, match="was lost in the middle"):
        await store.history(None, 99)
    assert len(await store.history(None, 99)) == 51


async def test_an_idle_connection_that_was_lost_is_replaced_before_it_is_used(
    store: SqlStore, proxy: Proxy
) -> None:
    proxy.cut()
    assert len(await store.open_runs()) == 1
    await store.enlist(["payroll"], NOW)


async def test_what_waited_behind_a_loss_fails_with_it(store: SqlStore, proxy: Proxy) -> None:
    """Each of a queue would wait for the server again, and the last one for minutes."""
    proxy.set(b"FROM runs", Harm.FREEZE)
    began = time.monotonic()
    asked = [store.open_runs() for _ in range(20)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(answer, StoreError) for answer in answers)
    assert "was lost before this could be asked" in str(answers[-1])
    assert time.monotonic() - began < 5 * REPLY
    proxy.cut()
    assert len(await store.open_runs()) == 1, "what is asked later is asked"


async def test_a_sign_of_life_waits_for_every_lane(store: SqlStore, proxy: Proxy) -> None:
    trap = proxy.set(b"FROM runs", Harm.FREEZE)
    busy = asyncio.create_task(store.open_runs())
    await asyncio.to_thread(trap.sprung.wait)  # what has not begun would be done later
    began = time.monotonic()
    with pytest.raises(StoreError):
        await store.answers()
    assert busy.done(), "the lane that was busy has answered too"
    assert time.monotonic() - began < 5 * REPLY
    with pytest.raises(StoreError):
        await busy


async def test_an_idle_connection_that_swallows_costs_one_limit(
    store: SqlStore, proxy: Proxy
) -> None:
    """The look whether it lives is not answered: then another one is made."""
    proxy.set(b"", Harm.FREEZE)
    began = time.monotonic()
    await store.enlist(["payroll"], NOW)
    assert REPLY <= time.monotonic() - began < 3 * REPLY


async def test_a_server_that_turns_everybody_away_is_not_reached(
    store: SqlStore, proxy: Proxy
) -> None:
    proxy.closed = True
    proxy.cut()
    for _ in range(2):
        with pytest.raises(StoreError, match="cannot be reached"):
            await store.open_runs()
    proxy.closed = False
    assert len(await store.open_runs()) == 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL])
async def test_a_server_that_is_stopped_and_started_again(
    server: Server, host: LinuxHost, how: signal.Signals
) -> None:
    store = await open_store(server.url(server.schema()), host)
    await store.open_run(run())
    server.stop(how)
    for _ in range(2):
        with pytest.raises(StoreError, match=r"cannot be reached|was lost|is being stopped"):
            await store.intend(intent(), [], host.holder("me"))
        with pytest.raises(StoreError):
            await store.open_runs()
    server.start()
    (found,) = await store.open_runs()
    assert not found.steps
    await store.intend(intent(), [], host.holder("me"))
    await store.close()


async def test_a_server_that_stands_still_keeps_the_lane_for_a_moment_only(
    server: Server, host: LinuxHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_server, "REPLY_SECONDS", REPLY)
    monkeypatch.setattr(at_server, "CONNECT_SECONDS", 1)
    store = await open_store(server.url(server.schema()), host)
    await store.enlist(["payroll"], NOW)
    backends = [row[0] for row in server.ask("SELECT pid FROM pg_stat_activity")]
    with server.frozen(also=tuple(int(str(pid)) for pid in backends if alive(pid))):
        began = time.monotonic()
        with pytest.raises(StoreError):
            await store.stand([Standing(service="payroll")])
        assert time.monotonic() - began < 10
    async with asyncio.timeout(20):
        await store.enlist(["payroll"], NOW)
    await store.close()


def alive(pid: object) -> bool:
    from pathlib import Path  # noqa: PLC0415

    return Path(f"/proc/{pid}").exists()
