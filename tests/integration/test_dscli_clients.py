"""Clients that behave otherwise than the simulated one: real programs, made here.

A command is written only to a client that is logged in, it never gets lost, and what cannot be
known is not claimed.
"""

from __future__ import annotations

import asyncio
import math
import os
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from flashd.adapters.arrays.oneshot import OneshotArray
from flashd.adapters.clock import SystemClock
from flashd.adapters.host import LinuxHost
from flashd.adapters.processes import lives
from flashd.errors import ArrayError, ArrayRejected, ArrayUnreachable, LoginRefused
from flashd.model.run import Account
from tests.contract.arrays import ARRAY, PLENTY, Heard, cleared, fake_dscli
from tests.leaping import in_time_that_leaps, over

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from flashd.model.run import Answer

T = TypeVar("T")

RESYNC = f"resyncflash -dev {ARRAY} -persist -record -cp 0001:0002"
BANNER = "Date/Time: November 22, 2026 2:00:00 AM UTC IBM DSCLI Version: 7.8.57.2 DS:"
DONE = "CMUC00168I resyncflash: FlashCopy volume pair 0001:0002 successfully resynchronized."

FIRST = f"""#!/bin/sh
BANNER='{BANNER}'
DONE='{DONE}'
said() {{ echo "$@" >>"$LOG"; }}
login() {{ cat "$GATE" >/dev/null; said login; }}
take() {{ while read -r line; do said "$line"; done; }}
hang() {{ : >"$LOG.hangs"; exec sleep 600; }}
"""
"""`login` takes until the test opens the gate; the log shows what came before what. Of who hangs
the time is over at once.
"""

TAKERS = {
    "banner at once": 'login; echo "$BANNER IBM.2107-75ABC01"; take; echo "$DONE"',
    "banner before the login": 'echo "$BANNER -"; login; printf "dscli> "; take; echo "$DONE"',
    "banner in two lines": 'login; echo "$BANNER"; echo IBM.2107-75ABC01; take; echo "$DONE"',
    "half a banner": 'echo "$BANNER"; login; echo IBM.2107-75ABC01; take; echo "$DONE"',
    "prompt on standard error": 'login; printf "dscli> " >&2; take; echo "$DONE"',
    "all output kept back": 'login; take; echo "$BANNER -"; echo "dscli> $DONE"',
    "a wrapper": 'exec 3<&0; (login; take; echo "$DONE") <&3 & wait $!',
    "a child's words kept back": 'sh -c \'cat "$GATE" >&2; cat >>"$LOG"\'; echo "$DONE"',
    "notices before": 'echo "Welcome."; login; echo "dscli> "; take; echo "$DONE"',
}
JAVA_LIKE = """#!{python}
import os, sys, threading
def work():
    open(os.environ["GATE"]).read()
    log = open(os.environ["LOG"], "a", buffering=1)
    print("login", file=log)
    for line in sys.stdin:
        print(line.strip(), file=log)
    print({done!r})
worker = threading.Thread(target=work)
worker.start()
worker.join()
"""


class Stage:
    """A client made of a script, the gate of its login and the log of what it took."""

    def __init__(self, where: Path) -> None:
        self.where = where
        self.log = where / "log"
        self.gate = where / "gate"
        self.heard = Heard()

    def set(self, script: str, *, timeout: float = PLENTY) -> OneshotArray:
        os.mkfifo(self.gate)
        self.log.touch()
        given = {"LOG": str(self.log), "GATE": str(self.gate)}
        dscli = fake_dscli(self.where, script, given, timeout=timeout)
        return OneshotArray(dscli, SystemClock(), LinuxHost())

    @property
    def taken(self) -> list[str]:
        return self.log.read_text().splitlines()

    def in_time(self, made: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Have the time of a client be over as soon as it hangs, and of no other."""

        async def limited() -> T:
            async with over(PLENTY, self.log.with_name("log.hangs").exists):
                return await made()

        return in_time_that_leaps(limited)

    async def open_gate(self) -> None:
        await asyncio.to_thread(self.gate.write_text, "")

    async def change(self, array: OneshotArray) -> Answer:
        async with array.session(self.heard, RESYNC) as session:
            group = session.carrier.group
            answer = await session.change(*cleared(RESYNC), math.inf)
        assert not lives(group)
        return answer


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.mark.parametrize("name", [*TAKERS, "a thread that reads"])
async def test_the_command_is_written_after_the_login_and_arrives(stage: Stage, name: str) -> None:
    python = JAVA_LIKE.format(python=sys.executable, done=DONE)
    array = stage.set(FIRST + TAKERS[name] if name in TAKERS else python)
    task = asyncio.create_task(stage.change(array))
    done, _ = await asyncio.wait([task], timeout=0.5)  # it must not be ready yet
    assert (done, stage.taken, stage.heard.sent_lines) == (set(), [], [])
    await stage.open_gate()
    answer = await task
    assert [line for line in stage.taken if line != "login"] == [RESYNC]
    assert stage.heard.sent_lines == [RESYNC]
    assert (answer.exit_status, answer.all_accepted, answer.refused) == (0, True, False)


NOBODY = {
    # name: script, class of the error, words in it
    "exit 5": ("echo CMUC00191E made up >&2; exit 5", LoginRefused, "CMUC00191E"),
    "exit 5 in silence": ("exit 5", LoginRefused, "exit code 5"),
    "login refused, exit 0": ("echo CMUC00191E made up", LoginRefused, "CMUC00191E"),
    "login refused, and asks again": (
        "echo CMUC00191E made up; printf 'Enter your password: '; cat >/dev/null",
        LoginRefused,
        "CMUC00191E",
    ),
    "login refused, and hangs": ("echo CMUC00191E made up; hang", LoginRefused, "CMUC00191E"),
    "exit 2": ("exit 2", ArrayRejected, "does not take"),
    "exit 3": ("echo CMUN00018E made up >&2; exit 3", ArrayUnreachable, "no connection"),
    "exit 63": ("exit 63", ArrayRejected, "cannot be started"),
    "exit 66": ("exit 66", ArrayRejected, "cannot be started"),
    "exit 127": ("exec_me_not_there", ArrayRejected, "cannot be started"),
    "exit 1": ("echo Exception >&2; exit 1", ArrayUnreachable, "exit code 1, 'Exception'"),
    "exit 0": ("exit 0", ArrayUnreachable, "ended before it read"),
    "dies": ("kill -9 $$", ArrayUnreachable, "exit code -9"),
    "asks for the user": (
        "printf 'Enter your username: '; cat >/dev/null",
        ArrayRejected,
        "Enter your username",
    ),
    "asks for the console on standard error": (
        "printf 'Enter the primary management console IP address: ' >&2; cat >/dev/null",
        ArrayRejected,
        "Enter the primary management console IP address",
    ),
    "asks something else": (
        "printf 'Trust this certificate? [y/n]:'; cat >/dev/null",
        ArrayRejected,
        "Trust this certificate",
    ),
    "a banner, and a question": (
        'printf "$BANNER IBM.2107-75ABC01\\nEnter your password: "; cat >/dev/null',
        ArrayRejected,
        "Enter your password",
    ),
    "never logs in": ("hang", ArrayUnreachable, "did not log in within 30 s"),
    "reads something else": (
        ': >"$LOG.hangs"; cat "$GATE"',
        ArrayUnreachable,
        "did not log in within 30 s",
    ),
    "a banner without an array": (
        'echo "$BANNER -"; hang',
        ArrayUnreachable,
        "did not log in within 30 s",
    ),
    "closes its input": ("exec <&-; exit 3", ArrayUnreachable, "no connection"),
}


@pytest.mark.parametrize("what", ["observe", "change"])
@pytest.mark.parametrize("name", NOBODY)
def test_who_is_not_logged_in_is_given_nothing(stage: Stage, name: str, what: str) -> None:
    script, kind, words = NOBODY[name]
    array = stage.set(FIRST + script)
    asked = partial(array.observe, stage.heard) if what == "observe" else None
    error: type[ArrayError] = kind
    with pytest.raises(error, match=words) as raised:
        stage.in_time(asked or partial(stage.change, array))
    assert type(raised.value) is kind
    assert (stage.taken, stage.heard.sent_lines) == ([], [])
    assert len(stage.heard.answers) == 1


REPEATING = {
    # name: script, how the error begins
    "a question": ("printf 'Use password=geheim? '; cat >/dev/null", "dscli asks for more"),
    "last words": ("echo 'no password=geheim' >&2; exit 1", "dscli failed: exit code 1"),
    "the end of last words": (
        f"echo password={'x' * 190}geheim >&2; exit 1",
        "dscli failed: exit code 1",
    ),
    "a message": ("echo CMUN03999E made up: password=geheim; exit 4", "dscli failed: CMUN03999E"),
    "a table": (
        'printf "dscli> "; cat >/dev/null; echo password=geheim',
        "the answer of lsflash was not understood",
    ),
}


@pytest.mark.parametrize(("script", "words"), REPEATING.values(), ids=REPEATING.keys())
async def test_what_stands_beside_a_word_for_a_password_is_not_repeated(
    stage: Stage, script: str, words: str
) -> None:
    with pytest.raises(ArrayError, match=words) as raised:
        await stage.set(FIRST + script).observe(stage.heard)
    assert "geheim" not in raised.value.message + raised.value.hint
    assert raised.value.hint, "whoever reads it at night is told what to do"


@pytest.mark.parametrize("stream", ["", ">&2"])
async def test_who_floods_before_the_login_is_ended(stage: Stage, stream: str) -> None:
    with pytest.raises(ArrayUnreachable, match="more than 16777216 bytes"):
        await stage.change(stage.set(f"#!/bin/sh\nyes {stream}\n"))
    ((_, status, output),) = stage.heard.answers
    assert status is None
    assert len(output) < 1_000_000


ENDS = {
    # name: script after the prompt, exit status, account, refused
    "dies once it has read": ("read -r x; said got; kill -9 $$", -9, Account.SILENT, False),
    "exits 5 once it has read": ("read -r x; said got; exit 5", 5, Account.SILENT, False),
    "is refused once it has read": (
        "read -r x; said got; echo CMUC00191E made up; exit 5",
        5,
        Account.SILENT,
        False,
    ),
    "exits 3": ("read -r x; said got; echo CMUN00018E no; exit 3", 3, Account.SILENT, False),
    "exits 2 in silence": ("read -r x; said got; exit 2", 2, Account.SILENT, False),
    "exits 2": ("read -r x; said got; echo CMMCI9001E made up; exit 2", 2, Account.SILENT, True),
    "says no": ("read -r x; said got; echo CMUN03099E x: 0001:0002: no", 0, Account.REJECTED, True),
    "says nothing": ("read -r x; said got", 0, Account.SILENT, False),
    "says yes, and is killed late": (
        'read -r x; said got; echo "$DONE"; hang',
        None,
        Account.ACCEPTED,
        False,
    ),
    "leaves a child behind": (
        'read -r x; said got; sleep 600 & echo "$DONE"',
        0,
        Account.ACCEPTED,
        False,
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_after_the_command_was_written_there_is_an_answer(stage: Stage, name: str) -> None:
    script, status, said, refused = ENDS[name]
    array = stage.set(f'{FIRST}printf "dscli> "; {script}')
    answer = stage.in_time(partial(stage.change, array))
    assert (answer.exit_status, answer.refused) == (status, refused)
    assert list(answer.accounts.values()) == [said]
    assert stage.taken == ["got"]
    assert len(stage.heard.answers) == 1


def test_a_client_that_reads_no_more_has_done_nothing(stage: Stage) -> None:
    script = (
        'printf "dscli> "; cat "$GATE" >/dev/null; exec <&-; echo closed >>"$LOG"; exec sleep 600'
    )
    array = stage.set(FIRST + script)

    async def change() -> None:
        async with array.session(stage.heard, RESYNC) as session:
            await stage.open_gate()
            async with asyncio.timeout(PLENTY):
                while not stage.taken:  # noqa: ASYNC110 - another process tells by a file
                    await asyncio.sleep(0.01)
            answer = asyncio.create_task(session.change(*cleared(RESYNC), math.inf))
            async with over(PLENTY, lambda: len(stage.heard.sent_lines)):
                await answer

    with pytest.raises(ArrayUnreachable, match="was killed"):
        in_time_that_leaps(change)
    assert stage.taken == ["closed"]
    assert [(command, status) for command, status, _ in stage.heard.answers] == [(RESYNC, None)]


async def test_a_long_command_that_may_have_been_read_in_part_is_answered(stage: Stage) -> None:
    """A pipe takes what is longer than PIPE_BUF in parts."""
    script = 'printf "dscli> "; head -c 100 >>"$LOG"; exec <&-'
    pairs = " ".join(f"{n:04X}:{n + 1:04X}" for n in range(0, 30_000, 2))
    long = f"resyncflash -dev {ARRAY} -persist -record -cp {pairs}"
    async with stage.set(FIRST + script).session(stage.heard, long) as session:
        answer = await session.change(*cleared(long), math.inf)
    assert (answer.exit_status, answer.refused) == (0, False)
    assert set(answer.accounts.values()) == {Account.SILENT}
    assert stage.taken == [long[:100]]


async def test_cancelled_twice_nothing_of_a_client_is_left(stage: Stage) -> None:
    array = stage.set(f'{FIRST}said $$; trap "" TERM; sleep 600 & cat "$GATE"')
    task = asyncio.create_task(stage.change(array))
    async with asyncio.timeout(PLENTY):
        while not stage.taken:  # noqa: ASYNC110 - another process tells by a file
            await asyncio.sleep(0.01)
    group = int(stage.taken[0])
    task.cancel()
    asyncio.get_running_loop().call_soon(task.cancel)
    with suppress(asyncio.CancelledError):
        await task
    async with asyncio.timeout(PLENTY):
        while lives(group):  # noqa: ASYNC110 - nothing tells of a group's end
            await asyncio.sleep(0.01)
