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

FORKED = """
import asyncio, os
from flashd.adapters.threads import beside

async def main(word):
    await beside(lambda: print(word, flush=True))

async def idle():
    await beside(os.getpid)

asyncio.run(idle())
if os.fork() == 0:
    asyncio.run(main("child"))
    os._exit(0)
status = os.wait()[1]
asyncio.run(main("parent"))
raise SystemExit(os.waitstatus_to_exitcode(status))
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


async def test_one_that_hangs_does_not_keep_the_interpreter_from_ending() -> None:
    done = await run([sys.executable, "-c", HANGS], limit=timedelta(seconds=20))
    assert (done.ending, done.exit_status, done.output) == (Ending.EXITED, 0, b"ended\n")


async def test_a_thread_that_is_done_does_what_comes_next() -> None:
    first = await beside(threading.get_ident)
    assert {await beside(threading.get_ident) for _ in range(20)} == {first}


async def test_no_two_have_one_thread_at_a_time() -> None:
    meeting = threading.Barrier(30)
    assert sorted(await asyncio.gather(*(beside(meeting.wait) for _ in range(30)))) == [*range(30)]
    assert await beside(partial(divmod, 7, 2)) == (3, 1)


async def test_of_many_threads_few_wait_for_more() -> None:
    meeting = threading.Barrier(30)

    def meet() -> threading.Thread:
        meeting.wait()
        return threading.current_thread()

    first = set(await asyncio.gather(*(beside(meet) for _ in range(30))))
    again = set(await asyncio.gather(*(beside(meet) for _ in range(30))))
    assert len(first & again) <= MOST_IDLE
    for one in first - again:
        one.join(60)
    assert not any(one.is_alive() for one in first - again)


async def test_a_forked_process_waits_for_no_thread_of_its_parent() -> None:
    done = await run([sys.executable, "-c", FORKED], limit=timedelta(seconds=60))
    assert (done.ending, done.exit_status, done.output) == (Ending.EXITED, 0, b"child\nparent\n")
