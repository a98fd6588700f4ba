"""What a client has said or done counts, however late it is looked at.

Whoever is stopped, or gets no processor, lets a limit pass without having waited for anybody. Here
the loop stands still while the client goes on, and when it goes on itself the time is over.
"""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import pytest

from flashd.adapters.arrays.client import Readiness, client
from flashd.adapters.arrays.dialogue import Turn, dialogue
from flashd.adapters.processes import running
from tests.contract.arrays import PLENTY, fake_dscli
from tests.leaping import Leaping, in_time_that_leaps

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path
    from typing import Any

    from flashd.adapters.arrays.calling import Dscli
    from flashd.adapters.arrays.client import Client, Said
    from flashd.adapters.arrays.dialogue import Dialogue, Heard

T = TypeVar("T")

BANNER = "Date/Time: November 22, 2026 2:00:00 AM UTC IBM DSCLI Version: 7.8.57.2 DS:"


class Stage:
    """A client that waits to be let go on, and tells when it has."""

    def __init__(self, where: Path) -> None:
        self.gate, self.told = where / "gate", where / "told"
        for pipe in (self.gate, self.told):
            os.mkfifo(pipe)
        self._where = where

    def dscli(self, script: str) -> Dscli:
        given = {"GATE": str(self.gate), "TOLD": str(self.told)}
        wait = '#!/bin/sh\nlogin() { cat "$GATE" >/dev/null; }\ntold() { : >"$TOLD"; }\n'
        return fake_dscli(self._where, wait + script, given)

    def until_told(self) -> None:
        """Stand still until the client has gone on and has told it."""
        self.gate.write_text("")
        self.told.read_text()

    def until_ended(self, pid: int) -> None:
        """Stand still until the client has gone on and has ended."""
        self.gate.write_text("")
        ended(pid)


def ended(pid: int) -> None:
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


async def at_once() -> None:
    """Wait as little as one can."""
    await asyncio.sleep(0)


async def late(
    waiting: Coroutine[Any, Any, T],
    stand_still: Callable[[], object],
    before: Callable[[], Coroutine[Any, Any, None]] = at_once,
) -> T:
    """Begin to wait, stand still after what comes `before`, and find the time over."""
    task = asyncio.create_task(waiting)
    await before()
    stand_still()
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Leaping)
    loop.leap(PLENTY + 1)
    return await task


def test_who_has_ended_has_an_exit_status() -> None:
    async def status() -> int | None:
        async with running(["sh", "-c", "exit 3"]) as child:
            return await late(child.exit_within(PLENTY), partial(ended, child.group))

    assert in_time_that_leaps(status) == 3


def test_who_has_not_ended_has_none() -> None:
    async def status() -> int | None:
        async with running(["sleep", "600"]) as child:
            return await late(child.exit_within(PLENTY), lambda: None)

    assert in_time_that_leaps(status) is None


SHOWN = {
    "its banner": (f'login; echo "{BANNER} IBM.2107-75ABC01"; told; read -r x', Readiness.READY),
    "its prompt": ('login; printf "dscli> " >&2; told; read -r x', Readiness.READY),
    "a question": ('login; printf "Enter your username: "; told; read -r x', Readiness.ASKING),
    "nothing": ("login; told; sleep 600", Readiness.LATE),
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_a_client_has_shown_is_what_it_has_come_to(stage: Stage, name: str) -> None:
    script, readiness = SHOWN[name]
    dscli = stage.dscli(script)

    async def told_by(process: Client) -> tuple[Readiness, str]:
        return await process.ready(PLENTY), process.question()

    async def ready() -> tuple[Readiness, str]:
        async with client(dscli.argv, dscli.environment) as process:
            return await late(told_by(process), stage.until_told)

    asked = "Enter your username" if readiness is Readiness.ASKING else ""
    found, question = in_time_that_leaps(ready)
    assert (found, question.rstrip(": ")) == (readiness, asked)


def test_a_client_that_has_ended_is_not_waited_for(stage: Stage) -> None:
    """A refused login may show by the exit code alone, and must not be tried again."""
    dscli = stage.dscli("login; exit 5")

    async def end() -> tuple[Readiness, Said]:
        async with client(dscli.argv, dscli.environment) as process:
            still = partial(stage.until_ended, process.group)
            return await late(process.ready(PLENTY), still), await process.finish(PLENTY)

    readiness, said = in_time_that_leaps(end)
    assert (readiness, said.exit_status, said.why) == (Readiness.ENDED, 5, "")


def test_an_answer_that_is_whole_is_no_lost_one(stage: Stage) -> None:
    dscli = stage.dscli('printf "dscli> "; read -r x; login; echo "done: $x"')

    async def answer() -> Said:
        async with client(dscli.argv, dscli.environment) as process:
            assert await process.ready(PLENTY) is Readiness.READY
            assert await process.say("resyncflash 0001:0002\n")
            return await late(process.finish(PLENTY), partial(stage.until_ended, process.group))

    said = in_time_that_leaps(answer)
    assert (said.exit_status, said.why) == (0, "")
    assert said.stdout == "dscli> done: resyncflash 0001:0002\n"


def hear(stage: Stage, script: str, still: Callable[[Dialogue], object]) -> Heard:
    dscli = stage.dscli(script)

    async def heard() -> Heard:
        async with dialogue(dscli.argv, dscli.environment) as partner:
            return await late(partner.greeting(PLENTY), partial(still, partner))

    return in_time_that_leaps(heard)


def test_a_prompt_that_is_shown_is_the_end_of_an_answer(stage: Stage) -> None:
    script = 'login; echo hello; printf "dscli> "; told; read -r x'
    heard = hear(stage, script, lambda _: stage.until_told())
    assert (heard.turn, heard.text.strip()) == (Turn.PROMPTED, "hello")


def test_a_prompt_that_was_heard_already_is_one_too(stage: Stage) -> None:
    dscli = stage.dscli('login; printf "hello\\ndscli> "; told; read -r x')

    async def heard() -> Heard:
        async with dialogue(dscli.argv, dscli.environment) as partner:
            greeting = partner.greeting(PLENTY)
            return await late(greeting, stage.told.read_text, partial(prompted, partner))

    async def prompted(partner: Dialogue) -> None:
        stage.gate.write_text("")
        while "hello" not in partner.unasked():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)

    assert in_time_that_leaps(heard).turn is Turn.PROMPTED


@pytest.mark.parametrize("words", ["", "refused"])
def test_a_session_that_has_ended_has_an_exit_status(stage: Stage, words: str) -> None:
    script = f'login; printf "{words}"; exit 5'
    heard = hear(stage, script, lambda partner: stage.until_ended(partner.group))
    assert (heard.turn, heard.exit_status, heard.text.strip()) == (Turn.ENDED, 5, words)


def test_a_session_that_has_said_nothing_is_late(stage: Stage) -> None:
    heard = hear(stage, "login; told; sleep 600", lambda _: stage.until_told())
    assert (heard.turn, heard.exit_status) == (Turn.LATE, None)
