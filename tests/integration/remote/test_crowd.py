"""Many looks at once, at one server with the limits that sshd has by default."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from flashd.adapters.guards.systemd import SystemdGuard
from flashd.adapters.remote.turns import Turns
from flashd.config.guards import SystemdOptions
from flashd.model.verdict import Verdict
from tests.integration.remote.test_answers import DOWN
from tests.integration.remote.test_failures import told
from tests.integration.remote.there import HOST

if TYPE_CHECKING:
    from tests.integration.remote.there import There


async def test_fifty_looks_at_once_get_fifty_answers(there: There) -> None:
    there.program("systemctl", DOWN)
    remote = there.remote()
    options = SystemdOptions(unit="db.service", host=HOST, timeout=timedelta(seconds=30))
    looks = (SystemdGuard(options, remote).look() for _ in range(50))
    findings = await asyncio.gather(*looks)
    assert {finding.reason for finding in findings if finding.verdict is not Verdict.DOWN} == set()


async def test_waiting_for_a_turn_counts_in_the_time_of_a_look(there: There) -> None:
    there.options["per_host"] = 1
    fifo = there.root / "asked"
    os.mkfifo(fifo)
    there.program("systemctl", f": >{fifo}; exec sleep 600")
    remote = there.remote()

    async def look(seconds: float) -> str:
        options = SystemdOptions(unit="db.service", host=HOST, timeout=timedelta(seconds=seconds))
        finding = await SystemdGuard(options, remote).look()
        assert finding.verdict is Verdict.UNKNOWN
        return finding.reason

    slow = asyncio.create_task(look(8))
    await told(str(fifo))
    second, first = await look(1), await slow
    assert first.endswith("in time, and the session was ended")
    assert second == f"{HOST} was not asked in time: other questions were before this one"


async def test_a_host_that_hangs_keeps_nobody_from_another_one() -> None:
    turns = Turns(per_place=1, in_all=2)
    async with turns.turn("slow"):
        waiting = asyncio.create_task(turns.turn("slow").__aenter__())
        async with asyncio.timeout(5), turns.turn("quick"):
            assert not waiting.done()
    await waiting


async def test_hosts_that_gave_no_answer_leave_half_of_the_turns_to_others() -> None:
    """However many they are; one that answers again has turns as any other."""
    turns, hung = Turns(per_place=1, in_all=4), [f"hung{number}" for number in range(9)]
    for host in hung:
        turns.heard(host, answered=False)
    begun: list[str] = []

    async def hang(host: str) -> None:
        async with turns.turn(host):
            begun.append(host)
            await asyncio.Event().wait()

    crowd = [asyncio.create_task(hang(host)) for host in hung]
    for _ in hung:
        await asyncio.sleep(0)
    async with asyncio.timeout(5), turns.turn("well"), turns.turn("too"):
        assert begun == ["hung0", "hung1"]
    crowd[8].cancel()
    turns.heard("hung8", answered=True)
    async with asyncio.timeout(5), turns.turn("hung8"):
        assert begun == ["hung0", "hung1"]
    for one in crowd:
        one.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)


async def test_turns_are_first_come_first_served() -> None:
    turns, order = Turns(per_place=1, in_all=8), []

    async def come(number: int) -> None:
        async with turns.turn("host"):
            order.append(number)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as crowd:
        for number in range(20):
            crowd.create_task(come(number))
    assert order == list(range(20))


async def test_who_gives_up_waiting_gives_back_what_he_had() -> None:
    turns = Turns(per_place=1, in_all=1)
    async with turns.turn("a"):
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05), turns.turn("b"):
                raise AssertionError
    async with asyncio.timeout(5), turns.turn("b"):
        pass


async def test_a_bastion_is_a_place_of_its_own() -> None:
    turns = Turns(per_place=1, in_all=8)
    async with turns.turn("a", "by bastion"):
        waiting = asyncio.create_task(turns.turn("b", "by bastion").__aenter__())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waiting.done()
    await waiting


async def test_a_host_is_one_place_however_its_name_is_written() -> None:
    turns = Turns(per_place=1, in_all=8)
    async with turns.turn("tst1"):
        for other in ("tst1.", "TST1"):
            with suppress(TimeoutError):
                async with asyncio.timeout(0.05), turns.turn(other):
                    raise AssertionError(other)


async def test_a_host_that_is_its_own_bastion_takes_one_turn() -> None:
    turns = Turns(per_place=1, in_all=8)
    async with asyncio.timeout(5), turns.turn("a", "A."):
        pass
