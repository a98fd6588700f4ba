"""No signal is lost, however busy the loop is."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from flashd.daemon.signals import Signals

MORE_THAN_A_PIPE_HOLDS = 5_000


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_both_want_an_end(number: int) -> None:
    signals = Signals()
    os.kill(os.getpid(), number)
    async with asyncio.timeout(5):
        await signals.stop.wait()
    assert not signals.reload.is_set()


async def test_hup_wants_a_reload_and_one_of_it() -> None:
    signals = Signals()
    os.kill(os.getpid(), signal.SIGHUP)
    async with asyncio.timeout(5):
        await signals.reload.wait()
    signals.reload.clear()
    for _ in range(10):
        await asyncio.sleep(0)
    assert not signals.reload.is_set()
    assert not signals.stop.is_set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_one_is_heard_while_thousands_of_threads_end(
    number: int, capfd: pytest.CaptureFixture[str]
) -> None:
    signals = Signals()
    loop = asyncio.get_running_loop()
    for _ in range(MORE_THAN_A_PIPE_HOLDS):  # each writes to the pipe that wakes the loop
        loop.call_soon_threadsafe(int)
    os.kill(os.getpid(), number)
    async with asyncio.timeout(5):
        await (signals.stop if number == signal.SIGTERM else signals.reload).wait()
    assert capfd.readouterr().err == "", "nothing is written to standard error"
