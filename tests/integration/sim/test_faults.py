"""Each fault as a client meets it, and what the array has really done."""

import signal
from collections.abc import Callable
from subprocess import CompletedProcess, Popen
from typing import Any, NamedTuple

import pytest

from flashd.sim.array import Array

Dscli = Callable[..., CompletedProcess[str]]
Start = Callable[..., Popen[str]]
Eventually = Callable[[Callable[[], object]], None]

RESYNC = ("resyncflash", "-persist", "-record", "0001:0002", "0003:0004", "0101:0102")
SAID = "CMUC00168I resyncflash: FlashCopy volume pair 0001:0002 successfully resynchronized."


@pytest.fixture(autouse=True)
def changed_source(array: Array) -> None:
    for source in ("0001", "0003", "0101"):
        array.write(source)


def refreshed(array: Array) -> list[str]:
    return [t for t in ("0002", "0004", "0102") if array.content(t).endswith("@1")]


ALL = ["0002", "0004", "0102"]


class Case(NamedTuple):
    fault: str
    options: dict[str, Any]
    exit: int
    refreshed: list[str]
    said: bool


CASES = {
    "refused": Case("refused", {}, 4, [], said=False),
    "refused otherwise": Case("refused", {"exit": 6, "text": "no space"}, 6, [], said=False),
    "die-before": Case("die-before", {}, -9, [], said=False),
    "die-after": Case("die-after", {}, -9, ALL, said=False),
    "die-after by TERM": Case("die-after", {"signal": 15}, -15, ALL, said=False),
    "lost-answer": Case("lost-answer", {}, 0, ALL, said=False),
    "lost-answer and a code": Case("lost-answer", {"exit": 1}, 1, ALL, said=False),
    "lie": Case("lie", {}, 0, [], said=True),
    "partial": Case("partial", {"pairs": 2}, 4, ["0002", "0004"], said=True),
    "partial, silent": Case("partial", {"pairs": 1, "silent": "yes"}, 0, ["0002"], said=True),
    "cut-short to rows": Case("cut-short", {"rows": 1}, 0, ALL, said=True),
    "cut-short to no rows": Case("cut-short", {"rows": 0}, 0, ALL, said=False),
    "cut-short to bytes": Case("cut-short", {"bytes": 120}, 0, ALL, said=False),
    "garbage": Case("garbage", {}, 0, ALL, said=False),
    "language": Case("language", {}, 0, ALL, said=False),
    "slow": Case("hang", {"seconds": 0.1}, 0, ALL, said=True),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_fault_strikes_once(dscli: Dscli, array: Array, case: Case) -> None:
    array.add_fault(case.fault, "resyncflash", **case.options)
    answer = dscli(*RESYNC)
    assert (answer.returncode, refreshed(array)) == (case.exit, case.refreshed)
    assert (SAID in answer.stdout) == case.said
    assert array.journal()[0].fault.startswith(case.fault)
    again = dscli(*RESYNC)
    assert (again.returncode, refreshed(array)) == (0, ALL)
    assert array.journal()[1].fault == ""


@pytest.mark.parametrize(("position", "done"), [("before", []), ("after", ALL)])
def test_a_hanging_client_has_acted_or_not(
    start: Start, array: Array, eventually: Eventually, position: str, done: list[str]
) -> None:
    array.add_fault("hang", position=position)
    process = start(*RESYNC)
    phase = "received" if position == "before" else "acted"
    eventually(lambda: [e.phase for e in array.journal() if e.fault] == [phase])
    process.send_signal(signal.SIGTERM)
    assert process.wait() == -signal.SIGTERM
    assert refreshed(array) == done
    assert array.journal()[0].answer is None


def test_a_fault_waits_for_its_command_and_strikes_as_often_as_told(
    stream: Dscli, array: Array
) -> None:
    array.add_fault("refused", "lsflash *:0002", nth=2, times=2)
    lines = ["lsflash 0001:0002", "lsflash 0003:0004"] * 4
    stream(*lines)
    struck = [e.id - 1 for e in array.journal() if e.fault]  # after setenv
    assert struck == [3, 5]


def test_always_is_always_until_it_is_cleared(dscli: Dscli, array: Array) -> None:
    array.add_fault("refused", times=-1)
    assert [dscli("lssi").returncode for _ in range(3)] == [4, 4, 4]
    array.clear_faults("refused")
    assert dscli("lssi").returncode == 0


def test_a_refused_login_is_exit_5_and_does_not_count(dscli: Dscli, array: Array) -> None:
    array.add_fault("login-refused", text="password expired")
    done = dscli("lssi")
    assert (done.returncode, "CMUC00191E" in done.stderr) == (5, True)
    assert [user.failed_logins for user in array.users()] == [0]
    assert array.journal() == ()


def test_a_login_can_hang(start: Start, array: Array, eventually: Eventually) -> None:
    array.add_fault("login-hang")
    process = start("lssi")
    eventually(lambda: array.faults()[0].fired)
    process.kill()
    assert process.communicate()[0] == ""
    assert array.logins() == ()


@pytest.mark.parametrize("position", ["before", "after"])
def test_a_flood_has_no_end(start: Start, array: Array, position: str) -> None:
    array.add_fault("flood", position=position)
    process = start(*RESYNC)
    assert process.stdout is not None
    assert len(process.stdout.read(1_000_000)) == 1_000_000
    process.stdout.close()
    assert process.wait() == -signal.SIGPIPE
    assert refreshed(array) == (ALL if position == "after" else [])


def test_a_listing_can_lose_rows_without_an_error(dscli: Dscli, array: Array) -> None:
    array.add_fault("cut-short", "lsflash", rows=2)
    done = dscli("lsflash", "-bnr", "off", "-hdr", "off", "0000-FFFF")
    assert (len(done.stdout.splitlines()), done.stderr, done.returncode) == (2, "", 0)
