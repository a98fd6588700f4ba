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
    "die-answering": Case("die-answering", {"bytes": 10}, -9, ALL, said=False),
    "connection-lost": Case("connection-lost", {}, 3, [], said=False),
    "connection-lost after": Case("connection-lost", {"position": "after"}, 3, ALL, said=False),
    "client-timeout": Case("client-timeout", {"seconds": 0.1, "exit": 6}, 6, ALL, said=False),
    "acts-late": Case("acts-late", {"seconds": 3600}, -9, [], said=False),
    "acts-late, a code": Case("acts-late", {"seconds": 3600, "exit": 3}, 3, [], said=False),
    "acts-late, one now": Case("acts-late", {"seconds": 3600, "pairs": 1}, -9, ALL[:1], said=False),
    "acts-late, at once": Case("acts-late", {"seconds": 0}, -9, ALL, said=False),
    "previous-answer": Case("previous-answer", {}, 0, ALL, said=False),
    "glued": Case("glued", {}, 0, ALL, said=True),
    "wrapped": Case("wrapped", {"bytes": 40}, 0, ALL, said=False),
    "noise, NUL": Case("noise", {"how": "nul"}, 0, ALL, said=False),
    "noise, CR": Case("noise", {"how": "cr"}, 0, ALL, said=False),
    "drip": Case("drip", {"seconds": 0.1}, 0, ALL, said=True),
    "left-child": Case("left-child", {"seconds": 0.1}, 0, ALL, said=True),
    "closed-output": Case("closed-output", {"seconds": 0.1}, 0, ALL, said=True),
    "wrong-exit": Case("wrong-exit", {"exit": 6}, 6, ALL, said=True),
    "warnings": Case("warnings", {}, 0, ALL, said=True),
    "of another pair": Case("confused", {"how": "other-pair"}, 0, ALL, said=True),
    "others-resync": Case("others-resync", {}, 0, ALL, said=True),
    "others-withdraw": Case("others-withdraw", {"position": "after"}, 0, ALL, said=True),
    "others-write": Case("others-write", {"position": "after"}, 0, ALL, said=True),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_fault_strikes_once(dscli: Dscli, array: Array, case: Case) -> None:
    array.add_fault(case.fault, "resyncflash", **case.options)
    answer = dscli(*RESYNC)
    assert (answer.returncode, refreshed(array)) == (case.exit, case.refreshed)
    assert (SAID in answer.stdout) == case.said
    assert array.journal()[0].fault.startswith(case.fault)
    if case.fault.startswith("others-"):
        return
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


def test_an_array_acts_late_as_of_its_own_instant(dscli: Dscli, array: Array) -> None:
    """Writes before that are in the copy, those after it are not; the date is that instant."""
    array.show_time(5000.0, runs=False)
    array.add_fault("acts-late", "resyncflash", seconds=60)
    assert dscli(*RESYNC).returncode == -signal.SIGKILL
    assert [entry.phase for entry in array.journal()] == ["received"]
    array.show_time(5059.0, runs=False)
    array.write("0001")
    assert refreshed(array) == []
    array.show_time(6000.0, runs=False)
    assert [entry.phase for entry in array.journal()] == ["acted"]
    array.write("0001")
    assert array.content("0002") == "0001@2"
    assert array.relation("0001:0002").synced_at == 5060.0
    assert array.journal()[0].acted == ("0001:0002", "0003:0004", "0101:0102")


def test_what_is_carried_out_late_can_be_refused_then(dscli: Dscli, array: Array) -> None:
    array.show_time(5000.0, runs=False)
    array.add_fault("acts-late", "resyncflash", seconds=60, pairs=1)
    dscli(*RESYNC)
    array.drop_relation("0003:0004")
    array.show_time(5060.0, runs=False)
    (entry,) = array.journal()
    assert (entry.phase, entry.acted) == ("acted", ("0001:0002", "0101:0102"))
    assert entry.refused == ("0003:0004",)


def test_a_late_withdraw_and_a_late_establish(dscli: Dscli, array: Array) -> None:
    array.add_fault("acts-late", seconds=0, times=2)
    dscli("rmflash", "-quiet", "0001:0002")
    assert [str(one.pair) for one in array.relations()] == ["0003:0004", "0101:0102"]
    dscli("mkflash", "-record", "-persist", "0001:0002")
    assert array.relation("0001:0002").recording


AT_ONCE = {
    "reverseflash": ("reverseflash", "-record", "-persist", "0001:0002"),
    "rmflash -resync": ("rmflash", "-quiet", "-resync", "0001:0002"),
}


@pytest.mark.parametrize("words", AT_ONCE.values(), ids=AT_ONCE)
def test_what_cannot_be_put_off_is_done_at_once(
    dscli: Dscli, array: Array, words: tuple[str, ...]
) -> None:
    array.add_fault("acts-late", seconds=60)
    assert dscli(*words).returncode == -signal.SIGKILL
    assert [entry.acted for entry in array.journal()] == [("0001:0002",)]
    assert "0001:0002" not in [str(one.pair) for one in array.relations()]


@pytest.mark.parametrize("seconds", [None, 0])
def test_no_host_writes_around_a_withdrawal_late_or_not(
    dscli: Dscli, array: Array, seconds: int | None
) -> None:
    array.mount("db1", "0001", "0003")
    before = [array.content(source) for source in ("0001", "0003")]
    if seconds is not None:
        array.add_fault("acts-late", seconds=seconds)
    dscli("rmflash", "-quiet", "0001:0002", "0003:0004")
    assert [str(one.pair) for one in array.relations()] == ["0101:0102"]
    assert [array.content(source) for source in ("0001", "0003")] == before


def test_a_listing_has_nothing_to_do_late(dscli: Dscli, array: Array) -> None:
    array.add_fault("acts-late", "lsflash", exit=0)
    assert dscli("lsflash", "0000-FFFF").stdout == ""
    assert dscli("lsflash", "0000-FFFF").stdout


TABLES = {
    "twice": ("rows-twice", {"rows": 2}, 5),
    "foreign": ("foreign-rows", {}, 4),
    "cut": ("cut-short", {"rows": 2}, 2),
}


@pytest.mark.parametrize(("fault", "options", "rows"), TABLES.values(), ids=TABLES)
def test_rows_of_a_table(
    dscli: Dscli, array: Array, fault: str, options: dict[str, Any], rows: int
) -> None:
    array.add_fault(fault, "lsflash", **options)
    said = dscli("lsflash", "-bnr", "off", "-hdr", "off", "0000-FFFF").stdout.splitlines()
    assert len(said) == rows
    assert ("IBM.2107-75ZZZ99/0001:IBM.2107-75ZZZ99/0002" in said[-1]) == (fault == "foreign-rows")


SHOWN = ("ID", "SrcLSS", "State", "isTgtSE")
COLUMNS = {
    "missing": ("ID", "SrcLSS", "isTgtSE"),
    "renamed": ("ID", "SrcLSS", "State2", "isTgtSE"),
    "extra": ("New", *SHOWN),
    "reordered": SHOWN[::-1],
}


@pytest.mark.parametrize("how", COLUMNS)
def test_columns_of_a_table(stream: Dscli, array: Array, how: str) -> None:
    array.add_fault("columns", "lsflash", how=how, column="State")
    lines = stream("lsflash -l 0000-FFFF").stdout.replace("dscli> ", "").splitlines()
    head, _, *rows = [line for line in lines if line and not line.startswith("Date/Time")]
    names = head.split(",")
    known = {*SHOWN, "New", "State2"}
    assert tuple(name for name in names if name in known) == COLUMNS[how]
    assert {len(row.split(",")) for row in rows} == {len(names)}


def test_messages_are_confused(dscli: Dscli, array: Array) -> None:
    for how in ("other-pair", "same-pair", "contradiction"):
        array.add_fault("confused", "resyncflash", how=how)
    said = [dscli(*RESYNC) for _ in range(3)]
    assert "pair FEFE:FEFF successfully" in said[0].stdout
    assert said[1].stdout.count("pair 0001:0002 successfully") == 2
    assert "CMUN03099E resyncflash: 0001:0002:" in said[2].stderr
    assert SAID in said[2].stdout


def test_others_change_one_pair_before_the_command(dscli: Dscli, array: Array) -> None:
    array.add_fault("others-change", "resyncflash", pair="0001:0002", text="Recording=Disabled")
    done = dscli(*RESYNC)
    assert refreshed(array) == ["0004", "0102"]
    assert "0001:0002: Copy Services operation failure" in done.stderr


def test_a_clock_steps_at_a_command(dscli: Dscli, array: Array) -> None:
    array.show_time(5000.0, runs=False)
    array.add_fault("clock-steps", "resyncflash", seconds=-100)
    dscli(*RESYNC)
    assert array.relation("0001:0002").synced_at == 4900.0
    assert array.now() == 4900.0


def test_an_account_that_others_locked_stays_so(dscli: Dscli, array: Array) -> None:
    array.add_fault("locked-out")
    assert [dscli("lssi").returncode for _ in range(2)] == [5, 5]


@pytest.mark.parametrize("code", [63, 64, 65, 66])
def test_dscli_can_fail_to_start(dscli: Dscli, array: Array, code: int) -> None:
    array.add_fault("start-fails", exit=code)
    done = dscli("lssi")
    assert (done.returncode, done.stdout) == (code, "")
    assert [login.outcome for login in array.logins()] == ["start-fails"]


def test_the_journal_names_all_that_struck(dscli: Dscli, array: Array) -> None:
    array.add_fault("others-write", "resyncflash")
    array.add_fault("lie", "resyncflash")
    dscli(*RESYNC)
    assert array.journal()[0].fault == "lie (answer), others-write (before)"


@pytest.mark.parametrize(("position", "left"), [("before", ALL[1:]), ("after", ALL)])
def test_others_act_before_or_after(
    dscli: Dscli, array: Array, position: str, left: list[str]
) -> None:
    array.add_fault("others-withdraw", "resyncflash", position=position, pair="0001:0002")
    dscli(*RESYNC)
    assert refreshed(array) == left
    assert [str(one.pair) for one in array.relations()] == ["0003:0004", "0101:0102"]
