from __future__ import annotations

import asyncio
import sys
import threading
from datetime import timedelta
from functools import partial

import pytest

from flashd.adapters.processes import Ending, run
from flashd.adapters.threads import MOST_IDLE, beside

HANGS = """
import asyncio, threading
from flashd.adapters.threads import beside

async def main():
    asyncio.get_running_loop().call_soon(asyncio.current_task().cancel)
    await beside(threading.Event().wait)

try:
    asyncio.run(main())
except asyncio.CancelledError:
    print("ended")
"""


async def test_tells_the_result() -> None:
    assert await beside(partial(divmod, 7, 2)) == (3, 1)


async def test_raises_what_the_call_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        await beside(partial(divmod, 7, 0))


async def test_many_that_hang_keep_nobody_waiting() -> None:
    release = threading.Event()
    stuck = [beside(release.wait) for _ in range(100)]
    assert await beside(partial(divmod, 7, 2)) == (3, 1)
    release.set()
    assert all(await asyncio.gather(*stuck))


async def test_one_call_after_another_is_made_by_one_thread() -> None:
    first = await beside(threading.current_thread)
    for _ in range(50):
        await asyncio.sleep(0.001)  # the thread tells its answer before it is idle
        assert await beside(threading.current_thread) is first


async def test_of_many_threads_only_some_are_kept() -> None:
    release = threading.Event()
    stuck = [beside(release.wait) for _ in range(3 * MOST_IDLE)]
    assert threads() >= 3 * MOST_IDLE
    release.set()
    await asyncio.gather(*stuck)
    async with asyncio.timeout(20):
        while threads() > MOST_IDLE:  # noqa: ASYNC110 - nothing tells of a thread's end
            await asyncio.sleep(0.01)
    assert await beside(partial(divmod, 7, 2)) == (3, 1)


def threads() -> int:
    return sum(thread.name == "beside" for thread in threading.enumerate())


async def test_one_that_hangs_does_not_keep_the_interpreter_from_ending() -> None:
    done = await run([sys.executable, "-c", HANGS], limit=timedelta(seconds=20))
    assert (done.ending, done.exit_status, done.output) == (Ending.EXITED, 0, b"ended\n")
